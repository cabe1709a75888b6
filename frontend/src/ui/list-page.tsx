// The one list page: conditions in the link, count and actions, table with keyset pages or map, record in a drawer.
import { StarOutlined } from "@ant-design/icons";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Button, Drawer, Select } from "antd";
import { useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import type { Page } from "@/api/types";
import { http, type Query } from "@/lib/client";
import { number } from "@/lib/format";
import { useGo, useUrl } from "@/lib/nav";
import { recall, remember } from "@/lib/store";
import { common } from "@/locales/zh-CN/common";
import { AppLink } from "@/ui/app-link";
import { DataTable } from "@/ui/data-table";
import { conditions, FilterBar, keysOf, type Filter } from "@/ui/filter-bar";
import { ExportButton } from "@/ui/list-export";
import { ColumnChooser, FaceSwitch, Pager, pageSizes, type Column } from "@/ui/list-parts";
import { PageHead } from "@/ui/page";
import { SavedViews } from "@/ui/saved-views";
import { ErrorView } from "@/ui/state-views";

export type { Column } from "@/ui/list-parts";

interface Props<T> {
  title: string;
  /** Name under which views of this list are kept; its address without one. */
  list?: string;
  /** Address of the list below `/api/v1`. */
  resource: string;
  columns: Column<T>[];
  filters: Filter[];
  rowId: (row: T) => string;
  actions?: ReactNode;
  note?: ReactNode;
  emptyHint?: ReactNode;
  drawer?: (id: string, rows: T[]) => ReactNode;
  drawerTitle?: string;
  recordHref?: (id: string) => string;
  /** Conditions that the reader cannot change. */
  fixed?: Query;
  bare?: boolean;
  above?: ReactNode;
  drawerWidth?: number;
  /** Word of the register whose rows the node writes as a table; without it only this page can be saved, with `false` nothing. */
  exports?: string | false;
  /** The same conditions on a map. */
  map?: (query: Query) => ReactNode;
  /** Orders that may be chosen, the first is the usual one. */
  orders?: { value: string; label: string }[];
}

/** A text of more letters may take several lines. */
const LONG_TEXT = 20;

function cell<T>(column: Column<T>, row: T): ReactNode {
  const value = column.render ? column.render(row) : (row as Record<string, unknown>)[column.key];
  if (value === null || value === undefined || value === "") return column.render ? value : "—";
  if (typeof value === "string" && value.length > LONG_TEXT) return <span className="cell-text">{value}</span>;
  return column.render ? (value as ReactNode) : String(value);
}
/** Columns that are shown: chosen in the link (as views do), remembered by the browser, or the usual ones. */
function useColumns<T>(list: string, columns: Column<T>[]) {
  const memory = `columns.${list}`;
  const usual = columns.filter((column) => !column.hidden).map((column) => column.key);
  const [search, patch] = useUrl();
  const [chosen, setChosen] = useState<string[] | null>(() => recall<string[] | null>(memory, null));
  const keys = search["columns"]?.split(",") ?? chosen ?? usual;
  const text = keys.join(",");
  const visible = useMemo(
    () => columns.filter((column) => column.fixed || text.split(",").includes(column.key)),
    [columns, text],
  );
  const choose = (next: string[] | null) => {
    setChosen(next);
    remember(memory, next);
    if (search["columns"]) patch({ columns: undefined }, true);
  };
  return { visible, keys, choose };
}
/** Arrow keys go from row to row, Enter opens the record. */
function moveKey(event: KeyboardEvent<HTMLElement>, open: () => void): void {
  if (event.target !== event.currentTarget) return;
  const row = event.currentTarget;
  const other =
    event.key === "ArrowDown" ? row.nextElementSibling : event.key === "ArrowUp" ? row.previousElementSibling : null;
  if (event.key === "Enter") open();
  else if (other instanceof HTMLElement) other.focus();
  else return;
  event.preventDefault();
}

export function ListPage<T extends object>(props: Props<T>) {
  const { title, resource, columns, filters, rowId, drawer, recordHref } = props;
  const list = props.list ?? resource.replace("/console/", "");
  const [search, patch] = useUrl();
  const go = useGo();
  const cursors = useRef<Record<number, string>>({});
  const page = Math.max(1, Number(search["page"]) || 1);
  const limit = pageSizes.includes(search["limit"] ?? "") ? (search["limit"] as string) : "50";
  const chosen: Query = { ...props.fixed, ...conditions(filters, search), sort: search["sort"] };
  const params: Query = { ...chosen, limit, after: search["after"] };
  const asMap = props.map !== undefined && search["view"] === "map";
  const query = useQuery({
    queryKey: ["list", resource, params],
    queryFn: ({ signal }) => http.get<Page<T>>(resource, params, signal),
    placeholderData: keepPreviousData,
    enabled: !asMap,
  });
  const { visible, keys, choose } = useColumns(list, columns);
  const rows = query.data?.items ?? [];
  const next = query.data?.next ?? null;
  const refused = query.isError && !query.data;
  const filterKeys = keysOf(filters);
  const filtered = filterKeys.some((key) => search[key]);
  const first = { after: undefined, page: undefined, record: undefined };
  const turn = (kind: "first" | "previous" | "next") => {
    if (kind === "next" && next) {
      cursors.current[page + 1] = next;
      patch({ after: next, page: String(page + 1), record: undefined });
    } else if (kind === "previous" && page > 2 && cursors.current[page - 1]) {
      patch({ after: cursors.current[page - 1], page: String(page - 1), record: undefined });
    } else patch(first);
  };
  const count = query.data?.count;
  const record = search["record"];
  // A second click on the row whose record is open leads to its whole page.
  const open = (row: T) => {
    if (rowId(row) === record && recordHref) go(recordHref(rowId(row)));
    else if (drawer) patch({ record: rowId(row) });
  };
  const clear = () => patch({ ...first, ...Object.fromEntries(filterKeys.map((key) => [key, undefined])) });
  return (
    <>
      {!props.bare && <PageHead title={title} note={props.note} extra={props.actions} />}
      {props.above}
      <FilterBar filters={filters} extra={<SavedViews list={list} columns={keys} icon={<StarOutlined />} />} />
      <section className="panel">
        <div className="list-bar">
          <span className="soft" aria-live="polite">
            {asMap
              ? ""
              : count
                ? common.count(number(count.value), count.exact)
                : query.isLoading
                  ? common.loading
                  : ""}
          </span>
          <div className="list-tools" hidden={refused && !asMap}>
            {props.bare && props.actions}
            {props.map && (
              <FaceSwitch map={asMap} onChange={(map) => patch({ ...first, view: map ? "map" : undefined })} />
            )}
            {props.orders && !asMap && (
              <Select
                aria-label={common.order}
                value={search["sort"] ?? props.orders[0]?.value ?? null}
                options={props.orders}
                style={{ width: 150 }}
                onChange={(sort) => patch({ ...first, sort: sort === props.orders?.[0]?.value ? undefined : sort })}
              />
            )}
            {props.exports !== false && (
              <ExportButton
                title={title}
                columns={visible}
                rows={rows}
                query={chosen}
                {...(props.exports && { register: props.exports })}
              />
            )}
            {!asMap && <ColumnChooser columns={columns} shown={keys} onChange={choose} />}
          </div>
        </div>
        {asMap ? (
          props.map?.(chosen)
        ) : refused ? (
          <ErrorView error={query.error} retry={() => void query.refetch()} />
        ) : (
          <DataTable<T>
            query={query}
            rowKey={rowId}
            dataSource={rows}
            scroll={{ x: "max-content" }}
            sticky={{ offsetHeader: 56 }}
            rowClassName={(row) => (rowId(row) === record ? "row-open" : drawer ? "row-link" : "")}
            onRow={(row) =>
              drawer
                ? { onClick: () => open(row), tabIndex: 0, onKeyDown: (event) => moveKey(event, () => open(row)) }
                : {}
            }
            columns={visible.map((column) => ({
              key: column.key,
              title: column.title,
              ...(column.width && { width: column.width }),
              align: column.align ?? "left",
              render: (_: unknown, row: T) => cell(column, row),
            }))}
            empty={{
              text: filtered ? common.emptyFound : common.empty,
              hint: filtered ? common.emptyFiltered : props.emptyHint,
              action: filtered && <Button onClick={clear}>{common.clearFilters}</Button>,
            }}
          />
        )}
        {!refused && !asMap && (page > 1 || next !== null || rows.length > Number(pageSizes[0])) && (
          <Pager
            page={page}
            next={next}
            onGo={turn}
            limit={limit}
            onLimit={(size) => patch({ limit: size, after: undefined, page: undefined })}
          />
        )}
      </section>
      {drawer && (
        <Drawer
          open={record !== undefined}
          onClose={() => patch({ record: undefined })}
          size={props.drawerWidth ?? 760}
          title={props.drawerTitle ?? title}
          destroyOnHidden
          extra={record && recordHref && <AppLink href={recordHref(record)}>{common.open}</AppLink>}
        >
          {record && drawer(record, rows)}
        </Drawer>
      )}
    </>
  );
}

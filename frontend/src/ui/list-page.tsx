// The one list page: conditions in the link, count and actions, table with keyset pages, record in a drawer.
import {
  DownloadOutlined,
  LeftOutlined,
  RightOutlined,
  SettingOutlined,
  StarOutlined,
  VerticalRightOutlined,
} from "@ant-design/icons";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Button, Checkbox, Drawer, Popover, Table, Tooltip } from "antd";
import { useMemo, useRef, useState, type ReactNode } from "react";
import type { Page } from "@/api/types";
import { http, type Query } from "@/lib/client";
import { csvText, download } from "@/lib/csv";
import { number } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { recall, remember } from "@/lib/store";
import { common } from "@/locales/zh-CN/common";
import { AppLink } from "@/ui/app-link";
import { FilterBar, type Filter } from "@/ui/filter-bar";
import { PageHead } from "@/ui/page";
import { SavedViews } from "@/ui/saved-views";
import { EmptyView, ErrorView } from "@/ui/state-views";

export interface Column<T> {
  key: string;
  title: string;
  width?: number;
  align?: "left" | "right";
  hidden?: boolean;
  fixed?: boolean;
  render?: (row: T) => ReactNode;
  text?: (row: T) => string | number | null | undefined;
}
interface Props<T> {
  title: string;
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
  fixed?: Query;
  bare?: boolean;
  above?: ReactNode;
  drawerWidth?: number;
}
const sizes = ["20", "50", "100", "200"];

/** First or last instant of a day in China standard time. */
function dayEdge(day: string | undefined, end: boolean): string | undefined {
  return day && new Date(`${day}T${end ? "23:59:59.999" : "00:00:00"}+08:00`).toISOString();
}
function cell<T>(column: Column<T>, row: T): ReactNode {
  if (column.render) return column.render(row);
  const value = (row as Record<string, unknown>)[column.key];
  return value === null || value === undefined || value === "" ? "—" : String(value);
}
function plain<T>(column: Column<T>, row: T): unknown {
  return column.text ? column.text(row) : (row as Record<string, unknown>)[column.key];
}

function ColumnChooser<T>({
  columns,
  shown,
  onChange,
}: {
  columns: Column<T>[];
  shown: string[];
  onChange: (keys: string[]) => void;
}) {
  const body = (
    <Checkbox.Group
      style={{ display: "grid", gap: 6 }}
      value={shown}
      options={columns.map((column) => ({ value: column.key, label: column.title, disabled: column.fixed === true }))}
      onChange={(keys) => onChange(keys as string[])}
    />
  );
  return (
    <Popover trigger="click" placement="bottomRight" content={body}>
      <Button icon={<SettingOutlined />}>{common.columns}</Button>
    </Popover>
  );
}

function Pager({
  page,
  next,
  onGo,
  limit,
  onLimit,
}: {
  page: number;
  next: string | null;
  onGo: (kind: "first" | "previous" | "next") => void;
  limit: string;
  onLimit: (limit: string) => void;
}) {
  return (
    <nav className="pager" aria-label="翻页">
      <select value={limit} onChange={(event) => onLimit(event.target.value)} aria-label={common.perPage}>
        {sizes.map((size) => (
          <option key={size} value={size}>
            {size} {common.perPage}
          </option>
        ))}
      </select>
      <Button
        disabled={page === 1}
        icon={<VerticalRightOutlined />}
        onClick={() => onGo("first")}
        aria-label={common.firstPage}
      />
      <Button disabled={page === 1} icon={<LeftOutlined />} onClick={() => onGo("previous")}>
        {common.previous}
      </Button>
      <span className="figures">{common.page(page)}</span>
      <Button disabled={next === null} onClick={() => onGo("next")}>
        {common.next}
        <RightOutlined />
      </Button>
    </nav>
  );
}

export function ListPage<T extends object>(props: Props<T>) {
  const { title, resource, columns, filters, rowId, drawer, recordHref } = props;
  const [search, patch] = useUrl();
  const cursors = useRef<Record<number, string>>({});
  const page = Math.max(1, Number(search["page"]) || 1);
  const limit = sizes.includes(search["limit"] ?? "") ? (search["limit"] as string) : "50";
  const params: Query = { ...props.fixed, limit, after: search["after"] };
  for (const filter of filters)
    params[filter.key] = filter.kind === "date" ? dayEdge(search[filter.key], filter.key === "to") : search[filter.key];
  if (search["division"]) params["division"] = search["division"];
  const query = useQuery({
    queryKey: ["list", resource, params],
    queryFn: ({ signal }) => http.get<Page<T>>(resource, params, signal),
    placeholderData: keepPreviousData,
  });
  const memory = `columns.${resource}`;
  const [shown, setShown] = useState<string[]>(() =>
    recall(
      memory,
      columns.filter((column) => !column.hidden).map((column) => column.key),
    ),
  );
  const visible = useMemo(
    () => columns.filter((column) => column.fixed || shown.includes(column.key)),
    [columns, shown],
  );
  const rows = query.data?.items ?? [];
  const next = query.data?.next ?? null;
  const refused = query.isError && !query.data;
  const filtered = filters.some((filter) => search[filter.key]);
  const go = (kind: "first" | "previous" | "next") => {
    if (kind === "next" && next) {
      cursors.current[page + 1] = next;
      patch({ after: next, page: String(page + 1), record: undefined });
    } else if (kind === "previous" && page > 2 && cursors.current[page - 1]) {
      patch({ after: cursors.current[page - 1], page: String(page - 1), record: undefined });
    } else patch({ after: undefined, page: undefined, record: undefined });
  };
  const exportPage = () =>
    download(
      `${title}.csv`,
      csvText(
        visible.map((column) => column.title),
        rows.map((row) => visible.map((column) => plain(column, row))),
      ),
    );
  const count = query.data?.count;
  const record = search["record"];
  const open = (row: T) => drawer && patch({ record: rowId(row) });
  return (
    <>
      {!props.bare && <PageHead title={title} note={props.note} extra={props.actions} />}
      {props.above}
      <FilterBar filters={filters} extra={<SavedViews page={resource} icon={<StarOutlined />} />} />
      <section className="panel">
        <div className="list-bar">
          <span className="soft" aria-live="polite">
            {count ? common.count(number(count.value), count.exact) : query.isLoading ? common.loading : ""}
          </span>
          <div className="list-tools" hidden={refused}>
            {props.bare && props.actions}
            <Tooltip title="导出本页所示的列">
              <Button icon={<DownloadOutlined />} disabled={rows.length === 0} onClick={exportPage}>
                {common.export}
              </Button>
            </Tooltip>
            <ColumnChooser
              columns={columns}
              shown={shown}
              onChange={(keys) => {
                setShown(keys);
                remember(memory, keys);
              }}
            />
          </div>
        </div>
        {refused ? (
          <ErrorView error={query.error} retry={() => void query.refetch()} />
        ) : (
          <Table<T>
            size="middle"
            rowKey={rowId}
            dataSource={rows}
            loading={query.isFetching && rows.length === 0}
            pagination={false}
            scroll={{ x: "max-content" }}
            sticky
            rowClassName={(row) => (rowId(row) === record ? "row-open" : drawer ? "row-link" : "")}
            onRow={(row) =>
              drawer
                ? {
                    onClick: () => open(row),
                    tabIndex: 0,
                    onKeyDown: (event) => {
                      if (event.key === "Enter" && event.target === event.currentTarget) open(row);
                    },
                  }
                : {}
            }
            columns={visible.map((column) => ({
              key: column.key,
              title: column.title,
              ...(column.width && { width: column.width }),
              align: column.align ?? "left",
              render: (_: unknown, row: T) => cell(column, row),
            }))}
            locale={{
              emptyText: query.isLoading ? (
                " "
              ) : (
                <EmptyView
                  text={filtered ? common.emptyFound : common.empty}
                  hint={filtered ? common.emptyFiltered : props.emptyHint}
                  action={
                    filtered && (
                      <Button
                        onClick={() => patch(Object.fromEntries(filters.map((filter) => [filter.key, undefined])))}
                      >
                        {common.clearFilters}
                      </Button>
                    )
                  }
                />
              ),
            }}
          />
        )}
        {!refused && (
          <Pager
            page={page}
            next={next}
            onGo={go}
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

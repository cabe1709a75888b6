// 统计分析: what is registered, counted by one or two characteristics, as chart and table; each figure leads to its list.
import { DownloadOutlined } from "@ant-design/icons";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Alert, Button, Segmented, Select, Space } from "antd";
import { useMemo } from "react";
import type { Analysis, AnalysisCell } from "@/api/types";
import { Chart } from "@/charts/chart";
import { countOption, MOST_BARS } from "@/charts/counts";
import { http, queryString, type Query } from "@/lib/client";
import { change, number } from "@/lib/format";
import { useGo, useUrl } from "@/lib/nav";
import { useNames, type Names } from "@/lib/reference";
import { useCan } from "@/lib/session";
import { analysisText as t } from "@/locales/zh-CN/analysis";
import { fieldLabels, registerText } from "@/locales/zh-CN/registers";
import { AppLink } from "@/ui/app-link";
import { DataTable, type TableQuery, TableSummary } from "@/ui/data-table";
import { conditions, FilterBar, type Filter } from "@/ui/filter-bar";
import { Missing } from "@/ui/marks";
import { PageHead, Panel } from "@/ui/page";
import { EmptyView, QueryView } from "@/ui/state-views";

type Of = "subject" | "merchant" | "product" | "device" | "access";
const kinds: Of[] = ["subject", "merchant", "product", "device", "access"];
/** Merchants are subjects of their own class; both are asked for, so that a figure and its list agree. */
const asked = (of: Of): Query => (of === "subject" || of === "merchant" ? { of: "subject", class: of } : { of });
const right = (of: Of, action: string): string => `${of === "merchant" ? "subject" : of}.${action}`;
const lists: Record<Of, string> = {
  subject: "/console/subjects",
  merchant: "/console/merchants",
  product: "/console/products",
  device: "/console/devices",
  access: "/console/systems",
};
/** What each kind may be counted by. */
const dimensions: Record<Of, string[]> = {
  subject: ["stage", "variety", "division", "category", "type", "org_form", "state", "month"],
  merchant: ["merchant_type", "variety", "division", "category", "org_form", "state", "month"],
  product: ["category", "variety", "division", "state", "month"],
  device: ["type", "division", "state", "month"],
  access: ["stage", "category", "division", "state", "month"],
};
const spans = [6, 12, 24, 36];

function filtersOf(of: Of, names: Names): Filter[] {
  const multi = (key: string, options: Filter["options"], label: string, folded = false): Filter => ({
    key,
    label,
    kind: "multi",
    options: options ?? [],
    folded,
  });
  return [
    { key: "q", label: registerText.named, kind: "text" },
    multi("category", names.options("category"), fieldLabels["category"] ?? ""),
    multi("state", names.options(of === "access" ? "system_state" : "subject_state"), fieldLabels["state"] ?? ""),
    ...(of === "subject"
      ? [
          multi("stage", names.options("stage"), fieldLabels["stage"] ?? "", true),
          multi("type", names.options("node_type"), fieldLabels["node_type"] ?? "", true),
        ]
      : []),
    { key: "registered_from", to: "registered_to", label: t.registered, kind: "range", folded: true },
  ];
}
/** Where the figure of a cell leads: the list with the conditions of the cell. */
function listHref(of: Of, query: string): string {
  const conditions = new URLSearchParams(query);
  conditions.delete("class");
  const text = conditions.toString();
  return `${lists[of]}${text ? `?${text}` : ""}`;
}
function Figure({ of, count, query }: { of: Of; count: number; query: string }) {
  if (count === 0) return <span className="figures">0</span>;
  return (
    <AppLink className="figures" href={listHref(of, query)}>
      {number(count)}
    </AppLink>
  );
}

/** The last line of the table; what is counted more than once is not summed. */
function Totals({ data }: { data: Analysis }) {
  const growths = data.by === "month" ? 2 : 0;
  return (
    <TableSummary fixed>
      <TableSummary.Row>
        <TableSummary.Cell index={0}>
          <strong>{t.sum}</strong>
        </TableSummary.Cell>
        <TableSummary.Cell index={1} align="right">
          <strong className="figures">{number(data.rows.reduce((sum, row) => sum + row.count, 0))}</strong>
        </TableSummary.Cell>
        {Array.from({ length: 1 + growths }, (_, index) => (
          <TableSummary.Cell key={index} index={2 + index} />
        ))}
        {data.columns.map((column, index) => (
          <TableSummary.Cell key={column.code} index={3 + growths + index} align="right">
            <strong className="figures">
              {number(
                data.rows.reduce(
                  (sum, row) => sum + (row.cells.find((one) => one.code === column.code)?.count ?? 0),
                  0,
                ),
              )}
            </strong>
          </TableSummary.Cell>
        ))}
      </TableSummary.Row>
    </TableSummary>
  );
}

function CellTable({ of, data, query }: { of: Of; data: Analysis; query: TableQuery }) {
  const end = "right" as const;
  const growth = (value: string | null | undefined) =>
    value ? <span className="figures">{change(value)}</span> : <Missing />;
  return (
    <DataTable<AnalysisCell>
      size="small"
      query={query}
      rowKey="code"
      dataSource={data.rows}
      scroll={{ x: "max-content", y: 460 }}
      empty={{ text: t.empty, hint: t.emptyHint }}
      {...(!data.several && { summary: () => <Totals data={data} /> })}
      columns={[
        {
          title: data.by_name,
          fixed: "left",
          render: (_, row) =>
            row.state === "not_connected" ? (
              <span>
                {row.name} <span className="hatched">未接入</span>
              </span>
            ) : row.code === "" ? (
              <span title={t.missing}>{row.name || "未填"}</span>
            ) : (
              row.name
            ),
        },
        { title: t.count, align: end, render: (_, row) => <Figure of={of} count={row.count} query={row.query} /> },
        ...(data.several
          ? []
          : [
              {
                title: t.share,
                align: end,
                render: (_: unknown, row: AnalysisCell) =>
                  row.share === null ? <Missing /> : <span className="figures">{row.share}%</span>,
              },
            ]),
        ...(data.by === "month"
          ? [
              { title: t.change, align: end, render: (_: unknown, row: AnalysisCell) => growth(row.change) },
              { title: t.yearChange, align: end, render: (_: unknown, row: AnalysisCell) => growth(row.year_change) },
            ]
          : []),
        ...data.columns.map((column) => ({
          title: column.name,
          align: end,
          render: (_: unknown, row: AnalysisCell) => {
            const cell = row.cells.find((one) => one.code === column.code);
            return cell ? <Figure of={of} count={cell.count} query={cell.query} /> : <span className="figures">0</span>;
          },
        })),
      ]}
    />
  );
}

export function AnalysisPage() {
  const names = useNames();
  const can = useCan();
  const go = useGo();
  const [search, patch] = useUrl();
  const open = kinds.filter((one) => can(right(one, "read")));
  const of = open.find((one) => one === search["of"]) ?? open[0] ?? "subject";
  const by = dimensions[of].find((one) => one === search["by"]) ?? dimensions[of][0] ?? "division";
  const then = dimensions[of].find((one) => one === search["then"] && one !== by);
  const months = spans.find((one) => String(one) === search["months"]) ?? 12;
  const filters = useMemo(() => filtersOf(of, names), [of, names]);
  const params: Query = { ...asked(of), by, then, ...(by === "month" && { months }), ...conditions(filters, search) };
  const query = useQuery({
    queryKey: ["analysis", params],
    queryFn: ({ signal }) => http.get<Analysis>("/console/analysis", params, signal),
    placeholderData: keepPreviousData,
  });
  const data = query.data;
  const option = useMemo(() => data && countOption(data.rows, data.columns, data.by === "month"), [data]);
  const choice = (codes: string[]) => codes.map((code) => ({ value: code, label: t.dimensions[code] ?? code }));
  const file = (format: string) => `/api/v1/console/analysis/file${queryString({ ...params, format })}`;
  return (
    <>
      <PageHead
        title={t.title}
        note={t.note}
        extra={
          can(right(of, "export")) && (
            <>
              <Button icon={<DownloadOutlined />} href={file("xlsx")} download>
                {t.exportXlsx}
              </Button>
              <Button icon={<DownloadOutlined />} href={file("csv")} download>
                {t.exportCsv}
              </Button>
            </>
          )
        }
      />
      <FilterBar filters={filters} />
      <Panel
        title={
          <Space wrap>
            <Segmented
              value={of}
              aria-label={t.of}
              options={open.map((one) => ({ value: one, label: t.kinds[one] ?? one }))}
              onChange={(next) => patch({ of: next, by: undefined, then: undefined })}
            />
            <span className="soft">{t.by}</span>
            <Select
              value={by}
              aria-label={t.by}
              style={{ width: 130 }}
              options={choice(dimensions[of])}
              onChange={(next) => patch({ by: next, ...(next === then && { then: undefined }) })}
            />
            <span className="soft">{t.then}</span>
            <Select
              value={then ?? ""}
              aria-label={t.then}
              style={{ width: 130 }}
              options={[{ value: "", label: t.none }, ...choice(dimensions[of].filter((one) => one !== by))]}
              onChange={(next) => patch({ then: next || undefined })}
            />
            {by === "month" && (
              <Select
                value={months}
                aria-label={t.months(months)}
                style={{ width: 120 }}
                options={spans.map((n) => ({ value: n, label: t.months(n) }))}
                onChange={(next) => patch({ months: next === 12 ? undefined : String(next) })}
              />
            )}
          </Space>
        }
        extra={data && <strong className="figures">{t.total(number(data.total))}</strong>}
      >
        <QueryView
          query={query}
          isEmpty={(shown) => shown.rows.length === 0}
          empty={<EmptyView text={t.empty} hint={t.emptyHint} />}
        >
          {(shown) => (
            <>
              {shown.several && <Alert type="info" showIcon title={t.several} style={{ marginBottom: 12 }} />}
              <div className={shown.columns.length > 0 ? "chart-table" : "chart-table beside"}>
                <div>
                  {option && (
                    <Chart
                      option={option}
                      height={shown.columns.length > 0 ? 320 : 420}
                      label={t.chart(t.kinds[of] ?? of, shown.by_name)}
                      onPick={(index) => {
                        const row = shown.rows[index];
                        if (row && row.count > 0) go(listHref(of, row.query));
                      }}
                    />
                  )}
                  {shown.rows.length > MOST_BARS && <p className="soft">{t.more(MOST_BARS)}</p>}
                </div>
                <CellTable of={of} data={shown} query={query} />
              </div>
            </>
          )}
        </QueryView>
      </Panel>
    </>
  );
}

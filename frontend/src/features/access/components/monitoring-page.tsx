// 接入监控: all connected systems at a glance, who is silent, since when and why, and what is warned of.
import { useQuery } from "@tanstack/react-query";
import { Drawer } from "antd";
import type { MonitorPage, MonitorRow } from "@/api/access";
import { Indicators, MonitorTab } from "@/features/access/components/monitor-tab";
import { statusMark } from "@/features/access/marks";
import { http } from "@/lib/client";
import { dateTime, number } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { useNames } from "@/lib/reference";
import { monitorText as t } from "@/locales/zh-CN/access";
import { AppLink } from "@/ui/app-link";
import { DataTable } from "@/ui/data-table";
import { conditions, FilterBar, type Filter } from "@/ui/filter-bar";
import { Missing, StateMark, When } from "@/ui/marks";
import { PageHead, Panel } from "@/ui/page";

/** Watched by the platform that took it in; nothing of its day is known here. */
const elsewhere = (row: MonitorRow) => row.online === null;
/** What is not known of systems that other platforms watch. */
const watchedHere: string[] = ["online", "silent", "warning"];

/** `away`: every system is watched by another platform. */
function Summary({ page, away }: { page: MonitorPage; away: boolean }) {
  const [search] = useUrl();
  const links: Partial<Record<keyof typeof t.summary, string>> = {
    total: "/console/monitoring",
    silent: "/console/monitoring?only=silent",
    warning: "/console/monitoring?only=warning",
    trial: "/console/monitoring?phase=trial",
  };
  return (
    <div className="cards narrow" key={search["only"]}>
      {(Object.keys(t.summary) as (keyof typeof t.summary)[]).map((key) => {
        const href = links[key];
        const inside = (
          <>
            <b>{away && watchedHere.includes(key) ? <Missing reason={t.away} /> : number(page.summary[key])}</b>
            <span>{t.summary[key]}</span>
          </>
        );
        return href ? (
          <AppLink key={key} href={href} className="stat">
            {inside}
          </AppLink>
        ) : (
          <div key={key} className="stat">
            {inside}
          </div>
        );
      })}
    </div>
  );
}
function Last({ row }: { row: MonitorRow }) {
  if (elsewhere(row)) return <StateMark state="elsewhere" name={row.why ?? null} />;
  if (row.silent_since)
    return (
      <span className="wide-text">
        <StateMark state="offline" name={t.since(dateTime(row.silent_since), number(row.silent_hours))} />
        {row.why && <div className="soft">{row.why}</div>}
      </span>
    );
  return row.last_report_at ? <When at={row.last_report_at} /> : <Missing reason={t.noValue} />;
}
const errors = (row: MonitorRow) =>
  Object.entries(t.errorKinds)
    .map(([kind, label]) => [label, row.today.errors[kind as keyof typeof row.today.errors]] as const)
    .filter(([, n]) => n > 0)
    .map(([label, n]) => `${label} ${number(n)}`)
    .join("，");

/** The open warnings by their kind. */
function warned(row: MonitorRow): [string, string[]][] {
  const kinds = new Map<string, string[]>();
  for (const one of row.warnings) kinds.set(one.kind, [...(kinds.get(one.kind) ?? []), one.text]);
  return [...kinds];
}

export function MonitoringPage() {
  const names = useNames();
  const [search, patch] = useUrl();
  const filters: Filter[] = [
    {
      key: "only",
      label: t.only,
      kind: "select",
      options: Object.entries(t.onlys).map(([value, label]) => ({ value, label })),
    },
    { key: "category", label: "品类", kind: "select", options: names.options("category") },
    {
      key: "phase",
      label: t.phase,
      kind: "select",
      options: Object.entries(t.phases).map(([value, label]) => ({ value, label })),
    },
    { key: "stage", label: "环节", kind: "select", options: names.options("stage"), folded: true },
  ];
  const params = conditions(filters, search);
  const query = useQuery({
    queryKey: ["systems", "monitor", params],
    queryFn: ({ signal }) => http.get<MonitorPage>("/console/systems/monitor", params, signal),
    placeholderData: (old) => old,
  });
  const record = search["record"];
  const rows = query.data?.items ?? [];
  return (
    <>
      <PageHead title={t.title} note={t.note} />
      {query.data?.summary && (
        <Summary
          page={query.data}
          away={!Object.values(params).some(Boolean) && rows.length > 0 && rows.every(elsewhere)}
        />
      )}
      <FilterBar filters={filters} />
      <Panel flush>
        <DataTable<MonitorRow>
          query={query}
          rowKey="id"
          dataSource={rows}
          scroll={{ x: "max-content" }}
          empty={{ text: t.none, hint: t.noneHint }}
          rowClassName={(row) => (row.id === record ? "row-open" : "row-link")}
          onRow={(row) => ({
            tabIndex: 0,
            onClick: () => patch({ record: row.id }),
            onKeyDown: (event) => {
              if (event.key === "Enter") patch({ record: row.id });
            },
          })}
          columns={[
            {
              title: t.system,
              render: (_, row) => (
                <>
                  <strong className="name">{row.name}</strong>
                  <div className="soft">
                    {row.division_name} · {row.category_name} · {row.stage_name}
                  </div>
                </>
              ),
            },
            { title: t.phase, render: (_, row) => <StateMark state={statusMark(row.status)} name={row.status_name} /> },
            { title: "最近报送", render: (_, row) => <Last row={row} /> },
            { title: t.indicators, render: (_, row) => <Indicators row={row} short /> },
            {
              title: t.today,
              render: (_, row) =>
                elsewhere(row) ? (
                  <Missing reason={t.away} />
                ) : (
                  <>
                    <div className="figures">
                      {t.requests} {number(row.today.requests)} · {t.rows} {number(row.today.rows)}
                    </div>
                    {errors(row) && (
                      <div className="soft">
                        {t.errors}：{errors(row)}
                      </div>
                    )}
                  </>
                ),
            },
            {
              title: t.warnings,
              render: (_, row) =>
                row.warnings.length > 0 ? (
                  warned(row).map(([kind, texts]) => (
                    <div key={kind} title={texts.join("\n")}>
                      <StateMark
                        state="confirmed"
                        name={`${t.kinds[kind] ?? kind}${texts.length > 1 ? ` ×${texts.length}` : ""}`}
                      />
                    </div>
                  ))
                ) : elsewhere(row) ? (
                  <Missing reason={t.away} />
                ) : (
                  <span className="soft">无</span>
                ),
            },
          ]}
        />
      </Panel>
      <Drawer
        open={record !== undefined}
        size={880}
        destroyOnHidden
        onClose={() => patch({ record: undefined })}
        title={rows.find((row) => row.id === record)?.name ?? t.title}
        extra={record && <AppLink href={`/console/systems/${record}`}>{t.details}</AppLink>}
      >
        {record && <MonitorTab id={record} />}
      </Drawer>
    </>
  );
}

// 接入系统: the list of connected systems, one in a drawer or as a whole page.
import { PlusOutlined } from "@ant-design/icons";
import { useParams } from "@tanstack/react-router";
import { Button } from "antd";
import { useState } from "react";
import type { SystemRow } from "@/api/access";
import { SystemForm } from "@/features/access/components/system-form";
import { SystemView } from "@/features/access/components/system-view";
import { statusMark } from "@/features/access/marks";
import { number } from "@/lib/format";
import { useGo, useUrl } from "@/lib/nav";
import { useNames } from "@/lib/reference";
import { useCan, useMe } from "@/lib/session";
import { systemText as t } from "@/locales/zh-CN/access";
import { common } from "@/locales/zh-CN/common";
import { AppLink } from "@/ui/app-link";
import { ListPage, type Column } from "@/ui/list-page";
import { Missing, StateMark, When } from "@/ui/marks";
import { PageHead, Panel } from "@/ui/page";

export function SystemsPage() {
  const names = useNames();
  const can = useCan();
  const me = useMe();
  const [, patch] = useUrl();
  const [creating, setCreating] = useState(false);
  const columns: Column<SystemRow>[] = [
    { key: "name", title: t.name, fixed: true, render: (row) => <strong className="name">{row.name}</strong> },
    { key: "code", title: t.code, render: (row) => <span className="code">{row.code}</span> },
    {
      key: "status",
      title: t.status,
      render: (row) => <StateMark state={statusMark(row.status)} name={row.status_name} />,
      text: (row) => row.status_name,
    },
    { key: "operator", title: t.operator, hidden: true },
    { key: "division_name", title: t.division },
    {
      key: "category",
      title: t.category,
      render: (row) => names.name("category", row.category),
      text: (row) => names.name("category", row.category),
    },
    {
      key: "stage",
      title: t.stage,
      render: (row) => names.name("stage", row.stage),
      text: (row) => names.name("stage", row.stage),
    },
    {
      key: "funding",
      title: t.funding,
      hidden: true,
      render: (row) => (row.funding ? (t.fundings[row.funding] ?? row.funding) : "—"),
      text: (row) => row.funding && t.fundings[row.funding],
    },
    {
      key: "online",
      title: t.online,
      render: (row) =>
        row.origin_node === me.node.code ? (
          <StateMark state={row.online ? "online" : row.last_report_at ? "offline" : "unheard"} />
        ) : (
          <StateMark state="elsewhere" name={t.watchedBy(row.origin_name)} />
        ),
      text: (row) =>
        row.origin_node === me.node.code ? (row.online ? common.online : common.offline) : t.watchedBy(row.origin_name),
    },
    {
      key: "last_report_at",
      title: t.lastReport,
      render: (row) =>
        row.last_report_at ? (
          <When at={row.last_report_at} />
        ) : (
          <Missing reason={row.origin_node === me.node.code ? t.neverReported : t.watchedBy(row.origin_name)} />
        ),
      text: (row) => row.last_report_at,
    },
    {
      key: "events_total",
      title: t.events,
      align: "right",
      render: (row) =>
        row.origin_node === me.node.code || row.events_total > 0 ? (
          <span className="figures">{number(row.events_total)}</span>
        ) : (
          <Missing reason={t.watchedBy(row.origin_name)} />
        ),
    },
    {
      key: "updated_at",
      title: t.updated,
      hidden: true,
      render: (row) => <When at={row.updated_at} />,
      text: (row) => row.updated_at,
    },
  ];
  return (
    <>
      <ListPage<SystemRow>
        title={t.title}
        resource="/console/systems"
        exports="systems"
        columns={columns}
        rowId={(row) => row.id}
        emptyHint={t.hint}
        drawerWidth={960}
        recordHref={(id) => `/console/systems/${id}`}
        drawer={(id) => <SystemView id={id} />}
        filters={[
          { key: "q", label: t.search, kind: "text" },
          { key: "category", label: t.category, kind: "select", options: names.options("category") },
          { key: "state", label: t.status, kind: "select", options: names.options("system_state") },
          { key: "stage", label: t.stage, kind: "select", options: names.options("stage"), folded: true },
        ]}
        actions={
          can("access.create") && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)}>
              {t.create}
            </Button>
          )
        }
      />
      {creating && (
        <SystemForm
          row={null}
          onClose={() => setCreating(false)}
          onSaved={(id) => {
            setCreating(false);
            patch({ record: id });
          }}
        />
      )}
    </>
  );
}
export function SystemRecordPage() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const go = useGo();
  return (
    <>
      <PageHead
        title={<AppLink href="/console/systems">{t.title}</AppLink>}
        extra={<Button onClick={() => go(`/console/systems?record=${id}`)}>{t.inList}</Button>}
      />
      <Panel>
        <SystemView id={id} />
      </Panel>
    </>
  );
}

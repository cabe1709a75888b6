// 审计: who did what, when, from where, with what result; figures, and whether the trail is whole.
import { Tabs } from "antd";
import { useCan } from "@/lib/session";
import { useUrl } from "@/lib/nav";
import { auditText as t } from "@/locales/zh-CN/audit";
import { PageHead } from "@/ui/page";
import { AuditList, ExportMenu } from "@/features/audit/components/audit-list";
import { Integrity, IntegrityLine } from "@/features/audit/components/integrity";
import { Statistics } from "@/features/audit/components/statistics";

export function AuditPage() {
  const can = useCan();
  const [search, patch] = useUrl();
  const tab = search["tab"] ?? "rows";
  return (
    <>
      <PageHead
        title={t.title}
        note={<IntegrityLine />}
        extra={tab === "rows" && can("audit.export") && <ExportMenu />}
      />
      <Tabs
        destroyOnHidden
        activeKey={tab}
        onChange={(next) => patch({ tab: next === "rows" ? undefined : next, record: undefined })}
        items={[
          { key: "rows", label: t.tabs.rows, children: <AuditList /> },
          { key: "statistics", label: t.tabs.statistics, children: <Statistics /> },
          { key: "integrity", label: t.tabs.integrity, children: <Integrity /> },
        ]}
      />
    </>
  );
}

// One connected system: head with what may be done now, and its sides in tabs.
import { EditOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Input, Modal, Space, Tabs } from "antd";
import { useState } from "react";
import type { SystemRow } from "@/api/access";
import type { Detail, ReviewAction } from "@/api/types";
import { MonitorTab } from "@/features/access/components/monitor-tab";
import { QuotaTab } from "@/features/access/components/quota-tab";
import { SelftestTab } from "@/features/access/components/selftest-tab";
import { SystemForm } from "@/features/access/components/system-form";
import { TokensTab } from "@/features/access/components/tokens-tab";
import { statusMark } from "@/features/access/marks";
import { http } from "@/lib/client";
import { dateTime, number } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { useNames } from "@/lib/reference";
import { useCan, useMe } from "@/lib/session";
import { applicationText, systemText as t } from "@/locales/zh-CN/access";
import { common, review } from "@/locales/zh-CN/common";
import { AppLink } from "@/ui/app-link";
import { differences, HistoryRail } from "@/ui/history-rail";
import { StateMark } from "@/ui/marks";
import { Facts } from "@/ui/page";
import { ReviewBar, type Decision } from "@/ui/review-bar";
import { QueryView } from "@/ui/state-views";
import { SubjectName } from "@/ui/subject-name";
import { useAct } from "@/ui/use-act";

type Whole = Detail<SystemRow>;
type Phase = "trial" | "live";

const decisions: Partial<Record<ReviewAction, Decision>> = {
  submit: { key: "submit", label: review.submit, primary: true, reason: false },
  approve: { key: "approve", label: review.approve, hotkey: "a", primary: true, reason: false },
  return: { key: "return", label: review.return, hotkey: "r", reason: true },
  suspend: { key: "suspend", label: review.suspend, reason: true },
  resume: { key: "resume", label: review.resume, reason: true },
  revoke: { key: "revoke", label: review.revoke, danger: true, reason: true },
  cancel: { key: "cancel", label: review.cancel, reason: false },
};
const labels: Record<string, string> = {
  name: t.name,
  operator: t.operator,
  category: t.category,
  stage: t.stage,
  division: t.division,
  subject: t.subject,
  subjects: t.subjects,
  funding: t.funding,
  uscc: applicationText.uscc,
  url: applicationText.url,
  contact: applicationText.contact,
  phone: applicationText.phone,
  email: applicationText.email,
  protocol: applicationText.protocol,
  purpose: applicationText.purpose,
  daily_volume: applicationText.volume,
  phase: t.phase,
  state: common.state,
};

/** Steps between trial and live; going live without a passed self-test needs a reason, which the node asks for. */
function PhaseSteps({ row }: { row: Whole }) {
  const { act, busy } = useAct();
  const [asking, setAsking] = useState<Phase | null>(null);
  const [reason, setReason] = useState("");
  const go = (phase: Phase) =>
    void act(
      () =>
        http.post(`/console/systems/${row.id}/phase`, {
          version: row.version,
          phase,
          ...(reason.trim() && { reason: reason.trim() }),
        }),
      undefined,
      [
        ["system", row.id],
        ["list", "/console/systems"],
      ],
    ).then((done) => {
      if (done) setAsking(null);
    });
  const label = { trial: row.phase === "live" ? t.backToTrial : t.toTrial, live: t.toLive };
  const next: Phase[] = row.phase === "trial" ? ["live"] : ["trial"];
  return (
    <>
      {next.map((phase) => (
        <Button key={phase} type={row.phase === "live" ? "default" : "primary"} onClick={() => setAsking(phase)}>
          {label[phase]}
        </Button>
      ))}
      <Modal
        open={asking !== null}
        title={asking ? label[asking] : ""}
        confirmLoading={busy}
        onCancel={() => setAsking(null)}
        onOk={() => {
          if (asking) go(asking);
        }}
      >
        <p>{asking === "live" ? t.liveAsk : t.trialNote}</p>
        <Input.TextArea
          rows={3}
          maxLength={200}
          aria-label={t.phaseReason}
          placeholder={asking === "live" ? t.phaseReasonHint : t.phaseReason}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </Modal>
    </>
  );
}

function FactsTab({ row }: { row: Whole }) {
  const names = useNames();
  return (
    <>
      {row.proposal && (
        <div style={{ marginBottom: 16 }}>
          {differences({ before: { ...row }, after: { ...row.proposal } }).map((one) => (
            <div key={one.field} className="difference">
              {labels[one.field] ?? one.field}：<del>{one.before}</del> → <ins>{one.after}</ins>
            </div>
          ))}
        </div>
      )}
      <Facts
        rows={[
          [t.operator, row.operator],
          [
            applicationText.uscc,
            row.uscc && (
              <span key="u" className="code">
                {row.uscc}
              </span>
            ),
          ],
          [t.category, `${names.name("category", row.category)} · ${names.name("stage", row.stage)}`],
          [t.division, row.division_name],
          [
            t.phase,
            row.phase_name &&
              `${row.phase_name}${row.phase_since ? `（${t.since} ${dateTime(row.phase_since)}）` : ""}`,
          ],
          [t.funding, row.funding ? t.fundings[row.funding] : null],
          [t.filing, row.filing_no],
          [
            t.application,
            row.application && (
              <AppLink key="a" href={`/console/applications?q=${row.application}`}>
                {row.application}
              </AppLink>
            ),
          ],
          [applicationText.purpose, row.purpose],
          [applicationText.volume, row.daily_volume ? applicationText.rows(number(row.daily_volume)) : null],
          [applicationText.protocol, row.protocol?.toUpperCase()],
          [applicationText.url, row.url],
          [applicationText.contact, row.contact],
          [applicationText.phone, row.phone],
          [applicationText.email, row.email],
          [t.lastReport, row.last_report_at ? dateTime(row.last_report_at) : t.neverReported],
          [t.events, number(row.events_total)],
          [t.subject, row.subject && <SubjectName key="s" code={row.subject} />],
          [
            t.reporters,
            row.subjects.length > 0 && (
              <span key="r" className="name-list">
                {row.subjects.map((code) => (
                  <SubjectName key={code} code={code} />
                ))}
              </span>
            ),
          ],
        ]}
      />
      <Space size="large" style={{ marginTop: 16 }}>
        <AppLink href={`/console/events?system=${row.code}`}>{t.relatedEvents}</AppLink>
        <AppLink href={`/console/findings?system=${row.code}`}>{t.relatedFindings}</AppLink>
      </Space>
    </>
  );
}

export function SystemView({ id }: { id: string }) {
  const can = useCan();
  const me = useMe();
  const client = useQueryClient();
  const [search, patch] = useUrl();
  const [editing, setEditing] = useState(false);
  const query = useQuery({
    queryKey: ["system", id],
    queryFn: ({ signal }) => http.get<Whole>(`/console/systems/${id}`, undefined, signal),
  });
  const touch = () =>
    Promise.all(
      [
        ["system", id],
        ["list", "/console/systems"],
      ].map((queryKey) => client.invalidateQueries({ queryKey })),
    );
  return (
    <QueryView query={query} isEmpty={(row) => !row.id}>
      {(row) => (
        <>
          <div className="record-head">
            <h2 style={{ margin: 0 }}>{row.name}</h2>
            <span className="code">{row.code}</span>
            <StateMark state={statusMark(row.status ?? row.state)} name={row.status_name ?? row.state_name} />
            {row.origin_node === me.node.code ? (
              <StateMark state={row.online ? "online" : row.last_report_at ? "offline" : "unheard"} />
            ) : (
              <StateMark state="elsewhere" name={t.watchedBy(row.origin_name)} />
            )}
          </div>
          {row.status === "trial" && <Alert type="info" showIcon style={{ marginTop: 12 }} title={t.trialNote} />}
          <Space wrap style={{ margin: "4px 0" }}>
            <ReviewBar
              decisions={row.actions.flatMap((action) => decisions[action] ?? [])}
              onDecide={(decision, reason) =>
                http.post(`/console/systems/${row.id}/review`, { version: row.version, decision, reason }).then(touch)
              }
            />
            {can("access.review") && row.state === "filed" && row.phase && <PhaseSteps key={row.version} row={row} />}
            {row.actions.includes("change") && (
              <Button icon={<EditOutlined />} onClick={() => setEditing(true)}>
                {common.edit}
              </Button>
            )}
          </Space>
          <Tabs
            destroyOnHidden
            activeKey={search["side"] ?? "facts"}
            onChange={(side) => patch({ side: side === "facts" ? undefined : side }, true)}
            items={[
              { key: "facts", label: t.tabs.facts, children: <FactsTab row={row} /> },
              { key: "tokens", label: t.tabs.tokens, children: <TokensTab id={row.id} /> },
              { key: "quota", label: t.tabs.quota, children: <QuotaTab id={row.id} /> },
              { key: "selftest", label: t.tabs.selftest, children: <SelftestTab id={row.id} /> },
              { key: "monitor", label: t.tabs.monitor, children: <MonitorTab id={row.id} /> },
              {
                key: "history",
                label: t.tabs.history,
                children: <HistoryRail history={row.history} labels={labels} />,
              },
            ]}
          />
          {editing && <SystemForm row={row} onClose={() => setEditing(false)} onSaved={() => setEditing(false)} />}
        </>
      )}
    </QueryView>
  );
}

// One application: what was asked, what its self-test shows, and the decision.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Timeline } from "antd";
import { useState } from "react";
import type { ApplicationDetail } from "@/api/access";
import { applicationMark } from "@/features/access/marks";
import { http } from "@/lib/client";
import { dateTime, dueDay, number } from "@/lib/format";
import { applicationText as t } from "@/locales/zh-CN/access";
import { AppLink } from "@/ui/app-link";
import { Clauses } from "@/ui/clauses";
import { StateMark } from "@/ui/marks";
import { Facts, Panel } from "@/ui/page";
import { ReviewBar, type Decision } from "@/ui/review-bar";
import { QueryView } from "@/ui/state-views";

const decisions: Record<string, Decision> = {
  accept: { key: "accept", label: t.decisions.accept, primary: true, reason: false },
  file: { key: "file", label: t.decisions.file, hotkey: "a", primary: true, reason: false },
  return: { key: "return", label: t.decisions.return, hotkey: "r", reason: true },
  reject: { key: "reject", label: t.decisions.reject, danger: true, reason: true },
};

function Form({ row, unmasked, onUnmask }: { row: ApplicationDetail; unmasked: boolean; onUnmask: () => void }) {
  const { form } = row;
  return (
    <Panel
      title={t.form}
      extra={
        !unmasked && (
          <Button size="small" onClick={onUnmask}>
            {t.unmask}
          </Button>
        )
      }
    >
      <Facts
        rows={[
          [t.operator, form.operator],
          [
            t.uscc,
            <span key="u" className="code">
              {form.uscc}
            </span>,
          ],
          [t.category, `${row.category_name} · ${row.stage_name}`],
          [t.division, row.division_name],
          [t.purpose, form.purpose],
          [t.volume, t.rows(number(form.daily_volume))],
          [t.protocol, form.protocol.toUpperCase()],
          [t.url, form.url],
          [t.contact, form.contact],
          [t.phone, form.phone],
          [t.email, form.email],
          [t.subjects, [...form.subjects, ...(form.subject_list ? [form.subject_list] : [])].join("、")],
        ]}
      />
    </Panel>
  );
}

interface Props {
  id: string;
  onNext?: (() => void) | undefined;
  onPrevious?: (() => void) | undefined;
}
export function ApplicationView({ id, onNext, onPrevious }: Props) {
  const client = useQueryClient();
  const [unmask, setUnmask] = useState(false);
  const query = useQuery({
    queryKey: ["application", id, unmask],
    queryFn: ({ signal }) =>
      http.get<ApplicationDetail>(`/console/applications/${id}`, { unmask: unmask || undefined }, signal),
    placeholderData: (old) => (old?.id === id ? old : undefined),
  });
  const touch = () =>
    Promise.all(
      [["application", id], ["list", "/console/applications"], ["list", "/console/systems"], ["tasks"]].map(
        (queryKey) => client.invalidateQueries({ queryKey }),
      ),
    );
  return (
    <QueryView query={query}>
      {(row) => (
        <>
          <div className="record-head">
            <h2 style={{ margin: 0 }}>{row.name}</h2>
            <span className="code">{row.number}</span>
            <StateMark state={applicationMark(row.state)} name={row.state_name} />
            {row.due_at && (
              <span className="soft">
                {t.due} {dueDay(row.due_at)}
                {row.overdue && `（${t.overdue}）`}
              </span>
            )}
          </div>
          <ReviewBar
            decisions={row.decisions.flatMap((decision) => decisions[decision] ?? [])}
            onNext={onNext}
            onPrevious={onPrevious}
            onDecide={(decision, reason) =>
              http
                .post(`/console/applications/${row.id}/review`, {
                  version: row.version,
                  decision,
                  ...(reason && { reason }),
                })
                .then(touch)
            }
          />
          {row.system_id && (
            <Alert
              type="success"
              showIcon
              style={{ marginBottom: 16 }}
              title={`${t.filing} ${row.filing_no ?? "—"}`}
              description={row.state === "filed" ? t.nextAfterFile : undefined}
              action={<AppLink href={`/console/systems/${row.system_id}`}>{t.open}</AppLink>}
            />
          )}
          <Form row={row} unmasked={unmask} onUnmask={() => setUnmask(true)} />
          <Panel title={t.selftest}>
            {row.selftest ? <Clauses run={row.selftest} /> : <span className="soft">{t.noSelftest}</span>}
          </Panel>
          <Panel title={t.steps}>
            <Timeline
              items={row.steps.map((step, index) => ({
                key: index,
                content: (
                  <>
                    <strong>{step.state_name}</strong>{" "}
                    <span className="soft">
                      {step.actor && `${step.actor} · `}
                      {dateTime(step.at)}
                    </span>
                    {step.text && <div>{step.text}</div>}
                  </>
                ),
              }))}
            />
          </Panel>
        </>
      )}
    </QueryView>
  );
}

// One finding: what was found beside the record it rests on, and the decision.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Tag } from "antd";
import type { FindingDetail } from "@/api/types";
import { http } from "@/lib/client";
import { dateTime, dueDay, quantity, systemName } from "@/lib/format";
import { useCan } from "@/lib/session";
import { review } from "@/locales/zh-CN/common";
import { common } from "@/locales/zh-CN/common";
import { findingText as t } from "@/locales/zh-CN/findings";
import { AppLink } from "@/ui/app-link";
import { HistoryRail } from "@/ui/history-rail";
import { Missing, StateMark, When } from "@/ui/marks";
import { Facts, Panel } from "@/ui/page";
import { ReviewBar, type Decision } from "@/ui/review-bar";
import { QueryView } from "@/ui/state-views";

const decisions: Decision[] = [
  { key: "confirm", label: review.confirm, hotkey: "a", primary: true, reason: false },
  { key: "return", label: review.return, hotkey: "r", reason: true },
  { key: "dismiss", label: review.dismiss, reason: true },
];
/** The unit of what was measured: that of the record where the rule looks at its quantity. */
const valueUnit = (row: FindingDetail) => (row.rule.includes("quantity") ? (row.event?.unit ?? null) : null);

interface Props {
  id: string;
  onNext?: (() => void) | undefined;
  onPrevious?: (() => void) | undefined;
}

export function FindingReview({ id, onNext, onPrevious }: Props) {
  const can = useCan();
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ["finding", id],
    queryFn: ({ signal }) => http.get<FindingDetail>(`/console/findings/${id}`, undefined, signal),
  });
  const decide = async (version: number, decision: string, reason: string) => {
    await http.post(`/console/findings/${id}/review`, { version, decision, reason });
    await Promise.all(
      [["finding", id], ["list", "/console/findings"], ["findings-summary"]].map((queryKey) =>
        client.invalidateQueries({ queryKey }),
      ),
    );
  };
  return (
    <QueryView query={query}>
      {(row) => (
        <>
          <div className="record-head">
            <h2 style={{ margin: 0 }}>{row.rule_name}</h2>
            <StateMark state={row.state} name={row.state_name} />
            {row.severity === "high" && <Tag color="red">▼ {t.high}</Tag>}
          </div>
          <ReviewBar
            decisions={
              can("finding.review") ? decisions.filter((one) => (row.actions as string[]).includes(one.key)) : []
            }
            onDecide={(decision, reason) => decide(row.version, decision, reason)}
            onNext={onNext}
            onPrevious={onPrevious}
            onDone={onNext}
          />
          {row.actions.length > 0 && <p className="soft">{review.keys}</p>}
          <div className="two">
            <Panel title={t.proposal}>
              <p style={{ marginTop: 0, fontSize: 16 }}>{row.text}</p>
              <Facts
                columns={1}
                rows={[
                  [
                    t.value,
                    row.value === null ? (
                      <Missing key="v" reason="没有收到数据" />
                    ) : (
                      <strong key="v" style={{ color: "#C62828" }}>
                        {quantity(row.value, valueUnit(row))}
                      </strong>
                    ),
                  ],
                  [t.limit, quantity(row.limit, valueUnit(row))],
                  [
                    t.subject,
                    row.subject ? (
                      <AppLink key="s" href={`/console/subjects/${row.subject}`}>
                        {row.subject_name ?? row.subject}
                      </AppLink>
                    ) : null,
                  ],
                  [t.system, systemName(row)],
                  [t.division, row.division_name],
                  [t.period, row.period],
                  [t.foundAt, <When key="f" at={row.found_at} />],
                  [
                    t.dueAt,
                    <span key="d">
                      {dueDay(row.due_at)}
                      {row.overdue && (
                        <Tag color="red" style={{ marginLeft: 8 }}>
                          ▼ {t.overdue}
                        </Tag>
                      )}
                    </span>,
                  ],
                ]}
              />
            </Panel>
            <Panel title={t.evidence}>
              {row.event ? (
                <Facts
                  columns={1}
                  rows={[
                    [common.time, dateTime(row.event.event_time)],
                    ["产品", row.event.product_name ?? null],
                    ["批次", row.event.batch ?? null],
                    ["数量", quantity(row.event.quantity ?? null, row.event.unit ?? null)],
                    ["对方", row.event.peer_name ?? null],
                    [
                      "",
                      <AppLink key="e" href={`/console/events?record=${row.object_id}`}>
                        {t.toEvent}
                      </AppLink>,
                    ],
                  ]}
                />
              ) : (
                <p className="soft">{t.noEvent}</p>
              )}
            </Panel>
          </div>
          {row.raw !== null && (
            <Panel title={t.raw}>
              <pre className="raw">{row.raw.event}</pre>
            </Panel>
          )}
          <Panel title={common.history}>
            <HistoryRail history={row.history} labels={{}} />
          </Panel>
        </>
      )}
    </QueryView>
  );
}

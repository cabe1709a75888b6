// 咨询投诉: what the public wrote, its steps, and the answer.
import { useQuery } from "@tanstack/react-query";
import { Button, Image, Input, Space, Timeline } from "antd";
import { useEffect, useState } from "react";
import type { Complaint, ComplaintDetail } from "@/api/types";
import { http } from "@/lib/client";
import { dateTime, dueDay } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { useCan } from "@/lib/session";
import { common } from "@/locales/zh-CN/common";
import { complaintText as t } from "@/locales/zh-CN/public";
import { AppLink } from "@/ui/app-link";
import { ListPage, type Column } from "@/ui/list-page";
import { StateMark, When } from "@/ui/marks";
import { Facts, Panel } from "@/ui/page";
import { QueryView } from "@/ui/state-views";
import { useAct } from "@/ui/use-act";

const columns: Column<Complaint>[] = [
  { key: "number", title: t.number, fixed: true, render: (row) => <span className="code">{row.number}</span> },
  { key: "kind", title: t.kind, render: (row) => t.kinds[row.kind] ?? row.kind, text: (row) => t.kinds[row.kind] },
  { key: "text", title: t.text, render: (row) => <span className="wide-text">{row.text}</span> },
  { key: "code", title: t.code, render: (row) => <span className="code">{row.code || "—"}</span> },
  {
    key: "state",
    title: common.state,
    render: (row) => <StateMark state={row.state} name={row.state_name} />,
    text: (row) => row.state_name,
  },
  { key: "submitted_at", title: t.submitted, render: (row) => <When at={row.submitted_at} /> },
  { key: "due_at", title: t.due, render: (row) => dueDay(row.due_at), text: (row) => dueDay(row.due_at) },
];
/** Steps for which the node has words of its own where the handler writes none. */
const silent = new Set(["accept", "close"]);

/** Which steps may follow a state. */
export function stepsAfter(state: string, allowed?: string[]): string[] {
  if (allowed) return Object.keys(t.actions).filter((action) => allowed.includes(action));
  if (state === "submitted") return ["accept", "reject"];
  if (state === "accepted" || state === "handling") return ["answer", "transfer"];
  return state === "answered" ? ["close", "answer"] : [];
}

function ComplaintView({ id }: { id: string }) {
  const can = useCan();
  const { act, busy } = useAct();
  const [text, setText] = useState("");
  const query = useQuery({
    queryKey: ["complaint", id],
    queryFn: ({ signal }) => http.get<ComplaintDetail>(`/console/complaints/${id}`, undefined, signal),
  });
  const step = (row: ComplaintDetail, action: string) => {
    const sent = text.trim();
    void act(
      () => http.post(`/console/complaints/${id}/steps`, { version: row.version, action, text: sent }),
      undefined,
      [
        ["complaint", id],
        ["list", "/console/complaints"],
        ["tasks", "complaints"],
        ["tasks", "answers"],
      ],
    ).then((done) => {
      // What was typed while the node was busy is the next answer and stays.
      if (done) setText((now) => (now.trim() === sent ? "" : now));
    });
  };
  return (
    <QueryView query={query}>
      {(row) => (
        <>
          <div className="record-head" style={{ marginBottom: 12 }}>
            <h2 style={{ margin: 0 }}>
              {t.kinds[row.kind]} {row.number}
            </h2>
            <StateMark state={row.state} name={row.state_name} />
          </div>
          <Panel>
            <p style={{ marginTop: 0, fontSize: 16, whiteSpace: "pre-wrap" }}>{row.text}</p>
            <Facts
              rows={[
                [t.submitted, <When key="s" at={row.submitted_at} />],
                [
                  t.due,
                  <span key="d">
                    {dueDay(row.due_at)}
                    {row.overdue && <strong style={{ color: "#C62828" }}> ▼ {t.overdue}</strong>}
                  </span>,
                ],
                [t.contact, row.name],
                [t.phone, row.phone],
                [
                  t.code,
                  row.code ? (
                    <AppLink key="c" href={`/console/trace?code=${encodeURIComponent(row.code)}`}>
                      {row.code}（{t.trace}）
                    </AppLink>
                  ) : null,
                ],
              ]}
            />
            {row.photos.length > 0 && (
              <div style={{ marginTop: 12 }}>
                <Image.PreviewGroup>
                  {row.photos.map((photo) => (
                    <Image key={photo} src={photo} width={120} alt={t.photos} />
                  ))}
                </Image.PreviewGroup>
              </div>
            )}
          </Panel>
          {(row.actions !== undefined || can("complaint.answer")) && stepsAfter(row.state, row.actions).length > 0 && (
            <Panel title={t.act}>
              <Input.TextArea
                rows={3}
                maxLength={2000}
                showCount
                value={text}
                placeholder={t.reply}
                aria-label={t.reply}
                onChange={(event) => setText(event.target.value)}
              />
              <Space style={{ marginTop: 24 }}>
                {stepsAfter(row.state, row.actions).map((action, index) => (
                  <Button
                    key={action}
                    loading={busy}
                    type={index === 0 ? "primary" : "default"}
                    disabled={text.trim() === "" && !silent.has(action)}
                    onClick={() => step(row, action)}
                  >
                    {t.actions[action]}
                  </Button>
                ))}
              </Space>
            </Panel>
          )}
          <Panel title={t.steps}>
            <Timeline
              items={row.steps.map((one, index) => ({
                key: index,
                content: (
                  <>
                    <strong>{one.state_name}</strong> <span className="soft">{dateTime(one.at)}</span>
                    {one.text && <div>{one.text}</div>}
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
export function ComplaintsPage() {
  const [search, patch] = useUrl();
  // Links from elsewhere say `open` for all that is not ended; the node lists one state at a time, or all of them.
  const unknown = search["state"] !== undefined && !(search["state"] in t.states);
  useEffect(() => {
    if (unknown) patch({ state: undefined }, true);
  });
  if (unknown) return null;
  const filters = [
    { key: "q", label: t.search, kind: "text" as const },
    {
      key: "state",
      label: common.state,
      kind: "select" as const,
      options: Object.entries(t.states).map(([value, label]) => ({ value, label })),
    },
    {
      key: "kind",
      label: t.kind,
      kind: "select" as const,
      options: Object.entries(t.kinds).map(([value, label]) => ({ value, label })),
    },
  ];
  return (
    <ListPage<Complaint>
      title={t.title}
      resource="/console/complaints"
      columns={columns}
      filters={filters}
      rowId={(row) => row.id}
      emptyHint={t.emptyHint}
      drawer={(id) => <ComplaintView key={id} id={id} />}
    />
  );
}

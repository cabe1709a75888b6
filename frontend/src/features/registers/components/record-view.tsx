// One entry of a register: head with actions, facts, what is related, changes on the right.
import { CopyOutlined, EditOutlined, KeyOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Modal, Space, Tooltip, Typography } from "antd";
import { useState } from "react";
import type { Detail, Page, ReviewAction, SystemToken } from "@/api/types";
import { RecordForm } from "@/features/registers/components/record-form";
import { registerOf, type Noun, type Row } from "@/features/registers/config";
import { ApiError, http } from "@/lib/client";
import { dateTime } from "@/lib/format";
import { useNames } from "@/lib/reference";
import { useCan } from "@/lib/session";
import { common, review } from "@/locales/zh-CN/common";
import { fieldLabels, registerText } from "@/locales/zh-CN/registers";
import { AppLink } from "@/ui/app-link";
import { differences, HistoryRail } from "@/ui/history-rail";
import { StateMark } from "@/ui/marks";
import { Facts, Panel } from "@/ui/page";
import { ReviewBar, type Decision } from "@/ui/review-bar";
import { QueryView } from "@/ui/state-views";
import { useAct } from "@/ui/use-act";

const decisions: Partial<Record<ReviewAction, Decision>> = {
  submit: { key: "submit", label: review.submit, primary: true, reason: false },
  approve: { key: "approve", label: review.approve, hotkey: "a", primary: true, reason: false },
  return: { key: "return", label: review.return, hotkey: "r", reason: true },
  suspend: { key: "suspend", label: review.suspend, reason: true },
  resume: { key: "resume", label: review.resume, reason: true },
  revoke: { key: "revoke", label: review.revoke, danger: true, reason: true },
  cancel: { key: "cancel", label: review.cancel, reason: false },
};

function TokenButton({ id }: { id: string }) {
  const { act, busy } = useAct();
  const [token, setToken] = useState<string | null>(null);
  const issue = () =>
    void act(async () => setToken((await http.post<SystemToken>(`/console/systems/${id}/token`)).token), "");
  return (
    <>
      <Button icon={<KeyOutlined />} loading={busy} onClick={issue}>
        {registerText.token}
      </Button>
      <Modal open={token !== null} footer={null} onCancel={() => setToken(null)} title={registerText.token}>
        <Alert type="warning" showIcon title={registerText.tokenOnce} />
        <Typography.Paragraph copyable className="raw" style={{ marginTop: 12 }}>
          {token}
        </Typography.Paragraph>
      </Modal>
    </>
  );
}

/** One entry by its id, or by its code as other records name it; ids have dashes, codes have none. */
async function load(noun: Noun, id: string, signal: AbortSignal): Promise<Detail<Row>> {
  if (id.includes("-")) return http.get<Detail<Row>>(`/console/${noun}/${id}`, undefined, signal);
  const page = await http.get<Page<Row>>(`/console/${noun}`, { q: id, limit: 20 }, signal);
  const row = page.items.find((one) => one.code === id);
  if (!row)
    throw new ApiError(404, { code: "HTTP-404", message: registerText.noCode(id), advice: registerText.noCodeAdvice });
  return http.get<Detail<Row>>(`/console/${noun}/${row.id}`, undefined, signal);
}

interface Props {
  noun: Noun;
  id: string;
  wide?: boolean;
  onNext?: (() => void) | undefined;
  onPrevious?: (() => void) | undefined;
}

export function RecordView({ noun, id, wide = false, onNext, onPrevious }: Props) {
  const names = useNames();
  const register = registerOf(noun, names);
  const can = useCan();
  const client = useQueryClient();
  const { message } = App.useApp();
  const [editing, setEditing] = useState(false);
  const query = useQuery({ queryKey: ["record", noun, id], queryFn: ({ signal }) => load(noun, id, signal) });
  const touch = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: ["record", noun, id] }),
      client.invalidateQueries({ queryKey: ["list", `/console/${noun}`] }),
    ]);
  const copy = (code: string) =>
    void navigator.clipboard
      ?.writeText(code)
      .then(() => message.success(common.copied))
      .catch(() => undefined);
  return (
    <QueryView query={query}>
      {(row) => (
        <div className={wide ? "record" : ""}>
          <div>
            <div className="record-head">
              <h2 style={{ margin: 0 }}>{row.name}</h2>
              <span className="code">
                {row.code}
                <Tooltip title={common.copy}>
                  <Button
                    type="text"
                    size="small"
                    icon={<CopyOutlined />}
                    aria-label={common.copy}
                    onClick={() => copy(row.code)}
                  />
                </Tooltip>
              </span>
              <StateMark state={row.state} name={row.state_name} />
              <span className="soft">
                {registerText.freshness} {dateTime(row.updated_at)}
              </span>
            </div>
            {row.state === "changing" && (
              <Alert style={{ marginTop: 12 }} type="info" showIcon title={registerText.changing} />
            )}
            <Space wrap style={{ marginTop: 4 }}>
              <ReviewBar
                decisions={row.actions.flatMap((action) => decisions[action] ?? [])}
                onNext={onNext}
                onPrevious={onPrevious}
                onDone={onNext}
                onDecide={(decision, reason) =>
                  http.post(`/console/${noun}/${row.id}/review`, { version: row.version, decision, reason }).then(touch)
                }
              />
              {row.actions.includes("change") && (
                <Button icon={<EditOutlined />} onClick={() => setEditing(true)}>
                  {common.edit}
                </Button>
              )}
              {noun === "systems" && can("access.update") && row.state === "filed" && <TokenButton id={row.id} />}
            </Space>
            {row.proposal && (
              <Panel title={registerText.proposal}>
                {differences({ before: { ...row }, after: { ...row.proposal } }).map((one) => (
                  <div key={one.field} className="difference">
                    {fieldLabels[one.field] ?? one.field}：<del>{one.before}</del> → <ins>{one.after}</ins>
                  </div>
                ))}
              </Panel>
            )}
            <Panel title={common.facts}>
              <Facts rows={register.facts(row)} columns={2} />
            </Panel>
            <Panel title={common.related}>
              <Space size="large" wrap>
                {register.related(row).map((link) => (
                  <AppLink key={link.href} href={link.href}>
                    {link.label}
                  </AppLink>
                ))}
                {row.lon && row.lat ? (
                  <AppLink href={`/console/map?lon=${row.lon}&lat=${row.lat}&zoom=10`}>{registerText.openMap}</AppLink>
                ) : null}
              </Space>
            </Panel>
          </div>
          <Panel title={common.history}>
            <HistoryRail history={row.history} labels={fieldLabels} />
          </Panel>
          {editing && (
            <RecordForm noun={noun} row={row} onClose={() => setEditing(false)} onSaved={() => setEditing(false)} />
          )}
        </div>
      )}
    </QueryView>
  );
}

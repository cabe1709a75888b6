// A new edition: written, compared with what is in force, and published after a question.
import { Alert, Button, Input, Modal, Popconfirm, Space } from "antd";
import { useState } from "react";
import type { PackChange, PackDifference, PackRow } from "@/api/types";
import { ApiError, http } from "@/lib/client";
import { packText as t } from "@/locales/zh-CN/packs";
import { DataTable } from "@/ui/data-table";
import { ErrorView } from "@/ui/state-views";
import { useAct } from "@/ui/use-act";

const marks = { added: "＋", changed: "△", removed: "－" } as const;

function Members({ change }: { change: PackChange }) {
  if (change.how === "removed") return null;
  return (
    <>
      {change.members.map((member) => (
        <div key={member.member}>
          <span className="soft code">{member.member}</span> {member.before !== null && <del>{member.before}</del>}
          {member.before !== null && member.after !== null && " → "}
          {member.after !== null && <ins style={{ textDecoration: "none" }}>{member.after}</ins>}
        </div>
      ))}
    </>
  );
}

/** What publishing would change, row by row. */
export function Difference({ difference }: { difference: PackDifference }) {
  const { version, against, added, changed, removed, changes } = difference;
  return (
    <>
      <p>
        <strong>{t.compared(version, against)}</strong>：
        {added + changed + removed > 0 ? t.counts(added, changed, removed) : t.noChange}。
        {difference.at_once ? t.atOnce : t.later(difference.valid_from)}。
      </p>
      {removed > 0 && <Alert type="warning" showIcon title={t.removedFirst} style={{ marginBottom: 12 }} />}
      {added + changed + removed > changes.length && <p className="soft">{t.cut(changes.length)}</p>}
      <DataTable<PackChange>
        rowKey={(row) => `${row.table}/${row.key}`}
        size="small"
        pagination={{ pageSize: 20, hideOnSinglePage: true }}
        dataSource={changes}
        columns={[
          { title: t.how, width: 80, render: (_, row) => `${marks[row.how]} ${t.hows[row.how]}` },
          { title: t.table, width: 100, dataIndex: "table_name" },
          {
            title: t.row,
            render: (_, row) => (
              <>
                {row.name} <span className="soft code">{row.key}</span>
              </>
            ),
          },
          { title: t.members, render: (_, row) => <Members change={row} /> },
        ]}
      />
    </>
  );
}

/** Every fault with what to do about it; other errors as everywhere. */
function Refusal({ error }: { error: unknown }) {
  if (!(error instanceof ApiError) || error.faults.length === 0) return <ErrorView error={error} />;
  return (
    <Alert
      type="error"
      showIcon
      title={t.refused}
      description={error.faults.map((fault) => (
        <div key={`${fault.code}-${fault.reason}`}>
          {fault.reason}。{fault.advice}。（{fault.code}）
        </div>
      ))}
    />
  );
}

export function PublishDialog({
  pack,
  begin,
  national,
  onClose,
}: {
  pack: PackRow;
  begin: string;
  national: boolean;
  onClose: () => void;
}) {
  const { act, busy } = useAct();
  const [text, setText] = useState(begin);
  const [note, setNote] = useState("");
  const [difference, setDifference] = useState<PackDifference>();
  const [refusal, setRefusal] = useState<unknown>();
  const compare = () =>
    void act(async () => {
      setRefusal(undefined);
      try {
        setDifference(await http.post<PackDifference>(`/console/packs/${pack.name}/preview`, { text }));
      } catch (error) {
        setDifference(undefined);
        setRefusal(error);
      }
    }, "");
  const publish = (compared: PackDifference) =>
    void act(() => http.post(`/console/packs/${pack.name}/publish`, { text, note, base: compared.base }), t.done, [
      ["packs"],
      ["reference"],
    ]).then((done) => {
      if (done) onClose();
    });
  return (
    <Modal
      open
      width={960}
      title={`${t.publish}：${pack.title}`}
      onCancel={onClose}
      footer={
        <Space>
          <Button loading={busy} onClick={compare}>
            {t.compare}
          </Button>
          {difference ? (
            <Popconfirm
              title={t.askTitle}
              description={<div style={{ maxWidth: 360 }}>{t.ask(difference.version)}</div>}
              onConfirm={() => publish(difference)}
            >
              <Button type="primary" loading={busy}>
                {t.publish}
              </Button>
            </Popconfirm>
          ) : (
            <Button type="primary" disabled title={t.compareFirst}>
              {t.publish}
            </Button>
          )}
        </Space>
      }
    >
      <p className="soft">{national ? t.textHint.whole : t.textHint.beneath}</p>
      <Input.TextArea
        aria-label={t.text}
        className="code"
        rows={14}
        value={text}
        spellCheck={false}
        onChange={(event) => {
          setText(event.target.value);
          setDifference(undefined);
        }}
      />
      <Input
        aria-label={t.publishNote}
        placeholder={t.publishNote}
        maxLength={500}
        value={note}
        style={{ margin: "12px 0" }}
        onChange={(event) => setNote(event.target.value)}
      />
      {refusal !== undefined && <Refusal error={refusal} />}
      {difference && <Difference difference={difference} />}
    </Modal>
  );
}

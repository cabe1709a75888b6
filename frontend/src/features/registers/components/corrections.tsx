// 更正建议: what a tier above finds wrong with an entry of a node below, and what that node answers.
import { CommentOutlined, DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Alert, App, Button, Form, Input, Modal, Popconfirm, Select, Space } from "antd";
import { useState } from "react";
import type { MetaField } from "@/api/types";
import { metadataQuery, type Noun } from "@/features/registers/api/registers";
import type { Correction, Entry } from "@/features/registers/api/shapes";
import { useShown } from "@/features/registers/components/meta-facts";
import { ReasonDialog } from "@/features/registers/components/record-actions";
import { http } from "@/lib/client";
import { dateTime } from "@/lib/format";
import { useCan, useMe } from "@/lib/session";
import { common } from "@/locales/zh-CN/common";
import { registerText as t } from "@/locales/zh-CN/registers";
import { ChangeText } from "@/ui/history-rail";
import { StateMark } from "@/ui/marks";
import { Panel } from "@/ui/page";
import { ReasonField } from "@/ui/reason-field";
import { errorText, useAct } from "@/ui/use-act";

interface Props {
  noun: Noun;
  row: Entry;
  onTouched: () => Promise<unknown>;
}
/** What a new value can be written for in one line. */
const simple = new Set(["text", "list", "tree", "date", "number", "integer"]);

function NewValue({
  field,
  value,
  onChange,
}: {
  field: MetaField | undefined;
  value?: string;
  onChange?: (value: string) => void;
}) {
  if (field && field.options.length > 0)
    return (
      <Select
        aria-label={t.newValue}
        showSearch={{ optionFilterProp: "label" }}
        value={value ?? null}
        onChange={(next: string | null) => onChange?.(next ?? "")}
        options={field.options.map((one) => ({ value: one.code, label: one.name }))}
      />
    );
  return (
    <Input
      aria-label={t.newValue}
      maxLength={200}
      placeholder={field?.type === "date" ? "2026-11-21" : t.newValue}
      value={value ?? ""}
      onChange={(event) => onChange?.(event.target.value)}
    />
  );
}
interface Wish {
  changes?: { field: string; value?: string }[];
  reason: string;
}

/** Proposes a correction of an entry that a node below owns. */
export function CorrectionButton({ noun, row, onTouched }: Props) {
  const me = useMe();
  const can = useCan();
  const { message } = App.useApp();
  const [form] = Form.useForm<Wish>();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const metadata = useQuery({
    ...metadataQuery(noun, row["category"] as string | undefined),
    enabled: open,
  });
  const chosen = (Form.useWatch("changes", form) ?? []) as ({ field?: string } | undefined)[];
  const live = ["filed", "changing", "suspended"].includes(row.state);
  if (row["origin_node"] === me.node.code || !live || !can("subject.review")) return null;
  const fields = (metadata.data?.fields ?? []).filter(
    (field) => simple.has(field.type) && !field.personal && field.code !== "code",
  );
  const send = async (wish: Wish) => {
    setBusy(true);
    setError(null);
    try {
      const changes = Object.fromEntries((wish.changes ?? []).map((one) => [one.field, one.value ?? ""]));
      await http.post(`/console/subjects/${row.id}/proposals`, { changes, reason: wish.reason });
      await onTouched();
      message.success(t.correctionSent);
      setOpen(false);
    } catch (cause) {
      setError(errorText(cause));
    }
    setBusy(false);
  };
  return (
    <>
      <Button icon={<CommentOutlined />} onClick={() => setOpen(true)}>
        {t.correct}
      </Button>
      <Modal
        open={open}
        width={640}
        title={t.correct}
        okText={t.correctSend}
        confirmLoading={busy}
        destroyOnHidden
        onCancel={() => setOpen(false)}
        onOk={() => form.submit()}
      >
        <p>{t.correctNote(String(row["origin_name"] ?? row["origin_node"]))}</p>
        {error && <Alert type="error" showIcon title={error} style={{ marginBottom: 12 }} />}
        <Form form={form} layout="vertical" onFinish={(wish) => void send(wish)}>
          <Form.List name="changes">
            {(rows, { add, remove }) => (
              <>
                {rows.map((one) => (
                  <div key={one.key} className="records-row">
                    <Form.Item
                      name={[one.name, "field"]}
                      rules={[{ required: true, message: `${t.field}${common.required}` }]}
                      style={{ flex: "0 0 200px", marginBottom: 8 }}
                    >
                      <Select
                        aria-label={t.field}
                        placeholder={t.field}
                        showSearch={{ optionFilterProp: "label" }}
                        options={fields.map((field) => ({ value: field.code, label: field.name }))}
                      />
                    </Form.Item>
                    <Form.Item name={[one.name, "value"]} style={{ flex: 1, marginBottom: 8 }}>
                      <NewValue field={fields.find((field) => field.code === chosen[one.name]?.field)} />
                    </Form.Item>
                    <Button
                      type="text"
                      icon={<DeleteOutlined />}
                      aria-label={t.removeRow(t.field, one.name + 1)}
                      onClick={() => remove(one.name)}
                    />
                  </div>
                ))}
                <Button type="dashed" icon={<PlusOutlined />} onClick={() => add({})} style={{ marginBottom: 12 }}>
                  {t.correctField}
                </Button>
              </>
            )}
          </Form.List>
          <ReasonField />
        </Form>
      </Modal>
    </>
  );
}

/** The corrections proposed so far; those still open are answered where the entry is from. */
export function Corrections({ noun, row, onTouched }: Props) {
  const me = useMe();
  const can = useCan();
  const { act, busy } = useAct();
  const [declining, setDeclining] = useState<string | null>(null);
  const metadata = useQuery(metadataQuery(noun, row["category"] as string | undefined));
  const shown = useShown(metadata.data);
  const notes = (row["proposals"] as Correction[] | undefined) ?? [];
  if (notes.length === 0) return null;
  const mine = row["origin_node"] === me.node.code && can("subject.review");
  const nameOf = (code: string) => metadata.data?.fields.find((field) => field.code === code)?.name ?? code;
  const answer = (id: string, body: object) =>
    http.post(`/console/subjects/${row.id}/proposals/${id}/decision`, body).then(onTouched);
  return (
    <Panel title={t.corrections}>
      {notes.map((note) => (
        <div key={note.id} className="correction">
          <div>
            <StateMark state={note.state} name={t.correctionStates[note.state] ?? null} />{" "}
            <span className="soft">
              {note.node_name} {note.author} · {dateTime(note.at)}
            </span>
          </div>
          <div>
            {common.reason}：{note.reason}
          </div>
          {Object.entries(note.changes).map(([code, value]) => (
            <ChangeText
              key={code}
              change={{ field: nameOf(code), before: shown(code, row[code]), after: shown(code, value) }}
            />
          ))}
          {note.answer && <div>{t.correctionAnswer(note.answer)}</div>}
          {mine && note.state === "open" && (
            <Space style={{ marginTop: 6 }}>
              <Popconfirm
                title={t.acceptAsk}
                onConfirm={() => void act(() => answer(note.id, { accept: true }), t.accepted)}
              >
                <Button size="small" type="primary" loading={busy}>
                  {t.accept}
                </Button>
              </Popconfirm>
              <Button size="small" onClick={() => setDeclining(note.id)}>
                {t.decline}
              </Button>
            </Space>
          )}
        </div>
      ))}
      {declining && (
        <ReasonDialog
          title={t.decline}
          note={t.declineNote}
          send={({ reason }) => answer(declining, { accept: false, reason })}
          done={common.done}
          onClose={() => setDeclining(null)}
        />
      )}
    </Panel>
  );
}

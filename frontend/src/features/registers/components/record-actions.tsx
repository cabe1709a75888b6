// What may be done with an entry now besides a review: change it, see it in full, give it another code, declare closed days.
import { EyeOutlined, StopOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, DatePicker, Form, Input, Modal } from "antd";
import type { Dayjs } from "dayjs";
import { useState } from "react";
import { place, type Noun } from "@/features/registers/api/registers";
import type { Entry, Rival, Row } from "@/features/registers/api/shapes";
import { http } from "@/lib/client";
import { useCan } from "@/lib/session";
import { common } from "@/locales/zh-CN/common";
import { registerText as t } from "@/locales/zh-CN/registers";
import { AppLink } from "@/ui/app-link";
import { ReasonField } from "@/ui/reason-field";
import { errorText } from "@/ui/use-act";

interface Asked {
  title: string;
  note: string;
  /** A field besides the reason. */
  extra?: { name: string; label: string; pattern?: RegExp };
  send: (values: Record<string, string>) => Promise<unknown>;
  done: string;
  onClose: () => void;
}
/** Asks for a reason, and for one more text where needed, and does something with it. */
export function ReasonDialog({ title, note, extra, send, done, onClose }: Asked) {
  const [form] = Form.useForm<Record<string, string>>();
  const { message } = App.useApp();
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const run = async (values: Record<string, string>) => {
    setBusy(true);
    setError(null);
    try {
      await send(values);
      message.success(done);
      onClose();
    } catch (cause) {
      setError(errorText(cause));
      setBusy(false);
    }
  };
  return (
    <Modal open title={title} confirmLoading={busy} onCancel={onClose} onOk={() => form.submit()}>
      <p>{note}</p>
      {error && <Alert type="error" showIcon title={error} style={{ marginBottom: 12 }} />}
      <Form form={form} layout="vertical" onFinish={(values) => void run(values)}>
        {extra && (
          <Form.Item
            name={extra.name}
            label={extra.label}
            rules={[
              { required: true, message: `${extra.label}${common.required}` },
              ...(extra.pattern ? [{ pattern: extra.pattern, message: t.codeRule }] : []),
            ]}
          >
            <Input maxLength={64} />
          </Form.Item>
        )}
        <ReasonField />
      </Form>
    </Modal>
  );
}

/** Shows masked values for a reason; the node notes who looked and why. */
export function UnmaskButton({ noun, row }: { noun: Noun; row: Row }) {
  const can = useCan();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const hides = Object.values(row).some((value) => typeof value === "string" && value.includes("**"));
  if (!hides || !can("subject.unmask")) return null;
  const send = async (values: Record<string, string>) => {
    const full = await http.post<Entry>(`/console/subjects/${row.id}/unmask`, { reason: values["reason"] });
    for (const key of [row.id, row.code]) client.setQueryData(["record", place(noun), key], full);
  };
  return (
    <>
      <Button icon={<EyeOutlined />} onClick={() => setAsking(true)}>
        {t.unmask}
      </Button>
      {asking && (
        <ReasonDialog
          title={t.unmask}
          note={t.unmaskNote}
          send={send}
          done={t.unmasked}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

/** The entry's code belongs to another, earlier entry: who that is, and the three ways out. */
export function RivalBanner({ row, onTouched }: { row: Entry; onTouched: () => Promise<unknown> }) {
  const [asking, setAsking] = useState<"recode" | "same" | null>(null);
  const rival = row["rival"] as Rival | null | undefined;
  if (!rival) return null;
  if (row["linked"] === true)
    return (
      <Alert
        type="info"
        showIcon
        style={{ marginTop: 12 }}
        title={t.sameNow(rival.name, rival.code)}
        action={rival.id && <AppLink href={`/console/subjects/${rival.id}`}>{t.rivalOpen}</AppLink>}
      />
    );
  const send = (path: string) => (values: Record<string, string>) =>
    http.post(`/console/subjects/${row.id}/${path}`, { version: row.version, ...values }).then(onTouched);
  return (
    <>
      <Alert
        type="error"
        showIcon
        style={{ marginTop: 12 }}
        title={t.rivalTitle(row.code, rival.name, rival.node_name)}
        description={
          <>
            <p>{t.rivalText}</p>
            <div className="banner-actions">
              {rival.id && <AppLink href={`/console/subjects/${rival.id}`}>{t.rivalOpen}</AppLink>}
              {row.actions.includes("recode") && (
                <Button size="small" onClick={() => setAsking("recode")}>
                  {t.recode}
                </Button>
              )}
              {row.actions.includes("same_as") && (
                <Button size="small" onClick={() => setAsking("same")}>
                  {t.sameAs}
                </Button>
              )}
            </div>
          </>
        }
      />
      {asking === "recode" && (
        <ReasonDialog
          title={t.recode}
          note={t.recodeNote}
          extra={{ name: "code", label: t.newCode, pattern: /^[A-Za-z0-9._-]{1,64}$/ }}
          send={send("recode")}
          done={common.done}
          onClose={() => setAsking(null)}
        />
      )}
      {asking === "same" && (
        <ReasonDialog
          title={t.sameAs}
          note={t.sameAsNote(rival.name)}
          send={send("same-as")}
          done={common.done}
          onClose={() => setAsking(null)}
        />
      )}
    </>
  );
}

/** Declares days on which a subject is closed and owes no reports. */
export function ClosureButton({ row, onTouched }: { row: Row; onTouched: () => Promise<unknown> }) {
  const { message } = App.useApp();
  const [form] = Form.useForm<{ days: [Dayjs, Dayjs]; reason: string }>();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const send = async ({ days, reason }: { days: [Dayjs, Dayjs]; reason: string }) => {
    setBusy(true);
    setError(null);
    try {
      const [from, to] = days.map((day) => day.format("YYYY-MM-DD"));
      await http.post("/console/closures", { kind: "subject", code: row.code, from, to, reason });
      await onTouched();
      message.success(t.closureDone);
      setOpen(false);
    } catch (cause) {
      setError(errorText(cause));
    }
    setBusy(false);
  };
  return (
    <>
      <Button icon={<StopOutlined />} onClick={() => setOpen(true)}>
        {t.closure}
      </Button>
      <Modal
        open={open}
        title={t.closure}
        confirmLoading={busy}
        destroyOnHidden
        onCancel={() => setOpen(false)}
        onOk={() => form.submit()}
      >
        <p>{t.closureNote}</p>
        {error && <Alert type="error" showIcon title={error} style={{ marginBottom: 12 }} />}
        <Form form={form} layout="vertical" onFinish={(values) => void send(values)}>
          <Form.Item
            name="days"
            label={t.closureDays}
            rules={[{ required: true, message: `${t.closureDays}${common.required}` }]}
          >
            <DatePicker.RangePicker style={{ width: "100%" }} />
          </Form.Item>
          <ReasonField />
        </Form>
      </Modal>
    </>
  );
}

// A new application, or the change of one.
import { Checkbox, Form, Input, Modal, Select } from "antd";
import type { ClientOptions, ClientRow } from "@/api/people";
import { http } from "@/lib/client";
import { common } from "@/locales/zh-CN/common";
import { clientText as t } from "@/locales/zh-CN/roles";
import { useAct } from "@/ui/use-act";

interface Values {
  name: string;
  kind: ClientRow["kind"];
  redirects: string;
  logouts: string;
  scopes: string[];
  consent: boolean;
}
const lines = (text: string | undefined) => (text ?? "").split(/\s+/).filter(Boolean);
const addresses = {
  validator: (_: unknown, text: string | undefined) =>
    lines(text).every((line) => /^[a-z][a-z0-9+.-]*:\/\/\S+$/.test(line))
      ? Promise.resolve()
      : Promise.reject(new Error(t.bad)),
};

interface Props {
  row: ClientRow | null;
  options: ClientOptions | undefined;
  onClose: () => void;
  onSaved: (row: ClientRow, secret: string | null) => void;
}
export function ClientForm({ row, options, onClose, onSaved }: Props) {
  const { act, busy } = useAct();
  const [form] = Form.useForm<Values>();
  const save = ({ redirects, logouts, kind, ...rest }: Values) =>
    void act(
      async () => {
        const body = { ...rest, redirect_uris: lines(redirects), logout_uris: lines(logouts) };
        if (row)
          onSaved(
            await http.put<ClientRow>(`/console/clients/${row.client_id}`, { ...body, version: row.version }),
            null,
          );
        else {
          const made = await http.post<{ client: ClientRow; secret: string | null }>("/console/clients", {
            ...body,
            kind,
          });
          onSaved(made.client, made.secret);
        }
      },
      common.saved,
      [["list", "/console/clients"]],
    );
  const need = { required: true, message: common.required };
  const choices = (rows: { code: string; name: string }[] | undefined) =>
    (rows ?? []).map((one) => ({ value: one.code, label: one.name }));
  return (
    <Modal
      open
      width={640}
      title={row ? `${t.edit}：${row.name}` : t.create}
      onCancel={onClose}
      onOk={() => form.submit()}
      confirmLoading={busy}
    >
      <Form
        form={form}
        layout="vertical"
        onFinish={save}
        initialValues={
          row
            ? { ...row, redirects: row.redirect_uris.join("\n"), logouts: row.logout_uris.join("\n") }
            : { kind: "confidential", scopes: ["openid", "profile"], consent: false }
        }
      >
        <Form.Item name="name" label={t.name} rules={[need]}>
          <Input maxLength={100} />
        </Form.Item>
        <Form.Item name="kind" label={t.kind} rules={[need]}>
          <Select disabled={row !== null} options={choices(options?.kinds)} />
        </Form.Item>
        <Form.Item name="redirects" label={t.redirects} extra={t.redirectsHint} rules={[need, addresses]}>
          <Input.TextArea rows={3} className="code" />
        </Form.Item>
        <Form.Item name="logouts" label={t.logouts} rules={[addresses]}>
          <Input.TextArea rows={2} className="code" />
        </Form.Item>
        <Form.Item name="scopes" label={t.scopes} rules={[need]}>
          <Select mode="multiple" options={choices(options?.scopes)} />
        </Form.Item>
        <Form.Item name="consent" valuePropName="checked">
          <Checkbox>{t.consent}</Checkbox>
        </Form.Item>
      </Form>
    </Modal>
  );
}

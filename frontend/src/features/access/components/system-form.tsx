// Registration of a system by a regulator, or the change of one; a change of what is filed goes to review.
import { useQueryClient } from "@tanstack/react-query";
import { Alert, App, Form, Input, InputNumber, Modal, Radio, Select } from "antd";
import { useState } from "react";
import type { SystemRow } from "@/api/access";
import { ApiError, http } from "@/lib/client";
import { useNames } from "@/lib/reference";
import { useMe } from "@/lib/session";
import { usccFault } from "@/lib/uscc";
import { applicationText, systemText as t } from "@/locales/zh-CN/access";
import { common } from "@/locales/zh-CN/common";
import { DivisionInput, SubjectInput } from "@/ui/form-inputs";
import { errorText } from "@/ui/use-act";

interface Values {
  [field: string]: unknown;
  subjects?: string;
  category?: string;
}
const optional = [
  "code",
  "uscc",
  "email",
  "protocol",
  "purpose",
  "daily_volume",
  "funding",
  "subject",
  "url",
  "contact",
  "phone",
];
const protocols = ["json", "epcis", "csv"].map((value) => ({ value, label: value.toUpperCase() }));

/** What the form holds, as the node takes it: empty parts are left out. */
export function bodyOf(values: Values): Record<string, unknown> {
  const { subjects, ...rest } = values;
  const body: Record<string, unknown> = { ...rest, subjects: (subjects ?? "").split(/[\s,，;；]+/).filter(Boolean) };
  for (const key of optional) if (body[key] === "" || body[key] === undefined) body[key] = null;
  if (body["begin"] !== "trial") delete body["begin"];
  return body;
}

interface Props {
  row: SystemRow | null;
  onClose: () => void;
  onSaved: (id: string) => void;
}
export function SystemForm({ row, onClose, onSaved }: Props) {
  const names = useNames();
  const me = useMe();
  const client = useQueryClient();
  const { message } = App.useApp();
  const [form] = Form.useForm<Values>();
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const category = Form.useWatch("category", form) as string | undefined;
  const stages = names.reference?.categories.find((one) => one.code === category)?.stages;
  const submit = async (values: Values) => {
    setBusy(true);
    setFault(null);
    try {
      const body = bodyOf(values);
      const saved = row
        ? await http.put<{ id: string }>(`/console/systems/${row.id}`, {
            ...body,
            code: row.code,
            version: row.version,
          })
        : await http.post<{ id: string }>("/console/systems", body);
      message.success(common.submitted);
      await Promise.all(
        [
          ["list", "/console/systems"],
          ["system", saved.id],
        ].map((queryKey) => client.invalidateQueries({ queryKey })),
      );
      onSaved(saved.id);
    } catch (error) {
      setFault(errorText(error));
      if (error instanceof ApiError)
        form.setFields(error.faults.flatMap((one) => (one.field ? [{ name: one.field, errors: [one.reason] }] : [])));
      setBusy(false);
    }
  };
  const need = [{ required: true, message: t.missing }];
  const code = {
    validator: (_: unknown, text: string | undefined) => {
      const wrong = text ? usccFault(text) : null;
      return wrong ? Promise.reject(new Error(wrong)) : Promise.resolve();
    },
  };
  const text = (name: string, label: string, max: number, rules: object[] = []) => (
    <Form.Item name={name} label={label} rules={rules}>
      <Input maxLength={max} autoComplete="off" />
    </Form.Item>
  );
  return (
    <Modal
      open
      width={760}
      title={row ? `${common.edit}：${row.name}` : t.create}
      okText={t.submit}
      onCancel={onClose}
      onOk={() => form.submit()}
      confirmLoading={busy}
      styles={{ body: { maxHeight: "calc(100vh - 240px)", overflowY: "auto", paddingInline: 4 } }}
    >
      {fault && <Alert type="error" showIcon title={fault} style={{ marginBottom: 12 }} />}
      <Form
        form={form}
        layout="vertical"
        scrollToFirstError={{ focus: true }}
        style={{ display: "grid", gridTemplateColumns: "1fr 1fr", columnGap: 16 }}
        initialValues={
          row ? { ...row, subjects: row.subjects.join("\n") } : { division: me.divisions_in_scope_root, begin: "live" }
        }
        onValuesChange={(changed: Values) => {
          if ("category" in changed) form.setFieldValue("stage", undefined);
        }}
        onFinish={(values) => void submit(values)}
      >
        {text("name", t.name, 100, need)}
        {text("operator", t.operator, 100, need)}
        {text("uscc", applicationText.uscc, 18, [code])}
        <Form.Item name="division" label={t.division} rules={need}>
          <DivisionInput />
        </Form.Item>
        <Form.Item name="category" label={t.category} rules={need}>
          <Select options={names.options("category")} />
        </Form.Item>
        <Form.Item name="stage" label={t.stage} rules={need}>
          <Select
            disabled={!category}
            options={names.options("stage").filter((one) => !stages || stages.includes(one.value))}
          />
        </Form.Item>
        <Form.Item name="funding" label={t.funding}>
          <Select allowClear options={Object.entries(t.fundings).map(([value, label]) => ({ value, label }))} />
        </Form.Item>
        <Form.Item name="protocol" label={applicationText.protocol}>
          <Select allowClear options={protocols} />
        </Form.Item>
        {text("purpose", applicationText.purpose, 200)}
        <Form.Item name="daily_volume" label={applicationText.volume}>
          <InputNumber min={1} max={100_000_000} precision={0} style={{ width: "100%" }} />
        </Form.Item>
        {text("url", applicationText.url, 200)}
        {text("contact", applicationText.contact, 50)}
        {text("phone", applicationText.phone, 20)}
        {text("email", applicationText.email, 100)}
        <Form.Item name="subject" label={t.subject}>
          <SubjectInput />
        </Form.Item>
        <Form.Item name="subjects" label={t.subjects} extra={t.subjectsHint}>
          <Input.TextArea rows={2} className="code" />
        </Form.Item>
        {!row && (
          <Form.Item name="begin" label={t.begin}>
            <Radio.Group options={(["live", "trial"] as const).map((value) => ({ value, label: t.begins[value] }))} />
          </Form.Item>
        )}
      </Form>
    </Modal>
  );
}

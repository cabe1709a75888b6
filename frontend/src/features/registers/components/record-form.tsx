// New entry or change of one; a change of a filed entry goes to review.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Alert, Form, type FormRule, Input, InputNumber, Modal, Select } from "antd";
import { useState } from "react";
import type { Page } from "@/api/types";
import { registerOf, type Field, type Noun, type Option, type Row } from "@/features/registers/config";
import { ApiError, http } from "@/lib/client";
import { useNames } from "@/lib/reference";
import { useMe } from "@/lib/session";
import { common } from "@/locales/zh-CN/common";
import { fieldLabels, registerText } from "@/locales/zh-CN/registers";
import { DivisionSelect } from "@/ui/division-select";
import { errorText } from "@/ui/use-act";

interface Bound<T> {
  value?: T;
  onChange?: (value: T) => void;
  id?: string;
}

function DivisionInput({ value, onChange, id }: Bound<string>) {
  const me = useMe();
  return (
    <DivisionSelect
      {...(id && { id })}
      root={me.divisions_in_scope_root}
      rootName={me.account.division_name}
      blank
      value={value}
      onChange={(code) => onChange?.(code ?? "")}
      width="100%"
    />
  );
}
function SubjectInput({ value, onChange, id }: Bound<string>) {
  const [q, setQ] = useState("");
  const query = useQuery({
    queryKey: ["list", "/console/subjects", "pick", q],
    queryFn: ({ signal }) => http.get<Page<Row>>("/console/subjects", { q, limit: 20 }, signal),
  });
  return (
    <Select
      {...(id && { id })}
      showSearch={{ filterOption: false, onSearch: setQ }}
      allowClear
      value={value ?? null}
      onChange={(next: string | null) => onChange?.(next ?? "")}
      options={(query.data?.items ?? []).map((row) => ({ value: row.code, label: `${row.name}（${row.code}）` }))}
    />
  );
}
function control(field: Field, choices: Option[], fixed: boolean) {
  switch (field.kind) {
    case "text":
      return <Input maxLength={field.max ?? 100} disabled={fixed} />;
    case "number":
      return <InputNumber style={{ width: "100%" }} />;
    case "select":
      return <Select options={choices} showSearch={{ optionFilterProp: "label" }} allowClear />;
    case "multi":
      return <Select mode="multiple" options={choices} />;
    case "division":
      return <DivisionInput />;
    case "subject":
      return <SubjectInput />;
  }
}

/** The rules of one field, with those that depend on another. */
function rulesOf(noun: Noun, field: Field, fresh: boolean): FormRule[] {
  const rules: FormRule[] = [];
  if (field.required) rules.push({ required: true, message: `${fieldLabels[field.key] ?? ""}${common.required}` });
  if (field.pattern) rules.push({ pattern: field.pattern, message: field.message ?? registerText.invalid });
  const instead = field.instead;
  if (instead && fresh)
    rules.push(({ getFieldValue }) => ({
      validator: (_, value: unknown) =>
        value || getFieldValue(instead)
          ? Promise.resolve()
          : Promise.reject(new Error(registerText.codeMissing[noun] ?? common.required)),
    }));
  return rules;
}
/** What is left of a chosen value once only these may be chosen. */
function fitting(value: unknown, choices: Option[]): unknown {
  const allowed = (one: unknown) => choices.some((choice) => choice.value === one);
  if (Array.isArray(value)) return value.filter(allowed);
  return allowed(value) ? value : undefined;
}

/** Parts of an entry that the form does not show but a change must not lose. */
function unshown(noun: Noun, row: Row): Record<string, unknown> {
  return {
    code: row.code,
    ...(noun === "systems" && { subjects: (row as Row & { subjects?: string[] }).subjects ?? [] }),
  };
}

interface Props {
  noun: Noun;
  row: Row | null;
  onClose: () => void;
  onSaved: (id: string) => void;
}

export function RecordForm({ noun, row, onClose, onSaved }: Props) {
  const names = useNames();
  const { fields } = registerOf(noun, names);
  const [form] = Form.useForm<Record<string, unknown>>();
  const client = useQueryClient();
  const { message } = App.useApp();
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const category = Form.useWatch("category", form) as string | undefined;
  const choices = (field: Field): Option[] => field.within?.(category) ?? field.options ?? [];
  const drop = (changed: Record<string, unknown>) => {
    if (!("category" in changed)) return;
    for (const { key, within } of fields)
      if (within)
        form.setFieldValue(key, fitting(form.getFieldValue(key), within(changed["category"] as string | undefined)));
  };
  const submit = async (values: Record<string, unknown>) => {
    setBusy(true);
    setError(null);
    try {
      const body = Object.fromEntries(
        fields.map(({ key }) => [key, values[key] === "" ? null : (values[key] ?? null)]),
      );
      const saved = row
        ? await http.put<Row>(`/console/${noun}/${row.id}`, { ...body, ...unshown(noun, row), version: row.version })
        : await http.post<Row>(`/console/${noun}`, body);
      message.success(common.submitted);
      await Promise.all([
        client.invalidateQueries({ queryKey: ["list", `/console/${noun}`] }),
        client.invalidateQueries({ queryKey: ["record", noun] }),
      ]);
      onSaved(saved.id);
    } catch (cause) {
      setError(errorText(cause));
      if (cause instanceof ApiError) {
        const faults =
          cause.faults.length > 0
            ? cause.faults.map((fault) => [fault.field, fault.reason] as const)
            : [[cause.field, cause.message] as const];
        form.setFields(faults.flatMap(([name, text]) => (name ? [{ name, errors: [text] }] : [])));
      }
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      width={720}
      title={row ? `${common.edit}：${row.name}` : registerText[noun].create}
      onCancel={onClose}
      onOk={() => form.submit()}
      confirmLoading={busy}
      okText="提交审核"
      destroyOnHidden
    >
      {error && <Alert type="error" showIcon title={error} style={{ marginBottom: 12 }} />}
      <Form
        form={form}
        layout="vertical"
        initialValues={row ? { ...row } : {}}
        onFinish={(values) => void submit(values)}
        onValuesChange={drop}
        style={{ display: "grid", gridTemplateColumns: "1fr 1fr", columnGap: 16 }}
      >
        {fields.map((field) => (
          <Form.Item
            key={field.key}
            name={field.key}
            {...(field.wide && { style: { gridColumn: "1 / -1" } })}
            label={fieldLabels[field.key] ?? field.key}
            extra={field.lasting && row ? registerText.codeFixed : field.within && category ? undefined : field.hint}
            rules={rulesOf(noun, field, row === null)}
            {...(field.instead && { dependencies: [field.instead] })}
          >
            {control(field, choices(field), field.lasting === true && row !== null)}
          </Form.Item>
        ))}
      </Form>
    </Modal>
  );
}

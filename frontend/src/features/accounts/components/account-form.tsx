// A new account, or the change of one: who keeps the person and who keeps the rights are asked apart by the node.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, App, ConfigProvider, DatePicker, Form, Input, Modal, Select } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useState } from "react";
import type { AccountOut, RoleOut } from "@/api/people";
import type { Page } from "@/api/types";
import { ApiError, http } from "@/lib/client";
import { useNames } from "@/lib/reference";
import { useCan, useMe } from "@/lib/session";
import { common } from "@/locales/zh-CN/common";
import { accountText as t } from "@/locales/zh-CN/people";
import { DivisionInput, SubjectInput } from "@/ui/form-inputs";
import { errorText } from "@/ui/use-act";

interface Values {
  username: string;
  display_name: string;
  phone: string;
  email: string;
  role: string;
  division: string;
  categories: string[];
  subject: string | null;
  valid: Dayjs | null;
}
type Body = Record<string, unknown>;

/** The last instant of a day in China standard time. */
const endOf = (day: Dayjs) => new Date(`${day.format("YYYY-MM-DD")}T23:59:59+08:00`).toISOString();
const same = (a: string[] | null, b: string[]) =>
  JSON.stringify([...(a ?? [])].sort()) === JSON.stringify([...b].sort());

/** What differs from the account as it was read; the node asks another permission for each part. */
export function changes(row: AccountOut, values: Partial<Values>): Body {
  const body: Body = {};
  for (const key of ["display_name", "phone", "email", "role", "division", "subject"] as const) {
    const value = values[key];
    if (value !== undefined && (value ?? "") !== (row[key] ?? "")) body[key] = value ?? "";
  }
  if (values.categories !== undefined && !same(row.categories, values.categories))
    Object.assign(body, values.categories.length > 0 ? { categories: values.categories } : { all_categories: true });
  if (values.valid !== undefined) {
    const next = values.valid ? endOf(values.valid) : null;
    const now = row.valid_until ? endOf(dayjs(row.valid_until)) : null;
    if (next !== now) Object.assign(body, next ? { valid_until: next } : { no_end: true });
  }
  return body;
}
/** A new account: what was left empty is not sent. */
export function created(values: Values): Body {
  const { valid, categories, ...rest } = values;
  const body: Body = Object.fromEntries(Object.entries(rest).filter(([, value]) => value));
  if (categories && categories.length > 0) body["categories"] = categories;
  if (valid) body["valid_until"] = endOf(valid);
  return body;
}

interface Props {
  row: AccountOut | null;
  onClose: () => void;
  onSaved: (row: AccountOut, password: string | null) => void;
}
export function AccountForm({ row, onClose, onSaved }: Props) {
  const { message } = App.useApp();
  const client = useQueryClient();
  const names = useNames();
  const me = useMe();
  const can = useCan();
  const grants = can("account.authorise");
  const mayKeep = row === null || can("account.update");
  const mayGrant = row === null || grants;
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const [form] = Form.useForm<Values>();
  const roles = useQuery({
    queryKey: ["roles"],
    queryFn: ({ signal }) => http.get<Page<RoleOut>>("/console/roles", undefined, signal),
  });
  const chosen = Form.useWatch("role", form) as string | undefined;
  const role = (roles.data?.items ?? []).find((one) => one.code === chosen);
  const save = async (values: Values) => {
    const body = row ? changes(row, values) : created(values);
    if (row && Object.keys(body).length === 0) {
      message.info(t.unchanged);
      return onClose();
    }
    setBusy(true);
    setFault(null);
    try {
      const saved = row
        ? await http.put<AccountOut>(`/console/accounts/${row.id}`, { ...body, version: row.version })
        : await http.post<AccountOut & { one_time_password: string | null }>("/console/accounts", body);
      await Promise.all(
        [
          ["list", "/console/accounts"],
          ["account", saved.id],
        ].map((queryKey) => client.invalidateQueries({ queryKey })),
      );
      message.success(common.saved);
      onSaved(saved, "one_time_password" in saved ? (saved.one_time_password as string | null) : null);
    } catch (error) {
      const told =
        error instanceof ApiError
          ? [...error.faults, { field: error.field, reason: error.message, advice: error.advice ?? "" }]
          : [];
      form.setFields(
        told.flatMap(({ field, reason, advice }) =>
          field
            ? [{ name: field === "valid_until" ? "valid" : (field as keyof Values), errors: [`${reason}。${advice}`] }]
            : [],
        ),
      );
      setFault(errorText(error));
      setBusy(false);
    }
  };
  const need = [{ required: true, message: common.required }];
  return (
    <Modal
      open
      width={640}
      title={row ? `${t.edit}：${row.display_name}` : t.create}
      onCancel={onClose}
      onOk={() => form.submit()}
      confirmLoading={busy}
    >
      {!grants && <Alert type="info" showIcon title={row ? t.powers : t.disabledFirst} style={{ marginBottom: 12 }} />}
      {fault && <Alert type="error" showIcon title={fault} style={{ marginBottom: 12 }} />}
      <Form
        form={form}
        layout="vertical"
        style={{ display: "grid", gridTemplateColumns: "1fr 1fr", columnGap: 16 }}
        scrollToFirstError={{ focus: true }}
        initialValues={
          row
            ? {
                ...row,
                phone: row.phone ?? "",
                email: row.email ?? "",
                categories: row.categories ?? [],
                valid: row.valid_until ? dayjs(row.valid_until) : null,
              }
            : { division: me.divisions_in_scope_root, categories: [] }
        }
        onFinish={(values) => void save(values)}
      >
        <Form.Item
          name="username"
          label={t.username}
          extra={row ? undefined : t.usernameHint}
          rules={[...need, { pattern: /^[a-z0-9][a-z0-9._-]{2,31}$/, message: t.usernameBad }]}
        >
          <Input disabled={row !== null} autoComplete="off" maxLength={32} />
        </Form.Item>
        <ConfigProvider componentDisabled={!mayKeep}>
          <Form.Item name="display_name" label={t.name} rules={need}>
            <Input maxLength={50} autoComplete="off" />
          </Form.Item>
          <Form.Item name="phone" label={t.phone}>
            <Input maxLength={20} autoComplete="off" />
          </Form.Item>
          <Form.Item name="email" label={t.email}>
            <Input maxLength={100} autoComplete="off" />
          </Form.Item>
        </ConfigProvider>
        <ConfigProvider componentDisabled={!mayGrant}>
          <Form.Item name="role" label={t.role} rules={need}>
            <Select
              showSearch={{ optionFilterProp: "label" }}
              loading={roles.isLoading}
              options={(roles.data?.items ?? []).map((one) => ({
                value: one.code,
                label: `${"　".repeat(one.depth)}${one.name}`,
              }))}
            />
          </Form.Item>
          <Form.Item name="division" label={t.division} rules={need}>
            <DivisionInput />
          </Form.Item>
          <Form.Item name="categories" label={t.categories}>
            <Select mode="multiple" allowClear placeholder={t.allCategories} options={names.options("category")} />
          </Form.Item>
          <Form.Item name="valid" label={t.valid} extra={t.validHint}>
            <DatePicker style={{ width: "100%" }} minDate={dayjs()} />
          </Form.Item>
          {(role?.own_subject || row?.subject) && (
            <Form.Item
              name="subject"
              label={t.subject}
              extra={t.subjectHint}
              rules={role?.own_subject ? need : []}
              style={{ gridColumn: "1 / -1" }}
            >
              <SubjectInput />
            </Form.Item>
          )}
        </ConfigProvider>
      </Form>
    </Modal>
  );
}

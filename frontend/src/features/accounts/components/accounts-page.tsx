// 用户: accounts with role and range of divisions.
import { PlusOutlined } from "@ant-design/icons";
import { Alert, App, Button, ConfigProvider, Form, Input, Modal, Popconfirm, Select, Space } from "antd";
import { useState } from "react";
import type { AccountRow } from "@/api/types";
import { http } from "@/lib/client";
import { isStrong } from "@/lib/password";
import { useNames } from "@/lib/reference";
import { useCan, useMe } from "@/lib/session";
import { common } from "@/locales/zh-CN/common";
import { accountText as t } from "@/locales/zh-CN/public";
import { DivisionSelect } from "@/ui/division-select";
import { ListPage, type Column } from "@/ui/list-page";
import { StateMark, When } from "@/ui/marks";
import { useAct } from "@/ui/use-act";

const touched = [["list", "/console/accounts"]];
const disabled = (row: AccountRow) => row.disabled === true || row.state === "disabled";

interface Values {
  username: string;
  display_name: string;
  email?: string;
  role: string;
  division: string;
  password?: string;
}
/** What differs from the account as it was read; the node asks another permission for each part. */
export function changes(row: AccountRow, values: Partial<Values>): Partial<Values> {
  const parts: Partial<Values> = {};
  for (const key of ["display_name", "email", "role", "division"] as const) {
    const value = values[key];
    if (value !== undefined && value !== (row[key] ?? "")) parts[key] = value;
  }
  return values.password ? { ...parts, password: values.password } : parts;
}

function Division({ value, onChange, id }: { value?: string; onChange?: (code: string) => void; id?: string }) {
  const me = useMe();
  return (
    <DivisionSelect
      {...(id && { id })}
      root={me.divisions_in_scope_root}
      rootName={me.account.division_name}
      value={value}
      onChange={(code) => onChange?.(code ?? me.divisions_in_scope_root)}
      width="100%"
    />
  );
}
function Editor({ row, onClose }: { row: AccountRow | null; onClose: () => void }) {
  const { act, busy } = useAct();
  const { message } = App.useApp();
  const names = useNames();
  const me = useMe();
  const can = useCan();
  const grants = can("account.authorise");
  const mayKeep = row === null || can("account.update");
  const mayGrant = row === null || grants;
  const [form] = Form.useForm<Values>();
  const save = (values: Values) => {
    const changed = row && changes(row, values);
    if (changed && Object.keys(changed).length === 0) {
      message.info(t.unchanged);
      onClose();
      return;
    }
    void act(
      () =>
        row
          ? http.put(`/console/accounts/${row.id}`, { ...changed, version: row.version })
          : http.post("/console/accounts", values),
      common.saved,
      touched,
    ).then((done) => {
      if (done) onClose();
    });
  };
  const need = [{ required: true, message: common.required }];
  const strong = {
    validator: (_: unknown, value: string | undefined) =>
      !value || isStrong(value) ? Promise.resolve() : Promise.reject(new Error(t.passwordHint)),
  };
  return (
    <Modal open title={row ? t.edit : t.create} onCancel={onClose} onOk={() => form.submit()} confirmLoading={busy}>
      {!grants && <Alert type="info" showIcon title={row ? t.powers : t.disabledFirst} style={{ marginBottom: 12 }} />}
      <Form
        form={form}
        layout="vertical"
        initialValues={row ?? { division: me.divisions_in_scope_root }}
        onFinish={save}
      >
        <Form.Item name="username" label={t.username} rules={need}>
          <Input disabled={row !== null} autoComplete="off" />
        </Form.Item>
        <ConfigProvider componentDisabled={!mayKeep}>
          <Form.Item name="display_name" label={t.name} rules={need}>
            <Input />
          </Form.Item>
          <Form.Item name="email" label={t.email}>
            <Input autoComplete="off" />
          </Form.Item>
        </ConfigProvider>
        <ConfigProvider componentDisabled={!mayGrant}>
          <Form.Item name="role" label={t.role} rules={need}>
            <Select options={names.options("role")} />
          </Form.Item>
          <Form.Item name="division" label={t.division} rules={need}>
            <Division />
          </Form.Item>
        </ConfigProvider>
        {mayGrant && (
          <Form.Item
            name="password"
            label={row ? t.newPassword : t.password}
            extra={t.passwordHint}
            rules={row ? [strong] : [...need, strong]}
          >
            <Input.Password autoComplete="new-password" />
          </Form.Item>
        )}
      </Form>
    </Modal>
  );
}
export function AccountsPage() {
  const { act } = useAct();
  const can = useCan();
  const me = useMe();
  const [mayDisable, mayEnable] = [can("account.disable"), can("account.authorise")];
  const mayEdit = can("account.update") || mayEnable;
  const [editing, setEditing] = useState<AccountRow | null | undefined>(undefined);
  const columns: Column<AccountRow>[] = [
    { key: "username", title: t.username, fixed: true, render: (row) => <span className="code">{row.username}</span> },
    { key: "display_name", title: t.name },
    { key: "role_name", title: t.role },
    { key: "division_name", title: t.division },
    { key: "state", title: t.state, render: (row) => <StateMark state={disabled(row) ? "disabled" : "enabled"} /> },
    { key: "updated_at", title: t.updated, render: (row) => <When at={row.updated_at} /> },
    ...(mayEdit || mayDisable
      ? [
          {
            key: "act",
            title: common.actions,
            render: (row: AccountRow) => (
              <Space>
                {mayEdit && (
                  <Button size="small" onClick={() => setEditing(row)}>
                    {t.edit}
                  </Button>
                )}
                {!disabled(row) && mayDisable && row.id !== me.account.id && (
                  <Popconfirm
                    title={t.disableAsk}
                    onConfirm={() =>
                      void act(() => http.post(`/console/accounts/${row.id}/disable`), undefined, touched)
                    }
                  >
                    <Button size="small" danger>
                      {t.disable}
                    </Button>
                  </Popconfirm>
                )}
                {disabled(row) && mayEnable && (
                  <Button
                    size="small"
                    onClick={() => void act(() => http.post(`/console/accounts/${row.id}/enable`), undefined, touched)}
                  >
                    {t.enable}
                  </Button>
                )}
              </Space>
            ),
          },
        ]
      : []),
  ];
  return (
    <>
      <ListPage<AccountRow>
        title={t.title}
        resource="/console/accounts"
        columns={columns}
        filters={[{ key: "q", label: t.search, kind: "text" }]}
        rowId={(row) => row.id}
        actions={
          can("account.create") && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setEditing(null)}>
              {t.create}
            </Button>
          )
        }
      />
      {editing !== undefined && <Editor row={editing} onClose={() => setEditing(undefined)} />}
    </>
  );
}

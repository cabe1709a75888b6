// 信息发布: notices for the public, written, published and withdrawn.
import { PlusOutlined } from "@ant-design/icons";
import { Button, Form, Input, Modal, Select, Space } from "antd";
import { useState } from "react";
import type { Notice } from "@/api/types";
import { http } from "@/lib/client";
import { states } from "@/lib/palette";
import { useCan, useMe } from "@/lib/session";
import { common } from "@/locales/zh-CN/common";
import { noticeText as t } from "@/locales/zh-CN/public";
import { ListPage, type Column } from "@/ui/list-page";
import { StateMark, When } from "@/ui/marks";
import { useAct } from "@/ui/use-act";

const stateOf = (row: Notice) => row.state ?? (row.published_at ? "published" : "draft");
const kindOf = (row: Notice) => row.kind_name ?? t.kinds[row.kind] ?? row.kind;
const columns: Column<Notice>[] = [
  { key: "title", title: t.name, fixed: true, render: (row) => <strong>{row.title}</strong> },
  { key: "kind", title: t.kind, render: (row) => kindOf(row), text: (row) => kindOf(row) },
  { key: "state", title: t.state, render: (row) => <StateMark state={stateOf(row)} />, text: stateOf },
  { key: "published_at", title: t.published, render: (row) => <When at={row.published_at} /> },
];
const touched = [["list", "/console/notices"]];

interface Values {
  title: string;
  kind: string;
  body: string;
}

/** A new notice, or a draft to be changed. */
function Editor({ row, onClose }: { row: Notice | null; onClose: () => void }) {
  const { act, busy } = useAct();
  const [form] = Form.useForm<Values>();
  const save = (values: Values) =>
    void act(
      () =>
        row
          ? http.put(`/console/notices/${row.id}`, { ...values, version: row.version })
          : http.post("/console/notices", values),
      t.saved,
      touched,
    ).then((done) => {
      if (done) onClose();
    });
  const need = [{ required: true, whitespace: true, message: common.required }];
  return (
    <Modal
      open
      width={720}
      title={row ? t.edit : t.create}
      onCancel={onClose}
      onOk={() => form.submit()}
      confirmLoading={busy}
      okText={common.save}
    >
      <Form
        form={form}
        layout="vertical"
        onFinish={save}
        initialValues={row ? { title: row.title, kind: row.kind, body: row.body } : {}}
      >
        <Form.Item name="title" label={t.name} rules={need}>
          <Input maxLength={100} showCount />
        </Form.Item>
        <Form.Item name="kind" label={t.kind} rules={need}>
          <Select options={Object.entries(t.kinds).map(([value, label]) => ({ value, label }))} />
        </Form.Item>
        <Form.Item name="body" label={t.body} rules={need}>
          <Input.TextArea rows={10} maxLength={20_000} showCount />
        </Form.Item>
      </Form>
    </Modal>
  );
}

function NoticeView({ row, onEdit }: { row: Notice; onEdit: () => void }) {
  const { act, busy } = useAct();
  const can = useCan();
  const me = useMe();
  const own = row.origin_node === undefined || row.origin_node === me.node.code;
  const state = stateOf(row);
  const turn = (how: "publish" | "withdraw") =>
    void act(() => http.post(`/console/notices/${row.id}/${how}`), undefined, touched);
  return (
    <>
      <h2 style={{ marginTop: 0 }}>{row.title}</h2>
      <Space>
        <span className="soft">{kindOf(row)}</span>
        <StateMark state={state} name={row.state_name} />
        <When at={row.published_at} />
      </Space>
      {own ? (
        <Space style={{ display: "flex", margin: "12px 0" }}>
          {state === "draft" && can("notice.publish") && (
            <Button type="primary" loading={busy} onClick={() => turn("publish")}>
              {t.publish}
            </Button>
          )}
          {state === "draft" && can("notice.update") && <Button onClick={onEdit}>{t.edit}</Button>}
          {state === "published" && can("notice.publish") && (
            <Button danger loading={busy} onClick={() => turn("withdraw")}>
              {t.withdraw}
            </Button>
          )}
        </Space>
      ) : (
        <p className="soft">{t.fromAbove}</p>
      )}
      <p style={{ whiteSpace: "pre-wrap", fontSize: 16, lineHeight: 1.8 }}>{row.body}</p>
    </>
  );
}
export function NoticesPage() {
  const can = useCan();
  const [editing, setEditing] = useState<Notice | null | undefined>(undefined);
  return (
    <>
      <ListPage<Notice>
        title={t.title}
        resource="/console/notices"
        columns={columns}
        rowId={(row) => row.id}
        emptyHint={t.emptyHint}
        filters={[
          { key: "q", label: t.search, kind: "text" },
          {
            key: "state",
            label: t.state,
            kind: "select",
            options: ["draft", "published", "withdrawn"].map((value) => ({
              value,
              label: states[value]?.name ?? value,
            })),
          },
        ]}
        actions={
          can("notice.create") && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setEditing(null)}>
              {t.create}
            </Button>
          )
        }
        drawer={(id, rows) => {
          const row = rows.find((one) => one.id === id);
          return row ? <NoticeView row={row} onEdit={() => setEditing(row)} /> : null;
        }}
      />
      {editing !== undefined && <Editor row={editing} onClose={() => setEditing(undefined)} />}
    </>
  );
}

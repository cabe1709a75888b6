// 信息发布: notices for the public, written, published and withdrawn.
import { PlusOutlined } from "@ant-design/icons";
import { Button, Form, Input, Modal, Select, Space } from "antd";
import { useState } from "react";
import type { Notice } from "@/api/types";
import { http } from "@/lib/client";
import { states } from "@/lib/palette";
import { useCan } from "@/lib/session";
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

function NoticeView({ row }: { row: Notice }) {
  const { act, busy } = useAct();
  const can = useCan();
  const turn = (how: "publish" | "withdraw") =>
    void act(() => http.post(`/console/notices/${row.id}/${how}`), undefined, touched);
  return (
    <>
      <h2 style={{ marginTop: 0 }}>{row.title}</h2>
      <Space>
        <span className="soft">{kindOf(row)}</span>
        <StateMark state={stateOf(row)} />
        <When at={row.published_at} />
      </Space>
      {can("notice.publish") && (
        <div style={{ margin: "12px 0" }}>
          {stateOf(row) === "published" ? (
            <Button danger loading={busy} onClick={() => turn("withdraw")}>
              {t.withdraw}
            </Button>
          ) : (
            <Button type="primary" loading={busy} onClick={() => turn("publish")}>
              {t.publish}
            </Button>
          )}
        </div>
      )}
      <p style={{ whiteSpace: "pre-wrap", fontSize: 16, lineHeight: 1.8 }}>{row.body}</p>
    </>
  );
}
export function NoticesPage() {
  const { act, busy } = useAct();
  const can = useCan();
  const [open, setOpen] = useState(false);
  const [form] = Form.useForm<{ title: string; kind: string; body: string }>();
  const save = (values: { title: string; kind: string; body: string }) =>
    void act(() => http.post("/console/notices", values), t.saved, touched).then((done) => {
      if (done) {
        setOpen(false);
        form.resetFields();
      }
    });
  return (
    <>
      <ListPage<Notice>
        title={t.title}
        resource="/console/notices"
        columns={columns}
        rowId={(row) => row.id}
        emptyHint={t.emptyHint}
        filters={[
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
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
              {t.create}
            </Button>
          )
        }
        drawer={(id, rows) => {
          const row = rows.find((one) => one.id === id);
          return row ? <NoticeView row={row} /> : null;
        }}
      />
      <Modal
        open={open}
        width={720}
        title={t.create}
        onCancel={() => setOpen(false)}
        onOk={() => form.submit()}
        confirmLoading={busy}
        okText={common.save}
      >
        <Form form={form} layout="vertical" onFinish={save}>
          <Form.Item name="title" label={t.name} rules={[{ required: true, message: common.required }]}>
            <Input maxLength={100} showCount />
          </Form.Item>
          <Form.Item name="kind" label={t.kind} rules={[{ required: true, message: common.required }]}>
            <Select options={Object.entries(t.kinds).map(([value, label]) => ({ value, label }))} />
          </Form.Item>
          <Form.Item name="body" label={t.body} rules={[{ required: true, message: common.required }]}>
            <Input.TextArea rows={10} maxLength={10_000} showCount />
          </Form.Item>
        </Form>
      </Modal>
    </>
  );
}

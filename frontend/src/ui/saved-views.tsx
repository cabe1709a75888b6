// Sets of conditions and columns that a user gave a name; kept by the node, so that they are there on every machine.
import { DeleteOutlined, EditOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Checkbox, Form, Input, Modal, Popover, Space, Tag, Tooltip } from "antd";
import { useEffect, useRef, useState, type ReactNode } from "react";
import type { Page, SavedView } from "@/api/types";
import { http } from "@/lib/client";
import { parseSearch, stringifySearch, useUrl, type Search } from "@/lib/nav";
import { common, viewText as t } from "@/locales/zh-CN/common";
import { EmptyView, QueryView } from "@/ui/state-views";
import { errorText } from "@/ui/use-act";

interface Wish {
  id: string | null;
  name: string;
  default: boolean;
  shared: boolean;
}
/** What belongs to a moment and not to a view. */
const passing = ["record", "after", "page", "columns"];
const lasting = (search: Search): Search =>
  Object.fromEntries(Object.entries(search).filter(([name]) => !passing.includes(name)));

function ViewForm({
  wish,
  onClose,
  onSave,
}: {
  wish: Wish;
  onClose: () => void;
  onSave: (wish: Wish) => Promise<void>;
}) {
  const [form] = Form.useForm<Wish>();
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const send = async (values: Wish) => {
    setBusy(true);
    setError(null);
    try {
      await onSave({ ...values, name: values.name.trim(), id: wish.id });
    } catch (cause) {
      setError(errorText(cause));
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={wish.id ? t.change : t.save}
      okText={common.save}
      confirmLoading={busy}
      onCancel={onClose}
      onOk={() => form.submit()}
    >
      {error && <Alert type="error" showIcon title={error} style={{ marginBottom: 12 }} />}
      <Form form={form} layout="vertical" initialValues={wish} onFinish={(values) => void send(values)}>
        <Form.Item
          name="name"
          label={t.name}
          rules={[{ required: true, whitespace: true, message: `${t.name}${common.required}` }]}
        >
          <Input maxLength={40} autoFocus />
        </Form.Item>
        <Form.Item name="default" valuePropName="checked" extra={t.defaultHint} style={{ marginBottom: 8 }}>
          <Checkbox>{t.default}</Checkbox>
        </Form.Item>
        <Form.Item name="shared" valuePropName="checked" extra={t.sharedHint}>
          <Checkbox>{t.shared}</Checkbox>
        </Form.Item>
      </Form>
    </Modal>
  );
}

export function SavedViews({ list, columns, icon }: { list: string; columns: string[]; icon: ReactNode }) {
  const client = useQueryClient();
  const [search, patch] = useUrl();
  const [open, setOpen] = useState(false);
  const [wish, setWish] = useState<Wish | null>(null);
  const key = ["views", list];
  const query = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => http.get<Page<SavedView>>("/console/views", { list }, signal),
    staleTime: 60_000,
  });
  const apply = (view: SavedView, replace = false) => {
    const gone = Object.fromEntries(Object.keys(search).map((name) => [name, undefined]));
    patch({ ...gone, ...parseSearch(view.query), columns: view.columns.join(",") || undefined }, replace);
    setOpen(false);
  };
  // The usual view is taken where a page is opened without any condition, and only then.
  const bare = useRef(Object.keys(search).length === 0);
  const usual = query.data?.items.find((view) => view.default && view.own);
  useEffect(() => {
    if (!bare.current || !usual) return;
    bare.current = false;
    patch({ ...parseSearch(usual.query), columns: usual.columns.join(",") || undefined }, true);
  }, [usual, patch]);
  const touch = () => client.invalidateQueries({ queryKey: key });
  const save = async ({ id, ...rest }: Wish) => {
    const old = query.data?.items.find((view) => view.id === id);
    const body = {
      list,
      ...rest,
      query: old ? old.query : stringifySearch(lasting(search)).slice(1),
      columns: old ? old.columns : columns,
    };
    await (id ? http.put<SavedView>(`/console/views/${id}`, body) : http.post<SavedView>("/console/views", body));
    setWish(null);
    await touch();
  };
  const remove = (view: SavedView) =>
    void http
      .remove(`/console/views/${view.id}`)
      .then(touch)
      .catch(() => touch());
  const body = (
    <div className="views">
      <QueryView
        query={query}
        height={80}
        isEmpty={(data) => data.items.length === 0}
        empty={<EmptyView text={t.none} hint={t.noneHint} />}
      >
        {(data) => (
          <ul>
            {data.items.map((view) => (
              <li key={view.id}>
                <Button type="text" className="view-name" onClick={() => apply(view)}>
                  {view.name}
                  {view.default && view.own && <Tag>{t.defaultTag}</Tag>}
                  {!view.own && <span className="soft"> {view.owner}</span>}
                </Button>
                {view.own && (
                  <Space size={0}>
                    <Tooltip title={t.change}>
                      <Button
                        type="text"
                        size="small"
                        icon={<EditOutlined />}
                        aria-label={`${t.change} ${view.name}`}
                        onClick={() => setWish(view)}
                      />
                    </Tooltip>
                    <Tooltip title={common.deleteView}>
                      <Button
                        type="text"
                        size="small"
                        icon={<DeleteOutlined />}
                        aria-label={`${common.deleteView} ${view.name}`}
                        onClick={() => remove(view)}
                      />
                    </Tooltip>
                  </Space>
                )}
              </li>
            ))}
          </ul>
        )}
      </QueryView>
      <Button
        block
        onClick={() => {
          setOpen(false);
          setWish({ id: null, name: "", default: false, shared: false });
        }}
      >
        {t.save}
      </Button>
    </div>
  );
  return (
    <>
      <Popover trigger="click" placement="bottomRight" content={body} open={open} onOpenChange={setOpen}>
        <Button icon={icon}>{t.title}</Button>
      </Popover>
      {wish && <ViewForm wish={wish} onClose={() => setWish(null)} onSave={save} />}
    </>
  );
}

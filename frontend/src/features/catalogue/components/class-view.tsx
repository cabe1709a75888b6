// One class: where it comes from, how long it is valid, what uses it; local ones are added and retired here.
import { useQuery } from "@tanstack/react-query";
import { Button, DatePicker, Form, Input, Modal, Select, Space } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useState } from "react";
import type { Catalogue, CatalogueCategory, CatalogueNode, CatalogueUse } from "@/api/access";
import { OriginTag } from "@/features/catalogue/components/origin-tag";
import { flat } from "@/features/catalogue/tree";
import { http } from "@/lib/client";
import { number } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { useCan, useMe } from "@/lib/session";
import { catalogueText as t } from "@/locales/zh-CN/catalogue";
import { Facts } from "@/ui/page";
import { ReasonField } from "@/ui/reason-field";
import { QueryView } from "@/ui/state-views";
import { useAct } from "@/ui/use-act";

const touched = [["catalogue"], ["reference"], ["packs"]];
const need = [{ required: true, message: t.required }];
const day = (value: Dayjs | null | undefined) => value?.format("YYYY-MM-DD");

function Uses({ category, node }: Props) {
  const query = useQuery({
    queryKey: ["catalogue", "use", category.code, node.code],
    queryFn: ({ signal }) =>
      http.get<CatalogueUse>(`/console/catalogue/${category.code}/use`, { code: node.code }, signal),
  });
  return (
    <QueryView query={query} height={120}>
      {(use) => (
        <>
          <div className="cards">
            {(["products", "subjects", "systems"] as const).map((key) => (
              <div key={key} className="stat">
                <b>{number(use[key])}</b>
                <span>{t.counts[key]}</span>
              </div>
            ))}
            <div className="stat">
              <b>{use.events_exact ? number(use.events) : t.atLeast(number(use.events))}</b>
              <span>{t.counts.events}</span>
            </div>
          </div>
          <p className="soft">{t.counted(number(use.position))}</p>
          {use.products + use.subjects + use.systems === 0 && <p className="soft">{t.usesNone}</p>}
          {use.examples.length > 0 && (
            <p className="soft">
              {t.examples}：
              {[...new Set(use.examples.map((one) => `${t.kinds[one.kind] ?? one.kind} ${one.name}`))].join("、")}
            </p>
          )}
        </>
      )}
    </QueryView>
  );
}
function Add({ category, node, start, onClose }: Props & { start: string; onClose: () => void }) {
  const { act, busy } = useAct();
  const [, patch] = useUrl();
  const [form] = Form.useForm<{ code: string; name: string; valid: Dayjs | null }>();
  return (
    <Modal open title={t.addTitle(node.name)} onCancel={onClose} onOk={() => form.submit()} confirmLoading={busy}>
      <Form
        form={form}
        layout="vertical"
        onFinish={({ code, name, valid }) =>
          void act(
            () =>
              http.post("/console/catalogue/local", {
                category: category.code,
                parent: node.code,
                code,
                name,
                ...(valid && { valid_from: day(valid) }),
              }),
            t.added,
            touched,
          ).then((done) => {
            if (!done) return;
            onClose();
            patch({ record: code });
          })
        }
      >
        <Form.Item name="name" label={t.name} rules={need}>
          <Input maxLength={60} autoFocus />
        </Form.Item>
        <Form.Item
          name="code"
          label={t.code}
          extra={t.codeHint(start)}
          initialValue={start}
          rules={[
            ...need,
            {
              validator: (_, text: string | undefined) =>
                !text || (text.startsWith(start) && /^[a-z0-9_]+$/.test(text.slice(start.length)))
                  ? Promise.resolve()
                  : Promise.reject(new Error(t.codeHint(start))),
            },
          ]}
        >
          <Input maxLength={60} />
        </Form.Item>
        <Form.Item name="valid" label={t.validFrom} extra={t.atOnce}>
          <DatePicker minDate={dayjs()} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
function Retire({ category, node, onClose }: Props & { onClose: () => void }) {
  const { act, busy } = useAct();
  const [form] = Form.useForm<{ last: Dayjs; successor?: string; reason: string }>();
  const others = flat(category.children).filter((one) => one.code !== node.code && !one.retired);
  return (
    <Modal open title={t.retireTitle(node.name)} onCancel={onClose} onOk={() => form.submit()} confirmLoading={busy}>
      <Uses category={category} node={node} />
      <Form
        form={form}
        layout="vertical"
        initialValues={{ last: dayjs() }}
        onFinish={({ last, successor, reason }) =>
          void act(
            () =>
              http.post("/console/catalogue/local/retire", {
                category: category.code,
                code: node.code,
                valid_to: day(last),
                reason,
                ...(successor && { successor }),
              }),
            t.retireDone,
            touched,
          ).then((done) => {
            if (done) onClose();
          })
        }
      >
        <Form.Item name="last" label={t.lastDay} rules={need}>
          <DatePicker minDate={dayjs()} />
        </Form.Item>
        <Form.Item name="successor" label={t.successor} extra={t.successorHint}>
          <Select
            allowClear
            showSearch={{ optionFilterProp: "label" }}
            options={others.map((one) => ({ value: one.code, label: `${one.name}（${one.code}）` }))}
          />
        </Form.Item>
        <ReasonField />
      </Form>
    </Modal>
  );
}

interface Props {
  category: CatalogueCategory;
  node: CatalogueNode;
}
interface Shown extends Props {
  catalogue: Catalogue;
}
export function ClassView({ category, node, catalogue }: Shown) {
  const can = useCan();
  const me = useMe();
  const [dialog, setDialog] = useState<"add" | "retire" | null>(null);
  const local = !node.national;
  const may = catalogue.may_add && can("category.publish") && !node.retired;
  const until = node.valid_to ? t.until(node.valid_to) : "";
  const from = node.valid_from ? t.from(node.valid_from) : "";
  return (
    <>
      <div className="record-head">
        <h2 style={{ margin: 0 }}>{node.name}</h2>
        <OriginTag node={node} />
      </div>
      <Space wrap style={{ margin: "12px 0" }}>
        {may && (
          <Button type="primary" onClick={() => setDialog("add")}>
            {t.add}
          </Button>
        )}
        {may && local && node.origin === me.node.code && (
          <Button danger onClick={() => setDialog("retire")}>
            {t.retire}
          </Button>
        )}
        {!local && <span className="soft">{t.notHere}</span>}
      </Space>
      <Facts
        columns={1}
        rows={[
          [
            t.code,
            <span key="c" className="code">
              {node.code}
            </span>,
          ],
          [t.level, t.levels(node.level)],
          [t.origin, node.origin_name],
          [t.valid, [from, until].filter(Boolean).join(" ") || t.forever],
          ...(node.successor ? [[t.successor, node.successor] as [string, string]] : []),
        ]}
      />
      <h3>{t.uses}</h3>
      <Uses category={category} node={node} />
      {dialog === "add" && (
        <Add category={category} node={node} start={catalogue.code_start} onClose={() => setDialog(null)} />
      )}
      {dialog === "retire" && <Retire category={category} node={node} onClose={() => setDialog(null)} />}
    </>
  );
}

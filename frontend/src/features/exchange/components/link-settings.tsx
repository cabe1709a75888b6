// How a link is set: rate, batch size, hours of the day, and in words what that does. The version that was shown goes with a
// change, so that nobody overwrites what he has not seen.
import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Form, Input, InputNumber, Select, Space } from "antd";
import { useEffect, useState } from "react";
import type { Link, LinkSettings } from "@/api/types";
import {
  effects,
  HOLDABLE,
  isClock,
  MOST_BATCH,
  MOST_RATE,
  MOST_WINDOWS,
  wantedOf,
  type Wanted,
} from "@/features/exchange/links";
import { http } from "@/lib/client";
import { number } from "@/lib/format";
import { useCan } from "@/lib/session";
import { common } from "@/locales/zh-CN/common";
import { classNames, settingText as t } from "@/locales/zh-CN/exchange";
import { useAct } from "@/ui/use-act";

function Effects({ title, wanted, link }: { title: string; wanted: Wanted; link: Link }) {
  return (
    <div aria-live="polite">
      <strong>{title}</strong>
      <ul style={{ margin: "4px 0 12px", paddingInlineStart: 20 }}>
        {effects(wanted, link).map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </div>
  );
}

/** A moment of the day; the end of the day may be written as 24:00. */
function ClockField({ row, side, label }: { row: number; side: "from" | "to"; label: string }) {
  return (
    <Form.Item
      name={[row, side]}
      noStyle
      dependencies={side === "to" ? [["windows", row, "from"]] : []}
      normalize={(text: string) => text.replace("：", ":").trim()}
      rules={[
        ({ getFieldValue }) => ({
          validator: (_, text: string | undefined) => {
            if (!isClock(text ?? "", side === "to")) return Promise.reject(new Error(`${label}${t.clock}`));
            const isEqual = side === "to" && text === getFieldValue(["windows", row, "from"]);
            return isEqual ? Promise.reject(new Error(t.equal)) : Promise.resolve();
          },
        }),
      ]}
    >
      <Input
        aria-label={`${label} ${row + 1}`}
        placeholder={side === "to" ? "06:00" : "22:00"}
        maxLength={5}
        style={{ width: 84 }}
      />
    </Form.Item>
  );
}

function Windows() {
  return (
    <Form.List name="windows">
      {(rows, { add, remove }) => (
        <>
          {rows.map(({ key, name: row }) => (
            // Faults of a row stand below it, so the fields themselves have no frame.
            <Form.Item key={key} style={{ marginBottom: 8 }}>
              <Space wrap>
                <Form.Item name={[row, "class"]} noStyle rules={[{ required: true, message: t.chooseClass }]}>
                  <Select
                    aria-label={`${t.class} ${row + 1}`}
                    style={{ width: 110 }}
                    options={HOLDABLE.map((value) => ({ value, label: classNames[value] ?? value }))}
                  />
                </Form.Item>
                <ClockField row={row} side="from" label={t.from} />
                {t.between}
                <ClockField row={row} side="to" label={t.to} />
                <Button
                  type="text"
                  icon={<DeleteOutlined />}
                  aria-label={`${t.remove} ${row + 1}`}
                  onClick={() => remove(row)}
                />
              </Space>
            </Form.Item>
          ))}
          {rows.length < MOST_WINDOWS && (
            <Button icon={<PlusOutlined />} onClick={() => add({ class: "bulk" })}>
              {t.add}
            </Button>
          )}
        </>
      )}
    </Form.List>
  );
}

const same = (a: LinkSettings, b: LinkSettings) => JSON.stringify(wantedOf(a)) === JSON.stringify(wantedOf(b));

function SettingsForm({ link }: { link: Link }) {
  const { act, busy } = useAct();
  const client = useQueryClient();
  const [form] = Form.useForm<Wanted>();
  const now = link.settings;
  // What the form began with. While somebody writes, what others set meanwhile must neither slip in nor be overwritten; a pause
  // by others changes the version and nothing that stands here.
  const [base, setBase] = useState(now);
  const [dirty, setDirty] = useState(false);
  const isNewer = now.version > base.version;
  const isStale = dirty && isNewer && !same(base, now);
  if (isNewer && !isStale) setBase(now);
  const begun = JSON.stringify(wantedOf(base));
  useEffect(() => form.setFieldsValue(JSON.parse(begun) as Wanted), [form, begun]);
  const values = Form.useWatch([], form) as Partial<Wanted> | undefined;
  const load = () => {
    setDirty(false);
    setBase(now);
  };
  const save = async ({ rate, batch, windows }: Wanted) => {
    const body = { version: base.version, rate: rate ?? null, batch: batch ?? null, windows: windows ?? [] };
    await act(async () => {
      setBase(await http.put<LinkSettings>(`/console/exchange/links/${link.code}/settings`, body));
      setDirty(false);
    }, common.saved);
    // A refusal may mean that somebody was first: what is shown then has to be the newest.
    await client.invalidateQueries({ queryKey: ["exchange"] });
  };
  const figure = (name: "rate" | "batch", label: string, hint: string, most: number) => (
    <Form.Item
      name={name}
      label={label}
      extra={hint}
      rules={[{ type: "integer", min: 1, max: most, message: t.range(number(most)) }]}
    >
      <InputNumber style={{ width: 200 }} placeholder={name === "rate" ? t.unlimited : String(MOST_BATCH)} />
    </Form.Item>
  );
  return (
    <>
      {isStale && (
        <Alert
          type="warning"
          showIcon
          style={{ marginBottom: 12 }}
          title={t.changed}
          description={t.changedAdvice}
          action={<Button onClick={load}>{t.load}</Button>}
        />
      )}
      <Form<Wanted>
        form={form}
        layout="vertical"
        initialValues={wantedOf(base)}
        onValuesChange={() => setDirty(true)}
        onFinish={(wanted) => void save(wanted)}
      >
        <div className="form-row">
          {figure("rate", t.rate, t.rateHint, MOST_RATE)}
          {figure("batch", t.batch, t.batchHint, MOST_BATCH)}
        </div>
        <Form.Item label={t.windows} extra={t.windowsHint}>
          <Windows />
        </Form.Item>
        <Effects
          title={dirty ? t.effect : t.now}
          wanted={{ ...wantedOf(base), ...values, windows: values?.windows ?? [] }}
          link={link}
        />
        <Button type="primary" htmlType="submit" loading={busy}>
          {t.save}
        </Button>
      </Form>
    </>
  );
}

/** The form for whoever may change it, the sentences for everybody else. */
export function LinkSettingsView({ link }: { link: Link }) {
  const can = useCan();
  return (
    <section aria-label={t.title}>
      <h3>{t.title}</h3>
      <p className="soft">{t.note}</p>
      {can("exchange.update") ? (
        <SettingsForm link={link} />
      ) : (
        <Effects title={t.now} wanted={wantedOf(link.settings)} link={link} />
      )}
    </section>
  );
}

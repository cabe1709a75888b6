// How much a system may send, from where, and how much it has sent today.
import { useQuery } from "@tanstack/react-query";
import { Button, Form, Input, InputNumber } from "antd";
import type { Quota } from "@/api/access";
import { Amount } from "@/features/access/components/monitor-tab";
import { http } from "@/lib/client";
import { number } from "@/lib/format";
import { useCan } from "@/lib/session";
import { monitorText, quotaText as t } from "@/locales/zh-CN/access";
import { common } from "@/locales/zh-CN/common";
import { QueryView } from "@/ui/state-views";
import { useAct } from "@/ui/use-act";

interface Values {
  requests_per_minute: number | null;
  rows_per_day: number | null;
  kilobytes: number | null;
  allow: string;
}
const { times, rows } = monitorText.units;
const kilo = (bytes: number | null) => (bytes === null ? null : Math.round(bytes / 1024));

function QuotaForm({ id, quota }: { id: string; quota: Quota }) {
  const can = useCan();
  const { act, busy } = useAct();
  const save = ({ kilobytes, allow, ...rest }: Values) =>
    void act(
      () =>
        http.put<Quota>(`/console/systems/${id}/quota`, {
          requests_per_minute: rest.requests_per_minute ?? null,
          rows_per_day: rest.rows_per_day ?? null,
          body_bytes: kilobytes ? kilobytes * 1024 : null,
          allow: allow.split(/[\s,，]+/).filter(Boolean),
          version: quota.version,
        }),
      common.saved,
      [["system", id]],
    );
  const figure = (name: keyof Values, label: string, usual: number | null) => (
    <Form.Item name={name} label={label} extra={usual === null ? t.unlimited : t.inherit(number(usual))}>
      <InputNumber min={1} precision={0} style={{ width: 220 }} placeholder={usual === null ? "" : String(usual)} />
    </Form.Item>
  );
  return (
    <>
      <h3>{t.today}</h3>
      <div className="cards">
        {(
          [
            [t.usedRequests, quota.today.requests, times],
            [t.usedRows, quota.today.rows, rows],
            [t.refused, quota.today.refused, times],
            [t.bytesUsed, kilo(quota.today.bytes) ?? 0, "KB"],
          ] as const
        ).map(([label, value, unit]) => (
          <div key={label} className="stat">
            <b>
              <Amount value={value} unit={unit} />
            </b>
            <span>{label}</span>
          </div>
        ))}
      </div>
      <Form
        key={quota.version}
        layout="vertical"
        disabled={!can("access.update")}
        onFinish={save}
        initialValues={{ ...quota, kilobytes: kilo(quota.body_bytes), allow: quota.allow.join("\n") }}
      >
        <div className="form-row">
          {figure("requests_per_minute", t.requests, quota.defaults.requests_per_minute)}
          {figure("rows_per_day", t.rows, quota.defaults.rows_per_day)}
          {figure("kilobytes", t.bytes, kilo(quota.defaults.body_bytes))}
        </div>
        <Form.Item name="allow" label={t.allow} extra={t.allowHint}>
          <Input.TextArea rows={3} className="code" style={{ maxWidth: 420 }} />
        </Form.Item>
        {can("access.update") && (
          <Button type="primary" htmlType="submit" loading={busy}>
            {t.save}
          </Button>
        )}
      </Form>
    </>
  );
}
export function QuotaTab({ id }: { id: string }) {
  const query = useQuery({
    queryKey: ["system", id, "quota"],
    queryFn: ({ signal }) => http.get<Quota>(`/console/systems/${id}/quota`, undefined, signal),
  });
  return <QueryView query={query}>{(quota) => <QuotaForm id={id} quota={quota} />}</QueryView>;
}

// 报告: editions with preview and deliveries, and the schedule.
import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, DatePicker, Form, Input, Modal, Space, Switch, Tabs } from "antd";
import type { Dayjs } from "dayjs";
import { useEffect, useState } from "react";
import type { Delivery, Edition, Page, ReportSchedule } from "@/api/types";
import { ScheduleField } from "@/features/reports/components/schedule-field";
import { http } from "@/lib/client";
import { isCron } from "@/lib/cron";
import { dateTime } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { useCan } from "@/lib/session";
import { common } from "@/locales/zh-CN/common";
import { reportText as t } from "@/locales/zh-CN/evaluation";
import { DataTable } from "@/ui/data-table";
import { StateMark, When } from "@/ui/marks";
import { PageHead, Panel } from "@/ui/page";
import { EmptyView, ErrorView, Loading, QueryView } from "@/ui/state-views";
import { useAct } from "@/ui/use-act";

const fileHref = (id: string, format: string) => `/api/v1/console/reports/${id}/${format}`;

/** The PDF from memory, since the node sends it as a file to be saved; the HTML edition where that cannot be shown. */
function Preview({ edition }: { edition: Edition }) {
  const [blocked, setBlocked] = useState(false);
  const [source, setSource] = useState<string | null>(null);
  const pdf = edition.formats.includes("pdf") && !blocked;
  const file = useQuery({
    queryKey: ["report-file", edition.id],
    queryFn: ({ signal }) => http.file(`/console/reports/${edition.id}/pdf`, signal),
    enabled: pdf,
    retry: false,
  });
  useEffect(() => {
    if (!file.data) return;
    const made = URL.createObjectURL(new Blob([file.data], { type: "application/pdf" }));
    setSource(made);
    return () => URL.revokeObjectURL(made);
  }, [file.data]);
  useEffect(() => {
    const refused = (event: SecurityPolicyViolationEvent) => {
      if (event.blockedURI.startsWith("blob")) setBlocked(true);
    };
    document.addEventListener("securitypolicyviolation", refused);
    return () => document.removeEventListener("securitypolicyviolation", refused);
  }, []);
  if (pdf && file.isLoading) return <Loading height={480} />;
  const html = edition.formats.includes("html") ? fileHref(edition.id, "html") : null;
  if (pdf && file.isError && !html) return <ErrorView error={file.error} retry={() => void file.refetch()} />;
  const shown = pdf && !file.isError ? source : html;
  if (!shown) return pdf ? <Loading height={480} /> : <EmptyView text={t.noPreview} />;
  return (
    <iframe
      title={edition.title}
      src={shown === source ? `${shown}#navpanes=0&view=FitH` : shown}
      style={{ width: "100%", height: "calc(100vh - 220px)", border: 0, display: "block" }}
    />
  );
}

function Deliveries({ id }: { id: string }) {
  const { act } = useAct();
  const can = useCan();
  const key = ["deliveries", id];
  const query = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => http.get<Page<Delivery>>(`/console/reports/${id}/deliveries`, undefined, signal),
  });
  const schedule = useQuery({
    queryKey: ["report-schedule"],
    queryFn: ({ signal }) => http.get<ReportSchedule>("/console/report-schedule", undefined, signal),
  });
  const send = () =>
    act(() => http.post(`/console/reports/${id}/send`, { receivers: schedule.data?.receivers ?? [] }), t.queued, [key]);
  return (
    <Panel
      flush
      title={t.deliveries}
      extra={
        can("report.send") && (
          <Button type="primary" size="small" disabled={!schedule.data?.receivers.length} onClick={() => void send()}>
            {t.send}
          </Button>
        )
      }
    >
      <QueryView
        query={query}
        height={120}
        isEmpty={(page) => page.items.length === 0}
        empty={<EmptyView text={t.noDeliveries} />}
      >
        {(page) => (
          <DataTable<Delivery>
            size="small"
            rowKey="id"
            pagination={false}
            dataSource={page.items}
            columns={[
              {
                title: t.receiver,
                render: (_, row) => (
                  <>
                    {row.receiver}
                    <div className="soft">{row.email}</div>
                  </>
                ),
              },
              {
                title: t.state,
                render: (_, row) => (
                  <>
                    <StateMark state={row.state} name={row.state_name} />
                    {row.attempts > 1 && <span className="soft"> ×{row.attempts}</span>}
                    <div className="soft">
                      <When at={row.at} />
                    </div>
                    {row.last_error && <div style={{ color: "#C62828" }}>{row.last_error}</div>}
                  </>
                ),
              },
              {
                title: "",
                render: (_, row) =>
                  row.state === "failed" &&
                  can("report.send") && (
                    <Button
                      size="small"
                      onClick={() => void act(() => http.post(`/console/deliveries/${row.id}/resend`), t.queued, [key])}
                    >
                      {t.resend}
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </QueryView>
    </Panel>
  );
}

function Editions() {
  const [search, patch] = useUrl();
  const can = useCan();
  const { busy, act } = useAct();
  const [period, setPeriod] = useState<Dayjs | null>(null);
  const [asking, setAsking] = useState(false);
  const query = useQuery({
    queryKey: ["reports"],
    queryFn: ({ signal }) => http.get<Page<Edition>>("/console/reports", undefined, signal),
  });
  const make = () =>
    act(() => http.post("/console/reports", { period: period?.format("YYYY-MM") }), t.started, [["reports"]]).then(
      (done) => {
        if (done) setAsking(false);
      },
    );
  return (
    <QueryView query={query}>
      {(page) => {
        const chosen = page.items.find((row) => row.id === search["record"]) ?? page.items[0];
        return (
          <div className="report-grid">
            <div>
              <Panel
                flush
                title={t.editions}
                extra={
                  can("report.create") && (
                    <Button size="small" icon={<PlusOutlined />} onClick={() => setAsking(true)}>
                      {t.make}
                    </Button>
                  )
                }
              >
                <DataTable<Edition>
                  size="middle"
                  rowKey="id"
                  pagination={false}
                  dataSource={page.items}
                  rowClassName={(row) => (row.id === chosen?.id ? "row-open" : "row-link")}
                  onRow={(row) => ({ onClick: () => patch({ record: row.id }) })}
                  empty={{ text: "还没有编制过报告", hint: "点击“编制报告”开始" }}
                  columns={[
                    {
                      title: t.name,
                      render: (_, row) => (
                        <>
                          <strong>{row.title}</strong>
                          <div className="soft">
                            {row.number} · {dateTime(row.created_at)}
                          </div>
                        </>
                      ),
                    },
                    {
                      title: t.formats,
                      render: (_, row) => (
                        <Space size={8}>
                          {row.formats.map((format) => (
                            <a
                              key={format}
                              href={fileHref(row.id, format)}
                              target="_blank"
                              rel="noreferrer"
                              onClick={(event) => event.stopPropagation()}
                            >
                              {format.toUpperCase()}
                            </a>
                          ))}
                        </Space>
                      ),
                    },
                  ]}
                />
              </Panel>
              {chosen && <Deliveries key={chosen.id} id={chosen.id} />}
            </div>
            <Panel flush title={t.preview}>
              {chosen ? <Preview key={chosen.id} edition={chosen} /> : <EmptyView text={t.choose} />}
            </Panel>
            <Modal
              open={asking}
              title={t.makeTitle}
              onCancel={() => setAsking(false)}
              onOk={() => void make()}
              confirmLoading={busy}
              okButtonProps={{ disabled: !period }}
            >
              <DatePicker
                picker="month"
                value={period}
                onChange={(next) => setPeriod(Array.isArray(next) ? null : next)}
                style={{ width: "100%" }}
              />
            </Modal>
          </div>
        );
      }}
    </QueryView>
  );
}

function Schedule() {
  const { busy, act } = useAct();
  const can = useCan();
  const query = useQuery({
    queryKey: ["report-schedule"],
    queryFn: ({ signal }) => http.get<ReportSchedule>("/console/report-schedule", undefined, signal),
  });
  return (
    <QueryView query={query}>
      {(schedule) => (
        <Panel>
          <Form
            layout="vertical"
            style={{ maxWidth: 640 }}
            initialValues={schedule}
            disabled={!can("report.update")}
            onFinish={(values: ReportSchedule) =>
              void act(
                () =>
                  http.put("/console/report-schedule", {
                    enabled: values.enabled,
                    cron: values.cron.trim(),
                    receivers: values.receivers ?? [],
                  }),
                common.saved,
                [["report-schedule"]],
              )
            }
          >
            <Form.Item name="enabled" label={t.enabled} valuePropName="checked">
              <Switch />
            </Form.Item>
            <Form.Item
              name="cron"
              label={t.cron}
              extra={
                <>
                  {t.cronHint}
                  <br />
                  {t.next}：{dateTime(schedule.next_at)}
                </>
              }
              rules={[
                { required: true, message: common.required },
                {
                  validator: (_, value: string | undefined) =>
                    !value || isCron(value) ? Promise.resolve() : Promise.reject(new Error(t.cronBad)),
                },
              ]}
            >
              <ScheduleField />
            </Form.Item>
            <Form.List name="receivers">
              {(fields, { add, remove }) => (
                <Form.Item label={t.receivers}>
                  {fields.map((field) => (
                    <Space key={field.key} align="baseline" style={{ display: "flex" }}>
                      <Form.Item name={[field.name, "name"]} rules={[{ required: true, message: common.required }]}>
                        <Input placeholder={t.receiver} aria-label={t.receiver} />
                      </Form.Item>
                      <Form.Item
                        name={[field.name, "email"]}
                        rules={[{ required: true, type: "email", message: "邮箱格式不正确" }]}
                      >
                        <Input placeholder={t.email} aria-label={t.email} style={{ width: 260 }} />
                      </Form.Item>
                      <Button
                        type="text"
                        icon={<DeleteOutlined />}
                        aria-label="删除收件人"
                        onClick={() => remove(field.name)}
                      />
                    </Space>
                  ))}
                  <Button type="dashed" icon={<PlusOutlined />} onClick={() => add({ name: "", email: "" })}>
                    {t.add}
                  </Button>
                </Form.Item>
              )}
            </Form.List>
            <Button type="primary" htmlType="submit" loading={busy}>
              {common.save}
            </Button>
          </Form>
        </Panel>
      )}
    </QueryView>
  );
}
export function ReportsPage() {
  const [search, patch] = useUrl();
  return (
    <>
      <PageHead title={t.title} />
      <Tabs
        activeKey={search["tab"] ?? "editions"}
        onChange={(key) => patch({ tab: key === "editions" ? undefined : key })}
        items={[
          { key: "editions", label: t.editions, children: <Editions /> },
          { key: "schedule", label: t.schedule, children: <Schedule /> },
        ]}
      />
    </>
  );
}

// A new import: what it is for, a template to fill in, and the file.
import { DownloadOutlined, InboxOutlined } from "@ant-design/icons";
import { App, Button, Form, Select, Space, Upload } from "antd";
import { targetOf, targets, templateHref, upload } from "@/features/imports/api/imports";
import { useGo, useUrl } from "@/lib/nav";
import { useNames } from "@/lib/reference";
import { useCan } from "@/lib/session";
import { importText as t } from "@/locales/zh-CN/imports";
import { Panel } from "@/ui/page";
import { useAct } from "@/ui/use-act";

/** The largest file that the node takes, in bytes. */
const LIMIT = 50 * 1024 * 1024;

export function NewImport() {
  const [search, patch] = useUrl();
  const can = useCan();
  const go = useGo();
  const names = useNames();
  const { busy, act } = useAct();
  const { message } = App.useApp();
  const target = targetOf(search["register"], search["class"]);
  const category = search["category"];
  const open = targets.filter((one) => can(one.permission));
  if (open.length === 0) return null;
  const send = (file: File) =>
    act(async () => {
      const run = await upload(target, category, file);
      go(`/console/imports/${run.id}`);
    }, t.read);
  return (
    <Panel title={t.newOne}>
      <Form layout="inline" style={{ rowGap: 12, marginBottom: 16 }}>
        <Form.Item label={t.register} htmlFor="import-register">
          <Select
            id="import-register"
            style={{ width: 160 }}
            value={target.key}
            options={open.map((one) => ({ value: one.key, label: t.registers[one.key] ?? one.key }))}
            onChange={(key) => {
              const next = targets.find((one) => one.key === key) ?? targets[0];
              patch({ register: next.register, class: next.class || undefined }, true);
            }}
          />
        </Form.Item>
        {target.key !== "devices" && (
          <Form.Item label={t.category} htmlFor="import-category" tooltip={t.categoryHint}>
            <Select
              id="import-category"
              allowClear
              style={{ width: 220 }}
              placeholder={t.anyCategory}
              value={category ?? null}
              options={names.options("category")}
              onChange={(next: string | null | undefined) => patch({ category: next ?? undefined }, true)}
            />
          </Form.Item>
        )}
        <Space wrap>
          <Button icon={<DownloadOutlined />} href={templateHref(target, category, "xlsx")}>
            {t.templateXlsx}
          </Button>
          <Button icon={<DownloadOutlined />} href={templateHref(target, category, "csv")}>
            {t.templateCsv}
          </Button>
        </Space>
      </Form>
      <Upload.Dragger
        accept=".xlsx,.csv,.txt,text/csv"
        maxCount={1}
        showUploadList={false}
        disabled={busy}
        beforeUpload={(file) => {
          if (file.size > LIMIT) message.error(t.tooLarge);
          else void send(file);
          return false;
        }}
      >
        <p style={{ fontSize: 40, color: "#1F5FBF", margin: 0 }}>
          <InboxOutlined />
        </p>
        <p aria-live="polite">{busy ? t.reading : t.drop}</p>
        <p className="soft">{t.dropHint}</p>
      </Upload.Dragger>
    </Panel>
  );
}

// Something that is shown once and never again: a token, a one-time password, recovery codes.
import { CopyOutlined, DownloadOutlined } from "@ant-design/icons";
import { Alert, App, Button, Checkbox, Modal, Space } from "antd";
import { useState, type ReactNode } from "react";
import { download } from "@/lib/csv";
import { common } from "@/locales/zh-CN/common";
import { secretText as t } from "@/locales/zh-CN/people";

interface Props {
  title: string;
  /** One line each. */
  lines: string[];
  note?: ReactNode;
  /** Name of the file in which the lines can be kept. */
  fileName?: string;
  onClose: () => void;
}

export function SecretOnce({ title, lines, note, fileName, onClose }: Props) {
  const { message } = App.useApp();
  const [kept, setKept] = useState(false);
  const copy = () =>
    void navigator.clipboard
      ?.writeText(lines.join("\n"))
      .then(() => message.success(common.copied))
      .catch(() => message.info(t.copyByHand));
  return (
    <Modal
      open
      title={title}
      closable={false}
      keyboard={false}
      footer={
        <Button type="primary" disabled={!kept} onClick={onClose}>
          {common.close}
        </Button>
      }
    >
      <Alert type="warning" showIcon title={t.once} />
      {note && <p>{note}</p>}
      <pre className="raw" style={{ fontSize: 14, margin: "12px 0" }} tabIndex={0} aria-label={title}>
        {lines.join("\n")}
      </pre>
      <Space wrap style={{ marginBottom: 12 }}>
        <Button icon={<CopyOutlined />} onClick={copy}>
          {common.copy}
        </Button>
        {fileName && (
          <Button icon={<DownloadOutlined />} onClick={() => download(fileName, lines.join("\r\n"))}>
            {t.download}
          </Button>
        )}
      </Space>
      <div>
        <Checkbox checked={kept} onChange={(event) => setKept(event.target.checked)}>
          {t.kept}
        </Checkbox>
      </div>
    </Modal>
  );
}

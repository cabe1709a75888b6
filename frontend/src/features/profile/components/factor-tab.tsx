// The second factor: switched on with a picture and a code, its recovery codes, switched off.
import { useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, Modal, Popconfirm, Space, Tag, Typography } from "antd";
import { useState } from "react";
import type { OwnEnrolment, OwnProfile, RecoveryCodes } from "@/api/people";
import { http } from "@/lib/client";
import { profileText as t, stepText } from "@/locales/zh-CN/people";
import { StateMark } from "@/ui/marks";
import { SecretOnce } from "@/ui/secret-once";
import { useAct } from "@/ui/use-act";

const touched = [["own"]];

function Enrol({
  given,
  onDone,
  onClose,
}: {
  given: OwnEnrolment;
  onDone: (codes: string[]) => void;
  onClose: () => void;
}) {
  const { act, busy } = useAct();
  const [form] = Form.useForm<{ code: string }>();
  const confirm = ({ code }: { code: string }) =>
    void act(
      async () =>
        onDone(
          (await http.post<RecoveryCodes>("/own/second-factor/confirm", { code: code.replace(/\s/g, "") }))
            .recovery_codes,
        ),
      "",
      touched,
    );
  return (
    <Modal
      open
      title={stepText.enrolTitle}
      okText={t.confirm}
      onOk={() => form.submit()}
      confirmLoading={busy}
      onCancel={onClose}
    >
      <Space align="center" size={16} style={{ margin: "8px 0 16px" }}>
        <img src={given.qr} alt={stepText.qr} width={168} height={168} />
        <div>
          <p className="soft">{stepText.byHand}</p>
          <Typography.Text code copyable style={{ overflowWrap: "anywhere" }}>
            {given.secret}
          </Typography.Text>
        </div>
      </Space>
      <Form form={form} layout="vertical" requiredMark={false} onFinish={confirm}>
        <Form.Item name="code" label={stepText.code} rules={[{ required: true, message: stepText.codeMissing }]}>
          <Input autoFocus inputMode="numeric" maxLength={7} autoComplete="one-time-code" />
        </Form.Item>
      </Form>
    </Modal>
  );
}

export function FactorTab({ own }: { own: OwnProfile }) {
  const { act, busy } = useAct();
  const client = useQueryClient();
  const [given, setGiven] = useState<OwnEnrolment | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const { enabled, required, recovery_left: left } = own.second_factor;
  const begin = () => void act(async () => setGiven(await http.post<OwnEnrolment>("/own/second-factor")), "");
  const renew = () =>
    void act(
      async () => setCodes((await http.post<RecoveryCodes>("/own/second-factor/recovery-codes")).recovery_codes),
      "",
      touched,
    );
  return (
    <>
      <Space size="middle">
        <StateMark state={enabled ? "enabled" : "disabled"} name={enabled ? t.factorOn : t.factorOff} />
        {enabled && <Tag>{t.left(left)}</Tag>}
      </Space>
      <p>{t.factorNote}</p>
      {required && <p className="soft">{t.factorRequired}</p>}
      <Space wrap>
        {!enabled && (
          <Button type="primary" loading={busy} onClick={begin}>
            {t.begin}
          </Button>
        )}
        {enabled && (
          <Popconfirm title={t.newCodesAsk} onConfirm={renew}>
            <Button loading={busy}>{t.newCodes}</Button>
          </Popconfirm>
        )}
        {enabled && !required && (
          <Popconfirm
            title={t.disableAsk}
            onConfirm={() => void act(() => http.remove("/own/second-factor"), undefined, touched)}
          >
            <Button danger loading={busy}>
              {t.disable}
            </Button>
          </Popconfirm>
        )}
      </Space>
      {given && (
        <Enrol
          given={given}
          onClose={() => setGiven(null)}
          onDone={(fresh) => {
            setGiven(null);
            setCodes(fresh);
          }}
        />
      )}
      {codes && (
        <SecretOnce
          title={stepText.codesTitle}
          note={stepText.codesNote}
          lines={codes}
          fileName={`恢复码-${own.username}.txt`}
          onClose={() => {
            setCodes(null);
            void client.invalidateQueries({ queryKey: ["own"] });
          }}
        />
      )}
    </>
  );
}

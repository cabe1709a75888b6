// What may be done to a link: admit and end it, hold back what it sends with a reason, let it go on.
import { Alert, Button, Checkbox, Form, Modal, Popconfirm, Space } from "antd";
import { useState } from "react";
import type { Link } from "@/api/types";
import { HOLDABLE, named } from "@/features/exchange/links";
import { http } from "@/lib/client";
import { useCan } from "@/lib/session";
import { classNames, linkText, settingText as t } from "@/locales/zh-CN/exchange";
import { ReasonField } from "@/ui/reason-field";
import { useAct } from "@/ui/use-act";

const touched = [["exchange"]];

interface Values {
  classes: string[];
  reason: string;
}

function PauseDialog({ link, onClose }: { link: Link; onClose: () => void }) {
  const { act, busy } = useAct();
  const [form] = Form.useForm<Values>();
  const begin = link.settings.held.length > 0 ? link.settings.held : ["bulk"];
  const classes = Form.useWatch("classes", form) ?? begin;
  const rest = Object.keys(classNames).filter((one) => !classes.includes(one));
  const send = async ({ classes, reason }: Values) => {
    const body = { classes: HOLDABLE.filter((one) => classes.includes(one)), reason: reason.trim() };
    if (await act(() => http.post(`/console/exchange/links/${link.code}/pause`, body), t.paused, touched)) onClose();
  };
  return (
    <Modal
      open
      title={`${t.pause}：${link.name || link.code}`}
      onCancel={onClose}
      onOk={form.submit}
      confirmLoading={busy}
      destroyOnHidden
    >
      <Form
        form={form}
        layout="vertical"
        onFinish={(values) => void send(values)}
        initialValues={{ classes: begin, reason: link.settings.reason }}
      >
        <Form.Item
          name="classes"
          label={t.pauseWhat}
          rules={[{ required: true, type: "array", min: 1, message: t.pauseNone }]}
        >
          <Checkbox.Group options={HOLDABLE.map((value) => ({ value, label: classNames[value] ?? value }))} />
        </Form.Item>
        <ReasonField label={t.pauseReason} />
      </Form>
      {classes.length > 0 && <Alert type="info" showIcon title={t.pauseEffect(named(classes), named(rest))} />}
    </Modal>
  );
}

function Admission({ link }: { link: Link }) {
  const { act, busy } = useAct();
  const decide = (how: "approve" | "revoke") =>
    void act(() => http.post(`/console/exchange/children/${link.code}/${how}`), undefined, touched);
  return link.enrolment === "approved" ? (
    <Popconfirm title={linkText.revokeAsk} onConfirm={() => decide("revoke")}>
      <Button danger loading={busy}>
        {linkText.revoke}
      </Button>
    </Popconfirm>
  ) : (
    <Popconfirm
      title={linkText.fingerprintHint}
      description={<span className="code">{link.fingerprint}</span>}
      onConfirm={() => decide("approve")}
    >
      <Button type={link.enrolment === "requested" ? "primary" : "default"} loading={busy}>
        {linkText.approve}
      </Button>
    </Popconfirm>
  );
}

export function LinkActions({ link }: { link: Link }) {
  const can = useCan();
  const { act, busy } = useAct();
  const [pausing, setPausing] = useState(false);
  const isHeld = link.settings.held.length > 0;
  const mayHold = can("exchange.update") && link.enrolment === "approved";
  const resume = () => void act(() => http.post(`/console/exchange/links/${link.code}/resume`), t.resumed, touched);
  return (
    <Space wrap>
      {mayHold && isHeld && (
        <Popconfirm title={t.resumeAsk} onConfirm={resume}>
          <Button type="primary" loading={busy}>
            {t.resume}
          </Button>
        </Popconfirm>
      )}
      {mayHold && <Button onClick={() => setPausing(true)}>{isHeld ? t.pauseChange : t.pause}</Button>}
      {can("exchange.approve") && link.role === "child" && <Admission link={link} />}
      {pausing && <PauseDialog link={link} onClose={() => setPausing(false)} />}
    </Space>
  );
}

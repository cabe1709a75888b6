// Signing in, step by step as the node asks; afterwards the page that was asked for.
import { LockOutlined, SafetyCertificateOutlined, UserOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Divider, Form, Input } from "antd";
import { useRef, useState } from "react";
import type { Me } from "@/api/types";
import type { PendingStep } from "@/api/people";
import {
  isPending,
  optionsQuery,
  outsideFaultQuery,
  outsideQuery,
  signIn,
  stepIn,
  type Step,
} from "@/features/session/api/sign-on";
import { CaptchaField } from "@/features/session/components/captcha";
import { ChangePassword, EnrolFactor, SecondFactor } from "@/features/session/components/login-steps";
import { ApiError } from "@/lib/client";
import { useGo, useHandedOver, useUrl } from "@/lib/nav";
import { nodeQuery, sessionQuery } from "@/lib/session";
import { common } from "@/locales/zh-CN/common";
import { stepText } from "@/locales/zh-CN/people";
import { loginText } from "@/locales/zh-CN/shell";
import { SecretOnce } from "@/ui/secret-once";
import { errorText } from "@/ui/use-act";
import "./login.css";

/** Only addresses of the console, and the request of another application, are followed after the login. */
export function safeBack(back: string | undefined): string {
  if (back && /^\/authorize\?request=[\w-]+$/.test(back)) return back;
  return back && /^\/console(?:[/?#]|$)/.test(back) && !back.startsWith("/console/login") ? back : "/console";
}
interface Values {
  username: string;
  password: string;
  captcha?: string;
}

function Outside({ back }: { back: string }) {
  const [search] = useUrl();
  const outside = useQuery(outsideQuery);
  const fault = useQuery(outsideFaultQuery(search["error"] ?? ""));
  const openid = outside.data?.openid;
  return (
    <>
      {fault.data && (
        <Alert
          type="error"
          showIcon
          style={{ marginTop: 16 }}
          title={`${fault.data.message}。${fault.data.advice}（${fault.data.code}）`}
        />
      )}
      {openid && (
        <>
          <Divider plain>{stepText.or}</Divider>
          <Button
            block
            size="large"
            icon={<SafetyCertificateOutlined />}
            href={`${openid.start}?return=${encodeURIComponent(back)}`}
          >
            {stepText.outside(openid.name)}
          </Button>
        </>
      )}
    </>
  );
}

function FirstStep({ notice, onStep }: { notice: string | null; onStep: (step: Step) => void }) {
  const [search] = useUrl();
  const [form] = Form.useForm<Values>();
  const options = useQuery(optionsQuery);
  const [wanted, setWanted] = useState(false);
  const [round, setRound] = useState(0);
  const captcha = useRef<string | null>(null);
  const [error, setError] = useState<string | null>(notice);
  const [busy, setBusy] = useState(false);
  const asks = wanted || options.data?.captcha === true;
  const submit = async (values: Values) => {
    setBusy(true);
    setError(null);
    try {
      onStep(
        await signIn({
          username: values.username.trim(),
          password: values.password,
          ...(asks && captcha.current && { captcha: { id: captcha.current, answer: values.captcha?.trim() ?? "" } }),
        }),
      );
    } catch (cause) {
      setError(errorText(cause));
      if (cause instanceof ApiError && ["AUTH-0105", "AUTH-0106"].includes(cause.code)) setWanted(true);
      else void options.refetch();
      form.setFieldValue("captcha", "");
      setRound((old) => old + 1);
      setBusy(false);
    }
  };
  return (
    <>
      <h2>{loginText.title}</h2>
      {search["signed_out"] && (
        <Alert type="success" showIcon title={stepText.signedOut} style={{ marginBottom: 16 }} />
      )}
      <Form
        form={form}
        layout="vertical"
        size="large"
        requiredMark={false}
        onFinish={(values) => void submit(values)}
        disabled={busy}
      >
        <Form.Item
          name="username"
          label={loginText.username}
          rules={[{ required: true, message: loginText.usernameMissing }]}
        >
          <Input prefix={<UserOutlined />} autoComplete="username" autoFocus />
        </Form.Item>
        <Form.Item
          name="password"
          label={loginText.password}
          rules={[{ required: true, message: loginText.passwordMissing }]}
        >
          <Input.Password prefix={<LockOutlined />} autoComplete="current-password" />
        </Form.Item>
        {asks && <CaptchaField round={round} onGiven={(id) => (captcha.current = id)} />}
        {error && <Alert type="error" showIcon title={error} style={{ marginBottom: 16 }} />}
        <Button type="primary" htmlType="submit" block loading={busy}>
          {loginText.submit}
        </Button>
      </Form>
      <Outside back={safeBack(search["back"])} />
      <p className="soft">{loginText.note}</p>
      <a href="/">{loginText.portal}</a>
    </>
  );
}

function Steps() {
  const client = useQueryClient();
  const go = useGo();
  const [search] = useUrl();
  const told = useHandedOver();
  const [pending, setPending] = useState<PendingStep | null>(() => stepIn(told));
  const [notice, setNotice] = useState<string | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const enter = () => go(safeBack(search["back"]));
  const onStep = (step: Step) => {
    if (isPending(step)) return setPending(step);
    client.removeQueries({ predicate: (query) => !["node", "portal"].includes(String(query.queryKey[0])) });
    client.setQueryData(sessionQuery.queryKey, step as unknown as Me);
    if (step.recovery_codes && step.recovery_codes.length > 0) setCodes(step.recovery_codes);
    else enter();
  };
  const onAgain = () => {
    setNotice(pending ? stepText.over : null);
    setPending(null);
  };
  if (codes)
    return (
      <>
        <h2>{stepText.codesTitle}</h2>
        <SecretOnce
          title={stepText.codesTitle}
          note={stepText.codesNote}
          lines={codes}
          fileName="恢复码.txt"
          onClose={enter}
        />
      </>
    );
  if (!pending) return <FirstStep key={notice} notice={notice} onStep={onStep} />;
  const props = { key: pending.ticket, pending, onStep, onAgain };
  switch (pending.step) {
    case "second_factor":
      return <SecondFactor {...props} key={props.key} />;
    case "enrol_second_factor":
      return <EnrolFactor {...props} key={props.key} />;
    case "change_password":
      return <ChangePassword {...props} key={props.key} />;
  }
}

export function LoginPage() {
  const node = useQuery(nodeQuery);
  return (
    <div className="login">
      <aside className="login-side">
        <div className="login-brand">
          <img src="/icon.svg" alt="" width={44} height={44} />
          <span>{node.data?.tier_label ?? ""}</span>
        </div>
        <h1>{node.data?.platform_name ?? common.platform}</h1>
        <p className="login-slogan">{loginText.slogan}</p>
        <ul>
          {loginText.points.map((point) => (
            <li key={point}>{point}</li>
          ))}
        </ul>
        <ol className="login-tiers" aria-hidden="true">
          {loginText.tiers.map((tier) => (
            <li key={tier} className={node.data?.tier_label.startsWith(tier) ? "here" : ""}>
              {tier}
            </li>
          ))}
        </ol>
      </aside>
      <main className="login-main">
        <div className="login-box">
          <Steps />
        </div>
        <footer className="soft">{node.data ? `${node.data.name} · ${node.data.version}` : ""}</footer>
      </main>
    </div>
  );
}

// Signing in; afterwards the page that was asked for.
import { LockOutlined, UserOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Form, Input } from "antd";
import { useState } from "react";
import type { Me } from "@/api/types";
import { http } from "@/lib/client";
import { useGo, useUrl } from "@/lib/nav";
import { nodeQuery, sessionQuery } from "@/lib/session";
import { common } from "@/locales/zh-CN/common";
import { loginText } from "@/locales/zh-CN/shell";
import { errorText } from "@/ui/use-act";
import "./login.css";

/** Only addresses of the console are followed after the login. */
export function safeBack(back: string | undefined): string {
  return back && /^\/console(?:[/?#]|$)/.test(back) && !back.startsWith("/console/login") ? back : "/console";
}

export function LoginPage() {
  const node = useQuery(nodeQuery);
  const client = useQueryClient();
  const go = useGo();
  const [search] = useUrl();
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (values: { username: string; password: string }) => {
    setBusy(true);
    setError(null);
    try {
      client.setQueryData(
        sessionQuery.queryKey,
        await http.post<Me>("/session", { username: values.username.trim(), password: values.password }),
      );
      go(safeBack(search["back"]));
    } catch (cause) {
      setError(errorText(cause));
      setBusy(false);
    }
  };
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
          <h2>{loginText.title}</h2>
          <Form
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
            {error && <Alert type="error" showIcon title={error} style={{ marginBottom: 16 }} />}
            <Button type="primary" htmlType="submit" block loading={busy}>
              {loginText.submit}
            </Button>
          </Form>
          <p className="soft">{loginText.note}</p>
          <a href="/">{loginText.portal}</a>
        </div>
        <footer className="soft">{node.data ? `${node.data.name} · ${node.data.version}` : ""}</footer>
      </main>
    </div>
  );
}

// Another application asks who is signed in: where it may know without a question the browser goes on by itself.
import { useQuery } from "@tanstack/react-query";
import { Button, Space } from "antd";
import { useEffect, useRef, useState } from "react";
import { authorizationQuery, authorize } from "@/features/session/api/sign-on";
import { useUrl } from "@/lib/nav";
import { useMe } from "@/lib/session";
import { authorizeText as t } from "@/locales/zh-CN/people";
import { ErrorView, Loading, QueryView } from "@/ui/state-views";
import "./login.css";

export function AuthorizePage() {
  const me = useMe();
  const [search] = useUrl();
  const id = search["request"] ?? "";
  const query = useQuery(authorizationQuery(id));
  const [fault, setFault] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const asked = useRef(false);
  const answer = async (approve: boolean) => {
    setBusy(true);
    setFault(undefined);
    try {
      window.location.assign((await authorize(id, approve)).location);
    } catch (error) {
      setFault(error);
      setBusy(false);
    }
  };
  const silent = query.data?.needs_consent === false;
  useEffect(() => {
    if (!silent || asked.current) return;
    asked.current = true;
    void answer(true);
  });
  return (
    <main className="login-main" style={{ minHeight: "100%" }}>
      <div className="login-box">
        {fault !== undefined ? (
          <ErrorView error={fault} />
        ) : (
          <QueryView query={query}>
            {(data) =>
              silent ? (
                <div role="status">
                  <Loading />
                  <p style={{ textAlign: "center" }}>{t.going(data.client_name)}</p>
                </div>
              ) : (
                <>
                  <h2>{t.title(data.client_name)}</h2>
                  <p>{t.as(me.account.display_name, me.account.username)}</p>
                  <p>{t.gets}</p>
                  <ul>
                    {data.scopes.map((scope) => (
                      <li key={scope.code}>{scope.name}</li>
                    ))}
                  </ul>
                  <Space>
                    <Button type="primary" size="large" loading={busy} onClick={() => void answer(true)}>
                      {t.approve}
                    </Button>
                    <Button size="large" disabled={busy} onClick={() => void answer(false)}>
                      {t.refuse}
                    </Button>
                  </Space>
                  <p className="soft">{t.note}</p>
                </>
              )
            }
          </QueryView>
        )}
      </div>
    </main>
  );
}

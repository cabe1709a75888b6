// 我的账号: own data, password, second factor, devices, outside identities, leaving.
import { useQuery } from "@tanstack/react-query";
import { Alert, Tabs } from "antd";
import type { OwnProfile } from "@/api/people";
import { DataTab } from "@/features/profile/components/data-tab";
import { FactorTab } from "@/features/profile/components/factor-tab";
import { LeaveTab } from "@/features/profile/components/leave-tab";
import { LinkedTab } from "@/features/profile/components/linked-tab";
import { PasswordTab } from "@/features/profile/components/password-tab";
import { SessionsTab } from "@/features/profile/components/sessions-tab";
import { http } from "@/lib/client";
import { dateTime } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { profileText as t } from "@/locales/zh-CN/people";
import { PageHead, Panel } from "@/ui/page";
import { QueryView } from "@/ui/state-views";

export function ProfilePage() {
  const [search, patch] = useUrl();
  const query = useQuery({
    queryKey: ["own"],
    queryFn: ({ signal }) => http.get<OwnProfile>("/own", undefined, signal),
  });
  return (
    <>
      <PageHead title={t.title} />
      <Panel>
        <QueryView query={query} isEmpty={(own) => !own.id}>
          {(own) => (
            <>
              {own.deletion.state === "requested" && (
                <Alert
                  type="warning"
                  showIcon
                  style={{ marginBottom: 12 }}
                  title={t.requested(dateTime(own.deletion.requested_at))}
                />
              )}
              {own.password_expires_at && (
                <Alert
                  type="info"
                  showIcon
                  style={{ marginBottom: 12 }}
                  title={t.expires(dateTime(own.password_expires_at))}
                />
              )}
              <Tabs
                destroyOnHidden
                activeKey={search["tab"] ?? (search["linked"] || search["error"] ? "linked" : "data")}
                onChange={(tab) =>
                  patch({ tab: tab === "data" ? undefined : tab, linked: undefined, error: undefined })
                }
                items={[
                  { key: "data", label: t.tabs.data, children: <DataTab own={own} /> },
                  { key: "password", label: t.tabs.password, children: <PasswordTab own={own} /> },
                  { key: "factor", label: t.tabs.factor, children: <FactorTab own={own} /> },
                  { key: "sessions", label: t.tabs.sessions, children: <SessionsTab /> },
                  { key: "linked", label: t.tabs.linked, children: <LinkedTab /> },
                  { key: "leave", label: t.tabs.leave, children: <LeaveTab own={own} /> },
                ]}
              />
            </>
          )}
        </QueryView>
      </Panel>
    </>
  );
}

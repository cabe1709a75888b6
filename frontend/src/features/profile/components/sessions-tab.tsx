// Where the own account is signed in, and how to end it there.
import { useQuery } from "@tanstack/react-query";
import { Button, Popconfirm, Tag } from "antd";
import type { Page } from "@/api/types";
import type { SessionRow } from "@/api/people";
import { http } from "@/lib/client";
import { profileText as t } from "@/locales/zh-CN/people";
import { DataTable } from "@/ui/data-table";
import { When } from "@/ui/marks";
import { useAct } from "@/ui/use-act";

const touched = [["own", "sessions"]];

export function SessionsTab() {
  const { act, busy } = useAct();
  const query = useQuery({
    queryKey: ["own", "sessions"],
    queryFn: ({ signal }) => http.get<Page<SessionRow>>("/own/sessions", undefined, signal),
  });
  const others = (query.data?.items ?? []).filter((row) => !row.current);
  return (
    <>
      <p>{t.sessionsNote}</p>
      <DataTable<SessionRow>
        query={query}
        rowKey="id"
        dataSource={query.data?.items ?? []}
        scroll={{ x: "max-content" }}
        columns={[
          {
            title: t.device,
            render: (_, row) => (
              <>
                <span title={row.agent}>{row.device}</span> {row.current && <Tag color="blue">{t.current}</Tag>}
              </>
            ),
          },
          { title: t.address, render: (_, row) => <span className="code">{row.address}</span> },
          { title: t.begun, render: (_, row) => <When at={row.begun_at} /> },
          { title: t.seen, render: (_, row) => <When at={row.last_seen_at} /> },
          { title: t.ends, render: (_, row) => <When at={row.ends_at} /> },
          {
            title: "",
            render: (_, row) =>
              !row.current && (
                <Button
                  size="small"
                  danger
                  loading={busy}
                  onClick={() => void act(() => http.remove(`/own/sessions/${row.id}`), t.ended, touched)}
                >
                  {t.end}
                </Button>
              ),
          },
        ]}
      />
      <div style={{ marginTop: 12 }}>
        {others.length > 0 ? (
          <Popconfirm
            title={t.endOthersAsk}
            onConfirm={() => void act(() => http.remove("/own/sessions"), t.ended, touched)}
          >
            <Button danger>{t.endOthers}</Button>
          </Popconfirm>
        ) : (
          query.data && <span className="soft">{t.noOthers}</span>
        )}
      </div>
    </>
  );
}

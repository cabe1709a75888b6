// 数据包: what is in force of every pack, with the tier that it comes from.
import { useQuery } from "@tanstack/react-query";
import { Drawer, Space, Tag } from "antd";
import type { PackRow, PackRows } from "@/api/types";
import { PackHistory } from "@/features/packs/components/pack-history";
import { http } from "@/lib/client";
import { useUrl } from "@/lib/nav";
import { packText as t } from "@/locales/zh-CN/packs";
import { DataTable } from "@/ui/data-table";
import { AppLink } from "@/ui/app-link";
import { StateMark, When } from "@/ui/marks";
import { PageHead, Panel } from "@/ui/page";
import { EmptyView, QueryView } from "@/ui/state-views";

/** What waits or was left out, so that nothing has to be opened to see it. */
function Standing({ row }: { row: PackRow }) {
  return (
    <Space size="middle">
      {row.pending > 0 && <StateMark state="pending" name={t.pending(row.pending)} />}
      {row.left_out > 0 && <StateMark state="left_out" name={t.leftOut(row.left_out)} />}
      {row.pending + row.left_out === 0 && <span className="soft">{t.level}</span>}
    </Space>
  );
}
function PackTable({ rows }: { rows: PackRow[] }) {
  return (
    <DataTable<PackRow>
      rowKey="name"
      size="middle"
      pagination={false}
      dataSource={rows}
      scroll={{ x: "max-content" }}
      columns={[
        {
          title: t.name,
          render: (_, row) => (
            <>
              <div>
                <AppLink href={`/console/packs?record=${row.name}`}>{row.title}</AppLink>
              </div>
              <div className="soft code">{row.name}</div>
            </>
          ),
        },
        { title: t.about, render: (_, row) => t.abouts[row.about] },
        {
          title: t.inForce,
          render: (_, row) =>
            row.in_force.map((edition) => (
              <div key={`${edition.node}-${edition.number}`}>
                <Tag>{edition.version}</Tag>
                <span className="soft">{edition.node_name}</span>
              </div>
            )),
        },
        {
          title: t.validFrom,
          render: (_, row) =>
            row.in_force.map((edition) => <div key={`${edition.node}-${edition.number}`}>{edition.valid_from}</div>),
        },
        {
          title: t.arrived,
          render: (_, row) =>
            row.in_force.map((edition) => (
              <div key={`${edition.node}-${edition.number}`}>
                <When at={edition.arrived_at} />
              </div>
            )),
        },
        { title: t.open, render: (_, row) => (row.travels ? row.open.join("、") || "—" : t.local) },
        { title: t.state, render: (_, row) => <Standing row={row} /> },
      ]}
    />
  );
}
export function PacksPage() {
  const [url, patch] = useUrl();
  const record = url["record"];
  const query = useQuery({
    queryKey: ["packs"],
    queryFn: ({ signal }) => http.get<PackRows>("/console/packs", undefined, signal),
  });
  const chosen = query.data?.items.find((row) => row.name === record);
  return (
    <>
      <PageHead title={t.title} note={t.note} />
      <Panel flush>
        <QueryView query={query} isEmpty={(data) => data.items.length === 0} empty={<EmptyView text={t.emptyText} />}>
          {(data) => <PackTable rows={data.items} />}
        </QueryView>
      </Panel>
      <Drawer
        open={record !== undefined}
        onClose={() => patch({ record: undefined })}
        size={960}
        title={chosen?.title ?? t.title}
        destroyOnHidden
      >
        {record && <PackHistory name={record} />}
      </Drawer>
    </>
  );
}

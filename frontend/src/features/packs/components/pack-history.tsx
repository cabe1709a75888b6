// One pack: its editions, their texts, and the way to a new one.
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Modal, Space } from "antd";
import { useState } from "react";
import type { PackEdition, PackEditionText, PackWithHistory } from "@/api/types";
import { PublishDialog } from "@/features/packs/components/publish-dialog";
import { http } from "@/lib/client";
import { useMe } from "@/lib/session";
import { packText as t } from "@/locales/zh-CN/packs";
import { DataTable } from "@/ui/data-table";
import { StateMark, When } from "@/ui/marks";
import { QueryView } from "@/ui/state-views";

const textQuery = (name: string, edition: PackEdition) => ({
  queryKey: ["packs", name, "text", edition.node, edition.number],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    http.get<PackEditionText>(`/console/packs/${name}/text`, { node: edition.node, number: edition.number }, signal),
  staleTime: Infinity,
});

/** The text of an edition; where it may be published again, that is offered beside it. */
function TextView({
  name,
  edition,
  onAgain,
  onClose,
}: {
  name: string;
  edition: PackEdition;
  onAgain: ((text: string) => void) | undefined;
  onClose: () => void;
}) {
  const query = useQuery(textQuery(name, edition));
  return (
    <Modal
      open
      width={880}
      title={`${name} · ${edition.version} · ${edition.node_name}`}
      onCancel={onClose}
      footer={
        onAgain && query.data ? (
          <Button title={t.againHint} onClick={() => onAgain(query.data.text)}>
            {t.again}
          </Button>
        ) : null
      }
    >
      <p className="soft code">
        {t.digest} {edition.sm3}
      </p>
      <QueryView query={query}>
        {(data) => (
          <pre className="code" style={{ maxHeight: "60vh", overflow: "auto", whiteSpace: "pre-wrap" }} tabIndex={0}>
            {data.text}
          </pre>
        )}
      </QueryView>
    </Modal>
  );
}
function Editions({ data, onRead }: { data: PackWithHistory; onRead: (edition: PackEdition) => void }) {
  return (
    <DataTable<PackEdition>
      rowKey={(row) => `${row.node}-${row.number}`}
      size="small"
      pagination={{ pageSize: 20, hideOnSinglePage: true }}
      dataSource={data.editions}
      scroll={{ x: "max-content" }}
      columns={[
        { title: t.version, render: (_, row) => <strong>{row.version}</strong> },
        { title: t.state, render: (_, row) => <StateMark state={row.state} name={row.state_name} /> },
        { title: t.origin, dataIndex: "node_name" },
        { title: t.validFrom, dataIndex: "valid_from" },
        { title: t.published, render: (_, row) => <When at={row.published_at} /> },
        { title: t.publisher, render: (_, row) => row.published_by || "—" },
        { title: t.arrived, render: (_, row) => <When at={row.arrived_at} /> },
        { title: t.noteLabel, render: (_, row) => row.note || "—" },
        {
          title: "",
          render: (_, row) => (
            <Button type="link" size="small" onClick={() => onRead(row)}>
              {t.read}
            </Button>
          ),
        },
      ]}
    />
  );
}
function History({ data }: { data: PackWithHistory }) {
  const [reading, setReading] = useState<PackEdition>();
  const [drafted, setDrafted] = useState<string>();
  const { pack } = data;
  const { node } = useMe();
  const national = node.tier === "nation";
  // The shipped pack is whole, so only the nation may begin from it; nobody publishes what another node wrote.
  const mayRepeat = (row: PackEdition) => pack.may_publish && (row.number > 0 ? row.node === node.code : national);
  return (
    <>
      <Space style={{ marginBottom: 12 }}>
        {pack.may_publish ? (
          <Button type="primary" onClick={() => setDrafted(data.own_text)}>
            {t.publish}
          </Button>
        ) : (
          <span className="soft">{pack.travels ? t.forbidden : t.local}</span>
        )}
      </Space>
      {data.editions
        .filter((row) => row.reason)
        .map((row) => (
          <Alert
            key={`${row.node}-${row.number}`}
            type="warning"
            showIcon
            style={{ marginBottom: 12 }}
            title={`${t.leftOutWhy}（${row.version}，${row.node_name}）：${row.reason ?? ""}`}
          />
        ))}
      <h3>{t.history}</h3>
      <Editions data={data} onRead={setReading} />
      {reading && (
        <TextView
          name={pack.name}
          edition={reading}
          onClose={() => setReading(undefined)}
          onAgain={
            mayRepeat(reading)
              ? (text) => {
                  setReading(undefined);
                  setDrafted(text);
                }
              : undefined
          }
        />
      )}
      {drafted !== undefined && (
        <PublishDialog pack={pack} begin={drafted} national={national} onClose={() => setDrafted(undefined)} />
      )}
    </>
  );
}
export function PackHistory({ name }: { name: string }) {
  const query = useQuery({
    queryKey: ["packs", name],
    queryFn: ({ signal }) => http.get<PackWithHistory>(`/console/packs/${name}`, undefined, signal),
  });
  return <QueryView query={query}>{(data) => <History data={data} />}</QueryView>;
}

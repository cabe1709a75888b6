// One entry of a register: head with the actions allowed now, tabs with everything about it, its life line at the side.
import { CopyOutlined, EditOutlined, PrinterOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Space, Tabs, Tooltip } from "antd";
import { useState } from "react";
import { metadataQuery, place, recordQuery, type Noun } from "@/features/registers/api/registers";
import type { Entry } from "@/features/registers/api/shapes";
import { Completeness, MetaFacts, useShown } from "@/features/registers/components/meta-facts";
import { ClosureButton, RivalBanner, UnmaskButton } from "@/features/registers/components/record-actions";
import { CorrectionButton, Corrections } from "@/features/registers/components/corrections";
import { ClosuresPanel, HistoryTab, MapTab, RelatedTab, TracesTab } from "@/features/registers/components/record-tabs";
import { RegisterForm } from "@/features/registers/components/register-form";
import { decisions } from "@/features/registers/decisions";
import { http } from "@/lib/client";
import { dateTime } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { useNames } from "@/lib/reference";
import { useCan } from "@/lib/session";
import { common } from "@/locales/zh-CN/common";
import { fieldLabels, registerText as t } from "@/locales/zh-CN/registers";
import { ChangeText, differences, HistoryRail, latestFirst } from "@/ui/history-rail";
import { StateMark } from "@/ui/marks";
import { Panel } from "@/ui/page";
import { ReviewBar } from "@/ui/review-bar";
import { QueryView } from "@/ui/state-views";

interface Props {
  noun: Noun;
  id: string;
  wide?: boolean;
  onNext?: (() => void) | undefined;
  onPrevious?: (() => void) | undefined;
}

/** Closed today, as the node says. */
interface Closed {
  from: string;
  to: string;
  reason: string;
}

function Head({ noun, row }: { noun: Noun; row: Entry }) {
  const { message } = App.useApp();
  const metadata = useQuery(metadataQuery(noun, row["category"] as string | undefined));
  const copy = () =>
    void navigator.clipboard
      ?.writeText(row.code)
      .then(() => message.success(common.copied))
      .catch(() => undefined);
  return (
    <div className="record-head">
      <h2>{row.name}</h2>
      <span className="code">
        {row.code}
        <Tooltip title={common.copy}>
          <Button type="text" size="small" icon={<CopyOutlined />} aria-label={common.copy} onClick={copy} />
        </Tooltip>
      </span>
      <StateMark state={row.state} name={row.state_name} />
      <Completeness row={row} metadata={metadata.data} />
      <span className="soft">
        {t.from} {String(row["origin_name"] ?? row["origin_node"] ?? "—")} · {t.freshness} {dateTime(row.updated_at)}
      </span>
    </div>
  );
}

function Notices({ row, onTouched }: { row: Entry; onTouched: () => Promise<unknown> }) {
  const closed = row["closed"] as Closed | null | undefined;
  const returned =
    row.state === "returned" ? latestFirst(row.history).find((line) => line.action === "return") : undefined;
  const style = { marginTop: 12 };
  return (
    <>
      <RivalBanner row={row} onTouched={onTouched} />
      {returned && (
        <Alert
          style={style}
          type="warning"
          showIcon
          title={t.returnedTitle(returned.actor, dateTime(returned.at))}
          description={`${common.reason}：${returned.reason ?? "—"}。${t.returnedHint}`}
        />
      )}
      {row.state === "changing" && <Alert style={style} type="info" showIcon title={t.changing} />}
      {row.state === "draft" && <Alert style={style} type="info" showIcon title={t.draftNote} />}
      {closed && (
        <Alert style={style} type="info" showIcon title={t.closedNow(closed.from, closed.to, closed.reason)} />
      )}
    </>
  );
}

function Body({ noun, row, wide }: { noun: Noun; row: Entry; wide: boolean }) {
  const names = useNames();
  const [search, patch] = useUrl();
  const metadata = useQuery(metadataQuery(noun, row["category"] as string | undefined));
  const shown = useShown(metadata.data);
  const items = [
    { key: "facts", label: common.facts, children: <MetaFacts noun={noun} row={row} columns={wide ? 2 : 1} /> },
    { key: "related", label: common.related, children: <RelatedTab noun={noun} row={row} /> },
    ...(noun === "subjects" || noun === "merchants"
      ? [
          {
            key: "traces",
            label: common.traces,
            children: <TracesTab row={row} bizStep={(code) => names.name("biz_step", code)} />,
          },
        ]
      : []),
    ...("lon" in row ? [{ key: "map", label: common.map, children: <MapTab row={row} /> }] : []),
    { key: "history", label: common.history, children: <HistoryTab row={row} shown={shown} /> },
  ];
  return (
    <>
      {row.proposal && (
        <Panel title={t.proposal}>
          {differences({ before: row, after: row.proposal }, shown).map((one) => (
            <ChangeText key={one.field} change={{ ...one, field: fieldName(one.field, metadata.data) }} />
          ))}
        </Panel>
      )}
      <Tabs
        activeKey={items.some((item) => item.key === search["tab"]) ? (search["tab"] as string) : "facts"}
        onChange={(tab) => patch({ tab: tab === "facts" ? undefined : tab }, true)}
        items={items}
        destroyOnHidden
      />
    </>
  );
}
/** Name of a field by the node's description, else by our own words. */
export function fieldName(code: string, metadata: { fields: { code: string; name: string }[] } | undefined): string {
  return metadata?.fields.find((field) => field.code === code)?.name ?? fieldLabels[code] ?? code;
}

export function RecordView({ noun: asked, id, wide = false, onNext, onPrevious }: Props) {
  const can = useCan();
  const client = useQueryClient();
  const [editing, setEditing] = useState(false);
  const query = useQuery(recordQuery(asked, id));
  const register = place(asked);
  const touch = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: ["record", register] }),
      client.invalidateQueries({ queryKey: ["list"] }),
      client.invalidateQueries({ queryKey: ["closures"] }),
    ]);
  return (
    <QueryView query={query}>
      {(row) => {
        const noun = asked === "subjects" && row["class"] === "merchant" ? "merchants" : asked;
        const subject = register === "subjects";
        const own = row.actions.includes("change") || row.actions.includes("submit");
        return (
          <div className={wide ? "record" : ""}>
            <div>
              <Head noun={noun} row={row} />
              <Notices row={row} onTouched={touch} />
              <Space wrap className="record-actions">
                <ReviewBar
                  decisions={row.actions.flatMap((action) => decisions[action] ?? [])}
                  onNext={onNext}
                  onPrevious={onPrevious}
                  onDone={onNext}
                  onDecide={(decision, reason) =>
                    http
                      .post(`/console/${register}/${row.id}/review`, { version: row.version, decision, reason })
                      .then(touch)
                  }
                />
                {own && (
                  <Button icon={<EditOutlined />} onClick={() => setEditing(true)}>
                    {row.state === "draft" || row.state === "returned" ? t.goOn : common.edit}
                  </Button>
                )}
                {subject && <UnmaskButton noun={noun} row={row} />}
                {subject && can("subject.update") && ["filed", "changing"].includes(row.state) && (
                  <ClosureButton row={row} onTouched={touch} />
                )}
                {subject && <CorrectionButton noun={noun} row={row} onTouched={touch} />}
                {wide && (
                  <Button icon={<PrinterOutlined />} onClick={() => window.print()}>
                    {t.print}
                  </Button>
                )}
              </Space>
              {subject && <Corrections noun={noun} row={row} onTouched={touch} />}
              {subject && <ClosuresPanel row={row} onTouched={touch} />}
              <Body noun={noun} row={row} wide={wide} />
            </div>
            {wide && <Rail noun={noun} row={row} />}
            {editing && (
              <RegisterForm noun={noun} row={row} onClose={() => setEditing(false)} onSaved={() => setEditing(false)} />
            )}
          </div>
        );
      }}
    </QueryView>
  );
}
function Rail({ noun, row }: { noun: Noun; row: Entry }) {
  const metadata = useQuery(metadataQuery(noun, row["category"] as string | undefined));
  const shown = useShown(metadata.data);
  const labels = Object.fromEntries((metadata.data?.fields ?? []).map((field) => [field.code, field.name]));
  return (
    <Panel title={t.lifeLine}>
      <HistoryRail history={row.history} labels={{ ...fieldLabels, ...labels }} shown={shown} />
    </Panel>
  );
}

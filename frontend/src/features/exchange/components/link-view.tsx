// One link: why it is not in step, what is sent by priority and by chain, how it is set, the last receipts.
import type { ReactNode } from "react";
import type { Exchange, Link, LinkChain, LinkFlow } from "@/api/types";
import { LinkSettingsView } from "@/features/exchange/components/link-settings";
import { Receipts } from "@/features/exchange/components/logs";
import { WhyList } from "@/features/exchange/components/why";
import { flowMark, named, reasons, standing, standingMark, streamName } from "@/features/exchange/links";
import { dateTime, duration, number } from "@/lib/format";
import { wordTone, links as linkMarks } from "@/lib/palette";
import { linkText as t, settingText, whyText } from "@/locales/zh-CN/exchange";
import { DataTable } from "@/ui/data-table";
import { Missing, StateMark, When } from "@/ui/marks";
import { Facts } from "@/ui/page";

/** Receipts of one link that are shown beside it. */
const RECENT = 10;

const waitText = (flow: LinkFlow): string | null => {
  if (flow.fault) return `${flow.fault.reason}（${flow.fault.code}）`;
  if (flow.wait === "held") return t.states.paused;
  if (flow.wait === "hours" && flow.wait_until) return whyText.until(dateTime(flow.wait_until));
  return flow.wait === "rate" ? settingText.limited : null;
};

function Flows({ link }: { link: Link }) {
  return (
    <DataTable<LinkFlow>
      size="small"
      rowKey="class"
      dataSource={link.sending}
      scroll={{ x: "max-content" }}
      empty={{ text: t.noSending }}
      columns={[
        { title: t.class, render: (_, row) => <strong>{named([row.class])}</strong> },
        { title: t.state, render: (_, row) => <StateMark state={flowMark[row.state]} name={t.flows[row.state]} /> },
        { title: t.pending, align: "right", render: (_, row) => number(row.pending) },
        {
          title: t.oldest,
          align: "right",
          render: (_, row) => (row.pending > 0 ? duration(row.oldest_seconds) : <Missing reason={t.fine} />),
        },
        { title: t.reason, render: (_, row) => <span className="wide-text">{waitText(row) ?? "—"}</span> },
        {
          title: t.lastReceipt,
          render: (_, row) =>
            row.last_receipt_at ? (
              t.receiptOf(dateTime(row.last_receipt_at), number(row.last_receipt_records))
            ) : (
              <Missing reason={t.noReceipt} />
            ),
        },
      ]}
    />
  );
}

const gap = (chain: LinkChain) => Math.max(0, chain.seq - chain.confirmed_seq);

/** Whether both ends have the same last record; before everything is confirmed nobody can say. */
function Match({ chain }: { chain: LinkChain }) {
  if (chain.differs) return <StateMark state="mismatch" name={t.differs} />;
  return gap(chain) === 0 ? (
    <StateMark state="verified" name={t.same} />
  ) : (
    <StateMark state="handling" name={t.underway} />
  );
}
function Chains({ link, name }: { link: Link; name: (code: string) => string }) {
  const chains = link.sending
    .flatMap((flow) => flow.chains)
    .sort((a, b) => Number(b.differs) - Number(a.differs) || gap(b) - gap(a));
  return (
    <DataTable<LinkChain>
      size="small"
      rowKey={(row) => `${row.stream} ${row.origin}`}
      dataSource={chains}
      pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
      scroll={{ x: "max-content" }}
      empty={{ text: t.noChains }}
      columns={[
        {
          title: t.stream,
          render: (_, row) => (
            <>
              {streamName(row.stream, name)} <span className="soft code">{row.stream}</span>
            </>
          ),
        },
        { title: t.origin, render: (_, row) => name(row.origin) },
        { title: t.seq, align: "right", render: (_, row) => number(row.seq) },
        { title: t.confirmed, align: "right", render: (_, row) => number(row.confirmed_seq) },
        {
          title: t.gap,
          align: "right",
          render: (_, row) => (
            <span style={gap(row) > 0 ? { color: wordTone(linkMarks.behind) } : {}}>{number(gap(row))}</span>
          ),
        },
        {
          title: t.confirmedAt,
          render: (_, row) => (row.confirmed_at ? <When at={row.confirmed_at} /> : <Missing reason={t.noReceipt} />),
        },
        { title: t.match, render: (_, row) => <Match chain={row} /> },
      ]}
    />
  );
}

export function LinkView({
  link,
  at,
  exchange,
  name,
}: {
  link: Link;
  at: number;
  exchange: Exchange | undefined;
  name: (code: string) => string;
}) {
  const child = exchange?.children.find((one) => one.code === link.code);
  const receipts = exchange?.receipts.filter((row) => row.peer === link.code).slice(0, RECENT);
  const state = standing(link);
  return (
    <>
      <WhyList whys={reasons(link, at)} />
      <h3>{t.facts}</h3>
      <Facts
        rows={[
          [t.state, <StateMark key="s" state={standingMark[state]} name={t.states[state]} />],
          [t.enrolment, <StateMark key="e" state={link.enrolment} name={t.enrolments[link.enrolment]} />],
          [
            t.code,
            <span key="c" className="code">
              {link.code}
            </span>,
          ],
          [
            t.url,
            link.url && (
              <span key="u" className="code">
                {link.url}
              </span>
            ),
          ],
          [t.lastSeen, <When key="l" at={link.last_seen_at} />],
          [t.lastReceipt, <When key="r" at={link.last_receipt_at} />],
          [
            t.fingerprint,
            <span key="f" className="code" title={t.fingerprintHint}>
              {link.fingerprint}
            </span>,
          ],
          ...(child
            ? ([
                [t.applied, t.records(number(child.applied_records))],
                [t.lastBatch, <When key="b" at={child.last_batch_at} />],
              ] as [string, ReactNode][])
            : []),
        ]}
      />
      <h3>{t.sending[link.role] ?? t.sending["child"]}</h3>
      <Flows link={link} />
      {link.sending.length > 0 && (
        <>
          <h3>
            {t.chains} <small className="soft">{t.chainsHint}</small>
          </h3>
          <Chains link={link} name={name} />
        </>
      )}
      {link.enrolment === "approved" && <LinkSettingsView link={link} />}
      {receipts && (
        <>
          <h3>{t.recent}</h3>
          <Receipts rows={receipts} name={name} />
        </>
      )}
    </>
  );
}

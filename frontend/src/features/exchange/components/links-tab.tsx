// The list of links: who is behind, by how much, since when, why, and what to do; one of them in a drawer.
import { Drawer } from "antd";
import type { Exchange, Link } from "@/api/types";
import { LinkActions } from "@/features/exchange/components/link-actions";
import { LinkView } from "@/features/exchange/components/link-view";
import { WhyCell } from "@/features/exchange/components/why";
import { byNeed, owed, reasons, standing, standingMark, type Standing } from "@/features/exchange/links";
import { duration, number } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { linkText as t } from "@/locales/zh-CN/exchange";
import { DataTable } from "@/ui/data-table";
import { Missing, StateMark, When } from "@/ui/marks";
import { Panel } from "@/ui/page";

/** How many links stand how; one press leaves only those. */
function Counts({ links }: { links: Link[] }) {
  const [search, patch] = useUrl();
  const chosen = search["state"];
  const counts: [Standing | undefined, string, number][] = [
    [undefined, t.all, links.length],
    ...(Object.keys(t.states) as Standing[]).map((state): [Standing, string, number] => [
      state,
      t.states[state],
      links.filter((link) => standing(link) === state).length,
    ]),
  ];
  return (
    <div className="cards">
      {counts.map(([state, label, count]) => (
        <button
          key={label}
          type="button"
          className="stat"
          aria-pressed={chosen === state}
          onClick={() => patch({ state })}
        >
          <b>{number(count)}</b>
          <span>{state ? <StateMark state={standingMark[state]} name={label} /> : label}</span>
        </button>
      ))}
    </div>
  );
}

/** Records and time behind: what this node holds for the peer, and below it what the peer holds for this node. */
function Behind({ link }: { link: Link }) {
  const { records, seconds } = owed(link);
  if (link.enrolment !== "approved") return <Missing reason={t.noSending} />;
  const theirs = link.role === "child" ? (link.reported_pending ?? 0) : 0;
  return (
    <>
      <div className="figures">{records > 0 ? t.records(number(records)) : t.nothing}</div>
      {records > 0 && <div className="soft">{t.waited(duration(seconds))}</div>}
      {theirs > 0 && (
        <div className="soft">
          {t.theirs(number(theirs))}
          {t.theirsWaited(duration(link.seconds_behind))}
        </div>
      )}
    </>
  );
}

export function LinksTab({
  links,
  at,
  exchange,
  name,
}: {
  links: Link[];
  /** When the links were asked for, in milliseconds. */
  at: number;
  exchange: Exchange | undefined;
  name: (code: string) => string;
}) {
  const [search, patch] = useUrl();
  const chosen = search["state"];
  const record = links.find((link) => link.code === search["record"]);
  const rows = byNeed(links).filter((link) => !chosen || standing(link) === chosen);
  return (
    <>
      {links.length > 0 && <Counts links={links} />}
      <Panel flush>
        <DataTable<Link>
          rowKey="code"
          dataSource={rows}
          scroll={{ x: "max-content" }}
          empty={links.length > 0 ? { text: t.noneOf } : { text: t.none, hint: t.noneHint }}
          rowClassName={(row) => (row.code === record?.code ? "row-open" : "row-link")}
          onRow={(row) => ({
            tabIndex: 0,
            onClick: () => patch({ record: row.code }),
            onKeyDown: (event) => {
              if (event.key === "Enter" && event.target === event.currentTarget) patch({ record: row.code });
            },
          })}
          columns={[
            {
              title: t.platform,
              render: (_, row) => (
                <>
                  <strong className="name">{row.name || row.code}</strong>
                  <div className="soft">
                    {t.roles[row.role] ?? row.role} · <span className="code">{row.code}</span>
                  </div>
                </>
              ),
            },
            {
              title: t.state,
              render: (_, row) => <StateMark state={standingMark[standing(row)]} name={t.states[standing(row)]} />,
            },
            { title: t.behind, render: (_, row) => <Behind link={row} /> },
            {
              title: t.lastReceipt,
              render: (_, row) =>
                row.last_receipt_at ? <When at={row.last_receipt_at} /> : <Missing reason={t.noReceipt} />,
            },
            { title: t.why, render: (_, row) => <WhyCell whys={reasons(row, at)} /> },
          ]}
        />
      </Panel>
      <Drawer
        open={record !== undefined}
        size={960}
        destroyOnHidden
        onClose={() => patch({ record: undefined })}
        title={record && (record.name || record.code)}
        extra={record && <LinkActions link={record} />}
      >
        {record && <LinkView key={record.code} link={record} at={at} exchange={exchange} name={name} />}
      </Drawer>
    </>
  );
}

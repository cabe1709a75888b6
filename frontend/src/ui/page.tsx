// The head of a page and the cards below it.
import type { ReactNode } from "react";

export function PageHead({ title, extra, note }: { title: ReactNode; extra?: ReactNode; note?: ReactNode }) {
  return (
    <header className="page-head">
      <div>
        <h1>{title}</h1>
        {note && <div className="soft">{note}</div>}
      </div>
      <div className="page-extra">{extra}</div>
    </header>
  );
}
export function Panel({
  title,
  extra,
  children,
  flush = false,
}: {
  title?: ReactNode;
  extra?: ReactNode;
  children: ReactNode;
  flush?: boolean;
}) {
  return (
    <section className="panel">
      {(title || extra) && (
        <div className="panel-head">
          <h2>{title}</h2>
          <div>{extra}</div>
        </div>
      )}
      <div className={flush ? "" : "panel-body"}>{children}</div>
    </section>
  );
}
/** Pairs of label and value in columns. */
export function Facts({ rows, columns = 2 }: { rows: [ReactNode, ReactNode][]; columns?: number }) {
  return (
    <dl className="facts" style={{ gridTemplateColumns: `repeat(${columns}, max-content 1fr)` }}>
      {rows.map(([label, value], index) => (
        <div key={index} className="fact">
          <dt>{label}</dt>
          <dd>{value === "" || value === null || value === undefined ? "—" : value}</dd>
        </div>
      ))}
    </dl>
  );
}

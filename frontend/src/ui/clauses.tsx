// The result of a self-test, clause by clause; without antd, because the public pages show it too.
import type { SelftestRun } from "@/api/access";
import { dateTime } from "@/lib/format";
import { clauseText as t } from "@/locales/zh-CN/join";
import "@/ui/clauses.css";

const signs = { passed: "✓", failed: "✕", not_shown: "—" } as const;

export function Clauses({ run }: { run: SelftestRun }) {
  return (
    <section className="clauses" aria-live="polite">
      <p className={run.ready ? "clauses-sum ready" : "clauses-sum"}>
        <strong>{run.ready ? `✓ ${t.ready}` : `✕ ${t.unready}`}</strong>
        <span>
          {t.counts(run.passed, run.failed, run.not_shown)} · {t.run(run.number, dateTime(run.at))}
        </span>
      </p>
      <ul>
        {run.clauses.map((clause) => (
          <li key={clause.code} className={clause.state}>
            <div className="clause-head">
              <span className="clause-state">
                <span aria-hidden="true">{signs[clause.state]}</span> {clause.state_name}
              </span>
              <strong>{clause.name}</strong>
              <small>{clause.must ? t.must : t.optional}</small>
            </div>
            {clause.reason && <p>{clause.reason}</p>}
            {clause.state !== "passed" && clause.advice && (
              <p>
                {t.advice}：{clause.advice}
              </p>
            )}
            {clause.evidence.length > 0 && (
              <details>
                <summary>{t.evidence(clause.evidence.length)}</summary>
                <ul>
                  {clause.evidence.map((one, index) => (
                    <li key={index}>
                      {t.sample(one.sample)}
                      {one.row !== null && ` ${t.row(one.row)}`}
                      {one.field && ` ${one.field}`}：{one.text}
                      {one.code && `（${one.code}）`}
                    </li>
                  ))}
                </ul>
              </details>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

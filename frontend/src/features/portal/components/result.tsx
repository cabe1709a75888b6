// The answer for one code: verdict with why and what to do, the life line, what is missing.
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import type { PublicTrace } from "@/api/types";
import { keepLookup, sentence, traceQuery } from "@/features/portal/api/portal";
import { Stage } from "@/features/portal/components/steps";
import { date, dateTime, quantity } from "@/lib/format";
import { portalText as t } from "@/locales/zh-CN/portal";
import { AppLink } from "@/ui/app-link";

const signs = { complete: "●", gaps: "■", out_of_scope: "○", unknown: "？" } as const;

function Life({ trace }: { trace: PublicTrace }) {
  if (trace.path.length === 0 && trace.missing.length === 0) return null;
  return (
    <section>
      <h2>{t.path}</h2>
      <ol className="life">
        {trace.path.map((step, index) => (
          <li key={index}>
            <Stage name={step.stage_name} text={step.subject_name}>
              {step.division_name && <span>{step.division_name}</span>}
              <time dateTime={step.at}>{dateTime(step.at)}</time>
              <span>
                {step.biz_step_name}
                {step.quantity && ` ${quantity(step.quantity, step.unit)}`}
              </span>
            </Stage>
            {step.inspection && (
              <div className={step.inspection.passed === false ? "bad" : "ok"}>
                {step.inspection.passed === null ? "○" : step.inspection.passed ? "✓" : "✕"} {step.inspection.item}：
                {step.inspection.passed === null
                  ? t.inspection.unknown
                  : step.inspection.passed
                    ? t.inspection.ok
                    : t.inspection.bad}
              </div>
            )}
          </li>
        ))}
        {trace.missing.map((gap, index) => (
          <li key={`gap-${index}`} className="gap">
            <Stage name={gap.stage_name} text={gap.why}>
              {gap.advice}
            </Stage>
          </li>
        ))}
      </ol>
    </section>
  );
}
function Found({ trace }: { trace: PublicTrace }) {
  const { product, lookups } = trace;
  useEffect(
    () => keepLookup({ code: trace.code, at: new Date().toISOString(), name: product?.name ?? null }),
    [trace.code, product?.name],
  );
  return (
    <>
      {trace.recall && (
        <div className="recall" role="alert">
          <strong>
            ▼ {t.recall}：{trace.recall.title}
          </strong>
          <p>{trace.recall.text}</p>
        </div>
      )}
      <h1>{product?.name ?? trace.code}</h1>
      <div className={`verdict ${trace.verdict}`} role="status">
        <strong>
          <span aria-hidden="true">{signs[trace.verdict]}</span> {trace.verdict_text}
        </strong>
        {trace.advice && <p>{trace.advice}</p>}
      </div>
      <dl className="what">
        <dt>{t.codeLabel}</dt>
        <dd>
          {trace.code}
          {trace.scheme && <span className="soft"> · {trace.scheme.name}</span>}
        </dd>
        {product && (
          <>
            <dt>{t.category}</dt>
            <dd>{product.category_name}</dd>
            <dt>{t.batch}</dt>
            <dd>{product.batch ?? "—"}</dd>
            <dt>{t.producer}</dt>
            <dd>{product.producer ?? "—"}</dd>
          </>
        )}
      </dl>
      {lookups && (
        <p className="soft">
          {t.lookups(lookups.count)}
          {lookups.first_at && ` · ${t.firstAt(date(lookups.first_at))}`}
        </p>
      )}
      <Life trace={trace} />
      {trace.path.length > 0 && <p className="hint">{t.source}</p>}
      <div className="buttons">
        <AppLink className="button" href={`/complaint?kind=report&code=${encodeURIComponent(trace.code)}`}>
          {t.report}
        </AppLink>
        <AppLink className="button main" href="/">
          {t.again}
        </AppLink>
      </div>
    </>
  );
}
export function PortalResult() {
  const { code = "" } = useParams({ strict: false }) as { code?: string };
  const query = useQuery(traceQuery(code));
  if (query.data) return <Found trace={query.data} />;
  if (query.isError)
    return (
      <div role="alert">
        <h1>{t.failed}</h1>
        <p>{sentence(query.error)}</p>
        <div className="buttons">
          <button type="button" className="main" onClick={() => void query.refetch()}>
            {t.retry}
          </button>
          <AppLink className="button" href="/">
            {t.back}
          </AppLink>
        </div>
      </div>
    );
  return (
    <div role="status" aria-label={t.loading}>
      <p>{t.loading}</p>
      <div className="skeleton" />
      <div className="skeleton" />
      <div className="skeleton" />
    </div>
  );
}

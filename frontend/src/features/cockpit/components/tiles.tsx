// The tiles of the wall screen that are not charts or maps.
import { useState } from "react";
import type { Cockpit, Figure, Warning } from "@/api/types";
import { change, clock, date, dateTime, duration, figure, number } from "@/lib/format";
import { useLessMotion } from "@/lib/motion";
import { gradeMark, links } from "@/lib/palette";
import { cockpitText as t } from "@/locales/zh-CN/cockpit";
import { AppLink } from "@/ui/app-link";
import { LinkMark } from "@/ui/marks";

const attention = new Set(["findings_open", "complaints_open"]);

function FigureBox({ one }: { one: Figure }) {
  const shown = figure(one.value, one.state);
  const act = attention.has(one.key) && one.state === "value";
  return (
    <AppLink
      href={one.link}
      className={`figure is-${one.state}${act ? " act" : ""}`}
      title={shown.reason ?? `${one.label} ${one.value ?? ""}${one.unit ?? ""}`}
    >
      <span className="figure-label">{one.label}</span>
      <span className="figure-value">
        {shown.text}
        {(one.state === "value" || one.state === "zero") && (
          <small>
            {shown.scale}
            {one.unit}
          </small>
        )}
      </span>
      <span className="figure-change">{change(one.change)}</span>
    </AppLink>
  );
}
export function FiguresRow({ figures }: { figures: Figure[] }) {
  return (
    <div className="figures-row">
      {figures.map((one) => (
        <FigureBox key={one.key} one={one} />
      ))}
    </div>
  );
}

type Ranked = Cockpit["ranking"][number];

/** Where nothing below was evaluated the node ranks by reporting rate: scores, but no grades. */
export const byRate = (rows: Ranked[]): boolean =>
  rows.some((row) => row.score !== null) && rows.every((row) => row.grade === null);

/** What a ranking ranks: divisions of the next tier or connected systems, by score or by reporting rate. */
export function rankingTitle(rows: Ranked[], tier: string): string {
  const below = (t.subLevel as Record<string, string>)[tier] ?? t.subLevel.county;
  const whom = rows[0]?.kind === "system" ? t.systems : below;
  return byRate(rows) ? t.rateRanking(whom) : t.ranking(whom);
}

/** How many letters at the beginning all names share up to a place name, as in 青岛市菜市场追溯系统. */
function common(names: string[]): number {
  const first = names[0] ?? "";
  let length = 0;
  while (length < first.length && names.every((name) => name[length] === first[length])) length += 1;
  const place = first.slice(0, length).search(/[省市区县](?!.*[省市区县])/u);
  return names.length > 1 ? place + 1 : 0;
}

export function Ranking({ rows, onPick }: { rows: Ranked[]; onPick: (row: Ranked) => void }) {
  if (rows.length === 0) return <p className="tile-empty">{t.noRanking}</p>;
  const rate = byRate(rows);
  const start = rows[0]?.kind === "system" ? common(rows.map((row) => row.name)) : 0;
  return (
    <ol className="ranking">
      {rows.map((row) => {
        const mark = row.grade ? gradeMark(row.grade) : null;
        const shown = row.score === null ? t.notEvaluated : `${row.score}${rate ? "%" : ""}`;
        return (
          <li key={row.code}>
            <button
              type="button"
              onClick={() => onPick(row)}
              title={`${row.name} ${rate ? "" : (mark?.name ?? t.notEvaluated)} ${row.score === null ? "" : shown}`}
            >
              <span className="ranking-no">{row.rank ?? "—"}</span>
              <span style={{ color: mark?.light }} aria-label={mark?.name}>
                {mark?.symbol ?? (rate ? "" : "○")}
              </span>
              <span className="ranking-name">{row.name.slice(start)}</span>
              <span className="ranking-bar">
                <i
                  style={{
                    width: `${Math.max(0, Math.min(100, Number(row.score ?? 0)))}%`,
                    background: mark?.light ?? "#6FA8FF",
                  }}
                />
              </span>
              <b className={row.score === null ? "hatched-dark" : ""}>{shown}</b>
            </button>
          </li>
        );
      })}
    </ol>
  );
}

/** The time of a warning of today, the day of an older one. */
function whenShort(at: string): string {
  const today = date(new Date().toISOString());
  return date(at) === today ? clock(at) : date(at).slice(5);
}

export function Warnings({ rows }: { rows: Warning[] }) {
  const [still, setStill] = useState(false);
  const calm = useLessMotion();
  if (rows.length === 0) return <p className="tile-empty">{t.noWarnings}</p>;
  const scroll = rows.length > 5 && !still && !calm;
  const line = (row: Warning, copy: boolean, index: number) => (
    <li key={`${copy ? "copy" : "row"}-${index}`} className={row.severity} aria-hidden={copy || undefined}>
      <AppLink href={row.link} tabIndex={copy ? -1 : 0}>
        <time className="figures">{whenShort(row.at)}</time>
        <span className="warning-mark" aria-label={row.severity === "high" ? "紧急" : "一般"}>
          {row.severity === "high" ? "▼" : "■"}
        </span>
        <span className="warning-text">{row.text}</span>
        <span className="warning-go">{t.handle} ›</span>
      </AppLink>
    </li>
  );
  return (
    <div
      className={calm ? "warnings calm" : "warnings"}
      onMouseEnter={() => setStill(true)}
      onMouseLeave={() => setStill(false)}
      onFocus={() => setStill(true)}
      onBlur={() => setStill(false)}
    >
      <ul className={scroll ? "rolling" : ""} style={{ animationDuration: `${rows.length * 5}s` }}>
        {rows.map((row, index) => line(row, false, index))}
        {scroll && rows.map((row, index) => line(row, true, index))}
      </ul>
    </div>
  );
}

/** A platform by its place alone: 青岛市 of 青岛市重要产品追溯管理平台. */
const placeOf = (platform: string) => platform.replace(/重要产品追溯管理平台$/u, "") || platform;

export function ExchangeTile({ exchange }: { exchange: Cockpit["exchange"] }) {
  const { parent, children } = exchange;
  const good = children.filter((child) => child.state === "in_step").length;
  const lag = (records: number, seconds: number) =>
    records === 0 ? t.inStep : t.behind(number(records), duration(seconds));
  const sorted = [...children].sort((a, b) => b.records_behind - a.records_behind);
  return (
    <div className="exchange-tile">
      <div className="exchange-parent">
        <span>{t.parent}</span>
        {parent ? (
          <>
            <strong>{placeOf(parent.name)}</strong>
            <LinkMark state={parent.state} dark />
            <span className="figures">{lag(parent.records_behind, parent.seconds_behind)}</span>
            <span className="soft">
              {t.lastReceipt} {dateTime(parent.last_receipt_at)}
            </span>
          </>
        ) : (
          <span className="soft">{t.noParent}</span>
        )}
      </div>
      <div className="exchange-children">
        <span>
          {t.children}{" "}
          {children.length > 0 ? (
            t.childrenSummary(good, children.length)
          ) : (
            <span className="soft">{t.noChildren}</span>
          )}
        </span>
        <ul>
          {sorted.map((child) => (
            <li
              key={child.code}
              title={`${child.name} ${links[child.state].name} ${lag(child.records_behind, child.seconds_behind)}，${t.lastSeen} ${dateTime(child.last_seen_at)}`}
            >
              <span style={{ color: links[child.state].light }} aria-label={links[child.state].name}>
                {links[child.state].symbol}
              </span>{" "}
              {placeOf(child.name)}
              {child.records_behind > 0 && <b className="figures">{number(child.records_behind)}</b>}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

// Grade, state and figure with a word, a shape and a colour, and the three kinds of nothing.
import { Tooltip } from "antd";
import type { FigureState, LinkState } from "@/api/types";
import { change, dateTime, figure, MISSING } from "@/lib/format";
import { gradeMark, links, markOf, wordTone, type Mark } from "@/lib/palette";

function MarkText({ mark, dark = false }: { mark: Mark; dark?: boolean }) {
  return (
    <span className="mark" style={{ color: dark ? mark.light : wordTone(mark) }}>
      <span aria-hidden="true" style={{ color: dark ? mark.light : mark.colour }}>
        {mark.symbol}
      </span>{" "}
      {mark.name}
    </span>
  );
}
export function GradeMark({ grade, dark = false }: { grade: string | null; dark?: boolean }) {
  return grade ? <MarkText mark={gradeMark(grade)} dark={dark} /> : <Missing reason="本期未评价" />;
}
export function StateMark({ state, name }: { state: string; name?: string | null | undefined }) {
  return <MarkText mark={markOf(state, name)} />;
}
export function LinkMark({ state, dark = false }: { state: LinkState; dark?: boolean }) {
  return <MarkText mark={links[state]} dark={dark} />;
}
/** The missing sign with its reason. */
export function Missing({ reason = "没有数据" }: { reason?: string }) {
  return (
    <Tooltip title={reason}>
      <span className="soft" aria-label={reason}>
        {MISSING}
      </span>
    </Tooltip>
  );
}
/** A figure in one of its four states. */
export function FigureText({ value, state, unit }: { value: string | null; state: FigureState; unit?: string | null }) {
  const shown = figure(value, state);
  if (state === "not_connected")
    return (
      <span className="hatched" title={shown.reason ?? ""}>
        {shown.text}
      </span>
    );
  if (state === "missing") return <Missing reason={shown.reason ?? ""} />;
  return (
    <span className="figures">
      {shown.text}
      <small>
        {shown.scale}
        {unit}
      </small>
    </span>
  );
}
export function ChangeText({ value }: { value: string | null }) {
  const text = change(value);
  return text === "" ? null : <span className="change">{text}</span>;
}
export function When({ at }: { at: string | null | undefined }) {
  return at ? (
    <time dateTime={at} className="figures">
      {dateTime(at)}
    </time>
  ) : (
    <Missing reason="没有记录时间" />
  );
}

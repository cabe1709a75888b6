// What the colours mean, the three kinds of nothing included.
import { number } from "@/lib/format";
import { mapText } from "@/locales/zh-CN/map";
import type { MapGround, Scale } from "@/map/scale";

interface Props {
  scale: Scale;
  ground: MapGround;
  title: string;
  points: boolean;
  flows: boolean;
}

/** The values of a class, so that no value seems to belong to two: whole numbers begin one above the class before. */
export function rangeText(bounds: number[], index: number): string {
  const bound = bounds[index] as number;
  const before = bounds[index - 1];
  if (before === undefined) return `≤ ${number(bound)}`;
  if (!bounds.every(Number.isInteger)) return `> ${number(before)} – ${number(bound)}`;
  return before + 1 === bound ? number(bound) : `${number(before + 1)} – ${number(bound)}`;
}

export function Legend({ scale, ground, title, points, flows }: Props) {
  const rows = scale.bounds
    .map((_, index) => ({
      colour: scale.colours[index],
      text: rangeText(scale.bounds, index),
    }))
    .reverse();
  return (
    <div className="map-legend">
      <strong>{title}</strong>
      {rows.map((row) => (
        <span key={row.text}>
          <i style={{ background: row.colour }} />
          {row.text}
        </span>
      ))}
      <span>
        <i style={{ background: ground.zero, border: `1px solid ${ground.hatch}` }} />
        {mapText.zero}
      </span>
      <span>
        <i style={{ background: ground.missing }} />— {mapText.missing}
      </span>
      <span>
        <i
          style={{
            background: `repeating-linear-gradient(135deg, ${ground.hatch} 0 1.5px, ${ground.missing} 1.5px 5px)`,
          }}
        />
        {mapText.notConnected}
      </span>
      {points && (
        <span>
          <i className="map-dot" style={{ background: ground.point }} />
          {mapText.pointsLegend}
        </span>
      )}
      {flows && (
        <span>
          <i className="map-line" style={{ background: ground.flow }} />
          {mapText.flowsLegend}
        </span>
      )}
    </div>
  );
}

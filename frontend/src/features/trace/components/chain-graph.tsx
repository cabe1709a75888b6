// The chain as a graph in layers; a click chooses a unit, units with a gap carry a red border.
import { Graph, type EdgeData, type NodeData } from "@antv/g6";
import { useEffect, useMemo, useRef } from "react";
import type { Chain } from "@/api/types";
import { layered, shortPlace, subjectText } from "@/features/trace/layered";
import { number, unitName } from "@/lib/format";
import { palette } from "@/lib/palette";
import { traceText as t } from "@/locales/zh-CN/trace";

const fonts = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans SC", "Noto Sans CJK SC", sans-serif';
const clip = (text: string, most = 13) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function graphData(chain: Chain): { nodes: NodeData[]; edges: EdgeData[] } {
  const spots = layered(chain.nodes, chain.edges);
  const faulty = new Set(chain.gaps.map((gap) => gap.node));
  return {
    nodes: chain.nodes.map((node) => ({
      id: node.id,
      style: {
        x: spots.get(node.id)?.x ?? 0,
        y: spots.get(node.id)?.y ?? 0,
        size: [184, 74],
        radius: 6,
        fill: "#ffffff",
        stroke: faulty.has(node.id) ? palette.error : palette.primary,
        lineWidth: faulty.has(node.id) ? 2 : 1.2,
        ...(faulty.has(node.id) && { lineDash: [5, 3] }),
        labelPlacement: "center",
        labelText: `${faulty.has(node.id) ? "▼ " : ""}${clip(subjectText(node.subject_name) ?? node.unit)}\n${[node.stage_name, clip(shortPlace(node.division_name), 8)].filter(Boolean).join(" · ")}\n${clip(node.unit, 22)}`,
        labelFill: palette.ink,
        labelFontSize: 13,
        labelLineHeight: 19,
        labelFontFamily: fonts,
        labelWordWrap: false,
      },
    })),
    edges: chain.edges
      .filter((edge) => spots.has(edge.from) && spots.has(edge.to) && edge.from !== edge.to)
      .map((edge, index) => ({
        id: `edge-${index}`,
        source: edge.from,
        target: edge.to,
        style: {
          stroke: "#7d8ba0",
          lineWidth: 1.4,
          endArrow: true,
          ...(edge.kind === "inferred" && { lineDash: [6, 4] }),
          labelText: `${number(edge.quantity)}${edge.quantity ? unitName(edge.unit) : ""}${edge.kind === "inferred" ? `\n${t.inferred}` : ""}`,
          labelFontSize: 12,
          labelAutoRotate: false,
          labelOffsetY: -11,
          labelFill: palette.soft,
          labelFontFamily: fonts,
        },
      })),
  };
}

export function ChainGraph({
  chain,
  chosen,
  onChoose,
}: {
  chain: Chain;
  chosen: string | undefined;
  onChoose: (id: string | undefined) => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  const graph = useRef<Graph | null>(null);
  const choose = useRef(onChoose);
  useEffect(() => {
    choose.current = onChoose;
  });
  const data = useMemo(() => graphData(chain), [chain]);
  useEffect(() => {
    if (!place.current) return;
    const made = new Graph({
      container: place.current,
      autoResize: true,
      autoFit: "view",
      padding: 12,
      animation: false,
      zoomRange: [0.2, 1.25],
      data,
      node: {
        type: "rect",
        state: { selected: { fill: "#d6e5fb", lineWidth: 3, stroke: palette.primary, halo: false } },
      },
      edge: { type: "cubic-horizontal" },
      behaviors: ["drag-canvas", "zoom-canvas"],
    });
    made.on("node:click", (event) => choose.current((event as unknown as { target: { id: string } }).target.id));
    made.on("canvas:click", () => choose.current(undefined));
    graph.current = made;
    const ready = made
      .render()
      .then(() => made.fitCenter())
      .catch(() => undefined);
    return () => {
      graph.current = null;
      void ready.then(() => made.destroy());
    };
  }, [data]);
  useEffect(() => {
    const current = graph.current;
    if (!current?.rendered) return;
    void current
      .setElementState(Object.fromEntries(chain.nodes.map((node) => [node.id, node.id === chosen ? ["selected"] : []])))
      .catch(() => undefined);
  }, [chosen, chain]);
  return <div ref={place} role="img" aria-label={t.graph} style={{ width: "100%", height: "100%" }} />;
}

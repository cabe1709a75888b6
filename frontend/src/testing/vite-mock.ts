// Development only: lets Vite answer like a node, with the boundaries of the repository's map set.
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Connect, Plugin } from "vite";
import { values } from "./mock-data.ts";
import { makeMockNode } from "./mock-node.ts";

interface Topology {
  transform: { scale: [number, number]; translate: [number, number] };
  arcs: [number, number][][];
  objects: Record<
    string,
    { geometries: { type: string; arcs: number[][] | number[][][]; properties: Record<string, unknown> }[] }
  >;
}
type Ring = [number, number][];

function decode(topology: Topology): Ring[] {
  const { scale, translate } = topology.transform;
  return topology.arcs.map((arc) => {
    let x = 0;
    let y = 0;
    return arc.map(([dx, dy]): [number, number] => {
      x += dx;
      y += dy;
      return [x * scale[0] + translate[0], y * scale[1] + translate[1]];
    });
  });
}
const ring = (ids: number[], arcs: Ring[]): Ring =>
  ids.flatMap((id, index) => {
    const arc = id >= 0 ? (arcs[id] ?? []) : [...(arcs[~id] ?? [])].reverse();
    return index === 0 ? arc : arc.slice(1);
  });

let cache: { topology: Topology; arcs: Ring[] } | null = null;
function boundaries(parent: string): { features: unknown[]; codes: string[] } {
  if (!cache) {
    const topology = JSON.parse(
      readFileSync(new URL("../gis/china.web.topo.json", `file://${process.cwd()}/`), "utf8"),
    ) as Topology;
    cache = { topology, arcs: decode(topology) };
  }
  const { topology, arcs } = cache;
  const kind = parent === "000000" || parent === "100000" ? "province" : parent.endsWith("0000") ? "city" : "county";
  const rows = (topology.objects[kind]?.geometries ?? []).filter(
    (one) => kind === "province" || one.properties["parent"] === parent,
  );
  return {
    codes: rows.map((row) => String(row.properties["adcode"])),
    features: rows.map((row) => ({
      type: "Feature",
      properties: {
        code: row.properties["adcode"],
        name: row.properties["short"] ?? row.properties["name"],
        point: row.properties["point"],
      },
      geometry: {
        type: row.type,
        coordinates:
          row.type === "Polygon"
            ? (row.arcs as number[][]).map((ids) => ring(ids, arcs))
            : (row.arcs as number[][][]).map((polygon) => polygon.map((ids) => ring(ids, arcs))),
      },
    })),
  };
}

async function read(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

export function mockNode(): Plugin {
  const answer = makeMockNode({ signedIn: true });
  const handle: Connect.NextHandleFunction = (request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (!url.pathname.startsWith("/api/")) {
      next();
      return;
    }
    const send = (status: number, body: unknown) => {
      response.statusCode = status;
      response.setHeader("Content-Type", "application/json; charset=utf-8");
      response.end(status === 204 ? "" : JSON.stringify(body));
    };
    const session = url.pathname === "/api/v1/session";
    const open = url.pathname.startsWith("/api/v1/portal/") || (session && request.method === "POST");
    if (!open && !/\bsuyuan_session=mock\b/.test(request.headers.cookie ?? "")) {
      send(401, {
        error: {
          code: "AUTH-0001",
          message: "尚未登录",
          advice: "请先登录",
          field: null,
          request_id: "01JD-MOCK",
          faults: [],
        },
      });
      return;
    }
    if (url.pathname.endsWith("/cockpit/stream")) {
      response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
      response.write(": open\n\n");
      const timer = setInterval(() => response.write('event: changed\ndata: {"position":9382}\n\n'), 5000);
      request.on("close", () => clearInterval(timer));
      return;
    }
    const map = /\/console\/map\/(\d{6}|lines|values)$/.exec(url.pathname)?.[1];
    if (map === "lines")
      send(200, JSON.parse(readFileSync(new URL("../gis/lines.geojson", `file://${process.cwd()}/`), "utf8")));
    else if (map === "values") {
      const parent = url.searchParams.get("division") ?? "370000";
      send(200, values(parent, url.searchParams.get("metric") ?? "reporting_rate", boundaries(parent).codes));
    } else if (map) send(200, { type: "FeatureCollection", features: boundaries(map).features });
    else {
      void read(request).then((body) => {
        const reply = answer({ method: request.method ?? "GET", path: url.pathname, query: url.searchParams, body });
        if (url.pathname.endsWith("/console/cockpit")) {
          const division = url.searchParams.get("division") ?? "370000";
          Object.assign(reply.body as object, { map: values(division, "reporting_rate", boundaries(division).codes) });
        }
        if (session && request.method === "POST" && reply.status === 200)
          response.setHeader("Set-Cookie", "suyuan_session=mock; Path=/; HttpOnly; SameSite=Strict");
        if (session && request.method === "DELETE")
          response.setHeader("Set-Cookie", "suyuan_session=; Path=/; Max-Age=0");
        send(reply.status, reply.body);
      });
    }
  };
  return {
    name: "suyuan-mock-node",
    configureServer: (server) => {
      server.middlewares.use(handle);
    },
    configurePreviewServer: (server) => {
      server.middlewares.use(handle);
    },
  };
}

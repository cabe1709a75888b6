// What the node in memory says about data that came in: batches, rejected rows, events, findings.
import * as data from "./mock-data.ts";
import { decide, failed, filtered, ok, pageOf, type Answer, type Request } from "./mock-answer.ts";
import type { Entries } from "./mock-entries.ts";

/** The findings and the incoming data of one node. */
export function makeCapture({ events, systems }: Entries): (rest: string[], request: Request) => Answer | null {
  const findings = structuredClone(data.findings);
  const finding = (id: string | undefined, tail: string | undefined, request: Request): Answer => {
    if (!id) return ok(pageOf(filtered(findings, request.query), request.query));
    if (id === "summary") {
      const byRule = data.reference.rules.map((rule) => ({
        rule: rule.code,
        name: rule.name,
        open: findings.filter((one) => one.rule === rule.code && one.state === "open").length,
        handled: findings.filter((one) => one.rule === rule.code && one.state !== "open").length,
      }));
      return ok({ by_rule: byRule, by_state: [] });
    }
    const row = findings.find((one) => one.id === id);
    if (!row) return failed(404, "QUAL-0404", "没有找到这条异常", "它可能已被处理");
    if (tail === "review") return decide(row, request.body);
    return ok({
      ...row,
      event: events[0],
      raw: { event: '{"event_id":"ev-1","biz_step":"selling","quantity":"18600"}' },
      history: [],
    });
  };
  return ([noun, id, tail], request) => {
    switch (noun) {
      case "capture":
        if (id === "csv")
          return ok({
            message_id: "m-1",
            received: 4,
            accepted: 2,
            rejected: 1,
            rows: [
              { row: 2, status: "accepted", id: "ev-901", faults: [] },
              {
                row: 3,
                status: "rejected",
                id: null,
                faults: [
                  {
                    code: "CAPT-0203",
                    field: "event_time",
                    reason: "时间晚于当前时间",
                    advice: "请核对采集设备的时钟",
                  },
                ],
              },
              { row: 4, status: "duplicate", id: "ev-17", faults: [] },
              { row: 5, status: "accepted", id: "ev-902", faults: [] },
            ],
          });
        if (id === "batches")
          return ok(
            pageOf(
              systems.map((system, index) => ({
                message_id: `m-${index + 100}`,
                system: system.id,
                system_name: system.name,
                format: ["json", "csv", "epcis"][index % 3],
                received_at: data.ago(index * 14),
                received: 500,
                accepted: 500 - (index % 4) * 3,
                rejected: (index % 4) * 3,
              })),
              request.query,
            ),
          );
        return ok(
          pageOf(
            systems.map((system, index) => ({
              id: `r-${index}`,
              at: data.ago(index * 21),
              system: system.id,
              system_name: system.name,
              message_id: `m-${index + 100}`,
              row: index + 2,
              code: "CAPT-0203",
              field: "event_time",
              reason: "时间晚于当前时间",
              advice: "请核对采集设备的时钟",
              raw: '{"event_time":"2027-01-01T00:00:00Z"}',
            })),
            request.query,
          ),
        );
      case "findings":
        return finding(id, tail, request);
      case "events":
        return id
          ? ok({ ...events.find((event) => event.id === id), raw: '{"event_id":"ev-1"}' })
          : ok(pageOf(filtered(events, request.query), request.query));
      default:
        return null;
    }
  };
}

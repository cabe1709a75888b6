// What the node in memory says about evaluations and reports.
import * as data from "./mock-data.ts";
import { ok, pageOf, type Answer, type Request } from "./mock-answer.ts";

/** An answer about evaluations and reports, or nothing where the call is about something else. */
export function reportsCall([noun, id, tail]: string[], request: Request): Answer | null {
  switch (noun) {
    case "evaluations":
      return tail === "trend"
        ? ok({
            code: id,
            name: id,
            points: ["2026-06", "2026-07", "2026-08", "2026-09", "2026-10"].map((period, index) => ({
              period,
              score: index === 2 ? null : String(82 + index * 2.1),
              grade: index === 2 ? null : index > 3 ? "excellent" : "good",
              rank: 6 - index,
              of: 16,
            })),
          })
        : request.method === "POST"
          ? ok({ job: "j-1" }, 202)
          : ok(data.evaluations(request.query.get("period") ?? "2026-10", request.query.get("kind") ?? "division"));
    case "reports":
      if (tail === "deliveries")
        return ok(
          pageOf(
            [
              {
                id: "dl-1",
                receiver: "济南市商务局",
                email: "jn@example.gov.cn",
                state: "sent",
                attempts: 1,
                last_error: null,
                at: data.ago(100),
              },
              {
                id: "dl-2",
                receiver: "青岛市商务局",
                email: "qd@example.gov.cn",
                state: "failed",
                attempts: 7,
                last_error: "收件服务器拒收：邮箱已满",
                at: data.ago(90),
              },
            ],
            request.query,
          ),
        );
      if (request.method === "POST") return ok({ job: "j-2" }, 202);
      return ok(
        pageOf(
          ["2026-10", "2026-09", "2026-08"].map((period, index) => ({
            id: `rep-${index + 1}`,
            number: `鲁追评〔2026〕${10 - index}号`,
            title: `${period.replace("-", " 年 ")} 月运行监测评价报告`,
            period,
            node: "370000",
            created_at: data.ago(20_000 + index * 43_000),
            formats: ["pdf", "html", "xlsx"],
          })),
          request.query,
        ),
      );
    case "report-schedule":
      return ok(
        request.method === "PUT"
          ? request.body
          : {
              enabled: true,
              cron: "0 9 2 * *",
              receivers: [
                { name: "济南市商务局", email: "jn@example.gov.cn" },
                { name: "青岛市商务局", email: "qd@example.gov.cn" },
              ],
              next_at: "2026-12-02T01:00:00Z",
            },
      );
    case "deliveries":
      return ok({}, 202);
    default:
      return null;
  }
}

// What the node in memory says to the public, and about complaints and notices.
import type { Complaint, Notice } from "@/api/types";
import { joinCall } from "./mock-access.ts";
import { failed, filtered, ok, pageOf, type Answer, type Request } from "./mock-answer.ts";
import * as data from "./mock-data.ts";
import { publicTrace } from "./mock-trace.ts";

/** The services of one node for the public: the portal, and the console's side of it. */
export function makeService() {
  const complaints = structuredClone(data.complaints);
  const notices = structuredClone(data.notices);
  const complaint = (id: string | undefined, tail: string | undefined, request: Request): Answer => {
    if (!id) return ok(pageOf(filtered(complaints, request.query), request.query));
    const row = complaints.find((one) => one.id === id);
    if (!row) return failed(404, "COMP-0404", "没有找到", "请核对编号");
    if (tail === "steps") {
      row.state =
        (
          {
            accept: "accepted",
            reject: "rejected",
            answer: "answered",
            close: "closed",
            transfer: "handling",
          } as Record<string, Complaint["state"]>
        )[(request.body as { action: string }).action] ?? row.state;
      row.state_name =
        (
          {
            accepted: "办理中",
            rejected: "不予受理",
            answered: "已答复",
            closed: "已办结",
            transferred: "已转办",
          } as Record<string, string>
        )[row.state] ?? row.state;
      row.version += 1;
    }
    return ok({
      ...row,
      steps: [
        { at: row.submitted_at, state: "submitted", state_name: "已提交", text: row.text },
        { at: data.ago(30), state: "accepted", state_name: "已受理", text: "已转济南市局核实" },
      ],
      photos: [],
    });
  };
  const portal = (rest: string[], request: Request): Answer => {
    if (rest[0] === "node") return ok(data.node);
    if (rest[0] === "sign-on") return ok({ openid: { name: "省统一身份认证", start: "/oidc/sign-in" } });
    const join = joinCall(rest, request);
    if (join) return join;
    if (rest[0] === "notices")
      return ok(
        pageOf(
          notices.filter((notice) => notice.state === "published"),
          request.query,
        ),
      );
    if (rest[0] === "trace") return ok(publicTrace(decodeURIComponent(rest[1] ?? "")));
    if (rest[0] === "complaints" && request.method === "POST")
      return ok({ number: "2026112100031", due_at: data.ago(-10_080) }, 201);
    if (request.query.get("phone_tail") !== "1234")
      return failed(404, "COMP-0404", "编号与手机号后四位不一致", "请核对受理短信中的编号");
    const row = complaints[0];
    return ok({
      ...row,
      number: rest[1],
      steps: [
        { at: data.ago(2000), state: "submitted", state_name: "已提交", text: null },
        { at: data.ago(900), state: "accepted", state_name: "已受理", text: "已转属地核实，预计 3 个工作日答复" },
      ],
    });
  };
  const service = ([noun, id, tail]: string[], request: Request): Answer | null => {
    switch (noun) {
      case "complaints":
        return complaint(id, tail, request);
      case "notices": {
        if (request.method === "GET") return ok(pageOf(notices, request.query));
        if (id && request.method === "PUT")
          Object.assign(notices.find((one) => one.id === id) ?? {}, request.body as object);
        else if (!id)
          notices.unshift(
            data.notice({
              ...(request.body as Pick<Notice, "title" | "kind" | "body">),
              id: `n-${notices.length + 1}`,
            }),
          );
        else
          Object.assign(
            notices.find((one) => one.id === id) ?? {},
            tail === "publish" ? { state: "published", published_at: data.NOW } : { state: "withdrawn" },
          );
        return ok(notices[0]);
      }
      default:
        return null;
    }
  };
  return { portal, service };
}

// A node in memory that answers as the contract says; used by the development server and by tests.
import { accessCall } from "./mock-access.ts";
import { failed, list, ok, pageOf, type Answer, type Request } from "./mock-answer.ts";
import { makeCapture } from "./mock-capture.ts";
import * as data from "./mock-data.ts";
import { makeEntries } from "./mock-entries.ts";
import { makeLinks } from "./mock-links.ts";
import { ownCall, peopleCall, sessionMore, signOn } from "./mock-people.ts";
import { placesCall } from "./mock-places.ts";
import * as book from "./mock-registers.ts";
import { reportsCall } from "./mock-reports.ts";
import { makeService } from "./mock-service.ts";
import { chain } from "./mock-trace.ts";

/** A fresh node with its own copy of the data. */
export function makeMockNode(options: { signedIn?: boolean } = {}): (request: Request) => Answer {
  let signedIn = options.signedIn ?? false;
  const exchange = structuredClone(data.exchange);
  const links = makeLinks(exchange);
  const entries = makeEntries();
  const capture = makeCapture(entries);
  const { portal, service } = makeService();
  const session = (request: Request, step: string | undefined): Answer => {
    if (step === "options") return ok(signOn.options);
    if (step === "captcha") return ok(signOn.captcha(request.query.get("kind")));
    if (step === "confirm") return ok(null, 204);
    if (step === "enrolment") return ok(signOn.enrolment);
    if (request.method === "POST") {
      if ((request.body as { password?: string }).password === "wrong")
        return failed(401, "AUTH-0101", "账号或密码不正确", "还可再试 4 次");
      signedIn = true;
    }
    if (request.method === "DELETE") return ok(null, 204);
    return signedIn ? ok({ ...data.me, ...sessionMore() }) : failed(401, "AUTH-0001", "尚未登录", "请先登录");
  };
  const views: { id: string; own: boolean; default: boolean; [field: string]: unknown }[] = [];
  const viewCall = (id: string | undefined, request: Request): Answer => {
    if (request.method === "GET") return list(views.filter((view) => view["list"] === request.query.get("list")));
    const at = views.findIndex((view) => view.id === id);
    if (request.method === "DELETE") {
      views.splice(at, 1);
      return ok(null, 204);
    }
    const view = {
      default: false,
      ...(request.body as object),
      id: id ?? `v-${views.length + 1}`,
      own: true,
      owner: "王建国",
      updated_at: data.NOW,
    };
    if (at >= 0) views[at] = view;
    else views.push(view);
    return ok(view, 201);
  };
  const consoleCall = (rest: string[], request: Request): Answer => {
    const [noun = "", id, tail] = rest;
    if (noun === "subjects" && id === "similar") return ok({ items: [], outside: false, outside_text: null });
    const other =
      accessCall(rest, request) ??
      peopleCall(rest, request) ??
      entries.register(rest, request) ??
      placesCall(rest, request, entries.subjects) ??
      capture(rest, request) ??
      reportsCall(rest, request) ??
      service(rest, request);
    if (other) return other;
    switch (noun) {
      case "reference":
        return ok(data.reference);
      case "metadata":
        return ok(
          book.metadata(
            request.query.get("entity") ?? "subject",
            request.query.get("class") ?? "subject",
            request.query.get("category"),
            data.reference,
          ),
        );
      case "views":
        return viewCall(id, request);
      case "closures":
        return list([]);
      case "exports":
        if (id === "columns") return ok(book.exportColumns);
        return id || request.method === "POST" ? ok(book.exportJob) : ok(pageOf([book.exportJob], request.query));
      case "analysis":
        return ok(book.analysis(request.query.get("by") ?? "stage", request.query.get("then"), data.reference.stages));
      case "cockpit":
        return ok(data.cockpit(Number(request.query.get("days")) || 30));
      case "trace":
        return request.query.get("code") === "none"
          ? failed(404, "TRACE-0404", "没有查到这个追溯码的记录", "请核对编码，或改用批次、凭证号查询")
          : ok(chain(request.query.get("code") ?? ""));
      case "exchange": {
        if (id === "links") return links(rest.slice(2), request);
        const child = exchange.children.find((one) => one.code === tail);
        if (child) Object.assign(child, { state: rest[3] === "approve" ? "approved" : "revoked", link_state: "none" });
        return ok(exchange);
      }
      default:
        return failed(404, "GEN-0404", "没有这个接口", "");
    }
  };
  return (request) => {
    const [area, ...rest] = request.path.replace(/^\/api\/v1\//, "").split("/");
    if (area === "portal") return portal(rest, request);
    if (area === "session") return session(request, rest[0]);
    if (!signedIn) return failed(401, "AUTH-0001", "尚未登录", "请先登录");
    return area === "own" ? ownCall(rest, request) : consoleCall(rest, request);
  };
}

// 我的待办: what waits for this account, counted by the node, each line leading to its list.
import { CheckSquareOutlined } from "@ant-design/icons";
import { useQueries } from "@tanstack/react-query";
import { Badge, Button, Popover } from "antd";
import { useState } from "react";
import type { Exchange, Page } from "@/api/types";
import { http } from "@/lib/client";
import { number } from "@/lib/format";
import { useCan, useMe } from "@/lib/session";
import { taskText as t } from "@/locales/zh-CN/shell";
import { AppLink } from "@/ui/app-link";

interface Task {
  key: keyof typeof t.kinds;
  permission: string;
  href: string;
  count: (node: string, signal: AbortSignal) => Promise<number>;
}
/** What of a state this node may act on: records of lower nodes are listed here too, but are handled where they are from. */
const counted =
  (resource: string, state: string) =>
  (node: string, signal: AbortSignal): Promise<number> =>
    http
      .get<Page<{ origin_node: string }>>(resource, { state, limit: 200 }, signal)
      .then((page) => page.items.filter((row) => row.origin_node === node).length);
const listed = (key: Task["key"], permission: string, resource: string, state: string): Task => ({
  key,
  permission,
  href: `${resource}?state=${state}`,
  count: counted(resource, state),
});
const tasks: Task[] = [
  listed("subjects", "subject.review", "/console/subjects", "submitted"),
  listed("subjectChanges", "subject.review", "/console/subjects", "changing"),
  listed("products", "product.review", "/console/products", "submitted"),
  listed("devices", "device.review", "/console/devices", "submitted"),
  listed("systems", "access.review", "/console/systems", "submitted"),
  {
    key: "applications",
    permission: "access.review",
    href: "/console/applications?state=submitted",
    count: (_, signal) =>
      http
        .get<Page<object>>("/console/applications", { state: "submitted", limit: 1 }, signal)
        .then((page) => page.count?.value ?? page.items.length),
  },
  listed("findings", "finding.review", "/console/findings", "open"),
  listed("complaints", "complaint.answer", "/console/complaints", "submitted"),
  listed("answers", "complaint.answer", "/console/complaints", "accepted"),
  {
    key: "children",
    permission: "exchange.approve",
    href: "/console/exchange?tab=children",
    count: (_, signal) =>
      http
        .get<Exchange>("/console/exchange", undefined, signal)
        .then((exchange) => exchange.children.filter((child) => child.state === "requested").length),
  },
];

/** The button with the number of all that waits; nothing for an account that nothing can wait for. */
export function Tasks() {
  const can = useCan();
  const me = useMe();
  const [open, setOpen] = useState(false);
  const mine = tasks.filter((task) => can(task.permission));
  const counts = useQueries({
    queries: mine.map((task) => ({
      queryKey: ["tasks", task.key],
      queryFn: ({ signal }: { signal: AbortSignal }) => task.count(me.node.code, signal),
      refetchInterval: 60_000,
      retry: false,
    })),
  });
  if (mine.length === 0) return null;
  const rows = mine.flatMap((task, index) => {
    const count = counts[index]?.data ?? 0;
    return count > 0 ? [{ ...task, count }] : [];
  });
  const all = rows.reduce((sum, row) => sum + row.count, 0);
  const body = (
    <ul className="tasks">
      {rows.length === 0 && <li className="soft">{counts.some((one) => one.isLoading) ? t.loading : t.none}</li>}
      {rows.map((row) => (
        <li key={row.key}>
          <AppLink href={row.href} onClick={() => setOpen(false)}>
            <span>{t.kinds[row.key]}</span>
            <b className="figures">{row.count >= 200 ? "200+" : number(row.count)}</b>
          </AppLink>
        </li>
      ))}
    </ul>
  );
  return (
    <Popover trigger="click" placement="bottomRight" title={t.title} content={body} open={open} onOpenChange={setOpen}>
      <Button
        type="text"
        aria-label={`${t.title} ${all}`}
        icon={
          <Badge count={all} size="small" overflowCount={999}>
            <CheckSquareOutlined style={{ fontSize: 17 }} />
          </Badge>
        }
      />
    </Popover>
  );
}

// What is likely registered already, shown while a new entry is being written.
import { useQuery } from "@tanstack/react-query";
import { Alert } from "antd";
import { similarQuery } from "@/features/registers/api/registers";
import { useSettled } from "@/lib/settled";
import { registerText as t } from "@/locales/zh-CN/registers";
import { AppLink } from "@/ui/app-link";
import { StateMark } from "@/ui/marks";

/** How long the writer must pause before the node is asked, in milliseconds. */
const PAUSE = 500;
const asked = ["name", "code", "uscc", "phone"];

export function SimilarEntries({ draft, id }: { draft: Record<string, unknown>; id?: string }) {
  const settled = useSettled(draft, PAUSE);
  const wish: Record<string, unknown> = { ...settled, ...(id && { id }) };
  const enough = asked.some((key) => {
    const value = wish[key];
    return typeof value === "string" && value.trim().length >= 4;
  });
  const query = useQuery(similarQuery(wish, enough));
  const found = enough ? query.data : undefined;
  if (!found || (found.items.length === 0 && !found.outside)) return null;
  return (
    <Alert
      type="warning"
      showIcon
      style={{ marginBottom: 12 }}
      title={found.items.length > 0 ? t.similarTitle(found.items.length) : found.outside_text}
      description={
        found.items.length > 0 && (
          <ul className="similar">
            {found.items.slice(0, 5).map((item) => (
              <li key={item.id}>
                <AppLink
                  href={`/console/subjects/${item.id}`}
                  target="_blank"
                  onClick={(event) => event.stopPropagation()}
                >
                  {item.name}
                </AppLink>{" "}
                <span className="code">{item.code}</span> {item.division_name}{" "}
                <StateMark state={item.state} name={item.state_name} />
                <span className="soft">（{item.reasons.map((reason) => reason.text).join("、")}）</span>
              </li>
            ))}
            {found.outside && <li>{found.outside_text}</li>}
          </ul>
        )
      }
    />
  );
}

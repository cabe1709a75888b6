// One search box for everything: subjects, products, events, complaints, and the chain of a code.
import { useQuery } from "@tanstack/react-query";
import { List } from "@/features/search/components/result-list";
import { useUrl } from "@/lib/nav";
import { useCan } from "@/lib/session";
import { searchText as t } from "@/locales/zh-CN/public";
import { AppLink } from "@/ui/app-link";
import { PageHead, Panel } from "@/ui/page";
import { EmptyView } from "@/ui/state-views";
import { http } from "@/lib/client";
import { dateTime } from "@/lib/format";
import type { Page } from "@/api/types";

interface Hit {
  id: string;
  name?: string;
  code?: string;
  number?: string;
  text?: string;
  batch?: string;
  subject_name?: string;
  biz_step_name?: string;
  event_time?: string;
}
interface Source {
  key: string;
  label: string;
  resource: string;
  permission: string;
  /** Conditions that the text may meet; each is asked for on its own. */
  params: string[];
  title: (hit: Hit) => string;
  note: (hit: Hit) => string;
  href: (hit: Hit) => string;
}
const sources: Source[] = [
  {
    key: "subjects",
    label: t.subjects,
    resource: "/console/subjects",
    permission: "subject.read",
    params: ["q"],
    title: (hit) => hit.name ?? "",
    note: (hit) => hit.code ?? "",
    href: (hit) => `/console/subjects/${hit.id}`,
  },
  {
    key: "products",
    label: t.products,
    resource: "/console/products",
    permission: "product.read",
    params: ["q"],
    title: (hit) => hit.name ?? "",
    note: (hit) => hit.code ?? "",
    href: (hit) => `/console/products/${hit.id}`,
  },
  {
    key: "events",
    label: t.events,
    resource: "/console/events",
    permission: "event.read",
    params: ["unit", "batch"],
    title: (hit) => hit.batch ?? hit.id,
    note: (hit) => [dateTime(hit.event_time), hit.biz_step_name, hit.subject_name].filter(Boolean).join(" · "),
    href: (hit) => `/console/events?record=${hit.id}`,
  },
  {
    key: "systems",
    label: t.systems,
    resource: "/console/systems",
    permission: "access.read",
    params: ["q"],
    title: (hit) => hit.name ?? "",
    note: (hit) => hit.code ?? "",
    href: (hit) => `/console/systems/${hit.id}`,
  },
  {
    key: "complaints",
    label: t.complaints,
    resource: "/console/complaints",
    permission: "complaint.read",
    params: ["q"],
    title: (hit) => hit.number ?? "",
    note: (hit) => hit.text ?? "",
    href: (hit) => `/console/complaints?record=${hit.id}`,
  },
];

function Hits({ source, q }: { source: Source; q: string }) {
  const query = useQuery({
    queryKey: ["search", source.key, q],
    queryFn: async ({ signal }) => {
      const pages = await Promise.all(
        source.params.map((param) => http.get<Page<Hit>>(source.resource, { [param]: q, limit: 5 }, signal)),
      );
      const met = pages.findIndex((page) => page.items.length > 0);
      return { page: pages[met], param: source.params[met] };
    },
  });
  const page = query.data?.page;
  const more = `${source.resource}?${query.data?.param ?? ""}=${encodeURIComponent(q)}`;
  return (
    <Panel title={source.label} extra={page?.next && <AppLink href={more}>{t.more}</AppLink>}>
      <List
        loading={query.isLoading}
        error={query.error}
        rows={(page?.items ?? []).map((hit) => ({
          key: hit.id,
          title: source.title(hit),
          note: source.note(hit),
          href: source.href(hit),
        }))}
      />
    </Panel>
  );
}
export function SearchPage() {
  const [search] = useUrl();
  const can = useCan();
  const q = search["q"] ?? "";
  return (
    <>
      <PageHead
        title={`${t.title}：${q}`}
        extra={q && <AppLink href={`/console/trace?code=${encodeURIComponent(q)}`}>{t.trace} ›</AppLink>}
      />
      {q === "" ? (
        <EmptyView text={t.hint} />
      ) : (
        <div className="two">
          {sources
            .filter((source) => can(source.permission))
            .map((source) => (
              <Hits key={source.key} source={source} q={q} />
            ))}
        </div>
      )}
    </>
  );
}

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
import type { Page } from "@/api/types";

interface Hit {
  id: string;
  name?: string;
  code?: string;
  number?: string;
  text?: string;
  batch?: string;
  subject_name?: string;
}
interface Source {
  key: string;
  label: string;
  resource: string;
  permission: string;
  param: string;
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
    param: "q",
    title: (hit) => hit.name ?? "",
    note: (hit) => hit.code ?? "",
    href: (hit) => `/console/subjects/${hit.id}`,
  },
  {
    key: "products",
    label: t.products,
    resource: "/console/products",
    permission: "product.read",
    param: "q",
    title: (hit) => hit.name ?? "",
    note: (hit) => hit.code ?? "",
    href: (hit) => `/console/products/${hit.id}`,
  },
  {
    key: "events",
    label: t.events,
    resource: "/console/events",
    permission: "event.read",
    param: "unit",
    title: (hit) => hit.batch ?? hit.id,
    note: (hit) => hit.subject_name ?? "",
    href: (hit) => `/console/events?record=${hit.id}`,
  },
];

function Hits({ source, q }: { source: Source; q: string }) {
  const query = useQuery({
    queryKey: ["search", source.key, q],
    queryFn: ({ signal }) => http.get<Page<Hit>>(source.resource, { [source.param]: q, limit: 5 }, signal),
  });
  const more = `${source.resource.replace("/console", "/console")}?${source.param}=${encodeURIComponent(q)}`;
  return (
    <Panel title={source.label} extra={query.data?.next && <AppLink href={more}>{t.more}</AppLink>}>
      <List
        loading={query.isLoading}
        error={query.error}
        rows={(query.data?.items ?? []).map((hit) => ({
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

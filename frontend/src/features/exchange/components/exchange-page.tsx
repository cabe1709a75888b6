// 上下级交换: the links one by one, receipts, and records that could not be applied.
import { useQuery } from "@tanstack/react-query";
import { Tabs } from "antd";
import type { Exchange, Links } from "@/api/types";
import { LinksTab } from "@/features/exchange/components/links-tab";
import { Poisoned, Receipts } from "@/features/exchange/components/logs";
import { http } from "@/lib/client";
import { useUrl } from "@/lib/nav";
import { useMe } from "@/lib/session";
import { exchangeText as t } from "@/locales/zh-CN/exchange";
import { PageHead, Panel } from "@/ui/page";
import { QueryView } from "@/ui/state-views";

/** How often the page looks by itself, in milliseconds. */
const PULSE = 15_000;

export function ExchangePage() {
  const me = useMe();
  const [search, patch] = useUrl();
  const links = useQuery({
    queryKey: ["exchange", "links"],
    queryFn: ({ signal }) => http.get<Links>("/console/exchange/links", undefined, signal),
    refetchInterval: PULSE,
  });
  const exchange = useQuery({
    queryKey: ["exchange", "all"],
    queryFn: ({ signal }) => http.get<Exchange>("/console/exchange", undefined, signal),
    refetchInterval: PULSE,
  });
  const names = new Map([me.node, ...(links.data?.items ?? [])].map((one) => [one.code, one.name]));
  const name = (code: string) => names.get(code) || code;
  // Links from elsewhere still name the pages of parent and children, which are one list now.
  const tab = search["tab"] === "receipts" || search["tab"] === "poison" ? search["tab"] : "links";
  const poison = exchange.data?.poison.length ?? 0;
  return (
    <>
      <PageHead title={t.title} note={t.note} />
      <Tabs
        activeKey={tab}
        onChange={(key) => patch({ tab: key === "links" ? undefined : key, record: undefined })}
        items={[
          {
            key: "links",
            label: t.links,
            children: (
              <QueryView query={links}>
                {(data) => (
                  <LinksTab links={data.items} at={links.dataUpdatedAt} exchange={exchange.data} name={name} />
                )}
              </QueryView>
            ),
          },
          {
            key: "receipts",
            label: t.receipts,
            children: (
              <QueryView query={exchange}>
                {(data) => (
                  <Panel flush>
                    <Receipts rows={data.receipts} name={name} />
                  </Panel>
                )}
              </QueryView>
            ),
          },
          {
            key: "poison",
            label: poison > 0 ? `${t.poison} ${poison}` : t.poison,
            children: (
              <QueryView query={exchange}>
                {(data) => (
                  <Panel flush>
                    <Poisoned rows={data.poison} />
                  </Panel>
                )}
              </QueryView>
            ),
          },
        ]}
      />
    </>
  );
}

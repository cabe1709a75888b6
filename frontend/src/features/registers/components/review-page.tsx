// 登记审核: the queue at the left, the proposal with its differences in the middle, what speaks for or against it at the right.
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Segmented } from "antd";
import { useEffect } from "react";
import type { Page } from "@/api/types";
import { metadataQuery, place, recordQuery, similarQuery, type Noun } from "@/features/registers/api/registers";
import type { Entry, Row } from "@/features/registers/api/shapes";
import { Completeness, MetaFacts, useShown } from "@/features/registers/components/meta-facts";
import { fieldName } from "@/features/registers/components/record-view";
import { decisions } from "@/features/registers/decisions";
import { http } from "@/lib/client";
import { dateTime, number } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { useCan, useMe } from "@/lib/session";
import { review } from "@/locales/zh-CN/common";
import { fieldLabels, registerText as t } from "@/locales/zh-CN/registers";
import { AppLink } from "@/ui/app-link";
import { DataTable } from "@/ui/data-table";
import { differences, HistoryRail } from "@/ui/history-rail";
import { StateMark } from "@/ui/marks";
import { PageHead, Panel } from "@/ui/page";
import { ReviewBar } from "@/ui/review-bar";
import { EmptyView, QueryView } from "@/ui/state-views";

const nouns: Noun[] = ["subjects", "merchants", "products", "devices"];
const permission: Record<Noun, string> = {
  subjects: "subject.read",
  merchants: "subject.read",
  products: "product.read",
  devices: "device.read",
};
const waiting = "submitted,changing";

/** What waits at this node; entries of lower nodes are decided where they are from. */
function useQueue(noun: Noun, division: string | undefined) {
  const me = useMe();
  const params = {
    state: waiting,
    origin_node: me.node.code,
    limit: 50,
    division,
    ...(place(noun) === "subjects" && { class: noun === "merchants" ? "merchant" : "subject" }),
  };
  return useInfiniteQuery({
    queryKey: ["list", `/console/${place(noun)}`, "queue", params],
    queryFn: ({ pageParam, signal }) =>
      http.get<Page<Row>>(`/console/${place(noun)}`, { ...params, after: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
  });
}

function Proposal({ noun, row }: { noun: Noun; row: Entry }) {
  const metadata = useQuery(metadataQuery(noun, row["category"] as string | undefined));
  const shown = useShown(metadata.data);
  if (!row.proposal) return <MetaFacts noun={noun} row={row} columns={1} />;
  const changed = differences({ before: row, after: row.proposal }, shown);
  return (
    <>
      <Panel flush title={t.proposalChanges(changed.length)}>
        <DataTable
          size="small"
          rowKey="field"
          dataSource={changed}
          empty={{ text: t.noDifference }}
          columns={[
            { title: t.field, width: 150, render: (_, one) => fieldName(one.field, metadata.data) },
            { title: t.filedValue, render: (_, one) => <del className="was">{one.before}</del> },
            { title: t.proposedValue, render: (_, one) => <ins className="will">{one.after}</ins> },
          ]}
        />
      </Panel>
      <MetaFacts noun={noun} row={row} columns={1} />
    </>
  );
}

/** What the reviewer should know besides: likely doubles, what is missing, and how the entry came here. */
function Evidence({ noun, row }: { noun: Noun; row: Entry }) {
  const metadata = useQuery(metadataQuery(noun, row["category"] as string | undefined));
  const shown = useShown(metadata.data);
  const subject = place(noun) === "subjects";
  const body = Object.fromEntries(
    ["class", "name", "code", "uscc", "division", "lon", "lat"].map((key) => [key, row[key] ?? null]),
  );
  const similar = useQuery(similarQuery({ ...body, id: row.id }, subject));
  const missing = (row["missing"] as string[] | undefined) ?? [];
  return (
    <>
      {row["conflict"] === true ? (
        <Alert type="error" showIcon title={t.rivalShort} style={{ marginBottom: 12 }} />
      ) : null}
      {subject && (
        <Panel title={t.similarPanel}>
          <QueryView
            query={similar}
            height={60}
            isEmpty={(data) => data.items.length === 0}
            empty={<span className="soft">{t.similarNone}</span>}
          >
            {(data) => (
              <ul className="similar">
                {data.items.map((item) => (
                  <li key={item.id}>
                    <AppLink href={`/console/subjects/${item.id}`}>{item.name}</AppLink>{" "}
                    <StateMark state={item.state} name={item.state_name} />
                    <div className="soft">{item.reasons.map((reason) => reason.text).join("、")}</div>
                  </li>
                ))}
              </ul>
            )}
          </QueryView>
        </Panel>
      )}
      {missing.length > 0 && (
        <Panel title={t.lacksTitle}>{missing.map((code) => fieldName(code, metadata.data)).join("、")}</Panel>
      )}
      <Panel title={t.lifeLine}>
        <HistoryRail history={row.history} labels={fieldLabels} shown={shown} />
      </Panel>
    </>
  );
}

export function ReviewPage() {
  const [search, patch] = useUrl();
  const can = useCan();
  const client = useQueryClient();
  const noun = nouns.find((one) => one === search["register"]) ?? "subjects";
  const queue = useQueue(noun, search["division"]);
  const rows = queue.data?.pages.flatMap((page) => page.items) ?? [];
  const record = search["record"];
  const at = rows.findIndex((row) => row.id === record);
  const first = rows[0]?.id;
  useEffect(() => {
    if (!record && first) patch({ record: first }, true);
  }, [record, first, patch]);
  const detail = useQuery({ ...recordQuery(noun, record ?? ""), enabled: record !== undefined });
  const to = (index: number) => {
    const other = rows[index];
    return other ? () => patch({ record: other.id }, true) : undefined;
  };
  const count = queue.data?.pages[0]?.count;
  const touch = async () => {
    await client.invalidateQueries({ queryKey: ["record", place(noun)] });
    await client.invalidateQueries({ queryKey: ["list"] });
  };
  return (
    <>
      <PageHead
        title={t.reviewTitle}
        note={review.keys}
        extra={
          <Segmented
            value={noun}
            aria-label={t.register}
            options={nouns.filter((one) => can(permission[one])).map((one) => ({ value: one, label: t[one].title }))}
            onChange={(next) => patch({ register: next === "subjects" ? undefined : String(next), record: undefined })}
          />
        }
      />
      <div className={rows.length > 0 || record ? "review" : "review none"}>
        <Panel flush title={count ? t.queue(number(count.value), count.exact) : t.queueTitle}>
          <QueryView
            query={queue}
            isEmpty={() => rows.length === 0}
            empty={<EmptyView text={t.queueEmpty} hint={t.queueEmptyHint} />}
          >
            {() => (
              <ul className="queue" aria-label={t.queueTitle}>
                {rows.map((row) => (
                  <li key={row.id}>
                    <button
                      type="button"
                      aria-current={row.id === record}
                      onClick={() => patch({ record: row.id }, true)}
                    >
                      <strong>{row.name}</strong>
                      <span>
                        <StateMark state={row.state} name={row.state_name} />{" "}
                        <span className="soft">{dateTime(row.updated_at)}</span>
                      </span>
                    </button>
                  </li>
                ))}
                {queue.hasNextPage && (
                  <li>
                    <Button block loading={queue.isFetchingNextPage} onClick={() => void queue.fetchNextPage()}>
                      {t.queueMore}
                    </Button>
                  </li>
                )}
              </ul>
            )}
          </QueryView>
        </Panel>
        {record ? (
          <QueryView query={detail}>
            {(row) => (
              <>
                <div>
                  <Panel>
                    <div className="record-head">
                      <h2>
                        <AppLink href={`/console/${place(noun)}/${row.id}`}>{row.name}</AppLink>
                      </h2>
                      <span className="code">{row.code}</span>
                      <StateMark state={row.state} name={row.state_name} />
                      <Completeness row={row} />
                    </div>
                    <ReviewBar
                      decisions={["approve", "return"].flatMap((action) =>
                        row.actions.includes(action) ? (decisions[action] ?? []) : [],
                      )}
                      onNext={to(at + 1)}
                      onPrevious={at > 0 ? to(at - 1) : undefined}
                      onDone={to(at + 1) ?? (() => patch({ record: undefined }, true))}
                      onDecide={(decision, reason) =>
                        http
                          .post(`/console/${place(noun)}/${row.id}/review`, { version: row.version, decision, reason })
                          .then(touch)
                      }
                    />
                    {!row.actions.includes("approve") && <p className="soft">{t.notYours}</p>}
                  </Panel>
                  <Proposal noun={noun} row={row} />
                </div>
                <div>
                  <Evidence noun={noun} row={row} />
                </div>
              </>
            )}
          </QueryView>
        ) : (
          rows.length > 0 && (
            <Panel>
              <EmptyView text={t.choose} />
            </Panel>
          )
        )}
      </div>
    </>
  );
}

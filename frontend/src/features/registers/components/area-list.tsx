// The subjects within an area drawn on the map: counts, the first of them, and all of them as a table.
import { useQuery } from "@tanstack/react-query";
import { Tag } from "antd";
import type { Area, AreaSubject } from "@/api/types";
import { http, queryString, type Query } from "@/lib/client";
import { number } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { mapText as t } from "@/locales/zh-CN/map";
import { lengthText } from "@/map/drawing";
import type { Shape } from "@/map/shape";
import { ExportButton } from "@/ui/list-export";
import { StateMark } from "@/ui/marks";
import { EmptyView, QueryView } from "@/ui/state-views";

/** Subjects that are listed beside the map. */
const MOST = 100;

function Counts({ title, rows }: { title: string; rows: { code: string; name: string; count: number }[] }) {
  if (rows.length === 0) return null;
  return (
    <p className="area-counts">
      <span className="soft">{title}</span>
      {rows.map((row) => (
        <Tag key={row.code}>
          {row.name} {number(row.count)}
        </Tag>
      ))}
    </p>
  );
}

export function AreaList({ query, shape }: { query: Query; shape: Shape | null }) {
  const [search, patch] = useUrl();
  const conditions = queryString(query).slice(1);
  const found = useQuery({
    queryKey: ["map", "select", conditions, shape],
    queryFn: () => http.post<Area>("/console/map/select", { query: conditions, shape, limit: MOST }),
    enabled: shape !== null,
  });
  return (
    <aside className="area" aria-label={t.chosenTitle}>
      <div className="panel-head">
        <h2>{t.chosenTitle}</h2>
        {shape && (
          <ExportButton<AreaSubject>
            title={t.chosenTitle}
            register="subject"
            columns={[]}
            rows={[]}
            query={query}
            shape={shape}
          />
        )}
      </div>
      {shape ? (
        <QueryView
          query={found}
          isEmpty={(data) => data.count.value === 0}
          empty={<EmptyView text={t.chosenNone} hint={t.unplacedNote} />}
        >
          {(data) => (
            <div className="area-body">
              <p>
                <strong>{t.total(number(data.count.value), data.count.exact)}</strong>{" "}
                <span className="soft">{t.area(number(data.area_km2.toFixed(data.area_km2 < 100 ? 1 : 0)))}</span>
              </p>
              <Counts title={t.byState} rows={data.by_state} />
              <Counts title={t.byCategory} rows={data.by_category} />
              <Counts title={t.byDivision} rows={data.by_division} />
              <ul className="queue">
                {data.items.map((item) => (
                  <li key={item.id}>
                    <button
                      type="button"
                      aria-current={search["record"] === item.id}
                      onClick={() => patch({ record: item.id })}
                    >
                      <strong>{item.name}</strong>
                      <span>
                        <StateMark state={item.state} name={item.state_name} />{" "}
                        <span className="soft">
                          {item.division_name} · {item.category_name}
                          {item.metres !== null && ` · ${t.away(lengthText(item.metres))}`}
                        </span>
                      </span>
                    </button>
                  </li>
                ))}
              </ul>
              {data.next && <p className="soft">{t.moreInList}</p>}
            </div>
          )}
        </QueryView>
      ) : (
        <EmptyView text={t.chosenHint} />
      )}
    </aside>
  );
}

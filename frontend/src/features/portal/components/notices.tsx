// All published notices; the address can point at one.
import { useQuery } from "@tanstack/react-query";
import { noticesQuery, sentence } from "@/features/portal/api/portal";
import { date } from "@/lib/format";
import { portalText as t } from "@/locales/zh-CN/portal";

export function PortalNotices() {
  const query = useQuery(noticesQuery(100));
  const chosen = window.location.hash.slice(1);
  return (
    <>
      <h1>{t.notices}</h1>
      {query.isLoading && <p role="status">{t.loading}</p>}
      {query.isError && (
        <p className="fault" role="alert">
          {sentence(query.error)}
        </p>
      )}
      {query.data?.items.length === 0 && <p className="soft">{t.noNotices}</p>}
      {query.data?.items.map((notice) => (
        <details key={notice.id} className="notice" open={notice.id === chosen}>
          <summary>
            <strong>{notice.title}</strong>
            <br />
            <small className="soft">
              {notice.kind_name ?? notice.kind} · {date(notice.published_at)}
            </small>
          </summary>
          <div className="notice-body">{notice.body}</div>
        </details>
      ))}
    </>
  );
}

// Home of the public pages: one big box, notices, complaint, own look-ups.
import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { codeOf, forgetLookups, noticesQuery, ownLookups } from "@/features/portal/api/portal";
import { canScan, Scanner } from "@/features/portal/components/scanner";
import { date, dateTime } from "@/lib/format";
import { useGo } from "@/lib/nav";
import { nodeQuery } from "@/lib/session";
import { portalText as t } from "@/locales/zh-CN/portal";
import { AppLink } from "@/ui/app-link";

function CodeForm() {
  const go = useGo();
  const [code, setCode] = useState("");
  const [fault, setFault] = useState(false);
  const [scanning, setScanning] = useState(false);
  const open = (text: string) => {
    if (text) go(`/t/${encodeURIComponent(text)}`);
    else setFault(true);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    open(codeOf(code));
  };
  return (
    <>
      <form className="code-form" onSubmit={submit} role="search">
        <label htmlFor="code" className="visually-hidden">
          {t.codeLabel}
        </label>
        <input
          id="code"
          value={code}
          onChange={(event) => {
            setCode(event.target.value);
            setFault(false);
          }}
          placeholder={t.codePlaceholder}
          autoComplete="off"
          autoCapitalize="characters"
          maxLength={200}
          aria-invalid={fault}
          aria-describedby="code-help"
        />
        {canScan() && (
          <button type="button" className="scan" onClick={() => setScanning(!scanning)}>
            {t.scan}
          </button>
        )}
        <button type="submit" className="main">
          {t.query}
        </button>
      </form>
      {fault && (
        <p className="fault" role="alert">
          {t.codeMissing}
        </p>
      )}
      <p className="hint" id="code-help" style={{ marginTop: 10 }}>
        {t.codeHelp}
      </p>
      {scanning && <Scanner onCode={open} />}
    </>
  );
}
function Mine() {
  const [own, setOwn] = useState(ownLookups);
  return (
    <section>
      <div className="block-head">
        <h2>{t.mine}</h2>
        {own.length > 0 && (
          <button
            type="button"
            className="quiet"
            onClick={() => {
              forgetLookups();
              setOwn([]);
            }}
          >
            {t.clear}
          </button>
        )}
      </div>
      <ul className="lines">
        {own.length === 0 ? (
          <li>
            <div className="soft">{t.mineEmpty}</div>
          </li>
        ) : (
          own.slice(0, 5).map((one) => (
            <li key={one.code}>
              <AppLink href={`/t/${encodeURIComponent(one.code)}`}>
                {one.name ?? one.code}
                <small>
                  {one.code} · {dateTime(one.at)}
                </small>
              </AppLink>
            </li>
          ))
        )}
      </ul>
    </section>
  );
}
export function PortalHome() {
  const node = useQuery(nodeQuery);
  const notices = useQuery(noticesQuery(3));
  return (
    <>
      <section className="hero">
        <h1>查来源 · 问去向</h1>
        <p>{node.data ? `${node.data.division_name}重要产品追溯公众查询` : "重要产品追溯公众查询"}</p>
        <CodeForm />
      </section>
      <div className="doors">
        <AppLink className="door" href="/complaint">
          <strong>{t.complaint}</strong>
          <span>{t.complaintNote}</span>
        </AppLink>
        <AppLink className="door" href="/complaint/follow">
          <strong>{t.follow}</strong>
          <span>{t.followNote}</span>
        </AppLink>
      </div>
      <section>
        <div className="block-head">
          <h2>{t.notices}</h2>
          <AppLink href="/notices">{t.allNotices}</AppLink>
        </div>
        <ul className="lines">
          {notices.isLoading && (
            <li>
              <div className="soft">{t.loading}</div>
            </li>
          )}
          {notices.data?.items.slice(0, 3).map((notice) => (
            <li key={notice.id}>
              <AppLink href={`/notices#${notice.id}`}>
                {notice.title}
                <small>
                  {notice.kind_name ?? notice.kind} · {date(notice.published_at)}
                </small>
              </AppLink>
            </li>
          ))}
          {(notices.isError || notices.data?.items.length === 0) && (
            <li>
              <div className="soft">{t.noNotices}</div>
            </li>
          )}
        </ul>
      </section>
      <Mine />
    </>
  );
}

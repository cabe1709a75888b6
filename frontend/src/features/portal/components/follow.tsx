// Following a complaint by its number and the tail of the telephone number.
import { useState, type FormEvent } from "react";
import type { ComplaintPublic } from "@/api/types";
import { followComplaint, sentence } from "@/features/portal/api/portal";
import { date, dateTime } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { portalText as t } from "@/locales/zh-CN/portal";

export function PortalFollow() {
  const [search] = useUrl();
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [found, setFound] = useState<ComplaintPublic | null>(null);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const number = String(form.get("number") ?? "").trim();
    const tail = String(form.get("tail") ?? "").trim();
    setFound(null);
    if (number === "" || !/^\d{4}$/.test(tail)) {
      setFault(number === "" ? t.numberMissing : `${t.tail}${t.tailBad}`);
      return;
    }
    setFault(null);
    setBusy(true);
    try {
      setFound(await followComplaint(number, tail));
    } catch (error) {
      setFault(sentence(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <h1>{t.follow}</h1>
        <label htmlFor="number">{t.number}</label>
        <input id="number" name="number" defaultValue={search["number"] ?? ""} autoComplete="off" inputMode="numeric" />
        <label htmlFor="tail">{t.tail}</label>
        <input id="tail" name="tail" inputMode="numeric" maxLength={4} autoComplete="off" />
        {fault && (
          <p className="fault" role="alert">
            {fault}
          </p>
        )}
        <div className="buttons">
          <button type="submit" className="main" disabled={busy}>
            {t.query}
          </button>
        </div>
      </form>
      {found && (
        <section style={{ marginTop: 28 }} aria-live="polite">
          <div className="verdict gaps">
            <strong>{found.state_name}</strong>
            <p>
              {t.kinds[found.kind]} {found.number}
              {found.due_at && ` · ${t.promised} ${date(found.due_at)}`}
            </p>
          </div>
          <h2>{t.steps}</h2>
          <ol className="life">
            {found.steps.map((step, index) => (
              <li key={index}>
                <div>
                  <span className="stage">{step.state_name}</span>
                  {step.text}
                </div>
                <div className="place">
                  <time dateTime={step.at}>{dateTime(step.at)}</time>
                </div>
              </li>
            ))}
          </ol>
        </section>
      )}
    </>
  );
}

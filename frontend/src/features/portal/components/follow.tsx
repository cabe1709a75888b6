// Following a complaint by its number and the tail of the telephone number.
import { useState, type FormEvent } from "react";
import type { ComplaintPublic } from "@/api/types";
import { followComplaint, sentence } from "@/features/portal/api/portal";
import { Steps } from "@/features/portal/components/steps";
import { ApiError } from "@/lib/client";
import { dueDay } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { portalText as t } from "@/locales/zh-CN/portal";

/** How the verdict looks once the matter has come to an end; until then it is still open. */
const faces: Record<string, string> = { answered: "complete", closed: "complete", rejected: "out_of_scope" };

/** Until a complaint is accepted its limit is the one for saying so. */
const dueText = (found: ComplaintPublic) =>
  found.state === "submitted" && found.due_at
    ? t.firstDue[found.kind](dueDay(found.due_at))
    : `${t.promised} ${dueDay(found.due_at)}`;

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
      setFault(error instanceof ApiError && error.status === 404 ? t.followNone : sentence(error));
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
          <div className={`verdict ${faces[found.state] ?? "gaps"}`}>
            <strong>{found.state_name}</strong>
            <p>
              {t.kinds[found.kind]} {found.number}
              {found.due_at && !(found.state in faces) && ` · ${dueText(found)}`}
            </p>
          </div>
          <Steps title={t.steps} steps={found.steps} />
        </section>
      )}
    </>
  );
}

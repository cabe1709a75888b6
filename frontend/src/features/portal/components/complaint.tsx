// Writing a complaint, report, question or suggestion.
import { useState, type FormEvent } from "react";
import type { ComplaintKind } from "@/api/types";
import { cleanPhoto, sendComplaint, sentence } from "@/features/portal/api/portal";
import { dueDay } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { portalText as t } from "@/locales/zh-CN/portal";
import { AppLink } from "@/ui/app-link";

const kinds = Object.keys(t.kinds) as ComplaintKind[];
const isKind = (value: string | undefined): value is ComplaintKind => kinds.includes(value as ComplaintKind);

function Done({ number, due, kind }: { number: string; due: string; kind: ComplaintKind }) {
  const [copied, setCopied] = useState(false);
  return (
    <div role="status">
      <h1>✓ {t.doneTitle}</h1>
      <p className="number">
        {t.number}
        <strong>{number}</strong>
      </p>
      <p>{t.firstDue[kind](dueDay(due))}</p>
      <p>{t.keep}</p>
      <div className="buttons">
        <button
          type="button"
          onClick={() =>
            void navigator.clipboard
              ?.writeText(number)
              .then(() => setCopied(true))
              .catch(() => undefined)
          }
        >
          {copied ? t.copied : t.copy}
        </button>
        <AppLink className="button main" href={`/complaint/follow?number=${number}`}>
          {t.followDetail}
        </AppLink>
      </div>
    </div>
  );
}
export function PortalComplaint() {
  const [search] = useUrl();
  const [kind, setKind] = useState<ComplaintKind>(isKind(search["kind"]) ? search["kind"] : "complaint");
  const [faults, setFaults] = useState<{ text?: string; phone?: string; all?: string }>({});
  const [busy, setBusy] = useState(false);
  const [photoName, setPhotoName] = useState<string | null>(null);
  const [done, setDone] = useState<{ number: string; due_at: string } | null>(null);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = String(form.get("text") ?? "").trim();
    const phone = String(form.get("phone") ?? "").trim();
    const next = {
      ...(text.length < 5 && { text: t.textShort }),
      ...(!/^1\d{10}$/.test(phone) && { phone: t.phoneBad }),
    };
    setFaults(next);
    if (Object.keys(next).length > 0) {
      document.getElementById(next.text ? "text" : "phone")?.focus();
      return;
    }
    setBusy(true);
    try {
      const photo = form.get("photo");
      form.delete("photo");
      if (photo instanceof File && photo.size > 0) form.set("photo", await cleanPhoto(photo), "photo.jpg");
      for (const key of ["code", "name"]) if (!String(form.get(key) ?? "").trim()) form.delete(key);
      setDone(await sendComplaint(form));
    } catch (error) {
      setFaults({ all: sentence(error) });
      setBusy(false);
    }
  };
  if (done) return <Done number={done.number} due={done.due_at} kind={kind} />;
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <h1>{t.complaint}</h1>
      <fieldset>
        <legend>{t.kind}</legend>
        {kinds.map((one) => (
          <label key={one}>
            <input type="radio" name="kind" value={one} checked={kind === one} onChange={() => setKind(one)} />
            {t.kinds[one]}
          </label>
        ))}
      </fieldset>
      <label htmlFor="text">{t.text}</label>
      <textarea
        id="text"
        name="text"
        rows={5}
        maxLength={2000}
        placeholder={t.textHint}
        aria-invalid={faults.text !== undefined}
        aria-describedby="text-fault"
      />
      <p id="text-fault" className="fault" role="alert">
        {faults.text}
      </p>
      <label htmlFor="complaint-code">{t.code}</label>
      <input id="complaint-code" name="code" defaultValue={search["code"] ?? ""} maxLength={200} autoComplete="off" />
      <label htmlFor="photo">{t.photo}</label>
      <div className="picker">
        <input
          id="photo"
          name="photo"
          type="file"
          accept="image/*"
          onChange={(event) => setPhotoName(event.target.files?.[0]?.name ?? null)}
        />
        <span aria-hidden="true">{photoName ?? t.choosePhoto}</span>
      </div>
      <p className="hint">{t.photoHint}</p>
      <label htmlFor="phone">{t.phone}</label>
      <input
        id="phone"
        name="phone"
        type="tel"
        inputMode="numeric"
        autoComplete="tel"
        maxLength={11}
        aria-invalid={faults.phone !== undefined}
        aria-describedby="phone-hint"
      />
      <p id="phone-hint" className="hint">
        {t.phoneHint}
      </p>
      {faults.phone && (
        <p className="fault" role="alert">
          {faults.phone}
        </p>
      )}
      <label htmlFor="name">{t.name}</label>
      <input id="name" name="name" maxLength={50} autoComplete="name" />
      {faults.all && (
        <p className="fault" role="alert">
          {faults.all}
        </p>
      )}
      <div className="buttons">
        <button type="submit" className="main" disabled={busy}>
          {busy ? t.submitting : t.submit}
        </button>
      </div>
    </form>
  );
}

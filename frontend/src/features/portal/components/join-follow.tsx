// Following an application to be connected by its number and query code: state, what to do next, mending, self-test.
import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import type { JoinFollowed, SelftestRun } from "@/api/access";
import { amend, followApplication, joinReferenceQuery, last, selftest, withdraw } from "@/features/portal/api/join";
import { sentence } from "@/features/portal/api/portal";
import { JoinFields } from "@/features/portal/components/join-form";
import { Steps } from "@/features/portal/components/steps";
import { ApiError } from "@/lib/client";
import { dateTime, dueDay } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { samplesOf } from "@/lib/samples";
import { joinText as t } from "@/locales/zh-CN/join";
import { AppLink } from "@/ui/app-link";
import { Clauses } from "@/ui/clauses";

/** How the verdict looks; what is not listed is under way. */
const faces: Record<string, string> = {
  live: "complete",
  trial: "complete",
  filed: "complete",
  rejected: "unknown",
  withdrawn: "unknown",
  ended: "unknown",
};

interface Held {
  found: JoinFollowed;
  code: string;
}
interface Part extends Held {
  onFound: (found: JoinFollowed) => void;
}

function Withdraw({ found, code, onFound }: Part) {
  const [asking, setAsking] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get("reason") ?? "").trim();
    try {
      onFound(await withdraw(found.number, code, found.version, reason));
    } catch (error) {
      setFault(sentence(error));
    }
  };
  if (!asking)
    return (
      <div className="buttons">
        <button type="button" onClick={() => setAsking(true)}>
          {t.withdraw}
        </button>
      </div>
    );
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <p>{t.withdrawAsk}</p>
      <label htmlFor="reason">{t.withdrawReason}</label>
      <input id="reason" name="reason" maxLength={200} autoFocus autoComplete="off" />
      {fault && (
        <p className="fault" role="alert">
          {fault}
        </p>
      )}
      <div className="buttons">
        <button type="submit" className="main">
          {t.withdrawYes}
        </button>
        <button type="button" onClick={() => setAsking(false)}>
          {t.keep}
        </button>
      </div>
    </form>
  );
}

function Test({ found, code }: Held) {
  const [run, setRun] = useState<SelftestRun | null>(found.selftest);
  const [files, setFiles] = useState<File[]>([]);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const start = async () => {
    setBusy(true);
    setFault(null);
    try {
      setRun(await selftest(found.number, code, await samplesOf(files)));
    } catch (error) {
      setFault(error instanceof ApiError || !(error instanceof Error) ? sentence(error) : error.message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section style={{ marginTop: 28 }}>
      <h2>{t.test}</h2>
      {found.may_test && (
        <>
          <p>{t.testIntro}</p>
          <label htmlFor="samples">{t.testChoose}</label>
          <div className="picker">
            <input
              id="samples"
              type="file"
              multiple
              accept=".json,.xml,.csv,application/json,text/csv,text/xml"
              onChange={(event) => setFiles([...(event.target.files ?? [])])}
            />
            <span aria-hidden="true">{files.length > 0 ? t.testChosen(files.length) : t.testChoose}</span>
          </div>
          {fault && (
            <p className="fault" role="alert">
              {fault}
            </p>
          )}
          <div className="buttons" style={{ marginBottom: 16 }}>
            <button type="button" className="main" disabled={busy} onClick={() => void start()}>
              {busy ? t.testRunning : t.testRun}
            </button>
          </div>
        </>
      )}
      {run ? <Clauses run={run} /> : <p className="soft">{t.testNever}</p>}
    </section>
  );
}

function Amend({ found, code, onFound }: Part) {
  const reference = useQuery(joinReferenceQuery);
  if (!reference.data) return null;
  return (
    <JoinFields
      reference={reference.data}
      begin={found.form}
      label={t.amend}
      onSend={async (form) => {
        onFound(await amend(found.number, code, found.version, form));
        window.scrollTo(0, 0);
      }}
    />
  );
}

function Standing({ found }: { found: JoinFollowed }) {
  const open = !(found.state in faces) && found.due_at !== null;
  return (
    <>
      <div className={`verdict ${faces[found.state] ?? "gaps"}`}>
        <strong>{found.state_name}</strong>
        <p>
          {found.name} · <span className="number-text">{found.number}</span>
        </p>
        <p>
          {t.next}：{found.next}
        </p>
      </div>
      <dl className="what">
        {found.filing_no && (
          <>
            <dt>{t.filing}</dt>
            <dd>{found.filing_no}</dd>
          </>
        )}
        {found.system_code && (
          <>
            <dt>{t.code}</dt>
            <dd>
              {found.system_code} <span className="soft">（{t.codeHint}）</span>
            </dd>
          </>
        )}
        <dt>{t.submitted}</dt>
        <dd>{dateTime(found.submitted_at)}</dd>
        {open && (
          <>
            <dt>{t.dueLabel}</dt>
            <dd>
              {dueDay(found.due_at)}
              {found.overdue && `（${t.overdue}）`}
            </dd>
          </>
        )}
        <dt>{t.operator}</dt>
        <dd>{found.operator}</dd>
        <dt>{t.groups.data}</dt>
        <dd>
          {found.category_name} · {found.stage_name} · {found.division_name}
        </dd>
      </dl>
      <Steps title={t.steps} steps={found.steps} />
    </>
  );
}

function Found(part: Part) {
  const { found } = part;
  const [mending, setMending] = useState(false);
  const returned = found.state === "returned";
  return (
    <section style={{ marginTop: 28 }}>
      <div aria-live="polite">
        <Standing found={found} />
      </div>
      {found.may_amend &&
        (mending ? (
          <Amend {...part} />
        ) : (
          <div className="buttons">
            <button type="button" className={returned ? "main" : ""} onClick={() => setMending(true)}>
              {returned ? t.amend : t.change}
            </button>
          </div>
        ))}
      {found.may_withdraw && !mending && <Withdraw {...part} />}
      {(found.may_test || found.selftest) && !mending && <Test found={found} code={part.code} />}
    </section>
  );
}

export function PortalJoinFollow() {
  const [search] = useUrl();
  const number = search["number"] ?? "";
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [held, setHeld] = useState<Held | null>(null);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const wanted = String(form.get("number") ?? "").trim();
    const code = String(form.get("code") ?? "").trim();
    setHeld(null);
    if (wanted === "" || code === "") {
      setFault(wanted === "" ? t.numberMissing : t.codeMissing);
      return;
    }
    setFault(null);
    setBusy(true);
    try {
      setHeld({ found: await followApplication(wanted, code), code });
    } catch (error) {
      setFault(error instanceof ApiError && error.status === 404 ? t.none : sentence(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <h1>{t.followTitle}</h1>
        <label htmlFor="number">{t.number}</label>
        <input id="number" name="number" defaultValue={number} autoComplete="off" />
        <label htmlFor="code">{t.queryCode}</label>
        <input
          id="code"
          name="code"
          defaultValue={number !== "" && number === last.number ? last.code : ""}
          autoComplete="off"
          autoCapitalize="characters"
        />
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
      <p>
        <AppLink href="/join">{t.title}</AppLink>
      </p>
      {held && (
        <Found
          key={`${held.found.number}-${held.found.version}`}
          {...held}
          onFound={(found) => setHeld({ ...held, found })}
        />
      )}
    </>
  );
}

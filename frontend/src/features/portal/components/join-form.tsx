// The form of an application to be connected, for the first time and when it came back.
import { useState, type FormEvent, type ReactNode } from "react";
import type { JoinForm, JoinReference } from "@/api/access";
import { joinSubjects, parentOf, splitSubjects } from "@/features/portal/api/join";
import { sentence } from "@/features/portal/api/portal";
import { HumanCheck } from "@/features/portal/components/human";
import { ApiError } from "@/lib/client";
import { usccFault } from "@/lib/uscc";
import { joinText as t } from "@/locales/zh-CN/join";

type Faults = Partial<Record<string, string>>;

/** The faults that can be seen without asking the node. */
export function faultsOf(form: JoinForm): Faults {
  const faults: Faults = {};
  for (const key of ["name", "operator", "contact", "purpose"] as const)
    if (form[key].trim() === "") faults[key] = t.missing;
  for (const key of ["category", "stage", "division", "protocol"] as const)
    if (form[key] === "") faults[key] = t.choose;
  const code = usccFault(form.uscc);
  if (code) faults["uscc"] = form.uscc.trim() === "" ? t.missing : code;
  if (!/^[\d\s+()-]{5,20}$/.test(form.phone)) faults["phone"] = form.phone === "" ? t.missing : t.bad.phone;
  if (form.email && !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(form.email)) faults["email"] = t.bad.email;
  if (form.url && !/^https?:\/\/\S+$/.test(form.url)) faults["url"] = t.bad.url;
  if (!Number.isInteger(form.daily_volume) || form.daily_volume < 1 || form.daily_volume > 1e8)
    faults["daily_volume"] = t.bad.volume;
  return faults;
}
/** What stands in the fields, as the node wants it. */
function read(element: HTMLFormElement, division: string): JoinForm {
  const data = new FormData(element);
  const text = (key: string) => String(data.get(key) ?? "").trim();
  return {
    name: text("name"),
    operator: text("operator"),
    uscc: text("uscc").toUpperCase(),
    category: text("category"),
    stage: text("stage"),
    division,
    ...splitSubjects(text("subjects")),
    url: text("url") || null,
    contact: text("contact"),
    phone: text("phone"),
    email: text("email") || null,
    purpose: text("purpose"),
    funding: text("funding") || null,
    daily_volume: text("daily_volume") === "" ? Number.NaN : Number(text("daily_volume")),
    protocol: text("protocol"),
  };
}

function Field({
  id,
  label,
  fault,
  hint,
  half = false,
  children,
}: {
  id: string;
  label: string;
  fault?: string | undefined;
  hint?: string;
  /** Whether two such fields stand side by side where there is room. */
  half?: boolean;
  children: ReactNode;
}) {
  return (
    <div className={half ? "half" : undefined}>
      <label htmlFor={id}>{label}</label>
      {children}
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {fault && (
        <p className="fault" role="alert" id={`${id}-fault`}>
          {fault}
        </p>
      )}
    </div>
  );
}

/** A division, chosen from above to below among those of this node. */
function DivisionPicker({
  divisions,
  value,
  onChange,
  fault,
}: {
  divisions: JoinReference["divisions"];
  value: string;
  onChange: (code: string) => void;
  fault: string | undefined;
}) {
  const codes = new Set(divisions.map((one) => one.code));
  const above = (code: string): string | null => {
    for (let at = code; at !== "000000";) {
      at = parentOf(at);
      if (codes.has(at)) return at;
    }
    return null;
  };
  const beneath = (parent: string | null) =>
    divisions.filter((one) => above(one.code) === parent && one.code !== parent);
  const path: string[] = [];
  for (let at: string | null = value === "" ? null : value; at; at = above(at)) path.unshift(at);
  const levels = [beneath(null), ...path.map((code) => beneath(code))].filter((rows) => rows.length > 0);
  return (
    <>
      {levels.map((rows, level) => (
        <select
          key={level}
          id={level === 0 ? "division" : `division-${level}`}
          aria-label={level === 0 ? undefined : t.divisionNext(level + 1)}
          aria-invalid={fault !== undefined}
          style={level > 0 ? { marginTop: 8 } : undefined}
          value={path[level] ?? ""}
          onChange={(event) => onChange(event.target.value || (path[level - 1] ?? ""))}
        >
          <option value="">{level === 0 ? t.choose : t.divisionHere}</option>
          {rows.map((row) => (
            <option key={row.code} value={row.code}>
              {row.name}
            </option>
          ))}
        </select>
      ))}
    </>
  );
}

interface Props {
  reference: JoinReference;
  begin?: JoinForm;
  label: string;
  onSend: (form: JoinForm) => Promise<unknown>;
}

export function JoinFields({ reference, begin, label, onSend }: Props) {
  const [faults, setFaults] = useState<Faults>({});
  const [busy, setBusy] = useState(false);
  const [category, setCategory] = useState(begin?.category ?? "");
  const [division, setDivision] = useState(begin?.division ?? "");
  // How often a captcha was asked for; none is shown before the node wants one.
  const [asked, setAsked] = useState(0);
  const [task, setTask] = useState("");
  const stages = reference.categories.find((one) => one.code === category)?.stages ?? [];
  const tell = (found: Faults) => {
    setFaults(found);
    const first = Object.keys(found)[0];
    if (first) document.getElementById(first)?.focus();
  };
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = read(event.currentTarget, division);
    const found = faultsOf(form);
    if (asked > 0) {
      const answer = String(new FormData(event.currentTarget).get("captcha") ?? "").trim();
      if (answer === "") found["captcha"] = t.missing;
      else form.captcha = { id: task, answer };
    }
    if (Object.keys(found).length > 0) return tell(found);
    setFaults({});
    setBusy(true);
    try {
      await onSend(form);
    } catch (error) {
      const named = error instanceof ApiError ? error.faults.filter((fault) => fault.field) : [];
      if (named.some((fault) => fault.field === "captcha")) setAsked(asked + 1);
      tell({
        ...Object.fromEntries(named.map((fault) => [fault.field ?? "", `${fault.reason}。${fault.advice}`])),
        all: sentence(error),
      });
      setBusy(false);
    }
  };
  const text = (
    key: Exclude<keyof JoinForm, "captcha">,
    caption: string,
    more: {
      hint?: string;
      max?: number;
      type?: string;
      mode?: "numeric" | "tel" | "email" | "url";
      auto?: string;
      half?: boolean;
    } = {},
  ) => (
    <Field
      id={key}
      label={caption}
      fault={faults[key]}
      half={more.half ?? false}
      {...(more.hint && { hint: more.hint })}
    >
      <input
        id={key}
        name={key}
        type={more.type ?? "text"}
        inputMode={more.mode}
        maxLength={more.max ?? 100}
        autoComplete={more.auto ?? "off"}
        defaultValue={String(begin?.[key] ?? "")}
        aria-invalid={faults[key] !== undefined}
        aria-describedby={more.hint ? `${key}-hint` : undefined}
        onBlur={
          key === "uscc"
            ? (event) =>
                setFaults({
                  ...faults,
                  uscc: event.target.value === "" ? undefined : (usccFault(event.target.value) ?? undefined),
                })
            : undefined
        }
      />
    </Field>
  );
  /** What is being mended is no longer called wrong. */
  const mended = (key: string) => {
    if (faults[key]) setFaults({ ...faults, [key]: undefined, all: undefined });
  };
  return (
    <form
      className="form-grid"
      onSubmit={(event) => void submit(event)}
      onChange={(event) => mended((event.target as Element).getAttribute("name") ?? "")}
      noValidate
    >
      <h2 className="form-part">{t.groups.system}</h2>
      {text("name", t.name)}
      {text("purpose", t.purpose, { hint: t.purposeHint, max: 200 })}
      {text("url", t.url, { max: 200, mode: "url", half: true })}
      <Field id="funding" label={t.funding} fault={faults["funding"]} half>
        <select id="funding" name="funding" defaultValue={begin?.funding ?? ""}>
          <option value="">{t.choose}</option>
          {Object.entries(t.fundings).map(([code, name]) => (
            <option key={code} value={code}>
              {name}
            </option>
          ))}
        </select>
      </Field>
      <h2 className="form-part">{t.groups.operator}</h2>
      {text("operator", t.operator, { auto: "organization", half: true })}
      {text("uscc", t.uscc, { hint: t.usccHint, max: 18, half: true })}
      {text("contact", t.contact, { max: 50, auto: "name", half: true })}
      {text("phone", t.phone, { hint: t.phoneHint, max: 20, type: "tel", mode: "tel", auto: "tel", half: true })}
      {text("email", t.email, { hint: t.emailHint, type: "email", mode: "email", auto: "email" })}
      <h2 className="form-part">{t.groups.data}</h2>
      <Field id="category" label={t.category} fault={faults["category"]} half>
        <select
          id="category"
          name="category"
          value={category}
          aria-invalid={faults["category"] !== undefined}
          onChange={(event) => setCategory(event.target.value)}
        >
          <option value="">{t.choose}</option>
          {reference.categories.map((one) => (
            <option key={one.code} value={one.code}>
              {one.name}
            </option>
          ))}
        </select>
      </Field>
      <Field id="stage" label={t.stage} fault={faults["stage"]} half>
        <select
          key={category}
          id="stage"
          name="stage"
          defaultValue={category === begin?.category ? begin.stage : ""}
          aria-invalid={faults["stage"] !== undefined}
          disabled={category === ""}
        >
          <option value="">{t.choose}</option>
          {stages.map((one) => (
            <option key={one.code} value={one.code}>
              {one.name}
            </option>
          ))}
        </select>
      </Field>
      <Field id="division" label={t.division} fault={faults["division"]}>
        <DivisionPicker
          divisions={reference.divisions}
          value={division}
          onChange={(code) => {
            setDivision(code);
            mended("division");
          }}
          fault={faults["division"]}
        />
      </Field>
      <Field id="subjects" label={t.subjects} fault={faults["subjects"]} hint={t.subjectsHint}>
        <textarea
          id="subjects"
          name="subjects"
          rows={4}
          maxLength={4000}
          defaultValue={begin ? joinSubjects(begin) : ""}
          aria-describedby="subjects-hint"
        />
      </Field>
      {text("daily_volume", t.volume, { mode: "numeric", max: 9 })}
      <fieldset style={{ marginTop: 18 }}>
        <legend>{t.protocol}</legend>
        {reference.protocols.map((one, index) => (
          <label key={one.code}>
            <input
              type="radio"
              name="protocol"
              value={one.code}
              defaultChecked={begin ? begin.protocol === one.code : index === 0}
            />
            {one.name}
          </label>
        ))}
      </fieldset>
      {asked > 0 && <HumanCheck round={asked} fault={faults["captcha"]} onTask={setTask} />}
      {faults["all"] && (
        <p className="fault" role="alert">
          {faults["all"]}
        </p>
      )}
      {!faults["all"] && Object.values(faults).filter(Boolean).length > 0 && (
        <p className="fault" role="alert">
          {t.faults(Object.values(faults).filter(Boolean).length)}
        </p>
      )}
      <div className="buttons">
        <button type="submit" className="main" disabled={busy}>
          {busy ? t.submitting : label}
        </button>
      </div>
    </form>
  );
}

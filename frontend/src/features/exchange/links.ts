// What the state of a link means for people: who is behind, by how much, since when, why, and what to do.
import type { Link, LinkFault, LinkFlow, LinkSettings, LinkWindow } from "@/api/types";
import { dateTime, duration, number } from "@/lib/format";
import { classNames, effectText as e, linkText, whyText as t } from "@/locales/zh-CN/exchange";

export type Standing = keyof typeof linkText.states;
/** The signs of the states, as `StateMark` knows them. */
export const standingMark: Record<Standing, string> = {
  in_step: "ok",
  behind: "behind",
  paused: "suspended",
  broken: "failed",
  none: "draft",
};
export const flowMark: Record<LinkFlow["state"], string> = {
  in_step: "ok",
  behind: "behind",
  waiting: "queued",
  broken: "failed",
};
/** Worst first, as the list is ordered. */
const ORDER: Standing[] = ["broken", "behind", "paused", "none", "in_step"];

/** Records that this node holds for the peer, and the age of the oldest in seconds. */
export const owed = (link: Link) => ({
  records: link.sending.reduce((sum, flow) => sum + flow.pending, 0),
  seconds: Math.max(0, ...link.sending.map((flow) => flow.oldest_seconds)),
});

/** How a link stands as a whole; a fault goes before a pause, a pause before a lag. */
export function standing(link: Link): Standing {
  if (link.enrolment !== "approved") return "none";
  const isBroken = link.state === "broken" || link.sending.some((flow) => flow.state === "broken");
  if (isBroken || link.receiving.length > 0) return "broken";
  if (link.settings.held.length > 0) return "paused";
  if (link.state === "none") return "none";
  return link.state === "behind" || owed(link).records > 0 ? "behind" : "in_step";
}

/** The parent first, then those that need somebody. */
export const byNeed = (links: Link[]): Link[] =>
  [...links].sort(
    (a, b) =>
      Number(b.role === "parent") - Number(a.role === "parent") ||
      ORDER.indexOf(standing(a)) - ORDER.indexOf(standing(b)) ||
      owed(b).records + b.records_behind - (owed(a).records + a.records_behind),
  );

export const named = (classes: string[]): string => classes.map((one) => classNames[one] ?? one).join(t.join);

export interface Why {
  tone: "error" | "warning" | "info";
  text: string;
  /** Instant from which on it is so. */
  since: string | null;
  /** How often, by whom, until when. */
  more: string[];
  advice: string;
  code: string | null;
}

/** Faults of one kind as one reason, whatever classes they hit. */
function faultsOf(faults: LinkFault[], told: (classes: string) => string): Why[] {
  const kinds = new Map<string, LinkFault[]>();
  for (const fault of faults) {
    const kind = `${fault.code} ${fault.reason}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), fault]);
  }
  return [...kinds.values()].flatMap((same) => {
    const [first] = same;
    if (!first) return [];
    const classes = named(same.map((fault) => fault.class).filter(Boolean)) || t.some;
    const last = same.map((fault) => fault.last_at).sort();
    return {
      tone: "error" as const,
      text: `${told(classes)}：${first.reason}`,
      since: same.map((fault) => fault.since).sort()[0] ?? null,
      more: [
        linkText.times(number(same.reduce((sum, fault) => sum + fault.times, 0))),
        linkText.last(dateTime(last.at(-1))),
      ],
      advice: first.advice,
      code: first.code,
    };
  });
}
function notAdmitted(link: Link): Why {
  const isRevoked = link.enrolment === "revoked";
  return {
    tone: "warning",
    text: isRevoked ? t.revoked : (t.requested[link.role] ?? ""),
    since: null,
    more: [],
    advice: (isRevoked ? t.revokedAdvice : t.requestedAdvice)[link.role] ?? "",
    code: null,
  };
}
function waits(link: Link): Why[] {
  const of = (wait: string) => link.sending.filter((flow) => flow.wait === wait);
  const one = (flows: LinkFlow[], text: string, advice: string): Why[] => {
    const until = flows.flatMap((flow) => flow.wait_until ?? []).sort()[0];
    const more = until ? [t.until(dateTime(until))] : [];
    return flows.length > 0 ? [{ tone: "warning", text, since: null, more, advice, code: null }] : [];
  };
  const [hours, rate] = [of("hours"), of("rate")];
  const classes = (flows: LinkFlow[]) => named(flows.map((flow) => flow.class));
  return [
    ...hours.flatMap((flow) => one([flow], t.hours(classes([flow])), t.hoursAdvice)),
    // The rate opens again within the second: a moment would only be noise.
    ...one(rate, t.rate(classes(rate), number(link.settings.rate)), t.rateAdvice).map((why) => ({ ...why, more: [] })),
  ];
}

/** Why a link is not in step, the worst first; `at` is the moment that the link was asked for, in milliseconds. */
export function reasons(link: Link, at: number): Why[] {
  if (link.enrolment !== "approved") return [notAdmitted(link)];
  const { held, reason, held_at, held_by } = link.settings;
  const before = (seconds: number) => new Date(at - seconds * 1000).toISOString();
  const faults = [
    ...faultsOf(
      link.sending.flatMap((flow) => flow.fault ?? []),
      t.sends,
    ),
    ...faultsOf(link.receiving, t.takes),
  ];
  if (link.sending.some((flow) => flow.chains.some((chain) => chain.differs)))
    faults.unshift({
      tone: "error",
      text: t.differs,
      since: null,
      more: [],
      advice: t.differsAdvice,
      code: "XCH-0323",
    });
  if (link.state === "broken" && faults.length === 0) {
    const isSilent = link.role === "child" && !link.last_error;
    faults.push({
      tone: "error",
      text: isSilent ? (link.last_seen_at ? t.silent : t.neverSeen) : (link.last_error ?? t.unknown),
      since: link.last_seen_at,
      more: [],
      advice: t.silentAdvice,
      code: null,
    });
  }
  const rest: Why[] = [];
  if (held.length > 0)
    rest.push({
      tone: "warning",
      text: t.held(named(held), reason),
      since: held_at,
      more: held_by ? [t.heldBy(held_by)] : [],
      advice: t.heldAdvice,
      code: null,
    });
  rest.push(...waits(link));
  const moving = link.sending.filter((flow) => flow.state === "behind");
  const count = moving.reduce((sum, flow) => sum + flow.pending, 0);
  if (count > 0)
    rest.push({
      tone: "info",
      text: t.moving(number(count)),
      since: before(Math.max(...moving.map((flow) => flow.oldest_seconds))),
      more: [],
      advice: t.movingAdvice,
      code: null,
    });
  if (link.role === "child" && (link.reported_pending ?? 0) > 0)
    rest.push({
      tone: "info",
      text: t.theirs(number(link.reported_pending)),
      since: link.reported_oldest_at,
      more: [],
      advice: t.theirsAdvice,
      code: null,
    });
  return [...faults, ...rest];
}

/** `up/bulk` as 上报·大批量; what goes down to one node names it. */
export function streamName(stream: string, name: (code: string) => string): string {
  const [way = "", to = "", last] = stream.split("/");
  const { up, common, down } = linkText.streams;
  if (way === "up") return `${up}·${named([to])}`;
  return last ? `${to === "common" ? common : `${down}${name(to)}`}·${named([last])}` : stream;
}

/** What a person may set of a link. */
export interface Wanted {
  rate: number | null;
  batch: number | null;
  windows: LinkWindow[];
}
export const wantedOf = ({ rate, batch, windows }: LinkSettings): Wanted => ({
  rate,
  batch,
  windows: windows.map(({ class: of, from, to }) => ({ class: of, from, to })),
});
export const MOST_RATE = 1_000_000;
export const MOST_BATCH = 5000;
export const MOST_WINDOWS = 12;
/** Classes that hours and pauses may hold back. */
export const HOLDABLE = ["normal", "bulk"];

const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;
export const isClock = (text: string, end: boolean): boolean => CLOCK.test(text) || (end && text === "24:00");

/** What settings do, in sentences; hours that are not filled in yet count as none. */
export function effects(wanted: Wanted, link: Link): string[] {
  const { rate, windows } = wanted;
  const batch = wanted.batch ?? MOST_BATCH;
  const whole = windows.filter((one) => one?.class && isClock(one.from ?? "", false) && isClock(one.to ?? "", true));
  const timed = HOLDABLE.map((of) => ({ of, spans: whole.filter((one) => one.class === of) }));
  const free = timed.filter(({ spans }) => spans.length === 0).map(({ of }) => of);
  const bound = link.sending.filter((flow) => flow.class !== "urgent").reduce((sum, flow) => sum + flow.pending, 0);
  return [
    rate ? e.rate(number(rate), number(rate * 3600)) : e.noRate,
    rate && rate < batch ? e.batchByRate(number(rate)) : e.batch(number(batch)),
    ...timed
      .filter(({ spans }) => spans.length > 0)
      .map(({ of, spans }) =>
        e.hours(named([of]), spans.map((one) => e.span(one.from, one.to, one.to <= one.from)).join(t.join)),
      ),
    ...(free.length > 0 ? [e.allDay(named(free))] : []),
    e.urgent,
    ...(link.settings.held.length > 0 ? [e.held(named(link.settings.held))] : []),
    ...(rate && bound > 0 ? [e.takes(number(bound), duration(Math.ceil(bound / rate)))] : []),
  ];
}

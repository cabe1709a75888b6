// Warns before a session ends, and lets it go on at one press; what a page asks for by itself does not prolong it.
import { useQuery } from "@tanstack/react-query";
import { Button, Modal } from "antd";
import { useEffect, useState } from "react";
import type { SignedIn } from "@/api/people";
import { http } from "@/lib/client";
import { lastTouch } from "@/lib/activity";
import { idleText as t } from "@/locales/zh-CN/people";

const WARN_MS = 120_000;
/** Somebody who only writes in a form asks the node for nothing: his touch is told every so often. */
const TOUCH_MS = 240_000;

interface Left {
  /** Milliseconds until the session ends when nothing is done. */
  idle: number;
  /** Milliseconds until it ends in any case. */
  whole: number;
}
/** What is left of the session, by the node's clock. */
export function leftOf(session: Pick<SignedIn, "idle_ends_at" | "ends_at" | "now">, since: number): Left {
  const now = Date.parse(session.now) + since;
  return { idle: Date.parse(session.idle_ends_at) - now, whole: Date.parse(session.ends_at) - now };
}
const words = (ms: number): string => {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
};

export function IdleGuard() {
  const query = useQuery({
    queryKey: ["session", "watch"],
    queryFn: ({ signal }) => http.get<SignedIn>("/session", undefined, signal),
    staleTime: 0,
    retry: false,
  });
  const { data, dataUpdatedAt, errorUpdatedAt, refetch, isFetching } = query;
  const [now, setNow] = useState(() => Date.now());
  const [busy, setBusy] = useState(false);
  const left = data?.now ? leftOf(data, now - dataUpdatedAt) : null;
  const soonest = left ? Math.min(left.idle, left.whole) : Number.POSITIVE_INFINITY;
  // The node is asked again before the warning, since other pages and tabs may have prolonged the session.
  const stale = now - dataUpdatedAt > 15_000;
  const warned = soonest <= WARN_MS && !(stale && soonest > 0 && isFetching);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(timer);
  }, []);
  useEffect(() => {
    if (isFetching || !data || now - errorUpdatedAt < 10_000) return;
    const touched = lastTouch() > dataUpdatedAt && now - dataUpdatedAt > TOUCH_MS;
    if (touched || soonest <= 0 || (soonest <= WARN_MS && stale)) void refetch();
  }, [now, soonest, stale, isFetching, data, dataUpdatedAt, errorUpdatedAt, refetch]);
  if (!left || !warned) return null;
  const last = left.whole <= left.idle;
  const goOn = async () => {
    setBusy(true);
    await refetch();
    setBusy(false);
  };
  return (
    <Modal
      open
      closable={false}
      title={t.title}
      zIndex={1200}
      footer={
        last ? null : (
          <Button type="primary" autoFocus loading={busy} onClick={() => void goOn()}>
            {t.goOn}
          </Button>
        )
      }
    >
      <p role="timer" aria-live="off">
        {last ? t.whole(words(left.whole)) : t.idle(words(left.idle))}
      </p>
      <p className="soft">{last ? t.wholeAdvice : t.idleAdvice}</p>
    </Modal>
  );
}

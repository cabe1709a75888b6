// Every review is the same review: buttons with keys A, R, J, K, and a reason where one is owed.
import { App, Button, Input, Modal, Space, Tag } from "antd";
import { useEffect, useState } from "react";
import { ApiError } from "@/lib/client";
import { review } from "@/locales/zh-CN/common";

export interface Decision {
  key: string;
  label: string;
  hotkey?: "a" | "r";
  primary?: boolean;
  danger?: boolean;
  reason: boolean;
}
interface Props {
  decisions: Decision[];
  onDecide: (decision: string, reason: string) => Promise<unknown>;
  onNext?: (() => void) | undefined;
  onPrevious?: (() => void) | undefined;
  onDone?: (() => void) | undefined;
}

/** True where a key stroke belongs to a field that is being written in, or to a dialog. */
export function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable ||
    ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName) ||
    target.closest('[role="dialog"] .review-reason') !== null
  );
}

export function ReviewBar({ decisions, onDecide, onNext, onPrevious, onDone }: Props) {
  const { message } = App.useApp();
  const [asking, setAsking] = useState<Decision | null>(null);
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const run = async (decision: Decision, text: string) => {
    setBusy(true);
    try {
      await onDecide(decision.key, text);
      message.success(`${decision.label}：已完成`);
      setAsking(null);
      setReason("");
      onDone?.();
    } catch (error) {
      message.error(
        error instanceof ApiError
          ? `${error.message}${error.advice ? `。${error.advice}` : ""}（${error.code}）`
          : "没有完成",
      );
    } finally {
      setBusy(false);
    }
  };
  const start = (decision: Decision) => (decision.reason ? setAsking(decision) : void run(decision, ""));
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || asking || busy) return;
      const key = event.key.toLowerCase();
      if (key === "j") onNext?.();
      else if (key === "k") onPrevious?.();
      else {
        const decision = decisions.find((one) => one.hotkey === key);
        if (!decision) return;
        start(decision);
      }
      event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  });
  if (decisions.length === 0 && !onNext) return null;
  return (
    <div className="review-bar">
      <Space wrap>
        {decisions.map((decision) => (
          <Button
            key={decision.key}
            type={decision.primary ? "primary" : "default"}
            danger={decision.danger === true}
            loading={busy}
            onClick={() => start(decision)}
          >
            {decision.label}
            {decision.hotkey && <kbd>{decision.hotkey.toUpperCase()}</kbd>}
          </Button>
        ))}
        {onPrevious && (
          <Button onClick={onPrevious}>
            {review.previous}
            <kbd>K</kbd>
          </Button>
        )}
        {onNext && (
          <Button onClick={onNext}>
            {review.next}
            <kbd>J</kbd>
          </Button>
        )}
      </Space>
      <Modal
        open={asking !== null}
        title={`${asking?.label ?? ""}：${review.reasonTitle}`}
        onCancel={() => setAsking(null)}
        confirmLoading={busy}
        okButtonProps={{ disabled: reason.trim() === "" }}
        onOk={() => {
          if (asking) void run(asking, reason.trim());
        }}
      >
        <div className="review-reason" style={{ paddingBottom: 24 }}>
          <Space wrap size={4} style={{ marginBottom: 8 }}>
            {review.reasons.map((text) => (
              <Tag key={text} onClick={() => setReason(text)} style={{ cursor: "pointer" }}>
                {text}
              </Tag>
            ))}
          </Space>
          <Input.TextArea
            autoFocus
            rows={3}
            maxLength={200}
            showCount
            value={reason}
            placeholder={review.reasonHint}
            aria-label={review.reasonTitle}
            onChange={(event) => setReason(event.target.value)}
          />
        </div>
      </Modal>
    </div>
  );
}

// What an import does now, and the steps that a person may take with it.
import { Alert, App, Button, Checkbox, Progress, Radio, Space } from "antd";
import { useState } from "react";
import type { ImportRun } from "@/api/types";
import { takeStep, targetOf, works, type StepIn } from "@/features/imports/api/imports";
import { duration, number } from "@/lib/format";
import { useCan } from "@/lib/session";
import { importText as t } from "@/locales/zh-CN/imports";
import { AppLink } from "@/ui/app-link";
import { Panel } from "@/ui/page";
import { useAct } from "@/ui/use-act";

const may = (run: ImportRun, step: StepIn["step"]) => run.steps.includes(step);

function Working({ run }: { run: ImportRun }) {
  const percent = run.total === 0 ? 0 : Math.floor((run.place / run.total) * 100);
  const left = run.remaining_seconds;
  const title =
    run.state === "paused"
      ? t.pausedTitle
      : run.state === "checking"
        ? t.checking
        : run.state === "withdrawing"
          ? t.withdrawing
          : t.running;
  return (
    <div aria-live="polite">
      <p>
        {title}　<span className="figures">{t.progress(number(run.place), number(run.total))}</span>
        {left !== null && left !== undefined && works(run) && (
          <span className="soft">　{t.remaining(duration(left))}</span>
        )}
      </p>
      <Progress percent={percent} status={run.state === "paused" ? "normal" : "active"} aria-label={title} />
      {run.reason && <Alert showIcon type="warning" title={run.reason} />}
    </div>
  );
}

function Outcome({ run }: { run: ImportRun }) {
  const { counts } = run;
  const text = t.doneText(
    number(counts.created),
    number(counts.changed),
    number(counts.skipped),
    number(counts.failed),
  );
  const list = targetOf(run.register, run.class).list;
  const link = <AppLink href={list}>{t.toList}</AppLink>;
  if (run.state === "done")
    return (
      <Alert
        showIcon
        type={counts.failed > 0 ? "warning" : "success"}
        title={t.doneTitle}
        description={text}
        action={link}
      />
    );
  if (run.state === "cancelled")
    return <Alert showIcon type="warning" title={t.cancelledTitle} description={text} action={link} />;
  return (
    <Alert
      showIcon
      type="info"
      title={t.withdrawnTitle}
      description={`${t.withdrawn} ${number(counts.withdrawn)}`}
      action={link}
    />
  );
}

function Start({ run, busy, take }: { run: ImportRun; busy: boolean; take: (body: StepIn) => void }) {
  const can = useCan();
  const [changes, setChanges] = useState(false);
  const [filed, setFiled] = useState(false);
  const noun = targetOf(run.register, run.class).permission.split(".")[0] ?? "";
  if (run.counts.good === 0) return <Alert showIcon type="warning" title={t.startNone} />;
  return (
    <Space orientation="vertical" size="middle" style={{ display: "flex" }}>
      <span>{t.startNote(number(run.counts.good), number(run.counts.bad))}</span>
      {can(`${noun}.update`) && (
        <Space>
          <span id="import-mode">{t.existing}</span>
          <Radio.Group
            aria-labelledby="import-mode"
            value={changes}
            onChange={(event) => setChanges(event.target.value === true)}
            options={[
              { value: false, label: t.modes.skip },
              { value: true, label: t.modes.change },
            ]}
          />
        </Space>
      )}
      {can(`${noun}.review`) && (
        <Checkbox checked={filed} onChange={(event) => setFiled(event.target.checked)}>
          {t.filed}
        </Checkbox>
      )}
      <Button type="primary" loading={busy} onClick={() => take({ step: "start", changes, filed })}>
        {t.start}
      </Button>
    </Space>
  );
}

export function ImportProgress({ run }: { run: ImportRun }) {
  const { busy, act } = useAct();
  const { modal } = App.useApp();
  const take = (body: StepIn) =>
    void act(() => takeStep(run.id, body), "", [
      ["import", run.id],
      ["list", "/console/imports"],
    ]);
  const ask = (step: "cancel" | "withdraw", title: string, content: string) =>
    modal.confirm({ title, content, okText: title, okButtonProps: { danger: true }, onOk: () => take({ step }) });
  const moving = works(run) || run.state === "paused";
  const over = ["done", "cancelled", "withdrawn"].includes(run.state);
  return (
    <Panel>
      {moving && <Working run={run} />}
      {over && <Outcome run={run} />}
      {run.state === "ready" && <p className="soft">{t.checkNote}</p>}
      {run.state === "checked" && <Start run={run} busy={busy} take={take} />}
      <Space wrap style={{ marginTop: 16 }}>
        {may(run, "check") && (
          <Button
            type={run.state === "ready" ? "primary" : "default"}
            loading={busy}
            disabled={run.sheets.every((sheet) => !sheet.used)}
            onClick={() => take({ step: "check" })}
          >
            {run.state === "ready" ? t.check : t.checkAgain}
          </Button>
        )}
        {may(run, "pause") && <Button onClick={() => take({ step: "pause" })}>{t.pause}</Button>}
        {may(run, "resume") && (
          <Button type="primary" onClick={() => take({ step: "resume" })}>
            {t.resume}
          </Button>
        )}
        {may(run, "cancel") && <Button onClick={() => ask("cancel", t.cancel, t.cancelAsk)}>{t.cancel}</Button>}
        {may(run, "withdraw") && (
          <Button danger onClick={() => ask("withdraw", t.withdraw, t.withdrawAsk)}>
            {t.withdraw}
          </Button>
        )}
      </Space>
    </Panel>
  );
}

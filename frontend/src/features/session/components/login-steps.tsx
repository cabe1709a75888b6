// What may follow name and password: the second factor, setting it up, a new password.
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Form, Input, Typography } from "antd";
import { useState } from "react";
import type { PendingStep } from "@/api/people";
import { changePassword, enrol, proveFactor, type Step } from "@/features/session/api/sign-on";
import { ApiError } from "@/lib/client";
import { stepText as t } from "@/locales/zh-CN/people";
import { NewPassword } from "@/ui/new-password";
import { QueryView } from "@/ui/state-views";
import { errorText } from "@/ui/use-act";

interface Props {
  pending: PendingStep;
  onStep: (step: Step) => void;
  onAgain: () => void;
}

/** Runs a step; the words of a refusal, and whether everything begins again. */
function useStep(onStep: (step: Step) => void, onAgain: () => void) {
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const run = async (work: () => Promise<Step>, tell?: (error: ApiError) => boolean) => {
    setBusy(true);
    setFault(null);
    try {
      onStep(await work());
    } catch (error) {
      if (error instanceof ApiError && error.code === "AUTH-0120") return onAgain();
      if (!(error instanceof ApiError && tell?.(error))) setFault(errorText(error));
      setBusy(false);
    }
  };
  return { fault, busy, run };
}

function CodeForm({
  ticket,
  onStep,
  onAgain,
  recovery,
}: { ticket: string; recovery: boolean } & Omit<Props, "pending">) {
  const { fault, busy, run } = useStep(onStep, onAgain);
  const [form] = Form.useForm<{ code: string }>();
  return (
    <Form
      form={form}
      layout="vertical"
      size="large"
      requiredMark={false}
      disabled={busy}
      onFinish={({ code }) => void run(() => proveFactor(ticket, code.replace(/\s/g, "")))}
    >
      <Form.Item
        name="code"
        label={recovery ? t.recovery : t.code}
        rules={[{ required: true, message: t.codeMissing }]}
      >
        <Input
          autoFocus
          autoComplete="one-time-code"
          inputMode={recovery ? "text" : "numeric"}
          maxLength={recovery ? 20 : 7}
          className="figures"
        />
      </Form.Item>
      {fault && <Alert type="error" showIcon title={fault} style={{ marginBottom: 16 }} />}
      <Button type="primary" htmlType="submit" block loading={busy}>
        {t.prove}
      </Button>
    </Form>
  );
}

export function SecondFactor({ pending, onStep, onAgain }: Props) {
  const [recovery, setRecovery] = useState(false);
  return (
    <>
      <h2>{t.factorTitle}</h2>
      <p>{recovery ? t.recoveryNote : t.factorNote}</p>
      <CodeForm key={String(recovery)} ticket={pending.ticket} recovery={recovery} onStep={onStep} onAgain={onAgain} />
      <p className="login-links">
        <Button type="link" onClick={() => setRecovery(!recovery)}>
          {recovery ? t.useCode : t.useRecovery}
        </Button>
        <Button type="link" onClick={onAgain}>
          {t.again}
        </Button>
      </p>
      {recovery && <p className="soft">{t.lost}</p>}
    </>
  );
}

export function EnrolFactor({ pending, onStep, onAgain }: Props) {
  const query = useQuery({
    queryKey: ["enrolment", pending.ticket],
    queryFn: () => enrol(pending.ticket),
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
  });
  return (
    <>
      <h2>{t.enrolTitle}</h2>
      <p>{t.enrolNote}</p>
      <QueryView query={query} height={260}>
        {(given) => (
          <>
            <div className="enrol">
              <img src={given.qr} alt={t.qr} width={168} height={168} />
              <div>
                <p className="soft">{t.byHand}</p>
                <Typography.Text code copyable className="enrol-secret">
                  {given.secret}
                </Typography.Text>
              </div>
            </div>
            <CodeForm ticket={given.ticket} recovery={false} onStep={onStep} onAgain={onAgain} />
          </>
        )}
      </QueryView>
    </>
  );
}

export function ChangePassword({ pending, onStep, onAgain }: Props) {
  const { fault, busy, run } = useStep(onStep, onAgain);
  const [form] = Form.useForm<{ new_password: string }>();
  const tell = (error: ApiError) => {
    const errors = error.faults.map((one) => `${one.reason}。${one.advice}`);
    if (errors.length > 0) form.setFields([{ name: "new_password", errors }]);
    return errors.length > 0;
  };
  return (
    <>
      <h2>{t.passwordTitle}</h2>
      <p>{t.passwordNote}</p>
      <Form
        form={form}
        layout="vertical"
        size="large"
        requiredMark={false}
        disabled={busy}
        onFinish={(values) => void run(() => changePassword(pending.ticket, values.new_password), tell)}
      >
        <input type="text" hidden readOnly autoComplete="username" value={pending.username} />
        <NewPassword username={pending.username} />
        {fault && <Alert type="error" showIcon title={fault} style={{ marginBottom: 16 }} />}
        <Button type="primary" htmlType="submit" block loading={busy}>
          {t.passwordSave}
        </Button>
      </Form>
    </>
  );
}

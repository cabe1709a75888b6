// Asks for the password again where the node wants to be sure who is there, and repeats what was refused.
import { Alert, Input, Modal } from "antd";
import { createContext, useCallback, useContext, useRef, useState, type ReactNode } from "react";
import { ApiError, http } from "@/lib/client";
import { stepUpText as t } from "@/locales/zh-CN/people";

type Confirmed = <T>(work: () => Promise<T>) => Promise<T>;
/** Code of the refusal after which the password is asked for. */
const WANTED = "AUTH-0140";
const Context = createContext<Confirmed>((work) => work());

/** Runs a call; asks for the password and runs it again where the node wants that first. */
export const useStepUp = (): Confirmed => useContext(Context);

export function StepUp({ children }: { children: ReactNode }) {
  const waiting = useRef<((confirmed: boolean) => void) | null>(null);
  const [open, setOpen] = useState(false);
  const [password, setPassword] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const confirmed = useCallback<Confirmed>(async (work) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== WANTED) throw error;
      setPassword("");
      setFault(null);
      setOpen(true);
      const sure = await new Promise<boolean>((resolve) => (waiting.current = resolve));
      if (!sure) throw error;
      return work();
    }
  }, []);
  const end = (sure: boolean) => {
    setOpen(false);
    setPassword("");
    waiting.current?.(sure);
    waiting.current = null;
  };
  const ask = async () => {
    setBusy(true);
    setFault(null);
    try {
      await http.post("/session/confirm", { password });
      end(true);
    } catch (error) {
      setFault(error instanceof ApiError ? error.message : t.failed);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Context value={confirmed}>
      {children}
      <Modal
        open={open}
        title={t.title}
        width={420}
        zIndex={1100}
        destroyOnHidden
        onCancel={() => end(false)}
        onOk={() => void ask()}
        okButtonProps={{ disabled: password === "" }}
        confirmLoading={busy}
      >
        <p>{t.why}</p>
        <Input.Password
          aria-label={t.password}
          placeholder={t.password}
          autoComplete="current-password"
          autoFocus
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          onPressEnter={() => {
            if (password !== "") void ask();
          }}
        />
        {fault && <Alert type="error" showIcon title={fault} style={{ marginTop: 12 }} />}
      </Modal>
    </Context>
  );
}

// A button's work: run it, say that it is done or why not, and load again what it touched.
import { useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useState } from "react";
import { ApiError } from "@/lib/client";
import { common } from "@/locales/zh-CN/common";
import { useStepUp } from "@/ui/step-up";

/** One sentence for an error, with the advice and the code. */
export function errorText(error: unknown): string {
  if (!(error instanceof ApiError)) return common.errorTitle;
  return `${error.message}${error.advice ? `。${error.advice}` : ""}（${error.code}）`;
}
export function useAct(): {
  busy: boolean;
  act: (work: () => Promise<unknown>, done?: string, touched?: string[][]) => Promise<boolean>;
} {
  const { message } = App.useApp();
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const confirmed = useStepUp();
  const act = async (work: () => Promise<unknown>, done: string = common.done, touched: string[][] = []) => {
    setBusy(true);
    try {
      await confirmed(work);
      if (done) message.success(done);
      await Promise.all(touched.map((queryKey) => client.invalidateQueries({ queryKey })));
      return true;
    } catch (error) {
      message.error(errorText(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, act };
}

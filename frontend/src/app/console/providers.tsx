// What every console page stands in: Chinese texts, theme, messages.
import { Outlet } from "@tanstack/react-router";
import { App, ConfigProvider } from "antd";
import zhCN from "antd/locale/zh_CN";
import dayjs from "dayjs";
import "dayjs/locale/zh-cn";
import type { ReactNode } from "react";
import { lightTheme, withMotion } from "@/app/theme";
import { IdleGuard } from "@/features/session/components/idle-guard";
import { useLessMotion } from "@/lib/motion";
import { StepUp } from "@/ui/step-up";
import "@/app/console/console.css";
import "@/app/console/lists.css";

dayjs.locale("zh-cn");

export function ConsoleFrame({ children }: { children: ReactNode }) {
  const theme = withMotion(lightTheme, !useLessMotion());
  return (
    // A click beside a dialog must not throw away what was typed in it, nor a token that is shown only once.
    <ConfigProvider locale={zhCN} theme={theme} componentSize="middle" modal={{ mask: { closable: false } }}>
      <App style={{ height: "100%" }}>{children}</App>
    </ConfigProvider>
  );
}
export function ConsoleProviders() {
  return (
    <ConsoleFrame>
      <StepUp>
        <Outlet />
      </StepUp>
      <IdleGuard />
    </ConsoleFrame>
  );
}

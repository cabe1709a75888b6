// What every console page stands in: Chinese texts, theme, messages.
import { Outlet } from "@tanstack/react-router";
import { App, ConfigProvider } from "antd";
import zhCN from "antd/locale/zh_CN";
import dayjs from "dayjs";
import "dayjs/locale/zh-cn";
import type { ReactNode } from "react";
import { lightTheme } from "@/app/theme";
import "@/app/console/console.css";

dayjs.locale("zh-cn");

export function ConsoleFrame({ children }: { children: ReactNode }) {
  return (
    <ConfigProvider locale={zhCN} theme={lightTheme} componentSize="middle">
      <App style={{ height: "100%" }}>{children}</App>
    </ConfigProvider>
  );
}
export function ConsoleProviders() {
  return (
    <ConsoleFrame>
      <Outlet />
    </ConsoleFrame>
  );
}

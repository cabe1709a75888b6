// Head and foot of the public pages.
import { useQuery } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { useEffect } from "react";
import { nodeQuery } from "@/lib/session";
import { common } from "@/locales/zh-CN/common";
import { portalText as t } from "@/locales/zh-CN/portal";
import { AppLink } from "@/ui/app-link";
import "@/app/portal/portal.css";

export function PortalLayout() {
  const node = useQuery(nodeQuery);
  const name = node.data?.platform_name ?? common.platform;
  useEffect(() => {
    document.title = name;
  }, [name]);
  return (
    <div className="portal">
      <a className="skip" href="#content">
        {t.skip}
      </a>
      <header className="portal-head">
        <AppLink href="/">
          <img src="/icon.svg" alt="" width={30} height={30} />
          <span>{name}</span>
        </AppLink>
      </header>
      <main id="content" tabIndex={-1}>
        <Outlet />
      </main>
      <footer className="portal-foot">
        <AppLink href="/complaint">{t.complaint}</AppLink>
        <AppLink href="/complaint/follow">{t.follow}</AppLink>
        <AppLink href="/notices">{t.notices}</AppLink>
        <AppLink href="/join">{t.join}</AppLink>
        <a href="/console">{t.console}</a>
      </footer>
    </div>
  );
}

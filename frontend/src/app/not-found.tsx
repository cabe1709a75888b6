// Shown for an address that leads nowhere; light, because the public sees it too.
import { common } from "@/locales/zh-CN/common";

export function NotFound() {
  const home = window.location.pathname.startsWith("/console") ? "/console" : "/";
  return (
    <main style={{ padding: "96px 16px", textAlign: "center" }}>
      <h1>{common.notFound}</h1>
      <p>{common.notFoundText}</p>
      <a className="plain-button" href={home}>
        {common.home}
      </a>
    </main>
  );
}

// Last resort when a page fails while it is being shown or fetched.
import { common } from "@/locales/zh-CN/common";

export function Crash({ error }: { error: unknown }) {
  return (
    <div style={{ padding: "96px 16px", textAlign: "center" }} role="alert">
      <h1>{common.errorTitle}</h1>
      <p>{error instanceof Error ? error.message : ""}</p>
      <button type="button" className="plain-button" onClick={() => window.location.reload()}>
        {common.retry}
      </button>
    </div>
  );
}

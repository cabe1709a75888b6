// What stands in the page while its code and its session are on the way; light, because the public sees it too.
import { common } from "@/locales/zh-CN/common";

export function Pending() {
  return (
    <div style={{ padding: "96px 16px", textAlign: "center", color: "#5a6675" }} role="status">
      {common.loading}
    </div>
  );
}

// Asking that the own account be deleted, and taking the request back.
import { Button, Popconfirm } from "antd";
import type { OwnProfile } from "@/api/people";
import { http } from "@/lib/client";
import { profileText as t } from "@/locales/zh-CN/people";
import { useAct } from "@/ui/use-act";

const touched = [["own"]];

export function LeaveTab({ own }: { own: OwnProfile }) {
  const { act, busy } = useAct();
  return (
    <>
      <ul>
        {t.leaveNote.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {own.deletion.state === "none" ? (
        <Popconfirm title={t.leaveAsk} onConfirm={() => void act(() => http.post("/own/deletion"), undefined, touched)}>
          <Button danger loading={busy}>
            {t.leave}
          </Button>
        </Popconfirm>
      ) : (
        <Button
          type="primary"
          loading={busy}
          onClick={() => void act(() => http.remove("/own/deletion"), undefined, touched)}
        >
          {t.leaveUndo}
        </Button>
      )}
    </>
  );
}

// Taking a category in, or leaving it out: the effects are shown before.
import { useQuery } from "@tanstack/react-query";
import { Input, Modal } from "antd";
import { useState } from "react";
import type { CatalogueCategory, SwitchEffects } from "@/api/access";
import { http } from "@/lib/client";
import { number } from "@/lib/format";
import { catalogueText as t } from "@/locales/zh-CN/catalogue";
import { QueryView } from "@/ui/state-views";
import { useAct } from "@/ui/use-act";

export function SwitchDialog({ category, onClose }: { category: CatalogueCategory; onClose: () => void }) {
  const { act, busy } = useAct();
  const [reason, setReason] = useState("");
  const take = !category.taken_in;
  const query = useQuery({
    queryKey: ["catalogue", "switch", category.code, take],
    queryFn: ({ signal }) =>
      http.get<SwitchEffects>(`/console/catalogue/categories/${category.code}/switch`, { taken_in: take }, signal),
  });
  const save = () =>
    void act(
      () =>
        http.post(`/console/catalogue/categories/${category.code}/switch`, { taken_in: take, reason: reason.trim() }),
      undefined,
      [["catalogue"], ["reference"]],
    ).then((done) => {
      if (done) onClose();
    });
  return (
    <Modal
      open
      title={t.switchTitle(category.name, take)}
      onCancel={onClose}
      onOk={save}
      confirmLoading={busy}
      okButtonProps={{ disabled: reason.trim() === "" || !query.data, danger: !take }}
    >
      <h3>{t.effects}</h3>
      <QueryView query={query} height={120}>
        {(effects) => (
          <>
            {effects.text.map((line) => (
              <p key={line}>{line}</p>
            ))}
            <div className="cards">
              {(["subjects", "products", "systems"] as const).map((key) => (
                <div key={key} className="stat">
                  <b>{number(effects[key])}</b>
                  <span>{t.counts[key]}</span>
                </div>
              ))}
            </div>
            {effects.rules.length > 0 && (
              <p className="soft">
                {t.rules}：{effects.rules.join("、")}
              </p>
            )}
          </>
        )}
      </QueryView>
      <Input.TextArea
        rows={2}
        maxLength={200}
        aria-label={t.switchReason}
        placeholder={t.switchReason}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
    </Modal>
  );
}

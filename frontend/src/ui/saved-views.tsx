// Sets of conditions that a user gave a name, kept in the browser.
import { Button, Dropdown, Input, Modal } from "antd";
import { useState, type ReactNode } from "react";
import { parseSearch, stringifySearch, useUrl } from "@/lib/nav";
import { recall, remember } from "@/lib/store";
import { common } from "@/locales/zh-CN/common";

interface View {
  name: string;
  search: string;
}

export function SavedViews({ page, icon }: { page: string; icon: ReactNode }) {
  const key = `views.${page}`;
  const [search, patch] = useUrl();
  const [views, setViews] = useState<View[]>(() => recall<View[]>(key, []));
  const [naming, setNaming] = useState<string | null>(null);
  const store = (next: View[]) => {
    setViews(next);
    remember(key, next);
  };
  const apply = (view: View) =>
    patch({ ...Object.fromEntries(Object.keys(search).map((name) => [name, undefined])), ...parseSearch(view.search) });
  const save = () => {
    if (!naming?.trim()) return;
    const kept = Object.fromEntries(
      Object.entries(search).filter(([name]) => !["record", "after", "page"].includes(name)),
    );
    store([
      ...views.filter((view) => view.name !== naming.trim()),
      { name: naming.trim(), search: stringifySearch(kept) },
    ]);
    setNaming(null);
  };
  return (
    <>
      <Dropdown
        trigger={["click"]}
        menu={{
          items: [
            ...views.map((view) => ({ key: view.name, label: view.name, onClick: () => apply(view) })),
            ...(views.length > 0 ? [{ type: "divider" as const }] : []),
            { key: " save", label: common.saveView, onClick: () => setNaming("") },
            ...views.map((view) => ({
              key: ` delete ${view.name}`,
              label: `${common.deleteView} ${view.name}`,
              danger: true,
              onClick: () => store(views.filter((other) => other !== view)),
            })),
          ],
        }}
      >
        <Button icon={icon}>{common.savedViews}</Button>
      </Dropdown>
      <Modal
        open={naming !== null}
        title={common.saveView}
        onCancel={() => setNaming(null)}
        onOk={save}
        okButtonProps={{ disabled: !naming?.trim() }}
      >
        <Input
          aria-label={common.viewName}
          placeholder={common.viewName}
          value={naming ?? ""}
          onChange={(event) => setNaming(event.target.value)}
          onPressEnter={save}
        />
      </Modal>
    </>
  );
}

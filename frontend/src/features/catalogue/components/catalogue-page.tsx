// 产品目录: categories, their classes as a tree, the chosen class, and what uses it.
import { useQuery } from "@tanstack/react-query";
import { Button, Input, Segmented, Space, Tag, Tree, type TreeDataNode } from "antd";
import { useEffect, useRef, useState } from "react";
import type { Catalogue, CatalogueCategory, CatalogueNode } from "@/api/access";
import { ClassView } from "@/features/catalogue/components/class-view";
import { OriginTag } from "@/features/catalogue/components/origin-tag";
import { SwitchDialog } from "@/features/catalogue/components/switch-dialog";
import { above, findNode, fitting, flat } from "@/features/catalogue/tree";
import { http } from "@/lib/client";
import { useUrl } from "@/lib/nav";
import { useCan } from "@/lib/session";
import { catalogueText as t } from "@/locales/zh-CN/catalogue";
import { AppLink } from "@/ui/app-link";
import { PageHead, Panel } from "@/ui/page";
import { EmptyView, QueryView } from "@/ui/state-views";
import "./catalogue.css";

const branches = (nodes: CatalogueNode[]): TreeDataNode[] =>
  nodes.map((node) => ({
    key: node.code,
    title: (
      <span className={node.retired ? "retired" : ""} title={node.code}>
        {node.name} {!node.national && <OriginTag node={node} />}
        {node.retired && <Tag>✕ {t.retired}</Tag>}
      </span>
    ),
    children: branches(node.children),
  }));

/** A category with at most so many classes at its first level is shown unfolded. */
const FEW = 12;
const codes = (nodes: CatalogueNode[]) => nodes.map((node) => node.code);

function Classes({ category }: { category: CatalogueCategory }) {
  const [search, patch] = useUrl();
  const [text, setText] = useState("");
  const rows = fitting(category.children, text);
  const chosen = search["record"] ?? "";
  const [open, setOpen] = useState(() => (category.children.length <= FEW ? codes(flat(category.children)) : []));
  // What is chosen, be it from a link or because it was just added, is to be seen.
  const [shown, setShown] = useState("");
  if (chosen !== shown) {
    setShown(chosen);
    setOpen([...new Set([...open, ...codes(above(category.children, chosen))])]);
  }
  const tree = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (chosen) tree.current?.querySelector(".ant-tree-treenode-selected")?.scrollIntoView({ block: "nearest" });
  }, [chosen, text, category]);
  if (category.children.length === 0) return <EmptyView text={t.empty} />;
  return (
    <>
      <Input
        allowClear
        aria-label={t.find}
        placeholder={t.find}
        value={text}
        style={{ marginBottom: 8 }}
        onChange={(event) => setText(event.target.value)}
      />
      {rows.length === 0 ? (
        <EmptyView text={t.none} />
      ) : (
        <div ref={tree} className="classes">
          <Tree
            blockNode
            aria-label={t.tree}
            virtual={false}
            expandedKeys={text === "" ? open : codes(flat(rows))}
            onExpand={(keys) => {
              if (text === "") setOpen(keys.map(String));
            }}
            selectedKeys={chosen ? [chosen] : codes(category.children.slice(0, 1))}
            treeData={branches(rows)}
            onSelect={(keys) => patch({ record: keys[0] === undefined ? undefined : String(keys[0]) })}
          />
        </div>
      )}
    </>
  );
}

function Body({ catalogue }: { catalogue: Catalogue }) {
  const [search, patch] = useUrl();
  const [switching, setSwitching] = useState(false);
  const category = catalogue.categories.find((one) => one.code === search["of"]) ?? catalogue.categories[0];
  if (!category) return null;
  const node = search["record"] ? findNode(category.children, search["record"]) : (category.children[0] ?? null);
  return (
    <>
      <div className="catalogue-categories">
        <Segmented
          aria-label={t.categories}
          value={category.code}
          onChange={(of) => patch({ of: String(of), record: undefined })}
          options={catalogue.categories.map((one) => ({
            value: one.code,
            label: `${one.taken_in ? "●" : "○"} ${one.name}`,
          }))}
        />
        <Space>
          <span className="soft">{category.taken_in ? `● ${t.takenIn}` : `○ ${t.leftOut}`}</span>
          {category.may_switch && (
            <Button onClick={() => setSwitching(true)}>{category.taken_in ? t.leave : t.takeIn}</Button>
          )}
        </Space>
      </div>
      <div className="catalogue">
        <Panel title={category.name}>
          <Classes key={category.code} category={category} />
        </Panel>
        <Panel>
          {node ? (
            <ClassView key={node.code} category={category} node={node} catalogue={catalogue} />
          ) : (
            <EmptyView text={t.choose} />
          )}
        </Panel>
      </div>
      {switching && <SwitchDialog category={category} onClose={() => setSwitching(false)} />}
    </>
  );
}

export function CataloguePage() {
  const can = useCan();
  const query = useQuery({
    queryKey: ["catalogue"],
    queryFn: ({ signal }) => http.get<Catalogue>("/console/catalogue", undefined, signal),
  });
  return (
    <>
      <PageHead
        title={t.title}
        note={t.note([...new Set((query.data?.versions ?? []).map((one) => one.version))].join("、"))}
        extra={can("pack.read") && <AppLink href="/console/packs">{t.packs}</AppLink>}
      />
      <QueryView query={query} isEmpty={(data) => !data.categories?.length}>
        {(catalogue) => <Body catalogue={catalogue} />}
      </QueryView>
    </>
  );
}

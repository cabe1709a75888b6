// 产品目录: categories, their classes as a tree, the chosen class, and what uses it.
import { useQuery } from "@tanstack/react-query";
import { Button, Input, Segmented, Space, Tag, Tree, type TreeDataNode } from "antd";
import { useState } from "react";
import type { Catalogue, CatalogueCategory, CatalogueNode } from "@/api/access";
import { ClassView } from "@/features/catalogue/components/class-view";
import { OriginTag } from "@/features/catalogue/components/origin-tag";
import { SwitchDialog } from "@/features/catalogue/components/switch-dialog";
import { findNode, fitting } from "@/features/catalogue/tree";
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
      <span className={node.retired ? "retired" : ""}>
        {node.name} <small className="soft code">{node.code}</small> {!node.national && <OriginTag node={node} />}
        {node.retired && <Tag>✕ {t.retired}</Tag>}
      </span>
    ),
    children: branches(node.children),
  }));

function Classes({ category }: { category: CatalogueCategory }) {
  const [search, patch] = useUrl();
  const [text, setText] = useState("");
  const rows = fitting(category.children, text);
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
        <Tree
          key={`${category.code} ${text === ""}`}
          blockNode
          aria-label={t.tree}
          height={560}
          defaultExpandAll={text !== "" || category.children.length <= 12}
          selectedKeys={search["record"] ? [search["record"]] : []}
          treeData={branches(rows)}
          onSelect={(keys) => patch({ record: keys[0] === undefined ? undefined : String(keys[0]) })}
        />
      )}
    </>
  );
}

function Body({ catalogue }: { catalogue: Catalogue }) {
  const [search, patch] = useUrl();
  const [switching, setSwitching] = useState(false);
  const category = catalogue.categories.find((one) => one.code === search["of"]) ?? catalogue.categories[0];
  if (!category) return null;
  const node = search["record"] ? findNode(category.children, search["record"]) : null;
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
          <Classes category={category} />
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

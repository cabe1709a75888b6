// Where a class comes from, in a word; national ones are the rule and carry no sign.
import { Tag } from "antd";
import type { CatalogueNode } from "@/api/access";
import { catalogueText as t } from "@/locales/zh-CN/catalogue";

export function OriginTag({ node }: { node: CatalogueNode }) {
  return node.national ? <Tag>{t.national}</Tag> : <Tag color="blue">◆ {node.origin_name}</Tag>;
}

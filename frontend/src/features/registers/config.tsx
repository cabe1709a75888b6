// What the four registers show, ask for and search by; everything else about them is the same.
import type { ReactNode } from "react";
import type { ConnectedSystem, Device, Product, Subject } from "@/api/types";
import { number, unitName } from "@/lib/format";
import { markOf } from "@/lib/palette";
import type { Names } from "@/lib/reference";
import { fieldLabels as t, registerText } from "@/locales/zh-CN/registers";
import type { Filter } from "@/ui/filter-bar";
import type { Column } from "@/ui/list-page";
import { Missing, StateMark, When } from "@/ui/marks";

export type Noun = "subjects" | "products" | "devices" | "systems";
export interface Row {
  id: string;
  code: string;
  name: string;
  state: string;
  state_name?: string;
  version: number;
  updated_at: string;
  lon?: number | null;
  lat?: number | null;
}
export interface Option {
  value: string;
  label: string;
}
export interface Field {
  key: string;
  kind: "text" | "number" | "select" | "multi" | "division" | "subject";
  required?: boolean;
  options?: Option[];
  /** What may be chosen once the category is known; a changed category drops what no longer fits. */
  within?: (category: string | undefined) => Option[];
  /** Cannot be changed once the entry is there. */
  lasting?: boolean;
  hint?: string;
  /** Another field that may stand in for this one; one of the two must be filled in. */
  instead?: string;
  pattern?: RegExp;
  message?: string;
  max?: number;
  /** Takes the whole width of the form. */
  wide?: boolean;
}
export interface Register {
  noun: Noun;
  permission: string;
  columns: Column<Row>[];
  filters: Filter[];
  fields: Field[];
  facts: (row: Row) => [ReactNode, ReactNode][];
  related: (row: Row) => { href: string; label: string }[];
}

const blank = (value: string | null | undefined, reason: string): ReactNode => value || <Missing reason={reason} />;
/** Online, offline, or never heard of: the last is no fault that somebody must mend. */
const heard = (row: { online: boolean }, last: string | null) => (row.online ? "online" : last ? "offline" : "unheard");
const online = (row: { online: boolean }, last: string | null) => <StateMark state={heard(row, last)} />;
const onlineText = (row: { online: boolean }, last: string | null) => markOf(heard(row, last)).name;
const head: Column<Row>[] = [
  { key: "name", title: t["name"] ?? "", fixed: true, render: (row) => <strong className="name">{row.name}</strong> },
  { key: "code", title: t["code"] ?? "", render: (row) => <span className="code">{row.code}</span> },
];
const tail: Column<Row>[] = [
  {
    key: "state",
    title: t["state"] ?? "",
    render: (row) => <StateMark state={row.state} name={row.state_name} />,
    text: (row) => row.state_name ?? row.state,
  },
  {
    key: "updated_at",
    title: t["updated_at"] ?? "",
    render: (row) => <When at={row.updated_at} />,
    text: (row) => row.updated_at,
  },
];
function columns<T extends Row>(middle: Column<T>[]): Column<Row>[] {
  return [...head, ...(middle as unknown as Column<Row>[]), ...tail];
}
const label = (key: string): string => t[key] ?? key;
const options = (rows: { code: string; name: string }[]): Option[] =>
  rows.map((row) => ({ value: row.code, label: row.name }));
const categoryOf = (names: Names, code: string | undefined) =>
  names.reference?.categories.find((category) => category.code === code);
/** Stages of a category in the order of its chain; all of them where no category is chosen. */
const stagesOf = (names: Names) => (code: string | undefined) => {
  const category = categoryOf(names, code);
  return category
    ? category.stages.map((stage) => ({ value: stage, label: names.name("stage", stage) }))
    : names.options("stage");
};
/** The code of a new entry; the node fills in `instead` where it is left out. */
const codeField = (noun: Noun, instead?: string): Field => ({
  key: "code",
  kind: "text",
  max: 64,
  pattern: /^[A-Za-z0-9._-]{1,64}$/,
  message: registerText.codeRule,
  lasting: true,
  hint: registerText.codeHint[noun] ?? "",
  ...(instead && { instead }),
});
const stages = (names: Names, codes: string[]) => codes.map((code) => names.name("stage", code)).join("、") || "—";

function subjects(names: Names): Register {
  return {
    noun: "subjects",
    permission: "subject",
    columns: columns<Subject>([
      {
        key: "node_type",
        title: label("node_type"),
        render: (row) => names.name("node_type", row.node_type),
        text: (row) => names.name("node_type", row.node_type),
      },
      {
        key: "category",
        title: label("category"),
        render: (row) => names.name("category", row.category),
        text: (row) => names.name("category", row.category),
      },
      {
        key: "stages",
        title: label("stages"),
        render: (row) => stages(names, row.stages),
        text: (row) => stages(names, row.stages),
      },
      { key: "division_name", title: label("division") },
      {
        key: "uscc",
        title: label("uscc"),
        hidden: true,
        render: (row) => <span className="code">{blank(row.uscc, "未登记信用代码")}</span>,
      },
      { key: "contact", title: label("contact"), hidden: true },
      {
        key: "filed_at",
        title: label("filed_at"),
        render: (row) => <When at={row.filed_at} />,
        text: (row) => row.filed_at,
      },
    ]),
    filters: [
      { key: "q", label: label("q"), kind: "text" },
      { key: "category", label: label("category"), kind: "select", options: names.options("category") },
      { key: "state", label: label("state"), kind: "select", options: names.options("subject_state") },
      { key: "stage", label: label("stage"), kind: "select", options: names.options("stage"), folded: true },
      { key: "type", label: label("node_type"), kind: "select", options: names.options("node_type"), folded: true },
    ],
    fields: [
      { key: "name", kind: "text", required: true, max: 100 },
      { key: "uscc", kind: "text", pattern: /^[0-9A-Z]{18}$/, message: registerText.usccRule },
      codeField("subjects", "uscc"),
      { key: "org_form", kind: "select", required: true, options: names.options("org_form") },
      { key: "node_type", kind: "select", required: true, options: names.options("node_type") },
      { key: "category", kind: "select", required: true, options: names.options("category") },
      { key: "stages", kind: "multi", required: true, within: stagesOf(names) },
      { key: "division", kind: "division", required: true },
      { key: "address", kind: "text", max: 200, wide: true },
      { key: "lon", kind: "number" },
      { key: "lat", kind: "number" },
      { key: "contact", kind: "text", max: 50 },
      { key: "phone", kind: "text", max: 20 },
    ],
    facts: (any) => {
      const row = any as unknown as Subject;
      return [
        [
          label("uscc"),
          <span key="u" className="code">
            {blank(row.uscc, "未登记信用代码")}
          </span>,
        ],
        [label("org_form"), names.name("org_form", row.org_form)],
        [label("node_type"), names.name("node_type", row.node_type)],
        [label("category"), names.name("category", row.category)],
        [label("stages"), stages(names, row.stages)],
        [label("division"), row.division_name],
        [label("address"), row.address],
        [
          label("place"),
          row.lon === null || row.lat === null ? (
            <Missing key="p" reason="没有登记位置" />
          ) : (
            `${row.lon.toFixed(5)}, ${row.lat.toFixed(5)}`
          ),
        ],
        [label("contact"), row.contact],
        [label("phone"), row.phone],
        [label("filed_at"), <When key="f" at={row.filed_at} />],
        [label("origin_node"), (row as Subject & { origin_name?: string }).origin_name ?? row.origin_node],
      ];
    },
    related: (row) => [
      { href: `/console/events?subject=${row.code}`, label: registerText.events },
      { href: `/console/products?subject=${row.code}`, label: registerText.products_of },
      { href: `/console/devices?subject=${row.code}`, label: registerText.devices_of },
      { href: `/console/findings?subject=${row.code}`, label: registerText.findings },
    ],
  };
}
function products(names: Names): Register {
  return {
    noun: "products",
    permission: "product",
    columns: columns<Product & Row>([
      {
        key: "category",
        title: label("category"),
        render: (row) => names.name("category", row.category),
        text: (row) => names.name("category", row.category),
      },
      {
        key: "gtin",
        title: label("gtin"),
        render: (row) => <span className="code">{blank(row.gtin, "未登记商品条码")}</span>,
        text: (row) => row.gtin,
      },
      { key: "spec", title: label("spec"), hidden: true },
      {
        key: "unit",
        title: label("unit"),
        render: (row) => unitName(row.unit) || "—",
        text: (row) => unitName(row.unit),
      },
      { key: "subject_name", title: label("subject_name") },
    ]),
    filters: [
      { key: "q", label: registerText.named, kind: "text" },
      { key: "category", label: label("category"), kind: "select", options: names.options("category") },
      { key: "state", label: label("state"), kind: "select", options: names.options("subject_state") },
      { key: "subject", label: label("subject"), kind: "text", folded: true },
    ],
    fields: [
      { key: "name", kind: "text", required: true, max: 100 },
      { key: "gtin", kind: "text", pattern: /^(\d{8}|\d{12,14})$/, message: registerText.gtinRule },
      codeField("products", "gtin"),
      { key: "category", kind: "select", required: true, options: names.options("category") },
      {
        key: "subcategory",
        kind: "select",
        within: (category) => options(categoryOf(names, category)?.children ?? []),
        hint: registerText.categoryFirst,
      },
      { key: "spec", kind: "text", max: 50 },
      { key: "unit", kind: "text", required: true, max: 20 },
      { key: "shelf_life_days", kind: "number" },
      { key: "subject", kind: "subject", required: true },
    ],
    facts: (any) => {
      const row = any as unknown as Product;
      return [
        [label("gtin"), blank(row.gtin, "未登记商品条码")],
        [label("category"), names.name("category", row.category)],
        [label("subcategory"), row.subcategory ? names.name("category", row.subcategory) : null],
        [label("spec"), row.spec],
        [label("unit"), unitName(row.unit)],
        [label("shelf_life_days"), row.shelf_life_days === null ? null : number(row.shelf_life_days)],
        [label("subject_name"), row.subject_name],
        [label("updated_at"), <When key="u" at={row.updated_at} />],
      ];
    },
    related: (row) => [
      { href: `/console/subjects/${(row as unknown as Product).subject}`, label: label("subject") },
      { href: `/console/events?subject=${(row as unknown as Product).subject}`, label: registerText.subjectEvents },
    ],
  };
}
function devices(names: Names): Register {
  return {
    noun: "devices",
    permission: "device",
    columns: columns<Device & Row>([
      {
        key: "device_type",
        title: label("device_type"),
        render: (row) => names.name("device_type", row.device_type),
        text: (row) => names.name("device_type", row.device_type),
      },
      { key: "subject_name", title: label("subject_name") },
      { key: "division_name", title: label("division") },
      { key: "model", title: label("model"), hidden: true },
      {
        key: "serial",
        title: label("serial"),
        hidden: true,
        render: (row) => <span className="code">{row.serial ?? "—"}</span>,
      },
      {
        key: "online",
        title: label("online"),
        render: (row) => online(row, row.last_seen_at),
        text: (row) => onlineText(row, row.last_seen_at),
      },
      {
        key: "last_seen_at",
        title: label("last_seen_at"),
        render: (row) => (row.last_seen_at ? <When at={row.last_seen_at} /> : <Missing reason="从未收到心跳" />),
        text: (row) => row.last_seen_at,
      },
    ]),
    filters: [
      { key: "q", label: registerText.named, kind: "text" },
      { key: "type", label: label("device_type"), kind: "select", options: names.options("device_type") },
      { key: "state", label: label("state"), kind: "select", options: names.options("subject_state") },
      { key: "subject", label: label("subject"), kind: "text", folded: true },
    ],
    fields: [
      { key: "name", kind: "text", required: true, max: 100 },
      { key: "device_type", kind: "select", required: true, options: names.options("device_type") },
      { key: "model", kind: "text", max: 50 },
      { key: "mac", kind: "text", pattern: /^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$/ },
      { key: "serial", kind: "text", max: 50 },
      codeField("devices", "serial"),
      { key: "subject", kind: "subject", required: true },
      { key: "division", kind: "division", required: true },
    ],
    facts: (any) => {
      const row = any as unknown as Device;
      return [
        [label("device_type"), names.name("device_type", row.device_type)],
        [label("model"), row.model],
        [label("mac"), row.mac],
        [label("serial"), row.serial],
        [label("online"), online(row, row.last_seen_at)],
        [label("last_seen_at"), <When key="s" at={row.last_seen_at} />],
        [label("division"), (row as Device & { division_name?: string }).division_name ?? row.division],
        [label("subject"), (row as Device & { subject_name?: string }).subject_name ?? row.subject],
      ];
    },
    related: (row) => [{ href: `/console/subjects/${(row as unknown as Device).subject}`, label: label("subject") }],
  };
}
function systems(names: Names): Register {
  return {
    noun: "systems",
    permission: "access",
    columns: columns<ConnectedSystem & Row>([
      { key: "operator", title: label("operator"), hidden: true },
      { key: "division_name", title: label("division") },
      {
        key: "category",
        title: label("category"),
        render: (row) => names.name("category", row.category),
        text: (row) => names.name("category", row.category),
      },
      {
        key: "stage",
        title: label("stage"),
        render: (row) => names.name("stage", row.stage),
        text: (row) => names.name("stage", row.stage),
      },
      {
        key: "online",
        title: label("online"),
        render: (row) => online(row, row.last_report_at),
        text: (row) => onlineText(row, row.last_report_at),
      },
      {
        key: "last_report_at",
        title: label("last_report_at"),
        render: (row) => (row.last_report_at ? <When at={row.last_report_at} /> : <Missing reason="从未报送" />),
        text: (row) => row.last_report_at,
      },
      {
        key: "events_total",
        title: label("events_total"),
        align: "right",
        render: (row) => <span className="figures">{number(row.events_total)}</span>,
      },
    ]),
    filters: [
      { key: "q", label: registerText.named, kind: "text" },
      { key: "category", label: label("category"), kind: "select", options: names.options("category") },
      { key: "state", label: label("state"), kind: "select", options: names.options("system_state") },
      { key: "stage", label: label("stage"), kind: "select", options: names.options("stage"), folded: true },
    ],
    fields: [
      { key: "name", kind: "text", required: true, max: 100 },
      { key: "operator", kind: "text", required: true, max: 100 },
      { key: "category", kind: "select", required: true, options: names.options("category") },
      { key: "stage", kind: "select", required: true, within: stagesOf(names) },
      codeField("systems"),
      { key: "division", kind: "division", required: true },
      { key: "subject", kind: "subject" },
      { key: "url", kind: "text", max: 200 },
      { key: "contact", kind: "text", max: 50 },
      { key: "phone", kind: "text", max: 20 },
    ],
    facts: (any) => {
      const row = any as unknown as ConnectedSystem;
      return [
        [label("operator"), row.operator],
        [label("category"), names.name("category", row.category)],
        [label("stage"), names.name("stage", row.stage)],
        [label("division"), (row as ConnectedSystem & { division_name?: string }).division_name ?? row.division],
        [label("url"), row.url],
        [label("contact"), row.contact],
        [label("phone"), row.phone],
        [label("token_hint"), row.token_hint ? `已发放（尾号 ${row.token_hint}）` : "尚未发放"],
        [label("last_report_at"), <When key="r" at={row.last_report_at} />],
        [label("events_total"), number(row.events_total)],
        [label("online"), online(row, row.last_report_at)],
      ];
    },
    related: (row) => [
      { href: `/console/events?system=${row.code}`, label: registerText.events },
      { href: `/console/findings?system=${row.code}`, label: registerText.findings },
    ],
  };
}

/** The register of a noun, with names looked up. */
export function registerOf(noun: Noun, names: Names): Register {
  return { subjects, products, devices, systems }[noun](names);
}

// What the lists of the registers show and what they are searched by; everything else about them is the same.
import type { ReactNode } from "react";
import type { Noun } from "@/features/registers/api/registers";
import type { Row } from "@/features/registers/api/shapes";
import { number, unitName } from "@/lib/format";
import { markOf } from "@/lib/palette";
import type { Names } from "@/lib/reference";
import { fieldLabels, registerText as t } from "@/locales/zh-CN/registers";
import type { Filter } from "@/ui/filter-bar";
import type { Column } from "@/ui/list-page";
import { Missing, StateMark, When } from "@/ui/marks";

export interface RegisterList {
  columns: Column<Row>[];
  filters: Filter[];
}
const label = (key: string): string => fieldLabels[key] ?? key;
const text = (row: Row, key: string): string => {
  const value = row[key];
  return value === null || value === undefined ? "" : String(value);
};
const orMissing = (value: string, reason: string): ReactNode => value || <Missing reason={reason} />;
const plain = (key: string, more: Partial<Column<Row>> = {}): Column<Row> => ({ key, title: label(key), ...more });
const coded = (key: string, shown: (row: Row) => string, more: Partial<Column<Row>> = {}): Column<Row> => ({
  key,
  title: label(key),
  render: (row) => shown(row) || "—",
  text: shown,
  ...more,
});
const at = (key: string, reason: string, more: Partial<Column<Row>> = {}): Column<Row> => ({
  key,
  title: label(key),
  render: (row) => (row[key] ? <When at={text(row, key)} /> : <Missing reason={reason} />),
  text: (row) => text(row, key),
  ...more,
});
/** Online, offline, or never heard of: the last is no fault that somebody must mend. */
const heard = (row: Row) => (row["online"] === true ? "online" : row["last_seen_at"] ? "offline" : "unheard");

const head: Column<Row>[] = [
  {
    key: "name",
    title: label("name"),
    fixed: true,
    render: (row) => (
      <>
        <strong className="name">{row.name}</strong>
        {row["conflict"] === true ? (
          <span className="conflict" title={t.rivalShort}>
            {" "}
            ▼ {t.conflict}
          </span>
        ) : null}
      </>
    ),
  },
  { key: "code", title: label("code"), render: (row) => <span className="code">{row.code}</span> },
];
const state: Column<Row> = {
  key: "state",
  title: label("state"),
  render: (row) => <StateMark state={row.state} name={row.state_name} />,
  text: (row) => row.state_name ?? row.state,
};
const updated = at("updated_at", t.noTime, { hidden: true });
const completeness: Column<Row> = {
  key: "completeness",
  title: label("completeness"),
  align: "right",
  hidden: true,
  render: (row) =>
    typeof row["completeness"] === "number" ? <span className="figures">{row["completeness"]}%</span> : "—",
  text: (row) => row["completeness"] as number | null,
};

const multi = (key: string, options: Filter["options"], folded = true, name = label(key)): Filter => ({
  key,
  label: name,
  kind: "multi",
  options: options ?? [],
  folded,
});
const tree = (names: Names): Filter => ({
  key: "variety",
  label: label("varieties"),
  kind: "tree",
  folded: true,
  width: 200,
  options: (names.reference?.categories ?? []).flatMap((category) =>
    category.children.length > 0
      ? [
          {
            value: category.code,
            label: category.name,
            children: category.children.map((child) => ({ value: child.code, label: child.name })),
          },
        ]
      : [],
  ),
});
const spans: Filter[] = [
  { key: "filed_from", to: "filed_to", label: label("filed_at"), kind: "range", folded: true },
  { key: "registered_from", to: "registered_to", label: label("created_at"), kind: "range", folded: true },
];
const conflict: Filter = {
  key: "conflict",
  label: t.conflictFilter,
  kind: "select",
  folded: true,
  options: [{ value: "true", label: t.conflictOnly }],
};
const placed: Filter = {
  key: "placed",
  label: label("place"),
  kind: "select",
  folded: true,
  options: [
    { value: "true", label: t.placed },
    { value: "false", label: t.unplaced },
  ],
};
const q: Filter = { key: "q", label: t.q, kind: "text", width: 260 };
const code: Filter = { key: "code", label: t.codeBegins, kind: "text", folded: true, width: 180 };
const stateFilter = (names: Names): Filter => multi("state", names.options("subject_state"), false);
const categoryFilter = (names: Names, folded = false): Filter => multi("category", names.options("category"), folded);

function subjects(names: Names): RegisterList {
  const category = (row: Row) => names.name("category", text(row, "category"));
  const stages = (row: Row) =>
    ((row["stages"] as string[] | undefined) ?? []).map((one) => names.name("stage", one)).join("、");
  return {
    columns: [
      ...head,
      coded("node_type", (row) => names.name("node_type", text(row, "node_type"))),
      coded("category", category),
      coded("stages", stages),
      plain("division_name"),
      plain("uscc", {
        hidden: true,
        render: (row) => <span className="code">{orMissing(text(row, "uscc"), t.noUscc)}</span>,
      }),
      coded("org_form", (row) => names.name("org_form", text(row, "org_form")), { hidden: true }),
      plain("contact", { hidden: true }),
      plain("address", { hidden: true }),
      plain("origin_name", { hidden: true }),
      completeness,
      at("filed_at", t.notFiled),
      at("created_at", t.noTime, { hidden: true }),
      state,
      updated,
    ],
    filters: [
      q,
      categoryFilter(names),
      stateFilter(names),
      multi("stage", names.options("stage")),
      tree(names),
      multi("type", names.options("node_type"), true, label("node_type")),
      multi("org_form", names.options("org_form")),
      code,
      ...spans,
      placed,
      conflict,
    ],
  };
}
function merchants(names: Names, merchantTypes: { value: string; label: string }[]): RegisterList {
  const type = new Map(merchantTypes.map((one) => [one.value, one.label]));
  return {
    columns: [
      ...head,
      coded("merchant_type", (row) => type.get(text(row, "merchant_type")) ?? text(row, "merchant_type")),
      coded("parent", (row) => text(row, "parent_name") || text(row, "parent")),
      coded("category", (row) => names.name("category", text(row, "category"))),
      plain("division_name"),
      plain("contact", { hidden: true }),
      plain("phone", { hidden: true }),
      completeness,
      at("filed_at", t.notFiled, { hidden: true }),
      at("created_at", t.noTime),
      state,
      updated,
    ],
    filters: [
      q,
      multi("merchant_type", merchantTypes, false),
      { key: "parent", label: t.parentCode, kind: "text", width: 180 },
      multi("state", names.options("subject_state")),
      categoryFilter(names, true),
      tree(names),
      code,
      ...spans,
      placed,
      conflict,
    ],
  };
}
function products(names: Names): RegisterList {
  return {
    columns: [
      ...head,
      coded("category", (row) => names.name("category", text(row, "category"))),
      coded("subcategory", (row) => (row["subcategory"] ? names.name("category", text(row, "subcategory")) : ""), {
        hidden: true,
      }),
      plain("gtin", { render: (row) => <span className="code">{orMissing(text(row, "gtin"), t.noGtin)}</span> }),
      plain("spec", { hidden: true }),
      coded("unit", (row) => unitName(text(row, "unit"))),
      {
        ...plain("shelf_life_days", { hidden: true, align: "right" }),
        render: (row) => <span className="figures">{number(row["shelf_life_days"] as number | null)}</span>,
      },
      coded("subject_name", (row) => text(row, "subject_name")),
      state,
      at("updated_at", t.noTime),
    ],
    filters: [
      { ...q, label: t.named },
      categoryFilter(names),
      stateFilter(names),
      tree(names),
      code,
      { key: "subject", label: t.ownerCode, kind: "text", folded: true },
      ...spans,
    ],
  };
}
/** Heartbeats stay at the platform that a device reports to: elsewhere it is not known whether it is on line. */
const elsewhere = (row: Row, node: string) => !row["last_seen_at"] && text(row, "origin_node") !== node;
const watchedBy = (row: Row) => t.watchedBy(text(row, "origin_name"));

function devices(names: Names, node: string): RegisterList {
  return {
    columns: [
      ...head,
      coded("device_type", (row) => names.name("device_type", text(row, "device_type"))),
      coded("subject_name", (row) => text(row, "subject_name")),
      plain("division_name"),
      plain("model", { hidden: true }),
      plain("serial", { hidden: true, render: (row) => <span className="code">{text(row, "serial") || "—"}</span> }),
      plain("mac", { hidden: true, render: (row) => <span className="code">{text(row, "mac") || "—"}</span> }),
      {
        key: "online",
        title: label("online"),
        render: (row) =>
          elsewhere(row, node) ? (
            <StateMark state="elsewhere" name={watchedBy(row)} />
          ) : (
            <StateMark state={heard(row)} />
          ),
        text: (row) => (elsewhere(row, node) ? watchedBy(row) : markOf(heard(row)).name),
      },
      at("last_seen_at", t.noHeartbeat),
      {
        key: "calibration",
        title: label("calibration"),
        render: (row) =>
          row["calibration"] ? (
            <StateMark state={text(row, "calibration")} name={t.calibrations[text(row, "calibration")] ?? null} />
          ) : (
            "—"
          ),
        text: (row) => t.calibrations[text(row, "calibration")] ?? "",
      },
      {
        key: "open_faults",
        title: label("open_faults"),
        align: "right",
        hidden: true,
        render: (row) => <span className="figures">{number(row["open_faults"] as number | null)}</span>,
      },
      state,
      updated,
    ],
    filters: [
      { ...q, label: t.named },
      multi("type", names.options("device_type"), false, label("device_type")),
      stateFilter(names),
      code,
      { key: "subject", label: t.ownerCode, kind: "text", folded: true },
      ...spans,
    ],
  };
}

/** The list of a register, with names looked up. */
export function listOf(
  noun: Noun,
  names: Names,
  merchantTypes: { value: string; label: string }[],
  /** The platform that shows the list. */
  node: string,
): RegisterList {
  switch (noun) {
    case "subjects":
      return subjects(names);
    case "merchants":
      return merchants(names, merchantTypes);
    case "products":
      return products(names);
    case "devices":
      return devices(names, node);
  }
}

// An entry's values in words, by the groups of the node's description of the fields.
import { useQuery } from "@tanstack/react-query";
import { Tag, Tooltip } from "antd";
import { useMemo, type ReactNode } from "react";
import type { MetaColumn, MetaField, MetaOption, Metadata } from "@/api/types";
import { metadataQuery, type Noun } from "@/features/registers/api/registers";
import type { Row } from "@/features/registers/api/shapes";
import { number, unitName } from "@/lib/format";
import { markOf } from "@/lib/palette";
import { useNames } from "@/lib/reference";
import { registerText as t } from "@/locales/zh-CN/registers";
import { AppLink } from "@/ui/app-link";
import { Missing, StateMark } from "@/ui/marks";
import { Facts, Panel } from "@/ui/page";
import { QueryView } from "@/ui/state-views";

type Values = Record<string, unknown>;
const nothing = (value: unknown): boolean =>
  value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);

/** Days until a licence ends that call for attention. */
const SOON = 30;
const DAY_MS = 86_400_000;
/** Over, about to be over, or neither. */
export function expiry(day: string, today: number = Date.now()): "expired" | "soon" | null {
  const left = (Date.parse(`${day}T23:59:59+08:00`) - today) / DAY_MS;
  return left < 0 ? "expired" : left < SOON ? "soon" : null;
}
function Day({ day, ends }: { day: string; ends: boolean }) {
  const mark = ends ? expiry(day) : null;
  return (
    <span className="figures">
      {day} {mark && <StateMark state={mark} />}
    </span>
  );
}
const nameIn = (options: MetaOption[] | undefined, code: unknown): string =>
  options?.find((one) => one.code === code)?.name ?? String(code);

function cellText(column: MetaColumn, value: unknown): ReactNode {
  if (nothing(value)) return null;
  if (column.type === "bool") return value === true ? column.name : null;
  if (column.type === "date") return <Day day={String(value)} ends={column.code === "expires"} />;
  if (column.type === "list") return nameIn(column.options, value);
  return String(value);
}
function Records({ field, rows }: { field: MetaField; rows: Values[] }) {
  return (
    <ul className="fact-records">
      {rows.map((row, index) => (
        <li key={index}>
          {field.columns.map((column) => {
            const shown = cellText(column, row[column.code]);
            return shown === null ? null : (
              <span key={column.code}>
                <span className="soft">{column.type === "bool" ? "" : `${column.name} `}</span>
                {shown}
              </span>
            );
          })}
        </li>
      ))}
    </ul>
  );
}

/** Looks names of codes up: first among the choices of the field, then in the lists of the node. */
export function useShown(metadata: Metadata | undefined): (field: string, value: unknown) => string {
  const names = useNames();
  return useMemo(() => {
    const fields = new Map((metadata?.fields ?? []).map((field) => [field.code, field]));
    const listed = (field: string, value: unknown): string => {
      const own = fields.get(field)?.options.find((one) => one.code === value)?.name;
      if (own) return own;
      if (field === "state") return markOf(String(value)).name;
      if (field === "category" || field === "varieties" || field === "subcategory")
        return names.name("category", String(value));
      if (field === "stages" || field === "stage") return names.name("stage", String(value));
      if (field === "org_form" || field === "node_type" || field === "device_type")
        return names.name(field, String(value));
      return String(value);
    };
    const shown = (field: string, value: unknown): string => {
      if (nothing(value)) return "—";
      if (typeof value === "boolean") return value ? "是" : "否";
      if (Array.isArray(value)) return value.map((one) => shown(field, one)).join("、");
      if (typeof value === "object" && value !== null)
        return Object.values(value)
          .filter((one) => !nothing(one))
          .map(String)
          .join(" ");
      return listed(field, value);
    };
    return shown;
  }, [metadata, names]);
}

function valueOf(field: MetaField, row: Row, shown: (field: string, value: unknown) => string): ReactNode {
  const extra = row["extra"] as Values | undefined;
  const value = row[field.code] ?? extra?.[field.code];
  if (field.code === "division") return String(row["division_name"] ?? value ?? "—");
  if (field.code === "subject" && value)
    return <AppLink href={`/console/subjects/${String(value)}`}>{String(row["subject_name"] ?? value)}</AppLink>;
  if (field.code === "parent" && row["parent_name"]) return `${String(row["parent_name"])}（${String(value)}）`;
  if (nothing(value))
    return field.need === "may" ? null : <Missing reason={field.need === "must" ? t.missingMust : t.missingShould} />;
  if (field.type === "records") return <Records field={field} rows={value as Values[]} />;
  if (field.type === "date") return <Day day={String(value)} ends={field.code === "valid_to"} />;
  if (field.type === "bool") return value === true ? "是" : field.need === "may" ? null : "否";
  if (field.type === "number" || field.type === "integer") return number(String(value));
  if (field.code === "unit") return unitName(String(value));
  if (field.type === "code" || field.type === "uscc" || field.type === "idno")
    return <span className="code">{String(value)}</span>;
  return shown(field.code, value);
}
const heads = new Set(["name", "code"]);
/** The form asks for the code of a subject; here its name is shown. */
const labelOf = (field: MetaField): string =>
  field.code === "subject" ? field.name.replace(/编码$/u, "") : field.name;

export function MetaFacts({ noun, row, columns = 2 }: { noun: Noun; row: Row; columns?: number }) {
  const query = useQuery(metadataQuery(noun, row["category"] as string | undefined));
  const shown = useShown(query.data);
  return (
    <QueryView query={query} height={120}>
      {(metadata) =>
        metadata.groups.map((group) => {
          const rows = metadata.fields
            .filter((field) => field.group === group.code && !heads.has(field.code))
            .map((field): [ReactNode, ReactNode] =>
              field.type === "place"
                ? [
                    t.place,
                    nothing(row["lon"]) || nothing(row["lat"]) ? (
                      <Missing key="place" reason={t.noPlace} />
                    ) : (
                      `${Number(row["lon"]).toFixed(5)}, ${Number(row["lat"]).toFixed(5)}`
                    ),
                  ]
                : [
                    field.std_ref ? (
                      <Tooltip key="name" title={field.std_ref}>
                        {labelOf(field)}
                      </Tooltip>
                    ) : (
                      labelOf(field)
                    ),
                    valueOf(field, row, shown),
                  ],
            )
            .filter(([, value]) => value !== null);
          return rows.length === 0 ? null : (
            <Panel key={group.code} title={group.name}>
              <Facts rows={rows} columns={columns} />
            </Panel>
          );
        })
      }
    </QueryView>
  );
}

/** How complete an entry is, and what is missing. */
export function Completeness({ row, metadata }: { row: Row; metadata?: Metadata | undefined }) {
  const percent = row["completeness"];
  if (typeof percent !== "number") return null;
  const names = new Map((metadata?.fields ?? []).map((field) => [field.code, field.name]));
  const missing = ((row["missing"] as string[] | undefined) ?? []).map((code) => names.get(code) ?? code);
  return (
    <Tooltip title={missing.length > 0 ? `${t.lacks}${missing.join("、")}` : t.complete}>
      <Tag tabIndex={0} className={percent >= 100 ? "share full" : "share"}>
        {t.completeness} {percent}%
      </Tag>
    </Tooltip>
  );
}

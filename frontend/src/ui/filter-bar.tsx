// The condition bar: a few conditions open, the rest folded, each kept in the link.
import { DownOutlined, SearchOutlined, UpOutlined } from "@ant-design/icons";
import { Button, DatePicker, Input, Select, Tag, TreeSelect } from "antd";
import dayjs from "dayjs";
import { useEffect, useState, type ReactNode } from "react";
import type { Query } from "@/lib/client";
import { useUrl, type Search } from "@/lib/nav";
import { common } from "@/locales/zh-CN/common";

export interface FilterOption {
  value: string;
  label: string;
  children?: FilterOption[];
}
export interface Filter {
  key: string;
  label: string;
  /** `multi` and `tree` hold several values with commas between; a `range` of days needs `to`. */
  kind: "text" | "select" | "multi" | "tree" | "date" | "month" | "range";
  options?: FilterOption[];
  /** Key of the last day of a range. */
  to?: string;
  /** The node takes the ends of the range as instants and not as days. */
  instants?: boolean;
  folded?: boolean;
  width?: number;
}
const start = { after: undefined, page: undefined, record: undefined };

/** The keys of the link that a condition uses. */
export const keysOf = (filters: Filter[]): string[] =>
  filters.flatMap((filter) => (filter.to ? [filter.key, filter.to] : [filter.key]));

/** First or last instant of a day in China standard time. */
function dayEdge(day: string | undefined, end: boolean): string | undefined {
  return day && new Date(`${day}T${end ? "23:59:59.999" : "00:00:00"}+08:00`).toISOString();
}
/** The conditions of a link as the node takes them. */
export function conditions(filters: Filter[], search: Search): Query {
  const query: Query = {};
  for (const filter of filters) {
    if (filter.kind === "date") query[filter.key] = dayEdge(search[filter.key], filter.key === "to");
    else if (filter.kind === "range") {
      query[filter.key] = filter.instants ? dayEdge(search[filter.key], false) : search[filter.key];
      if (filter.to) query[filter.to] = filter.instants ? dayEdge(search[filter.to], true) : search[filter.to];
    } else query[filter.key] = search[filter.key];
  }
  if (search["division"]) query["division"] = search["division"];
  return query;
}
const values = (text: string | undefined): string[] => (text ? text.split(",") : []);

interface OneProps {
  filter: Filter;
  search: Search;
  onSet: (patch: Record<string, string | undefined>) => void;
}
function TextFilter({ filter, search, onSet }: OneProps) {
  const value = search[filter.key] ?? "";
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
  const set = (next: string) => onSet({ [filter.key]: next || undefined });
  return (
    <Input
      allowClear
      prefix={<SearchOutlined className="soft" />}
      placeholder={filter.label}
      aria-label={filter.label}
      style={{ width: filter.width ?? 240 }}
      value={draft}
      onChange={(event) => {
        setDraft(event.target.value);
        if (event.target.value === "") set("");
      }}
      onPressEnter={() => set(draft.trim())}
      onBlur={() => {
        if (draft.trim() !== value) set(draft.trim());
      }}
    />
  );
}
function ChoiceFilter({ filter, search, onSet }: OneProps) {
  const value = search[filter.key];
  const shared = {
    allowClear: true,
    placeholder: filter.label,
    "aria-label": filter.label,
    style: { width: filter.width ?? (filter.kind === "multi" ? 176 : 150) },
  };
  if (filter.kind === "tree")
    return (
      <TreeSelect
        {...shared}
        multiple
        maxTagCount="responsive"
        showSearch={{ treeNodeFilterProp: "label" }}
        value={values(value)}
        treeData={filter.options ?? []}
        onChange={(next: string[]) => onSet({ [filter.key]: next.join(",") || undefined })}
      />
    );
  if (filter.kind === "multi")
    return (
      <Select
        {...shared}
        mode="multiple"
        maxTagCount="responsive"
        showSearch={{ optionFilterProp: "label" }}
        value={values(value)}
        options={filter.options ?? []}
        onChange={(next: string[]) => onSet({ [filter.key]: next.join(",") || undefined })}
      />
    );
  return (
    <Select
      {...shared}
      showSearch={{ optionFilterProp: "label" }}
      value={value ?? null}
      options={filter.options ?? []}
      onChange={(next: string | null | undefined) => onSet({ [filter.key]: next ?? undefined })}
    />
  );
}
function DateFilter({ filter, search, onSet }: OneProps) {
  const day = (key: string | undefined) => (key && search[key] ? dayjs(search[key]) : null);
  if (filter.kind === "range")
    return (
      <DatePicker.RangePicker
        allowEmpty={[true, true]}
        aria-label={filter.label}
        placeholder={[`${filter.label}起`, "止"]}
        style={{ width: filter.width ?? 260 }}
        value={[day(filter.key), day(filter.to)]}
        onChange={(next) =>
          onSet({
            [filter.key]: next?.[0]?.format("YYYY-MM-DD"),
            ...(filter.to && { [filter.to]: next?.[1]?.format("YYYY-MM-DD") }),
          })
        }
      />
    );
  const shape = filter.kind === "month" ? "YYYY-MM" : "YYYY-MM-DD";
  return (
    <DatePicker
      picker={filter.kind === "month" ? "month" : "date"}
      placeholder={filter.label}
      aria-label={filter.label}
      value={day(filter.key)}
      onChange={(next) => onSet({ [filter.key]: next && !Array.isArray(next) ? next.format(shape) : undefined })}
    />
  );
}
function One(props: OneProps) {
  const { kind } = props.filter;
  if (kind === "text") return <TextFilter {...props} />;
  if (kind === "date" || kind === "month" || kind === "range") return <DateFilter {...props} />;
  return <ChoiceFilter {...props} />;
}

const flat = (options: FilterOption[]): FilterOption[] =>
  options.flatMap((option) => [option, ...flat(option.children ?? [])]);
/** What a set condition says, in words. */
function told(filter: Filter, search: Search): string {
  if (filter.kind === "range") return `${search[filter.key] ?? "…"} 至 ${(filter.to && search[filter.to]) ?? "…"}`;
  const names = new Map(flat(filter.options ?? []).map((option) => [option.value, option.label]));
  return values(search[filter.key])
    .map((value) => names.get(value) ?? value)
    .join("、");
}

export function FilterBar({ filters, extra }: { filters: Filter[]; extra?: ReactNode }) {
  const [search, patch] = useUrl();
  const set = (changes: Record<string, string | undefined>) => patch({ ...start, ...changes });
  const isSet = (filter: Filter) => keysOf([filter]).some((key) => search[key]);
  const none = (some: Filter[]) => Object.fromEntries(keysOf(some).map((key) => [key, undefined]));
  const folded = filters.filter((filter) => filter.folded);
  const [unfolded, setUnfolded] = useState(() => folded.some(isSet));
  const chips = filters.filter(isSet);
  if (filters.length === 0) return null;
  return (
    <div className="filter-bar" role="search">
      <div className="filter-row">
        {filters
          .filter((filter) => !filter.folded || unfolded)
          .map((filter) => (
            <One key={filter.key} filter={filter} search={search} onSet={set} />
          ))}
        {folded.length > 0 && (
          <Button
            type="link"
            aria-expanded={unfolded}
            onClick={() => setUnfolded(!unfolded)}
            icon={unfolded ? <UpOutlined /> : <DownOutlined />}
          >
            {unfolded ? common.less : common.more}
          </Button>
        )}
        <span className="grow" />
        {extra}
      </div>
      {chips.length > 0 && (
        <div className="filter-chips">
          {chips.map((filter) => (
            <Tag
              key={filter.key}
              closable
              color="blue"
              onClose={(event) => {
                event.preventDefault();
                set(none([filter]));
              }}
            >
              {filter.label}：{told(filter, search)}
            </Tag>
          ))}
          <Button type="link" size="small" onClick={() => set(none(filters))}>
            {common.clearFilters}
          </Button>
        </div>
      )}
    </div>
  );
}

// The condition bar: a few conditions open, the rest folded, each kept in the link.
import { DownOutlined, SearchOutlined, UpOutlined } from "@ant-design/icons";
import { Button, DatePicker, Input, Select, Tag } from "antd";
import dayjs from "dayjs";
import { useEffect, useState, type ReactNode } from "react";
import { useUrl } from "@/lib/nav";
import { common } from "@/locales/zh-CN/common";

export interface Filter {
  key: string;
  label: string;
  kind: "text" | "select" | "date" | "month";
  options?: { value: string; label: string }[];
  folded?: boolean;
  width?: number;
}
const start = { after: undefined, page: undefined, record: undefined };

function TextFilter({
  filter,
  value,
  onSet,
}: {
  filter: Filter;
  value: string;
  onSet: (value: string | undefined) => void;
}) {
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
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
        if (event.target.value === "") onSet(undefined);
      }}
      onPressEnter={() => onSet(draft.trim())}
      onBlur={() => {
        if (draft.trim() !== value) onSet(draft.trim());
      }}
    />
  );
}
function One({
  filter,
  value,
  onSet,
}: {
  filter: Filter;
  value: string | undefined;
  onSet: (value: string | undefined) => void;
}) {
  if (filter.kind === "text") return <TextFilter filter={filter} value={value ?? ""} onSet={onSet} />;
  if (filter.kind === "select") {
    return (
      <Select
        allowClear
        showSearch={{ optionFilterProp: "label" }}
        placeholder={filter.label}
        aria-label={filter.label}
        style={{ width: filter.width ?? 150 }}
        value={value ?? null}
        options={filter.options ?? []}
        onChange={(next: string | null | undefined) => onSet(next ?? undefined)}
      />
    );
  }
  const shape = filter.kind === "month" ? "YYYY-MM" : "YYYY-MM-DD";
  return (
    <DatePicker
      picker={filter.kind === "month" ? "month" : "date"}
      placeholder={filter.label}
      aria-label={filter.label}
      value={value ? dayjs(value) : null}
      onChange={(next) => onSet(next ? (Array.isArray(next) ? undefined : next.format(shape)) : undefined)}
    />
  );
}

export function FilterBar({ filters, extra }: { filters: Filter[]; extra?: ReactNode }) {
  const [search, patch] = useUrl();
  const set = (key: string) => (value: string | undefined) => patch({ ...start, [key]: value });
  const folded = filters.filter((filter) => filter.folded);
  const [unfolded, setUnfolded] = useState(() => folded.some((filter) => search[filter.key]));
  const chips = filters.filter((filter) => search[filter.key]);
  const label = (filter: Filter) =>
    filter.options?.find((option) => option.value === search[filter.key])?.label ?? search[filter.key];
  if (filters.length === 0) return null;
  return (
    <div className="filter-bar" role="search">
      <div className="filter-row">
        {filters
          .filter((filter) => !filter.folded || unfolded)
          .map((filter) => (
            <One key={filter.key} filter={filter} value={search[filter.key]} onSet={set(filter.key)} />
          ))}
        {folded.length > 0 && (
          <Button
            type="link"
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
                set(filter.key)(undefined);
              }}
            >
              {filter.label}：{label(filter)}
            </Tag>
          ))}
          <Button
            type="link"
            size="small"
            onClick={() => patch({ ...start, ...Object.fromEntries(filters.map((filter) => [filter.key, undefined])) })}
          >
            {common.clearFilters}
          </Button>
        </div>
      )}
    </div>
  );
}

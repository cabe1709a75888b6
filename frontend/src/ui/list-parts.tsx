// What stands around the table of a list page: the chooser of columns, the pager, and the switch between list and map.
import {
  AppstoreOutlined,
  EnvironmentOutlined,
  LeftOutlined,
  RightOutlined,
  SettingOutlined,
  UnorderedListOutlined,
  VerticalRightOutlined,
} from "@ant-design/icons";
import { Button, Checkbox, Popover, Segmented } from "antd";
import type { ReactNode } from "react";
import { common } from "@/locales/zh-CN/common";

export interface Column<T> {
  key: string;
  title: string;
  width?: number;
  align?: "left" | "right";
  hidden?: boolean;
  fixed?: boolean;
  render?: (row: T) => ReactNode;
  text?: (row: T) => string | number | null | undefined;
}
export const pageSizes = ["20", "50", "100", "200"];

export function ColumnChooser<T>({
  columns,
  shown,
  onChange,
}: {
  columns: Column<T>[];
  shown: string[];
  onChange: (keys: string[] | null) => void;
}) {
  const body = (
    <>
      <Checkbox.Group
        className="column-choice"
        value={shown}
        options={columns.map((column) => ({ value: column.key, label: column.title, disabled: column.fixed === true }))}
        onChange={(keys) => onChange(keys as string[])}
      />
      <Button type="link" size="small" icon={<AppstoreOutlined />} onClick={() => onChange(null)}>
        {common.columnsReset}
      </Button>
    </>
  );
  return (
    <Popover trigger="click" placement="bottomRight" content={body}>
      <Button icon={<SettingOutlined />}>{common.columns}</Button>
    </Popover>
  );
}

export function Pager({
  page,
  next,
  onGo,
  limit,
  onLimit,
}: {
  page: number;
  next: string | null;
  onGo: (kind: "first" | "previous" | "next") => void;
  limit: string;
  onLimit: (limit: string) => void;
}) {
  return (
    <nav className="pager" aria-label="翻页">
      <select value={limit} onChange={(event) => onLimit(event.target.value)} aria-label={common.perPage}>
        {pageSizes.map((size) => (
          <option key={size} value={size}>
            {size} {common.perPage}
          </option>
        ))}
      </select>
      <Button
        disabled={page === 1}
        icon={<VerticalRightOutlined />}
        onClick={() => onGo("first")}
        aria-label={common.firstPage}
      />
      <Button disabled={page === 1} icon={<LeftOutlined />} onClick={() => onGo("previous")}>
        {common.previous}
      </Button>
      <span className="figures">{common.page(page)}</span>
      <Button disabled={next === null} onClick={() => onGo("next")}>
        {common.next}
        <RightOutlined />
      </Button>
    </nav>
  );
}

/** List or map; the conditions stay. */
export function FaceSwitch({ map, onChange }: { map: boolean; onChange: (map: boolean) => void }) {
  return (
    <Segmented
      value={map ? "map" : "list"}
      aria-label={common.face}
      options={[
        { value: "list", label: common.asList, icon: <UnorderedListOutlined /> },
        { value: "map", label: common.asMap, icon: <EnvironmentOutlined /> },
      ]}
      onChange={(next) => onChange(next === "map")}
    />
  );
}

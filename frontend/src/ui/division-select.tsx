// Choosing a division branch by branch, from the root of the account's range downwards.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Cascader } from "antd";
import { useEffect, useState } from "react";
import type { Division } from "@/api/types";
import { childrenQuery, divisionQuery } from "@/lib/reference";

interface Option {
  value: string;
  label: string;
  isLeaf: boolean;
  children?: Option[];
}
interface Props {
  root: string;
  rootName: string;
  value: string | undefined;
  onChange: (code: string | undefined) => void;
  width?: number | string;
  id?: string;
  /** Nothing is chosen until something is; else the root stands for no choice. */
  blank?: boolean;
  disabled?: boolean;
}

const toOption = (division: Division): Option => ({
  value: division.code,
  label: division.name,
  isLeaf: !division.has_children,
});

export function DivisionSelect({
  root,
  rootName,
  value,
  onChange,
  width = 220,
  id,
  blank = false,
  disabled = false,
}: Props) {
  const client = useQueryClient();
  const [options, setOptions] = useState<Option[]>([{ value: root, label: rootName, isLeaf: false }]);
  const chosen = useQuery({ ...divisionQuery(value ?? root), enabled: value !== undefined });
  const first = useQuery(childrenQuery(root));
  useEffect(() => {
    if (first.data)
      setOptions([{ value: root, label: rootName, isLeaf: false, children: first.data.items.map(toOption) }]);
  }, [first.data, root, rootName]);
  const load = (chain: Option[]) => {
    const last = chain.at(-1);
    if (!last || last.children) return;
    void client
      .fetchQuery(childrenQuery(last.value))
      .then((page) => {
        last.children = page.items.map(toOption);
        setOptions((old) => [...old]);
      })
      .catch(() => undefined);
  };
  const path = chosen.data?.path.map((step) => step.code) ?? [];
  const from = path.indexOf(root);
  const codes =
    value === undefined && blank
      ? []
      : value === undefined || value === root
        ? [root]
        : from >= 0
          ? path.slice(from)
          : [value];
  if (value && value !== root && codes.at(-1) !== value) codes.push(value);
  return (
    <Cascader
      {...(id ? { id } : { "aria-label": "区划" })}
      style={{ width }}
      options={options}
      value={codes}
      changeOnSelect
      disabled={disabled}
      allowClear={value !== undefined && value !== root}
      expandTrigger="click"
      loadData={(chain) => load(chain as Option[])}
      displayRender={(labels) => (chosen.data && value !== root ? chosen.data.name : (labels.at(-1) ?? rootName))}
      onChange={(next) => {
        const code = (next as string[] | undefined)?.at(-1);
        onChange(code === root && !blank ? undefined : code);
      }}
      placeholder="请选择区划"
    />
  );
}

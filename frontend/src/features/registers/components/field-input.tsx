// One field of a form, drawn from its description: what is put in, what is checked while it is put in.
import { Checkbox, DatePicker, Form, type FormRule, Input, InputNumber, Select, TreeSelect } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { lazy, Suspense } from "react";
import type { MetaField } from "@/api/types";
import { RecordsInput } from "@/features/registers/components/records-input";
import { POINT } from "@/features/registers/values";
import { usccFault } from "@/lib/uscc";
import { common } from "@/locales/zh-CN/common";
import { registerText as t } from "@/locales/zh-CN/registers";
import { DivisionInput, SubjectInput } from "@/ui/form-inputs";

// The map is only loaded where a place is asked for.
const PlaceInput = lazy(() =>
  import("@/features/registers/components/place-input").then((module) => ({ default: module.PlaceInput })),
);

/** Fields that name another subject by its code. */
const subjectFields = new Set(["parent", "subject"]);
const wide = new Set(["records", "place", "multi"]);

const asDay = (value: unknown) => ({ value: typeof value === "string" && value ? dayjs(value) : null });
const dayText = (value: Dayjs | null) => value?.format("YYYY-MM-DD") ?? null;
const masked = (value: unknown) => typeof value === "string" && value.includes("*");

/** What can be said about a value before it is sent; the node checks everything again. */
function liveFault(field: MetaField, value: string): string | null {
  switch (field.type) {
    case "uscc":
      return usccFault(value);
    case "phone":
      return /^\+?[\d\- ]{5,20}$/.test(value) ? null : t.phoneRule;
    case "email":
      return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value) ? null : t.emailRule;
    case "idno":
      return /^\d{17}[\dX]$/i.test(value) ? null : t.idRule;
    default:
      return null;
  }
}
function rules(field: MetaField, draft: () => boolean): FormRule[] {
  const list: FormRule[] = [];
  if (field.need === "must")
    list.push({
      validator: (_, value: unknown) =>
        draft() || !(value === undefined || value === null || value === "" || (Array.isArray(value) && !value.length))
          ? Promise.resolve()
          : Promise.reject(new Error(`${field.name}${common.required}`)),
    });
  list.push({
    validator: (_, value: unknown) => {
      const fault = typeof value === "string" && value && !masked(value) ? liveFault(field, value) : null;
      return fault ? Promise.reject(new Error(fault)) : Promise.resolve();
    },
  });
  return list;
}

interface Item {
  value: string;
  label: string;
  children?: Item[];
}
/** Codes with dots, or beginning with their parent's, as a tree. */
function asTree(field: MetaField): Item[] {
  const items = new Map(field.options.map((one) => [one.code, { value: one.code, label: one.name } as Item]));
  const roots: Item[] = [];
  for (const item of items.values()) {
    const cut = item.value.lastIndexOf(".");
    const parent = cut > 0 ? items.get(item.value.slice(0, cut)) : undefined;
    if (parent) (parent.children ??= []).push(item);
    else roots.push(item);
  }
  return roots;
}
function control(field: MetaField, fixed: boolean) {
  const options = field.options.map((one) => ({ value: one.code, label: one.name }));
  if (subjectFields.has(field.code)) return <SubjectInput disabled={fixed} />;
  switch (field.type) {
    case "list":
      return <Select options={options} allowClear disabled={fixed} showSearch={{ optionFilterProp: "label" }} />;
    case "multi":
      return <Select mode="multiple" options={options} disabled={fixed} showSearch={{ optionFilterProp: "label" }} />;
    case "tree":
      return (
        <TreeSelect treeData={asTree(field)} allowClear disabled={fixed} showSearch={{ treeNodeFilterProp: "label" }} />
      );
    case "division":
      return <DivisionInput blank disabled={fixed} />;
    case "number":
    case "integer":
      return (
        <InputNumber
          style={{ width: "100%" }}
          disabled={fixed}
          stringMode={field.type === "number"}
          {...(field.type === "integer" && { precision: 0 })}
        />
      );
    case "date":
      return <DatePicker style={{ width: "100%" }} disabled={fixed} />;
    case "bool":
      return <Checkbox disabled={fixed}>{field.name}</Checkbox>;
    default:
      return (
        <Input
          maxLength={field.max ?? 200}
          disabled={fixed}
          autoComplete="off"
          {...(field.example && { placeholder: t.example(field.example) })}
        />
      );
  }
}

interface Props {
  field: MetaField;
  /** Whether the form is being saved as a draft, when nothing is obligatory yet. */
  draft: () => boolean;
  division: string | undefined;
  fixed: boolean;
}

export function FieldInput({ field, draft, division, fixed }: Props) {
  const label = (
    <span title={field.std_ref ?? undefined}>
      {field.name}
      {field.need === "should" && <small className="need-should">{t.should}</small>}
    </span>
  );
  const place = wide.has(field.type) ? { style: { gridColumn: "1 / -1" } } : {};
  const extra = field.editable ? field.hint : t.notEditable;
  if (field.type === "records")
    return (
      <Form.Item label={label} required={field.need === "must"} extra={extra} {...place}>
        <RecordsInput field={field} />
      </Form.Item>
    );
  return (
    <Form.Item
      name={field.type === "place" ? POINT : field.code}
      label={field.type === "bool" ? " " : label}
      required={field.need === "must"}
      extra={extra}
      rules={rules(field, draft)}
      validateTrigger="onBlur"
      validateFirst
      {...(field.type === "bool" && { valuePropName: "checked" })}
      {...(field.type === "date" && { getValueProps: asDay, normalize: dayText })}
      {...place}
    >
      {field.type === "place" ? (
        <Suspense fallback={<span className="soft">{common.loading}</span>}>
          <PlaceInput division={division} />
        </Suspense>
      ) : (
        control(field, fixed || !field.editable)
      )}
    </Form.Item>
  );
}

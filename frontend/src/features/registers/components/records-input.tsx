// A field that holds several small records, such as licences or bases: a row each, added and taken away.
import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Checkbox, DatePicker, Form, Input, InputNumber, Select } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import type { MetaColumn, MetaField } from "@/api/types";
import { common } from "@/locales/zh-CN/common";
import { registerText as t } from "@/locales/zh-CN/registers";

function control(column: MetaColumn) {
  switch (column.type) {
    case "date":
      return <DatePicker style={{ width: "100%" }} placeholder={column.name} />;
    case "number":
    case "integer":
      return <InputNumber style={{ width: "100%" }} placeholder={column.name} />;
    case "bool":
      return <Checkbox>{column.name}</Checkbox>;
    case "list":
      return (
        <Select
          allowClear
          placeholder={column.name}
          showSearch={{ optionFilterProp: "label" }}
          options={(column.options ?? []).map((one) => ({ value: one.code, label: one.name }))}
        />
      );
    default:
      return <Input placeholder={column.name} maxLength={200} />;
  }
}
const asDay = (value: unknown) => ({ value: typeof value === "string" && value ? dayjs(value) : null });
const dayText = (value: Dayjs | null) => value?.format("YYYY-MM-DD") ?? null;

export function RecordsInput({ field }: { field: MetaField }) {
  return (
    <Form.List name={field.code}>
      {(rows, { add, remove }) => (
        <div className="records">
          {rows.map((row) => (
            <div key={row.key} className="records-row">
              {field.columns.map((column) => (
                <Form.Item
                  key={column.code}
                  name={[row.name, column.code]}
                  {...(column.type === "bool" && { valuePropName: "checked" })}
                  {...(column.type === "date" && { getValueProps: asDay, normalize: dayText })}
                  rules={
                    column.need === "must" ? [{ required: true, message: `${column.name}${common.required}` }] : []
                  }
                  style={{ flex: column.type === "bool" ? "none" : "1 1 130px", marginBottom: 8 }}
                >
                  {control(column)}
                </Form.Item>
              ))}
              <Button
                type="text"
                icon={<DeleteOutlined />}
                aria-label={t.removeRow(field.name, row.name + 1)}
                onClick={() => remove(row.name)}
              />
            </div>
          ))}
          <Button
            type="dashed"
            icon={<PlusOutlined />}
            disabled={field.max !== null && rows.length >= field.max}
            onClick={() => add({})}
          >
            {t.addRow(field.name)}
          </Button>
        </div>
      )}
    </Form.List>
  );
}

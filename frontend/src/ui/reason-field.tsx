// The reason that a form asks for: it must say something, and it stays with what was done.
import { Form, Input } from "antd";
import { common } from "@/locales/zh-CN/common";

/** A field `reason` of the form around it. */
export function ReasonField({ label = common.reason }: { label?: string }) {
  return (
    <Form.Item
      name="reason"
      label={label}
      rules={[{ required: true, whitespace: true, message: `${label}${common.required}` }]}
    >
      <Input.TextArea rows={2} maxLength={200} showCount />
    </Form.Item>
  );
}

// Changing the own password; the node has the last word on the rules.
import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Form, Input } from "antd";
import { useState } from "react";
import type { OwnProfile } from "@/api/people";
import { ApiError, http } from "@/lib/client";
import { dateTime } from "@/lib/format";
import { profileText as t } from "@/locales/zh-CN/people";
import { NewPassword } from "@/ui/new-password";
import { errorText } from "@/ui/use-act";

interface Values {
  old: string;
  new_password: string;
  repeated: string;
}
export function PasswordTab({ own }: { own: OwnProfile }) {
  const client = useQueryClient();
  const { message } = App.useApp();
  const [form] = Form.useForm<Values>();
  const [busy, setBusy] = useState(false);
  const save = async (values: Values) => {
    setBusy(true);
    try {
      await http.post("/own/password", { old: values.old, password: values.new_password });
      form.resetFields();
      message.success(t.changed);
      await client.invalidateQueries({ queryKey: ["own"] });
    } catch (error) {
      const faults = error instanceof ApiError ? error.faults : [];
      if (error instanceof ApiError && error.code === "AUTH-0101")
        form.setFields([{ name: "old", errors: [error.message] }]);
      else if (faults.length > 0)
        form.setFields([{ name: "new_password", errors: faults.map((fault) => `${fault.reason}。${fault.advice}`) }]);
      else message.error(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Form form={form} layout="vertical" style={{ maxWidth: 420 }} onFinish={(values) => void save(values)}>
      {own.password_at && (
        <p className="soft">
          {t.passwordAt} {dateTime(own.password_at)}
        </p>
      )}
      <input type="text" hidden readOnly autoComplete="username" value={own.username} />
      <Form.Item name="old" label={t.old} rules={[{ required: true, message: t.oldMissing }]}>
        <Input.Password autoComplete="current-password" maxLength={128} />
      </Form.Item>
      <NewPassword username={own.username} />
      <Button type="primary" htmlType="submit" loading={busy}>
        {t.change}
      </Button>
    </Form>
  );
}

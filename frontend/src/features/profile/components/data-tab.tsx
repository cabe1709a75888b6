// What is kept of the own person, and what others have granted.
import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Form, Input } from "antd";
import { useState } from "react";
import type { OwnProfile } from "@/api/people";
import { ApiError, http } from "@/lib/client";
import { dateTime } from "@/lib/format";
import { useNames } from "@/lib/reference";
import { sessionQuery } from "@/lib/session";
import { common } from "@/locales/zh-CN/common";
import { profileText as t } from "@/locales/zh-CN/people";
import { Facts } from "@/ui/page";
import { errorText } from "@/ui/use-act";

interface Values {
  display_name: string;
  phone: string;
  email: string;
}
export function DataTab({ own }: { own: OwnProfile }) {
  const names = useNames();
  const client = useQueryClient();
  const { message } = App.useApp();
  const [form] = Form.useForm<Values>();
  const [busy, setBusy] = useState(false);
  const save = async (values: Values) => {
    setBusy(true);
    try {
      client.setQueryData(["own"], await http.put<OwnProfile>("/own", { ...values, version: own.version }));
      await client.invalidateQueries({ queryKey: sessionQuery.queryKey });
      message.success(common.saved);
    } catch (error) {
      const faults = error instanceof ApiError ? error.faults.filter((fault) => fault.field) : [];
      form.setFields(
        faults.map((fault) => ({ name: fault.field as keyof Values, errors: [`${fault.reason}。${fault.advice}`] })),
      );
      if (faults.length === 0) message.error(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="two">
      <Form
        form={form}
        layout="vertical"
        style={{ maxWidth: 420 }}
        initialValues={{ display_name: own.display_name, phone: own.phone ?? "", email: own.email ?? "" }}
        onFinish={(values) => void save(values)}
      >
        <Form.Item name="display_name" label={t.name} rules={[{ required: true, message: common.required }]}>
          <Input maxLength={50} autoComplete="name" />
        </Form.Item>
        <Form.Item name="phone" label={t.phone}>
          <Input maxLength={20} autoComplete="tel" />
        </Form.Item>
        <Form.Item name="email" label={t.email}>
          <Input maxLength={100} autoComplete="email" />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={busy}>
          {t.save}
        </Button>
      </Form>
      <Facts
        columns={1}
        rows={[
          [
            t.username,
            <span key="u" className="code">
              {own.username}
            </span>,
          ],
          [t.role, own.role_name],
          [t.division, own.division_name],
          [
            t.categories,
            own.categories ? own.categories.map((code) => names.name("category", code)).join("、") : t.allCategories,
          ],
          [t.subject, own.subject],
          [t.last, own.last_sign_in_at && `${dateTime(own.last_sign_in_at)}（${own.last_sign_in_address ?? ""}）`],
          [t.created, dateTime(own.created_at)],
        ]}
      />
    </div>
  );
}

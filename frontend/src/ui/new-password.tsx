// Choosing a password: written twice, with the rules ticked off while it is written.
import { Form, Input } from "antd";
import { isStrong, passwordRules, type PasswordRule } from "@/lib/password";
import { passwordText as t } from "@/locales/zh-CN/people";

const order: PasswordRule[] = ["length", "classes", "name"];

/** The rules with a word and a sign each, for the eye and for screen readers. */
function Rules({ password, username }: { password: string; username: string }) {
  const kept = passwordRules(password, username);
  return (
    <ul className="rules" aria-live="polite">
      {order.map((rule) => (
        <li key={rule} className={kept[rule] ? "kept" : ""}>
          <span aria-hidden="true">{kept[rule] ? "✓" : "○"}</span> {t.rules[rule]}
          <span className="visually-hidden">{kept[rule] ? t.met : t.unmet}</span>
        </li>
      ))}
      <li>
        <span aria-hidden="true">○</span> {t.rules.others}
      </li>
    </ul>
  );
}

/** Two fields of the surrounding form: `new_password` and its repetition. */
export function NewPassword({ username }: { username: string }) {
  const password = (Form.useWatch("new_password") as string | undefined) ?? "";
  return (
    <>
      <Form.Item
        name="new_password"
        label={t.fresh}
        rules={[
          { required: true, message: t.freshMissing },
          {
            validator: (_, value: string | undefined) =>
              !value || isStrong(value, username) ? Promise.resolve() : Promise.reject(new Error(t.weak)),
          },
        ]}
      >
        <Input.Password autoComplete="new-password" maxLength={128} />
      </Form.Item>
      <Rules password={password} username={username} />
      <Form.Item
        name="repeated"
        label={t.repeat}
        dependencies={["new_password"]}
        rules={[
          { required: true, message: t.repeatMissing },
          ({ getFieldValue }) => ({
            validator: (_, value: string | undefined) =>
              !value || value === getFieldValue("new_password")
                ? Promise.resolve()
                : Promise.reject(new Error(t.differs)),
          }),
        ]}
      >
        <Input.Password autoComplete="new-password" maxLength={128} />
      </Form.Item>
    </>
  );
}

// The captcha of the login: a picture, or a question in words for those who cannot see it.
import { ReloadOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Form, Input, Space } from "antd";
import { useState } from "react";
import type { Captcha } from "@/api/people";
import { newCaptcha } from "@/features/session/api/sign-on";
import { captchaText as t } from "@/locales/zh-CN/people";
import { ErrorView, Loading } from "@/ui/state-views";

/** `round` grows with every try, because a captcha serves once. */
export function CaptchaField({ round, onGiven }: { round: number; onGiven: (id: string) => void }) {
  const [kind, setKind] = useState<Captcha["kind"]>("picture");
  const query = useQuery({
    queryKey: ["captcha", kind, round],
    queryFn: async () => {
      const given = await newCaptcha(kind);
      onGiven(given.id);
      return given;
    },
    staleTime: Infinity,
    gcTime: 0,
  });
  const other = kind === "picture" ? "question" : "picture";
  return (
    <div className="captcha">
      <div className="captcha-ask">
        {query.isFetching ? (
          <Loading height={56} />
        ) : query.data?.picture ? (
          <img src={query.data.picture} alt={t.alt} />
        ) : query.data?.question ? (
          <strong>{query.data.question}</strong>
        ) : (
          <ErrorView error={query.error} retry={() => void query.refetch()} />
        )}
        <Space size={0}>
          <Button
            type="text"
            icon={<ReloadOutlined />}
            aria-label={t.another}
            title={t.another}
            onClick={() => void query.refetch()}
          />
          <Button type="link" onClick={() => setKind(other)}>
            {t.kinds[other]}
          </Button>
        </Space>
      </div>
      <Form.Item name="captcha" label={t.label} rules={[{ required: true, message: t.missing }]}>
        <Input autoComplete="off" maxLength={20} />
      </Form.Item>
    </div>
  );
}

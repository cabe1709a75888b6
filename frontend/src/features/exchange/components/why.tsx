// Why a link is not in step: in one cell of the list, and in full with what to do.
import { Alert } from "antd";
import type { Why } from "@/features/exchange/links";
import { dateTime } from "@/lib/format";
import { exchangeText, linkText as t } from "@/locales/zh-CN/exchange";

const heading = (why: Why) => `${why.text}${why.code ? `（${why.code}）` : ""}`;
const when = (why: Why) => [...(why.since ? [t.since(dateTime(why.since))] : []), ...why.more].join("，");

/** The first reason with what to do; how many more there are. */
export function WhyCell({ whys }: { whys: Why[] }) {
  const [first, ...more] = whys;
  if (!first) return <span className="soft">{t.fine}</span>;
  return (
    <div className="wide-text">
      <div>{heading(first)}</div>
      {when(first) && <div className="soft">{when(first)}</div>}
      <div className="soft">{first.advice}</div>
      {more.length > 0 && <div className="soft">{t.more(more.length)}</div>}
    </div>
  );
}

export function WhyList({ whys }: { whys: Why[] }) {
  if (whys.length === 0) return <Alert type="success" showIcon title={t.fine} />;
  return whys.map((why) => (
    <Alert
      key={`${why.code} ${why.text}`}
      type={why.tone}
      showIcon
      style={{ marginBottom: 8 }}
      title={heading(why)}
      description={
        <>
          {when(why) && <div>{when(why)}</div>}
          <div>
            {exchangeText.advice}：{why.advice}
          </div>
        </>
      }
    />
  ));
}

// 接入申请 on the public pages: applying to be connected.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { JoinReceipt } from "@/api/access";
import { apply, joinReferenceQuery, last } from "@/features/portal/api/join";
import { sentence } from "@/features/portal/api/portal";
import { JoinFields } from "@/features/portal/components/join-form";
import { dueDay } from "@/lib/format";
import { joinText as t } from "@/locales/zh-CN/join";
import { AppLink } from "@/ui/app-link";

function Done({ receipt }: { receipt: JoinReceipt }) {
  const [copied, setCopied] = useState(false);
  return (
    <div role="status">
      <h1>✓ {t.doneTitle}</h1>
      <p className="number">
        {t.number}
        <strong>{receipt.number}</strong>
      </p>
      <p className="number">
        {t.queryCode}
        <strong>{receipt.query_code}</strong>
      </p>
      <div className="verdict gaps">
        <p>{t.once}</p>
      </div>
      <p>{t.due(dueDay(receipt.due_at))}</p>
      <div className="buttons">
        <button
          type="button"
          onClick={() =>
            void navigator.clipboard
              ?.writeText(`${t.number} ${receipt.number}\n${t.queryCode} ${receipt.query_code}`)
              .then(() => setCopied(true))
              .catch(() => undefined)
          }
        >
          {copied ? t.copied : t.copy}
        </button>
        <AppLink className="button main" href={`/join/follow?number=${receipt.number}`}>
          {t.follow}
        </AppLink>
      </div>
    </div>
  );
}

export function PortalJoin() {
  const reference = useQuery(joinReferenceQuery);
  const [receipt, setReceipt] = useState<JoinReceipt | null>(null);
  if (receipt) return <Done receipt={receipt} />;
  return (
    <>
      <h1>{t.title}</h1>
      <p>{t.intro}</p>
      <p>
        <AppLink href="/join/follow">{t.followLink}</AppLink>
      </p>
      {reference.isPending && (
        <div role="status" aria-label={t.loading}>
          <div className="skeleton" />
          <div className="skeleton" />
        </div>
      )}
      {reference.isError && (
        <div className="verdict unknown" role="alert">
          <strong>{t.failed}</strong>
          <p>{sentence(reference.error)}</p>
          <div className="buttons">
            <button type="button" onClick={() => void reference.refetch()}>
              {t.retry}
            </button>
          </div>
        </div>
      )}
      {reference.data && (
        <JoinFields
          reference={reference.data}
          label={t.submit}
          onSend={async (form) => {
            const given = await apply(form);
            Object.assign(last, { number: given.number, code: given.query_code });
            setReceipt(given);
            window.scrollTo(0, 0);
          }}
        />
      )}
    </>
  );
}

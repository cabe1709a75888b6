// Proof that a person fills the form in, asked for after several applications from one address: a picture, or a question in
// words for those who cannot see it.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Captcha } from "@/api/people";
import { sentence } from "@/features/portal/api/portal";
import { http } from "@/lib/client";
import { joinText } from "@/locales/zh-CN/join";

const t = joinText.human;

/** `round` grows with every try, because a task serves once. */
export function HumanCheck({
  round,
  fault,
  onTask,
}: {
  round: number;
  fault: string | undefined;
  onTask: (id: string) => void;
}) {
  const [kind, setKind] = useState<Captcha["kind"]>("picture");
  const task = useQuery({
    queryKey: ["portal", "captcha", kind, round],
    queryFn: async () => {
      const given = await http.get<Captcha>("/session/captcha", { kind });
      onTask(given.id);
      return given;
    },
    staleTime: Infinity,
    gcTime: 0,
  });
  const other = kind === "picture" ? "question" : "picture";
  return (
    <>
      <label htmlFor="captcha">{t.label}</label>
      {task.isFetching && <div className="skeleton" role="status" aria-label={t.loading} />}
      {!task.isFetching && task.isError && (
        <p className="fault" role="alert">
          {sentence(task.error)}
        </p>
      )}
      {!task.isFetching && task.data?.picture && <img src={task.data.picture} alt={t.alt} height={56} />}
      {!task.isFetching && task.data?.question && <p>{task.data.question}</p>}
      <input
        id="captcha"
        name="captcha"
        maxLength={20}
        autoComplete="off"
        aria-invalid={fault !== undefined}
        aria-describedby="captcha-hint"
      />
      <p className="hint" id="captcha-hint">
        {t.hint}
      </p>
      {fault && (
        <p className="fault" role="alert">
          {fault}
        </p>
      )}
      <div className="buttons">
        <button type="button" onClick={() => void task.refetch()}>
          {t.another}
        </button>
        <button type="button" onClick={() => setKind(other)}>
          {t.kinds[other]}
        </button>
      </div>
    </>
  );
}

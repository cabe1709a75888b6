// One import from its columns to its result.
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Steps } from "antd";
import type { ImportRun } from "@/api/types";
import { importQuery, targetOf } from "@/features/imports/api/imports";
import { ColumnMatch } from "@/features/imports/components/column-match";
import { ImportProgress } from "@/features/imports/components/import-progress";
import { ImportRows } from "@/features/imports/components/import-rows";
import { importText as t } from "@/locales/zh-CN/imports";
import { AppLink } from "@/ui/app-link";
import { StateMark } from "@/ui/marks";
import { PageHead } from "@/ui/page";
import { QueryView } from "@/ui/state-views";

/** How far an import has come, as the row of steps shows it. */
function stage(run: ImportRun): number {
  if (run.state === "ready") return 1;
  if (run.state === "checking") return 2;
  if (run.state === "checked") return 3;
  return run.state === "running" ? 3 : run.started_at ? (run.finished_at ? 4 : 3) : 2;
}

function Content({ run }: { run: ImportRun }) {
  const looked = run.counts.waiting < run.total;
  return (
    <>
      <PageHead
        title={run.file}
        note={
          <>
            {t.registers[targetOf(run.register, run.class).key]}
            {run.category_name && `　${run.category_name}`}　<StateMark state={run.state} name={run.state_name} />
          </>
        }
        extra={<AppLink href={`/console/imports?register=${run.register}`}>{t.back}</AppLink>}
      />
      <section className="panel">
        <div className="panel-body">
          <Steps size="small" current={stage(run)} items={t.steps.map((title) => ({ title }))} />
        </div>
      </section>
      <ImportProgress run={run} />
      {looked && run.state !== "checking" && <ImportRows run={run} />}
      <ColumnMatch key={run.state === "ready" ? "open" : "kept"} run={run} />
    </>
  );
}

export function ImportPage() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const query = useQuery(importQuery(id));
  return <QueryView query={query}>{(run) => <Content run={run} />}</QueryView>;
}

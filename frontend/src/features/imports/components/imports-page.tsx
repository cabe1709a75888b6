// 批量导入: a new one, and what became of the earlier ones.
import type { ImportRun } from "@/api/types";
import { targetOf } from "@/features/imports/api/imports";
import { NewImport } from "@/features/imports/components/new-import";
import { number } from "@/lib/format";
import { importText as t } from "@/locales/zh-CN/imports";
import { AppLink } from "@/ui/app-link";
import { ListPage, type Column } from "@/ui/list-page";
import { StateMark, When } from "@/ui/marks";
import { PageHead } from "@/ui/page";

const count = (key: keyof ImportRun["counts"], title: string): Column<ImportRun> => ({
  key,
  title,
  align: "right",
  width: 90,
  render: (row) => <span className="figures">{number(row.counts[key])}</span>,
  text: (row) => row.counts[key],
});
const columns: Column<ImportRun>[] = [
  {
    key: "file",
    title: t.file,
    fixed: true,
    render: (row) => <AppLink href={`/console/imports/${row.id}`}>{row.file}</AppLink>,
    text: (row) => row.file,
  },
  {
    key: "register",
    title: t.register,
    width: 110,
    render: (row) => t.registers[targetOf(row.register, row.class).key],
    text: (row) => t.registers[targetOf(row.register, row.class).key],
  },
  { key: "category_name", title: t.category, width: 120 },
  {
    key: "state",
    title: t.state,
    width: 110,
    render: (row) => <StateMark state={row.state} name={row.state_name} />,
    text: (row) => row.state_name,
  },
  {
    key: "total",
    title: t.rows,
    align: "right",
    width: 90,
    render: (row) => <span className="figures">{number(row.total)}</span>,
    text: (row) => row.total,
  },
  count("created", t.created),
  count("changed", t.changed),
  count("skipped", t.skipped),
  count("bad", t.bad),
  count("failed", t.failed),
  {
    key: "created_at",
    title: t.at,
    width: 170,
    render: (row) => <When at={row.created_at} />,
    text: (row) => row.created_at,
  },
];

export function ImportsPage() {
  return (
    <>
      <PageHead title={t.title} note={t.note} />
      <NewImport />
      <h2 style={{ margin: "16px 0 8px", fontSize: 16 }}>{t.history}</h2>
      <ListPage<ImportRun>
        bare
        title={t.history}
        list="imports"
        resource="/console/imports"
        columns={columns}
        filters={[]}
        exports={false}
        rowId={(row) => row.id}
        emptyHint={t.emptyHint}
      />
    </>
  );
}

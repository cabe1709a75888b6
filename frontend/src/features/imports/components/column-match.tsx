// Which column of the file is which field: matched by the node, changed by a person.
import { Alert, Button, Checkbox, Select, Space, Tag } from "antd";
import { useMemo, useState } from "react";
import type { ImportRun } from "@/api/types";
import { saveColumns, type SheetChoice } from "@/features/imports/api/imports";
import { number } from "@/lib/format";
import { importText as t } from "@/locales/zh-CN/imports";
import { DataTable } from "@/ui/data-table";
import { Panel } from "@/ui/page";
import { useAct } from "@/ui/use-act";

const LEFT_OUT = "";

type Sheet = ImportRun["sheets"][number];
const headOf = (sheet: Sheet, at: number) => sheet.heads[at] || t.noHead(at + 1);

function SheetColumns({
  run,
  sheet,
  choice,
  locked,
  onChange,
}: {
  run: ImportRun;
  sheet: Sheet;
  choice: SheetChoice;
  locked: boolean;
  onChange: (next: SheetChoice) => void;
}) {
  const options = useMemo(
    () => [
      { value: LEFT_OUT, label: t.leaveOut },
      ...run.columns.map((column) => ({
        value: column.code,
        label: column.need === "must" ? `${column.name}（${t.need["must"]}）` : column.name,
      })),
    ],
    [run.columns],
  );
  const unknown = choice.fields.flatMap((field, at) => (field ? [] : [headOf(sheet, at)]));
  const missing = run.columns
    .filter((column) => column.need === "must" && !choice.fields.includes(column.code))
    .filter((column) => !(column.code === "category" && run.category))
    .map((column) => column.name);
  const set = (at: number, field: string) =>
    onChange({ ...choice, fields: choice.fields.map((old, index) => (index === at ? field || null : old)) });
  return (
    <div style={{ marginBottom: 16 }}>
      <Space wrap style={{ marginBottom: 8 }}>
        <Checkbox
          checked={choice.used}
          disabled={locked}
          onChange={(event) => onChange({ ...choice, used: event.target.checked })}
        >
          {t.sheetUse}：{t.sheet(sheet.name, number(sheet.rows))}
        </Checkbox>
        {sheet.hidden && <Tag>{t.hidden}</Tag>}
      </Space>
      {choice.used && (
        <>
          {missing.length > 0 && (
            <Alert showIcon type="warning" title={t.missing(missing.join("、"))} style={{ marginBottom: 8 }} />
          )}
          {unknown.length > 0 && (
            <Alert showIcon type="info" title={t.unknown(unknown.join("、"))} style={{ marginBottom: 8 }} />
          )}
          <DataTable
            size="small"
            rowKey="at"
            dataSource={choice.fields.map((field, at) => ({ at, field }))}
            scroll={{ y: 320 }}
            columns={[
              { title: t.head, render: (_, row) => headOf(sheet, row.at) },
              {
                title: t.field,
                width: 320,
                render: (_, row) => (
                  <Select
                    aria-label={`${headOf(sheet, row.at)} ${t.field}`}
                    showSearch={{ optionFilterProp: "label" }}
                    disabled={locked}
                    style={{ width: 280 }}
                    value={row.field ?? LEFT_OUT}
                    options={options}
                    onChange={(field) => set(row.at, field)}
                  />
                ),
              },
            ]}
          />
        </>
      )}
    </div>
  );
}

export function ColumnMatch({ run }: { run: ImportRun }) {
  const { busy, act } = useAct();
  const given: SheetChoice[] = run.sheets.map((sheet, at) => ({ sheet: at, used: sheet.used, fields: sheet.fields }));
  const [changed, setChanged] = useState<SheetChoice[] | null>(null);
  const choices = changed ?? given;
  const locked = run.state !== "ready" && run.state !== "checked";
  const twice = choices.some((choice) => {
    const fields = choice.fields.filter((field) => field !== null);
    return choice.used && new Set(fields).size !== fields.length;
  });
  const save = () =>
    act(
      async () => {
        await saveColumns(run.id, choices);
        setChanged(null);
      },
      t.columnsSaved,
      [["import", run.id]],
    );
  return (
    <Panel
      title={t.columns}
      extra={
        changed && (
          <Button type="primary" loading={busy} disabled={twice} onClick={() => void save()}>
            {t.columnsSave}
          </Button>
        )
      }
    >
      {!locked && <p className="soft">{t.columnsHint}</p>}
      {twice && <Alert showIcon type="error" title={t.twice} style={{ marginBottom: 8 }} />}
      {run.sheets.map((sheet, at) => {
        const choice = choices[at];
        return (
          choice && (
            <SheetColumns
              key={at}
              run={run}
              sheet={sheet}
              choice={choice}
              locked={locked}
              onChange={(next) => setChanged(choices.map((old, index) => (index === at ? next : old)))}
            />
          )
        );
      })}
    </Panel>
  );
}

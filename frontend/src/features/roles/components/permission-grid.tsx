// The grid of permissions: one line per kind, one button per action, with a sign and a word for where it stands.
import { Button, Input, Space, Switch } from "antd";
import { useState } from "react";
import type { Grant } from "@/api/people";
import { press, setKind, standing, type Rules, type Standing } from "@/features/roles/grants";
import type { Words } from "@/features/roles/words";
import { roleText as t } from "@/locales/zh-CN/roles";
import { EmptyView } from "@/ui/state-views";

interface Props {
  words: Words;
  rules: Rules;
  role: string;
  effective: Grant[];
  /** Absent where the role cannot be changed. */
  onChange?: ((rules: Rules) => void) | undefined;
}

function Legend() {
  return (
    <ul className="grid-legend" aria-label={t.legend}>
      {Object.entries(t.marks).map(([key, mark]) => (
        <li key={key} className={`cell-${key}`}>
          <span aria-hidden="true">{mark.sign}</span> {mark.word}
        </li>
      ))}
    </ul>
  );
}

export function PermissionGrid({ words, rules, role, effective, onChange }: Props) {
  const [text, setText] = useState("");
  const [onlySet, setOnlySet] = useState(false);
  const labels = new Map(words.actions.map((one) => [one.action, one.label]));
  const rows = words.kinds
    .map((kind) => ({
      ...kind,
      cells: kind.actions.map((action) => ({ action, now: standing(rules, role, effective, kind.kind, action) })),
    }))
    .filter((row) => row.label.includes(text.trim()) && (!onlySet || row.cells.some((cell) => cell.now !== "none")));
  const may = (kind: string, action: string) => words.grantable.includes(`${kind}.${action}`);
  const cell = (kind: string, kindLabel: string, action: string, now: Standing) => {
    const label = labels.get(action) ?? action;
    const word = t.marks[now].word;
    const beyond = now === "none" && !may(kind, action);
    return (
      <button
        key={action}
        type="button"
        className={`cell cell-${now}`}
        aria-label={`${kindLabel} ${label}：${word}`}
        title={beyond ? t.beyond : `${kind}.${action}：${word}`}
        disabled={!onChange || now === "above" || beyond}
        onClick={() => onChange?.(press(rules, words, kind, action, now))}
      >
        <span aria-hidden="true">{t.marks[now].sign}</span> {label}
      </button>
    );
  };
  return (
    <>
      <div className="grid-tools">
        <Input
          allowClear
          placeholder={t.find}
          aria-label={t.find}
          value={text}
          style={{ width: 180 }}
          onChange={(event) => setText(event.target.value)}
        />
        <Space>
          <Switch size="small" checked={onlySet} onChange={setOnlySet} aria-label={t.onlySet} />
          {t.onlySet}
        </Space>
        <Legend />
      </div>
      {rows.length === 0 && <EmptyView text={onlySet ? t.effectiveEmpty : undefined} />}
      {rows.length > 0 && (
        <table className="permission-grid">
          <caption className="visually-hidden">{t.grid}</caption>
          <thead>
            <tr>
              <th scope="col">{t.kind}</th>
              <th scope="col" colSpan={2}>
                {onChange ? t.actions : t.actionsRead}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.kind}>
                <th scope="row">{row.label}</th>
                <td>{row.cells.map(({ action, now }) => cell(row.kind, row.label, action, now))}</td>
                <td className="grid-all">
                  {onChange && row.actions.every((action) => may(row.kind, action)) && (
                    <>
                      <Button
                        type="link"
                        size="small"
                        aria-label={`${row.label} ${t.all}`}
                        onClick={() => onChange(setKind(rules, words, row.kind, "allow"))}
                      >
                        {t.all}
                      </Button>
                      <Button
                        type="link"
                        size="small"
                        aria-label={`${row.label} ${t.none}`}
                        onClick={() => onChange(setKind(rules, words, row.kind, null))}
                      >
                        {t.none}
                      </Button>
                    </>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

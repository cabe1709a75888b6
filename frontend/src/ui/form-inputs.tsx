// Fields of forms whose choices come from the node: a division of the own range, a subject by its name or code.
import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useState } from "react";
import type { Page, Subject } from "@/api/types";
import { http } from "@/lib/client";
import { useMe } from "@/lib/session";
import { DivisionSelect } from "@/ui/division-select";

interface Bound<T> {
  value?: T;
  onChange?: (value: T) => void;
  id?: string;
  disabled?: boolean;
}

/** A division of the own range; `blank` where nothing is chosen until something is. */
export function DivisionInput({ value, onChange, id, disabled, blank = false }: Bound<string> & { blank?: boolean }) {
  const me = useMe();
  return (
    <DivisionSelect
      {...(id && { id })}
      root={me.divisions_in_scope_root}
      rootName={me.account.division_name}
      value={value || undefined}
      onChange={(code) => onChange?.(code ?? (blank ? "" : me.divisions_in_scope_root))}
      blank={blank}
      disabled={disabled === true}
      width="100%"
    />
  );
}
/** A subject by its code, found by what is typed. */
export function SubjectInput({ value, onChange, id, disabled }: Bound<string | null>) {
  const [q, setQ] = useState("");
  const query = useQuery({
    queryKey: ["list", "/console/subjects", "pick", q],
    queryFn: ({ signal }) => http.get<Page<Subject>>("/console/subjects", { q, limit: 20 }, signal),
  });
  return (
    <Select
      {...(id && { id })}
      showSearch={{ filterOption: false, onSearch: setQ }}
      allowClear
      disabled={disabled === true}
      value={value ?? null}
      onChange={(next: string | null | undefined) => onChange?.(next ?? null)}
      options={(query.data?.items ?? []).map((row) => ({ value: row.code, label: `${row.name}（${row.code}）` }))}
    />
  );
}

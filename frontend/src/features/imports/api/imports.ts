// Imports on the node: one import with its progress, its rows, and the steps of a person.
import { queryOptions } from "@tanstack/react-query";
import type { ImportRow, ImportRun, Page } from "@/api/types";
import { http, queryString } from "@/lib/client";

/** What a table is imported into; merchants are a class of subjects. */
export const targets = [
  { key: "subjects", register: "subjects", class: "subject", permission: "subject.import", list: "/console/subjects" },
  {
    key: "merchants",
    register: "subjects",
    class: "merchant",
    permission: "subject.import",
    list: "/console/merchants",
  },
  { key: "products", register: "products", class: "", permission: "product.import", list: "/console/products" },
  { key: "devices", register: "devices", class: "", permission: "device.import", list: "/console/devices" },
] as const;
export type Target = (typeof targets)[number];

/** The target of a link: its key, or the register with its class. */
export function targetOf(register: string | undefined, kind: string | undefined | null): Target {
  const found = targets.find((target) => target.register === register && (!target.class || target.class === kind));
  return found ?? targets.find((target) => target.key === register) ?? targets[0];
}

const working = ["checking", "running", "withdrawing"];
export const works = (run: ImportRun): boolean => working.includes(run.state);

/** How often a working import is asked for, in milliseconds. */
const PULSE = 1000;

export const importQuery = (id: string) =>
  queryOptions({
    queryKey: ["import", id],
    queryFn: ({ signal }) => http.get<ImportRun>(`/console/imports/${id}`, undefined, signal),
    refetchInterval: (query) => (query.state.data && works(query.state.data) ? PULSE : false),
  });

export interface RowsAsked {
  status: string | undefined;
  code: string | undefined;
  after: string | undefined;
}
/** Rows of an import; `version` changes when its rows may have changed. */
export const rowsQuery = (id: string, version: string, asked: RowsAsked) =>
  queryOptions({
    queryKey: ["import-rows", id, version, asked],
    queryFn: ({ signal }) => http.get<Page<ImportRow>>(`/console/imports/${id}/rows`, { ...asked, limit: 50 }, signal),
  });

export const templateHref = (target: Target, category: string | undefined, format: "xlsx" | "csv"): string =>
  `/api/v1/console/imports/template${queryString({ register: target.register, class: target.class, category, format })}`;
export const reportHref = (id: string, format: "xlsx" | "csv", only: "bad" | "all"): string =>
  `/api/v1/console/imports/${id}/report${queryString({ format, only })}`;

export function upload(target: Target, category: string | undefined, file: File): Promise<ImportRun> {
  const form = new FormData();
  form.set("file", file);
  return http.post<ImportRun>("/console/imports", form, {
    register: target.register,
    class: target.class,
    category,
  });
}
export interface StepIn {
  step: ImportRun["steps"][number];
  changes?: boolean;
  filed?: boolean;
}
export const takeStep = (id: string, body: StepIn): Promise<ImportRun> =>
  http.post<ImportRun>(`/console/imports/${id}/steps`, body);

export interface SheetChoice {
  sheet: number;
  used: boolean;
  fields: (string | null)[];
}
export const saveColumns = (id: string, sheets: SheetChoice[]): Promise<ImportRun> =>
  http.put<ImportRun>(`/console/imports/${id}/columns`, { sheets });

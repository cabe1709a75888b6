// What the screens of the registers ask the node for: fields of a form, one entry, likely doubles, closed days.
import { queryOptions } from "@tanstack/react-query";
import type { Closure, Metadata, Page, Similar } from "@/api/types";
import type { Entry, Row } from "@/features/registers/api/shapes";
import { ApiError, http } from "@/lib/client";
import { registerText } from "@/locales/zh-CN/registers";

export type Noun = "subjects" | "merchants" | "products" | "devices";
/** Address of a register; merchants are subjects of their own class. */
export const place = (noun: Noun): string => (noun === "merchants" ? "subjects" : noun);
export const entityOf = (noun: Noun): string =>
  ({ subjects: "subject", merchants: "subject", products: "product", devices: "device" })[noun];
export const classOf = (noun: Noun): string => (noun === "merchants" ? "merchant" : "subject");

/** The fields of a register for a class and a category, with their obligations. */
export const metadataQuery = (noun: Noun, category: string | undefined) =>
  queryOptions({
    queryKey: ["metadata", entityOf(noun), classOf(noun), category ?? ""],
    queryFn: ({ signal }) =>
      http.get<Metadata>("/console/metadata", { entity: entityOf(noun), class: classOf(noun), category }, signal),
    staleTime: 5 * 60_000,
  });

/** One entry by its id, or by its code as other records name it; ids have dashes, codes have none. */
async function load(noun: Noun, id: string, signal: AbortSignal): Promise<Entry> {
  const register = place(noun);
  if (id.includes("-")) return http.get<Entry>(`/console/${register}/${id}`, undefined, signal);
  const page = await http.get<Page<Row>>(`/console/${register}`, { q: id, limit: 20 }, signal);
  const row = page.items.find((one) => one.code === id);
  if (!row)
    throw new ApiError(404, { code: "HTTP-404", message: registerText.noCode(id), advice: registerText.noCodeAdvice });
  return http.get<Entry>(`/console/${register}/${row.id}`, undefined, signal);
}
export const recordQuery = (noun: Noun, id: string) =>
  queryOptions({ queryKey: ["record", place(noun), id], queryFn: ({ signal }) => load(noun, id, signal) });

/** Entries that are likely the same as what is being written. */
export const similarQuery = (draft: Record<string, unknown>, enabled: boolean) =>
  queryOptions({
    queryKey: ["similar", draft],
    queryFn: () => http.post<Similar>("/console/subjects/similar", draft),
    enabled,
    staleTime: 30_000,
  });
export const closuresQuery = (code: string, enabled: boolean) =>
  queryOptions({
    queryKey: ["closures", code],
    queryFn: ({ signal }) => http.get<Page<Closure>>("/console/closures", { kind: "subject", code }, signal),
    enabled,
  });

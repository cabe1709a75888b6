// What the pages of an application to be connected ask for and send.
import { queryOptions } from "@tanstack/react-query";
import type { JoinFollowed, JoinForm, JoinReceipt, JoinReference, SelftestRun } from "@/api/access";
import { http } from "@/lib/client";
import type { Sample } from "@/lib/samples";

export const joinReferenceQuery = queryOptions({
  queryKey: ["portal", "reference"],
  queryFn: ({ signal }) => http.get<JoinReference>("/portal/reference", undefined, signal),
  staleTime: Infinity,
});
export const apply = (form: JoinForm) => http.post<JoinReceipt>("/portal/applications", form);
export const followApplication = (number: string, code: string) =>
  http.get<JoinFollowed>(`/portal/applications/${encodeURIComponent(number)}`, { query_code: code });
export const amend = (number: string, code: string, version: number, form: JoinForm) =>
  http.put<JoinFollowed>(`/portal/applications/${encodeURIComponent(number)}`, { ...form, query_code: code, version });
export const withdraw = (number: string, code: string, version: number, reason: string) =>
  http.post<JoinFollowed>(`/portal/applications/${encodeURIComponent(number)}/withdraw`, {
    query_code: code,
    version,
    ...(reason && { reason }),
  });
export const selftest = (number: string, code: string, samples: Sample[]) =>
  http.post<SelftestRun>(`/portal/applications/${encodeURIComponent(number)}/selftest`, { query_code: code, samples });

/** The last receipt of this visit, so that following it needs no typing; it is not kept beyond the page. */
export const last: { number: string; code: string } = { number: "", code: "" };

/** Splits the list of subjects: what looks like a code, and the names that are left. */
export function splitSubjects(text: string): { subjects: string[]; subject_list: string | null } {
  const lines = [
    ...new Set(
      text
        .split(/[\n,，;；]/)
        .map((line) => line.trim())
        .filter(Boolean),
    ),
  ];
  const isCode = (line: string) => /^[0-9A-Za-z]{8,30}$/.test(line);
  const names = lines.filter((line) => !isCode(line));
  return {
    subjects: lines.filter(isCode).map((line) => line.toUpperCase()),
    subject_list: names.length > 0 ? names.join("\n") : null,
  };
}
/** The two parts of the list as one text again. */
export const joinSubjects = (form: Pick<JoinForm, "subjects" | "subject_list">): string =>
  [...(form.subjects ?? []), ...(form.subject_list ? [form.subject_list] : [])].join("\n");

/** The division above one within the codes of divisions (GB/T 2260). */
export function parentOf(code: string): string {
  if (!code.endsWith("00")) return `${code.slice(0, 4)}00`;
  if (!code.endsWith("0000")) return `${code.slice(0, 2)}0000`;
  return "000000";
}

// What the public pages ask for and send.
import { queryOptions } from "@tanstack/react-query";
import type { ComplaintPublic, ComplaintReceipt, Notice, Page, PublicTrace } from "@/api/types";
import { ApiError, http } from "@/lib/client";
import { recall, remember } from "@/lib/store";

export const traceQuery = (code: string) =>
  queryOptions({
    queryKey: ["portal", "trace", code],
    queryFn: ({ signal }) => http.get<PublicTrace>(`/portal/trace/${encodeURIComponent(code)}`, undefined, signal),
    staleTime: 60_000,
  });
export const noticesQuery = (limit: number) =>
  queryOptions({
    queryKey: ["portal", "notices", limit],
    queryFn: ({ signal }) => http.get<Page<Notice>>("/portal/notices", { limit }, signal),
  });
export const followComplaint = (number: string, tail: string) =>
  http.get<ComplaintPublic>(`/portal/complaints/${encodeURIComponent(number)}`, { phone_tail: tail });
export const sendComplaint = (form: FormData) => http.post<ComplaintReceipt>("/portal/complaints", form);

export interface Own {
  code: string;
  at: string;
  name: string | null;
}
export const ownLookups = (): Own[] => recall<Own[]>("lookups", []);
export const forgetLookups = (): void => remember("lookups", []);
/** Keeps the last twenty looked-up codes on this device. */
export function keepLookup(entry: Own): void {
  remember("lookups", [entry, ...ownLookups().filter((one) => one.code !== entry.code)].slice(0, 20));
}
/** The code inside a scanned text: the last part of a link, or the text itself. */
export function codeOf(text: string): string {
  const clean = text.trim();
  const link = /^https?:\/\/[^/]+\/(?:t|q|id|01)\/([^?#/]+)/i.exec(clean);
  return link ? decodeURIComponent(link[1] ?? "") : clean.replace(/\s+/g, "");
}
/** One sentence for the public: what happened and what to do. */
export function sentence(error: unknown): string {
  return error instanceof ApiError
    ? `${error.message}${error.advice ? `。${error.advice}` : ""}`
    : "没有完成，请稍后再试";
}
/** The same picture written anew, so that place and device data of the camera are gone. */
export async function cleanPhoto(file: File): Promise<Blob> {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, 1600 / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("照片无法读取"))), "image/jpeg", 0.85),
  );
}

// Files that somebody chose as samples of a self-test, read into what the node takes.
import { joinText as t } from "@/locales/zh-CN/join";

export interface Sample {
  format: "json" | "epcis" | "csv";
  body: unknown;
}
const MOST = 20;
const BIGGEST = 256 * 1024;

/** Reads chosen files as samples; throws a sentence where one cannot be one. */
export async function samplesOf(files: File[]): Promise<Sample[]> {
  if (files.length === 0) throw new Error(t.testNone);
  if (files.length > MOST) throw new Error(t.testMany);
  return Promise.all(
    files.map(async (file): Promise<Sample> => {
      if (file.size > BIGGEST) throw new Error(t.testBig(file.name));
      const text = await file.text();
      if (/\.csv$/i.test(file.name)) return { format: "csv", body: text };
      if (/\.xml$/i.test(file.name)) return { format: "epcis", body: text };
      let body: unknown;
      try {
        body = JSON.parse(text);
      } catch {
        throw new Error(t.testBad(file.name));
      }
      const epcis = typeof body === "object" && body !== null && ("@context" in body || "epcisBody" in body);
      return { format: epcis ? "epcis" : "json", body };
    }),
  );
}

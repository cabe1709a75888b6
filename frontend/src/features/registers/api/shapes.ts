// What the registers have in common, whatever their entries describe.
import type { HistoryEntry } from "@/api/types";
import type { components } from "@/api/schema.gen";

/** What every entry of a register has. */
export interface Row {
  id: string;
  code: string;
  name: string;
  state: string;
  state_name: string;
  version: number;
  updated_at: string;
  [field: string]: unknown;
}
/** One entry with everything about it. */
export type Entry = Row & {
  proposal: Record<string, unknown> | null;
  history: HistoryEntry[];
  actions: string[];
};
export type Rival = components["schemas"]["RivalOut"];
/** Days on which a subject is closed now. */
export type Closed = components["schemas"]["ClosedOut"];
/** A correction that a tier above proposes. */
export type Correction = components["schemas"]["ProposalOut"];

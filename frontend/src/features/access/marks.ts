// Signs for the states of applications and systems, where the words of other records do not fit.
export const applicationMark = (state: string): string =>
  ({ reviewing: "handling", withdrawn: "cancelled", live: "active", trial: "running", ended: "revoked" })[state] ??
  state;
export const statusMark = (status: string): string =>
  ({ live: "active", trial: "running", ended: "revoked" })[status] ?? status;

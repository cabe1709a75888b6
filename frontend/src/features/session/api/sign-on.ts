// The steps of signing in, as the node asks for them.
import { queryOptions } from "@tanstack/react-query";
import type {
  Authorization,
  Captcha,
  Enrolment,
  OutsideFault,
  OutsideSignOn,
  PendingStep,
  SignedIn,
  SignOnOptions,
} from "@/api/people";
import { http } from "@/lib/client";

/** Signed in, or what is still to be done before. */
export type Step = SignedIn | PendingStep;
export const isPending = (step: Step): step is PendingStep => "step" in step;

/** The step that a sign-in with an outside identity left open. It stands behind the hash, which browsers send nowhere. */
export function stepIn(hash: string): PendingStep | null {
  const told = new URLSearchParams(hash);
  const [step, ticket] = [told.get("step"), told.get("ticket")];
  if (!ticket || (step !== "second_factor" && step !== "enrol_second_factor" && step !== "change_password"))
    return null;
  return {
    step,
    ticket,
    expires_at: told.get("expires_at") ?? "",
    username: told.get("username") ?? "",
    recovery_codes: null,
  };
}

export const optionsQuery = queryOptions({
  queryKey: ["session", "options"],
  queryFn: ({ signal }) => http.get<SignOnOptions>("/session/options", undefined, signal),
  staleTime: 0,
});
export const outsideQuery = queryOptions({
  queryKey: ["portal", "sign-on"],
  queryFn: ({ signal }) => http.get<OutsideSignOn>("/portal/sign-on", undefined, signal),
  staleTime: Infinity,
});
export const outsideFaultQuery = (code: string) =>
  queryOptions({
    queryKey: ["portal", "sign-on", "error", code],
    queryFn: ({ signal }) => http.get<OutsideFault>(`/portal/sign-on/errors/${code}`, undefined, signal),
    enabled: /^[A-Z]{3,5}-\d{4}$/.test(code),
    staleTime: Infinity,
  });
export const newCaptcha = (kind: Captcha["kind"]) => http.get<Captcha>("/session/captcha", { kind });
export interface Credentials {
  username: string;
  password: string;
  captcha?: { id: string; answer: string };
}
export const signIn = (credentials: Credentials) => http.post<Step>("/session", credentials);
export const proveFactor = (ticket: string, code: string) =>
  http.post<Step>("/session/second-factor", { ticket, code });
export const enrol = (ticket: string) => http.post<Enrolment & { ticket: string }>("/session/enrolment", { ticket });
export const changePassword = (ticket: string, password: string) =>
  http.post<Step>("/session/password", { ticket, password });
export const authorizationQuery = (id: string) =>
  queryOptions({
    queryKey: ["authorization", id],
    queryFn: ({ signal }) => http.get<Authorization>(`/console/authorizations/${id}`, undefined, signal),
    staleTime: Infinity,
    retry: false,
  });
export const authorize = (id: string, approve: boolean) =>
  http.post<{ location: string }>(`/console/authorizations/${id}`, { approve });

// The one way to talk to the node: JSON in and out, the CSRF header on writes, errors as `ApiError`.
import type { ErrorBody, Fault } from "@/api/types";
import { unattended } from "@/lib/activity";

/** What the node answered instead of the thing asked for; `status` 0 means that no answer came. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | null;
  readonly advice: string | null;
  readonly requestId: string | null;
  readonly faults: Fault[];
  constructor(status: number, body: ErrorBody) {
    super(body.message);
    this.status = status;
    this.code = body.code;
    this.field = body.field ?? null;
    this.advice = body.advice ?? null;
    this.requestId = body.request_id ?? null;
    this.faults = body.faults ?? [];
  }
}

const fallback: Record<number, [string, string]> = {
  0: ["网络不通，未能连接到平台", "请检查网络后重试"],
  401: ["登录已失效", "请重新登录"],
  403: ["没有权限查看或操作", "请联系本级平台管理员开通"],
  404: ["没有找到，或不在您的管辖范围内", "请核对编号与区划"],
  409: ["内容已被他人修改", "请刷新后重新操作"],
  413: ["文件过大", "请拆分后再上传"],
  429: ["操作过于频繁", "请稍后再试"],
  503: ["服务暂不可用", "请稍后再试"],
};

function bodyOf(status: number, parsed: unknown): ErrorBody {
  if (typeof parsed === "object" && parsed !== null && "error" in parsed) {
    const error = (parsed as { error: unknown }).error;
    if (typeof error === "object" && error !== null && "message" in error) return error as ErrorBody;
  }
  const [message, advice] = fallback[status] ?? ["操作没有完成", "请稍后重试；若反复出现请联系管理员"];
  return { code: `HTTP-${status}`, message, advice };
}

export type Query = Record<string, string | number | boolean | null | undefined>;

/** Query string with the leading question mark; empty and absent values are left out. */
export function queryString(query: Query | undefined): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== "") params.set(key, String(value));
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

interface Options {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
}

async function send(method: string, path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-Suyuan"] = "1";
  else if (unattended()) headers["X-Suyuan-Poll"] = "1";
  const init: RequestInit = { method, headers, credentials: "same-origin", signal: options.signal ?? null };
  if (options.body instanceof FormData) init.body = options.body;
  else if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(options.body);
  }
  try {
    return await fetch(`/api/v1${path}${queryString(options.query)}`, init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, bodyOf(0, null));
  }
}

/** A file as it came; a refusal is read as JSON like every other. */
async function file(path: string, signal?: AbortSignal): Promise<Blob> {
  const response = await send("GET", path, signal ? { signal } : {});
  if (response.ok) return response.blob();
  const parsed: unknown = await response.json().catch(() => null);
  throw new ApiError(response.status, bodyOf(response.status, parsed));
}

async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const response = await send(method, path, options);
  const text = await response.text();
  let parsed: unknown = null;
  try {
    parsed = text === "" ? null : JSON.parse(text);
  } catch {
    throw new ApiError(response.ok ? 502 : response.status, bodyOf(response.ok ? 502 : response.status, null));
  }
  if (!response.ok) throw new ApiError(response.status, bodyOf(response.status, parsed));
  return parsed as T;
}

/** Calls below `/api/v1`. */
export const http = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) =>
    request<T>("GET", path, { ...(query && { query }), ...(signal && { signal }) }),
  post: <T>(path: string, body?: unknown, query?: Query) => request<T>("POST", path, { body, ...(query && { query }) }),
  put: <T>(path: string, body: unknown) => request<T>("PUT", path, { body }),
  file,
  remove: <T>(path: string) => request<T>("DELETE", path),
};

// Loading, empty, error and forbidden look the same on every page of the console.
import type { UseQueryResult } from "@tanstack/react-query";
import { Button, Empty, Result, Spin } from "antd";
import type { ReactNode } from "react";
import { ApiError } from "@/lib/client";
import { common } from "@/locales/zh-CN/common";

export function Loading({ height = 240 }: { height?: number }) {
  return (
    <div style={{ height, display: "grid", placeItems: "center" }} role="status" aria-label={common.loading}>
      <Spin />
    </div>
  );
}

/** An empty list says how to fill it. */
export function EmptyView({
  text = common.empty,
  hint,
  action,
  compact = false,
}: {
  text?: string;
  hint?: ReactNode;
  action?: ReactNode;
  /** In a line, for a small table. */
  compact?: boolean;
}) {
  if (compact)
    return (
      <p className="empty-line">
        <span>{text}</span>
        {hint && <>　{hint}</>} {action}
      </p>
    );
  return (
    <Empty
      image={Empty.PRESENTED_IMAGE_SIMPLE}
      description={
        <>
          <div>{text}</div>
          {hint && <div className="soft">{hint}</div>}
        </>
      }
    >
      {action}
    </Empty>
  );
}

function SmallError({ error }: { error: unknown }) {
  const known = error instanceof ApiError ? error : null;
  const refused = known?.status === 403;
  return (
    <div role="alert">
      <strong>{refused ? common.forbiddenTitle : (known?.message ?? common.errorTitle)}</strong>
      <div className="soft">
        {known?.advice ?? (refused ? common.forbiddenText : "")}
        {known && `（${known.code}）`}
      </div>
    </div>
  );
}

/** A page or part that the role may not see. */
export function Forbidden({ advice }: { advice?: string | undefined }) {
  return <Result status="403" title={common.forbiddenTitle} subTitle={advice ?? common.forbiddenText} />;
}

/** What happened, why, and what to do; a missing permission has its own face. */
export function ErrorView({
  error,
  retry,
  compact = false,
}: {
  error: unknown;
  retry?: () => void;
  /** In a few lines, for a part of a page. */
  compact?: boolean;
}) {
  if (compact) return <SmallError error={error} />;
  if (error instanceof ApiError && error.status === 403) {
    return <Forbidden advice={error.advice ?? undefined} />;
  }
  const known = error instanceof ApiError ? error : null;
  return (
    <Result
      status={known?.status === 404 ? "404" : "warning"}
      title={known?.message ?? common.errorTitle}
      subTitle={
        <>
          {known?.advice && <div>{known.advice}</div>}
          {known && (
            <div className="soft">
              （{known.code}
              {known.requestId && `，${common.requestId} ${known.requestId}`}）
            </div>
          )}
        </>
      }
      extra={
        retry && (
          <Button type="primary" onClick={retry}>
            {common.retry}
          </Button>
        )
      }
    />
  );
}

interface QueryViewProps<T> {
  query: UseQueryResult<T>;
  height?: number;
  isEmpty?: (data: T) => boolean;
  empty?: ReactNode;
  children: (data: T) => ReactNode;
}

/** Shows what a query has: its data, or one of the faces above. */
export function QueryView<T>({ query, height, isEmpty, empty, children }: QueryViewProps<T>) {
  if (query.data !== undefined) return isEmpty?.(query.data) ? (empty ?? <EmptyView />) : children(query.data);
  if (query.isError) return <ErrorView error={query.error} retry={() => void query.refetch()} />;
  return <Loading {...(height && { height })} />;
}

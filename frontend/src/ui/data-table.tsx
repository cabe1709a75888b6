// The one table of the console: rows, or the shared face for loading, nothing, a fault or a missing permission.
import { Table, type TableProps } from "antd";
import type { ReactNode } from "react";
import { EmptyView, ErrorView } from "@/ui/state-views";

/** What a table has to know of the query behind its rows; the result of `useQuery` fits. */
export interface TableQuery {
  isError: boolean;
  isFetching: boolean;
  data: unknown;
  error: unknown;
  refetch: () => unknown;
}
interface Props<T> extends Omit<TableProps<T>, "locale"> {
  /** Where the rows come from; without one they are at hand already. */
  query?: TableQuery;
  /** What an empty table says, and how it is filled. */
  empty?: { text?: string; hint?: ReactNode; action?: ReactNode };
}

export function DataTable<T extends object>({ query, empty = {}, loading, ...table }: Props<T>) {
  if (query?.isError && query.data === undefined)
    return <ErrorView error={query.error} retry={() => void query.refetch()} />;
  const waiting = query !== undefined && query.isFetching && query.data === undefined;
  return (
    <Table<T>
      size="middle"
      pagination={false}
      {...table}
      loading={loading ?? waiting}
      locale={{ emptyText: waiting ? " " : <EmptyView {...empty} compact={table.size === "small"} /> }}
    />
  );
}

/** The line of totals beneath a table. */
export const TableSummary = Table.Summary;

// Names of codes, loaded once, and the tree of divisions, loaded branch by branch.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { DivisionDetail, Divisions, Reference } from "@/api/types";
import { http } from "@/lib/client";

export const referenceQuery = queryOptions({
  queryKey: ["reference"],
  queryFn: ({ signal }) => http.get<Reference>("/console/reference", undefined, signal),
  staleTime: Infinity,
});
export const childrenQuery = (parent: string) =>
  queryOptions({
    queryKey: ["divisions", parent],
    queryFn: ({ signal }) => http.get<Divisions>("/console/divisions", { parent }, signal),
    staleTime: Infinity,
  });
export const divisionQuery = (code: string) =>
  queryOptions({
    queryKey: ["division", code],
    queryFn: ({ signal }) => http.get<DivisionDetail>(`/console/divisions/${code}`, undefined, signal),
    staleTime: Infinity,
  });

/** The division above one, by the path that the node tells; none for the topmost. */
export const aboveOf = (division: DivisionDetail): string | undefined =>
  division.path.filter((step) => step.code !== division.code).at(-1)?.code;

type Kind =
  | "category"
  | "stage"
  | "rule"
  | "role"
  | "subject_state"
  | "system_state"
  | "node_type"
  | "org_form"
  | "device_type"
  | "biz_step"
  | "finding_state";
export interface Names {
  reference: Reference | undefined;
  name: (kind: Kind, code: string | null | undefined) => string;
  options: (kind: Kind) => { value: string; label: string }[];
}

function table(reference: Reference, kind: Kind): { code: string; name: string }[] {
  switch (kind) {
    case "category":
      return reference.categories.flatMap((category) => [category, ...category.children]);
    case "stage":
      return reference.stages;
    case "rule":
      return reference.rules;
    case "role":
      return reference.roles;
    case "subject_state":
      return reference.subject_states;
    case "system_state":
      return reference.system_states;
    case "device_type":
      return reference.device_types;
    case "biz_step":
      return reference.biz_steps;
    case "finding_state":
      return reference.finding_states;
    case "node_type":
      return reference.node_types;
    case "org_form":
      return reference.org_forms;
  }
}

/** Looks up the Chinese name of a code; an unknown code is shown as it is. */
export function useNames(): Names {
  const { data } = useQuery(referenceQuery);
  return useMemo(() => {
    const rows = (kind: Kind) => {
      if (!data) return [];
      return kind === "category" ? data.categories : table(data, kind);
    };
    return {
      reference: data,
      name: (kind, code) => {
        if (!code) return "—";
        return (data && table(data, kind).find((row) => row.code === code)?.name) ?? code;
      },
      options: (kind) => rows(kind).map((row) => ({ value: row.code, label: row.name })),
    };
  }, [data]);
}

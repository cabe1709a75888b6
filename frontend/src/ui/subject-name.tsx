// The name of a subject of which only the code is known, as a link to its page; the code itself where nothing is found.
import { useQuery } from "@tanstack/react-query";
import type { Page, Subject } from "@/api/types";
import { http } from "@/lib/client";
import { useCan } from "@/lib/session";
import { AppLink } from "@/ui/app-link";

export function SubjectName({ code }: { code: string }) {
  const can = useCan();
  const query = useQuery({
    queryKey: ["subject-name", code],
    queryFn: ({ signal }) => http.get<Page<Subject>>("/console/subjects", { q: code, limit: 5 }, signal),
    enabled: can("subject.read"),
    staleTime: 600_000,
  });
  const found = query.data?.items?.find((one) => one.code === code);
  if (!found) return <span className="code">{code}</span>;
  return (
    <AppLink href={`/console/subjects/${found.id}`} title={code}>
      {found.name}
    </AppLink>
  );
}

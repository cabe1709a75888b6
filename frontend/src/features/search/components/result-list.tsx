// Hits of one kind.
import { searchText as t } from "@/locales/zh-CN/public";
import { AppLink } from "@/ui/app-link";
import { ErrorView, Loading } from "@/ui/state-views";

interface Props {
  loading: boolean;
  error: unknown;
  rows: { key: string; title: string; note: string; href: string }[];
}

export function List({ loading, error, rows }: Props) {
  if (loading) return <Loading height={80} />;
  if (error) return <ErrorView error={error} compact />;
  if (rows.length === 0) return <p className="soft">{t.none}</p>;
  return (
    <ul className="hits">
      {rows.map((row) => (
        <li key={row.key}>
          <AppLink href={row.href}>{row.title}</AppLink> <span className="soft">{row.note}</span>
        </li>
      ))}
    </ul>
  );
}

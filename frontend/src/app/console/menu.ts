// Entries of the side menu, grouped by work; each is shown only with its permission.
import { shellText } from "@/locales/zh-CN/shell";

export interface Entry {
  href: string;
  label: string;
  permission: string;
}
export interface Group {
  key: keyof typeof shellText.groups;
  entries: Entry[];
}
const { entries: t } = shellText;

export const groups: Group[] = [
  {
    key: "cockpit",
    entries: [
      { href: "/console", label: t.overview, permission: "cockpit.read" },
      { href: "/console/map", label: t.map, permission: "map.read" },
    ],
  },
  {
    key: "subjects",
    entries: [
      { href: "/console/subjects", label: t.subjects, permission: "subject.read" },
      { href: "/console/merchants", label: t.merchants, permission: "subject.read" },
      { href: "/console/products", label: t.products, permission: "product.read" },
      { href: "/console/catalogue", label: t.catalogue, permission: "category.read" },
      { href: "/console/devices", label: t.devices, permission: "device.read" },
      { href: "/console/imports", label: t.imports, permission: "subject.import" },
      { href: "/console/review", label: t.review, permission: "subject.review" },
    ],
  },
  {
    key: "data",
    entries: [
      { href: "/console/applications", label: t.applications, permission: "access.read" },
      { href: "/console/systems", label: t.systems, permission: "access.read" },
      { href: "/console/monitoring", label: t.monitoring, permission: "access.read" },
      { href: "/console/capture", label: t.capture, permission: "capture.read" },
      { href: "/console/events", label: t.events, permission: "event.read" },
      { href: "/console/findings", label: t.findings, permission: "finding.read" },
    ],
  },
  { key: "trace", entries: [{ href: "/console/trace", label: t.trace, permission: "trace.read" }] },
  {
    key: "evaluation",
    entries: [
      { href: "/console/evaluations", label: t.evaluations, permission: "evaluation.read" },
      { href: "/console/analysis", label: t.analysis, permission: "subject.read" },
      { href: "/console/reports", label: t.reports, permission: "report.read" },
    ],
  },
  {
    key: "public",
    entries: [
      { href: "/console/notices", label: t.notices, permission: "notice.read" },
      { href: "/console/complaints", label: t.complaints, permission: "complaint.read" },
    ],
  },
  { key: "exchange", entries: [{ href: "/console/exchange", label: t.exchange, permission: "exchange.read" }] },
  {
    key: "system",
    entries: [
      { href: "/console/packs", label: t.packs, permission: "pack.read" },
      { href: "/console/accounts", label: t.accounts, permission: "account.read" },
      { href: "/console/roles", label: t.roles, permission: "role.read" },
      { href: "/console/clients", label: t.clients, permission: "client.read" },
      { href: "/console/audit", label: t.audit, permission: "audit.read" },
    ],
  },
];

/** The entry whose address is the longest beginning of the path; none for a page that is not in the menu. */
export function activeEntry(path: string): string {
  const all = groups.flatMap((group) => group.entries.map((entry) => entry.href));
  return (
    all
      .filter((href) => path === href || (href !== "/console" && path.startsWith(`${href}/`)))
      .sort((a, b) => b.length - a.length)[0] ?? ""
  );
}

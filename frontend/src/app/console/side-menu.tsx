// The side menu; it carries the chosen division and category along.
import {
  AimOutlined,
  AlertOutlined,
  ApartmentOutlined,
  AppstoreOutlined,
  AuditOutlined,
  BarChartOutlined,
  CheckSquareOutlined,
  CloudUploadOutlined,
  ClusterOutlined,
  DashboardOutlined,
  DesktopOutlined,
  FileTextOutlined,
  FormOutlined,
  GlobalOutlined,
  ImportOutlined,
  MessageOutlined,
  MonitorOutlined,
  NotificationOutlined,
  PieChartOutlined,
  ProfileOutlined,
  SafetyCertificateOutlined,
  ShopOutlined,
  SolutionOutlined,
  SwapOutlined,
  TagsOutlined,
  TeamOutlined,
  UnorderedListOutlined,
} from "@ant-design/icons";
import { Menu } from "antd";
import type { ReactNode } from "react";
import { activeEntry, groups } from "@/app/console/menu";
import { stringifySearch, usePath, useUrl } from "@/lib/nav";
import { useCan } from "@/lib/session";
import { shellText } from "@/locales/zh-CN/shell";
import { AppLink } from "@/ui/app-link";

const icons: Record<string, ReactNode> = {
  "/console": <DashboardOutlined />,
  "/console/map": <GlobalOutlined />,
  "/console/subjects": <ShopOutlined />,
  "/console/merchants": <SolutionOutlined />,
  "/console/review": <CheckSquareOutlined />,
  "/console/imports": <ImportOutlined />,
  "/console/analysis": <PieChartOutlined />,
  "/console/products": <TagsOutlined />,
  "/console/devices": <DesktopOutlined />,
  "/console/systems": <ClusterOutlined />,
  "/console/capture": <CloudUploadOutlined />,
  "/console/events": <UnorderedListOutlined />,
  "/console/findings": <AlertOutlined />,
  "/console/trace": <AimOutlined />,
  "/console/evaluations": <BarChartOutlined />,
  "/console/reports": <FileTextOutlined />,
  "/console/complaints": <MessageOutlined />,
  "/console/notices": <NotificationOutlined />,
  "/console/exchange": <SwapOutlined />,
  "/console/packs": <ProfileOutlined />,
  "/console/accounts": <TeamOutlined />,
  "/console/applications": <FormOutlined />,
  "/console/monitoring": <MonitorOutlined />,
  "/console/catalogue": <ApartmentOutlined />,
  "/console/roles": <SafetyCertificateOutlined />,
  "/console/clients": <AppstoreOutlined />,
  "/console/audit": <AuditOutlined />,
};

export function SideMenu({ onGo, collapsed = false }: { onGo?: () => void; collapsed?: boolean }) {
  const can = useCan();
  const path = usePath();
  const [search] = useUrl();
  const kept = stringifySearch({ division: search["division"], category: search["category"] });
  const items = groups
    .map((group) => ({ ...group, entries: group.entries.filter((entry) => can(entry.permission)) }))
    .filter((group) => group.entries.length > 0)
    .map((group) => ({
      key: group.key,
      type: "group" as const,
      label: collapsed ? null : shellText.groups[group.key],
      children: group.entries.map((entry) => ({
        key: entry.href,
        icon: icons[entry.href] ?? null,
        title: entry.label,
        label: (
          <AppLink href={entry.href + kept} onClick={() => onGo?.()}>
            {entry.label}
          </AppLink>
        ),
      })),
    }));
  return (
    <nav aria-label={shellText.menu}>
      <Menu
        mode="inline"
        inlineCollapsed={collapsed}
        selectedKeys={[activeEntry(path)]}
        items={items}
        style={{ border: "none" }}
      />
    </nav>
  );
}

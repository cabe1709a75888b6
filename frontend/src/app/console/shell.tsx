// Top bar and side menu around every console page except the wall screen.
import {
  BellOutlined,
  LogoutOutlined,
  MenuFoldOutlined,
  MenuUnfoldOutlined,
  QuestionCircleOutlined,
  UserOutlined,
} from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { Badge, Button, Dropdown, Input, Layout, Modal, Tag, Tooltip } from "antd";
import { Suspense, useEffect, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import type { FindingSummary } from "@/api/types";
import { activeEntry, groups } from "@/app/console/menu";
import { SideMenu } from "@/app/console/side-menu";
import { Tasks } from "@/app/console/tasks";
import { http } from "@/lib/client";
import { useGo, usePath, useUrl } from "@/lib/nav";
import { useCan, useMe } from "@/lib/session";
import { recall, remember } from "@/lib/store";
import { shellText } from "@/locales/zh-CN/shell";
import { AppLink } from "@/ui/app-link";
import { DivisionSelect } from "@/ui/division-select";
import { Forbidden, Loading } from "@/ui/state-views";

function OpenFindings() {
  const can = useCan();
  const query = useQuery({
    queryKey: ["findings-summary"],
    queryFn: ({ signal }) => http.get<FindingSummary>("/console/findings/summary", undefined, signal),
    enabled: can("finding.read"),
    refetchInterval: 60_000,
  });
  if (!can("finding.read")) return null;
  const open = query.data?.by_rule.reduce((sum, rule) => sum + rule.open, 0) ?? 0;
  return (
    <Tooltip title={shellText.warnings}>
      <AppLink href="/console/findings?state=open" aria-label={`${shellText.warnings} ${open}`} className="top-icon">
        <Badge count={open} size="small" overflowCount={999}>
          <BellOutlined />
        </Badge>
      </AppLink>
    </Tooltip>
  );
}

function Account() {
  const me = useMe();
  const go = useGo();
  const client = useQueryClient();
  const leave = async () => {
    await http.remove("/session").catch(() => undefined);
    client.clear();
    go("/console/login");
  };
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: [
          { key: "role", disabled: true, label: `${shellText.role}：${me.account.role_name}` },
          { key: "range", disabled: true, label: `${shellText.range}：${me.account.division_name}` },
          { type: "divider" },
          {
            key: "profile",
            icon: <UserOutlined />,
            label: shellText.profile,
            onClick: () => go("/console/profile"),
          },
          { key: "logout", icon: <LogoutOutlined />, label: shellText.logout, onClick: () => void leave() },
        ],
      }}
    >
      <Button type="text" icon={<UserOutlined />} aria-label={shellText.me}>
        {me.account.display_name}
      </Button>
    </Dropdown>
  );
}

/** What the search box looks through; without one of these there is nothing to search. */
const searchable = ["subject.read", "product.read", "event.read", "access.read", "complaint.read"];

export function ConsoleShell() {
  const me = useMe();
  const go = useGo();
  const path = usePath();
  const [search, patch] = useUrl();
  const [collapsed, setCollapsed] = useState<boolean>(() => recall("menu.collapsed", false));
  const [narrow, setNarrow] = useState(false);
  const [help, setHelp] = useState(false);
  const fold = () => {
    setCollapsed(!collapsed);
    // On a narrow screen the menu folds by itself; that is not the reader's choice and is not remembered.
    if (!narrow) remember("menu.collapsed", !collapsed);
  };
  const root = me.divisions_in_scope_root;
  const can = useCan();
  const entry = groups.flatMap((group) => group.entries).find((one) => one.href === activeEntry(path));
  useEffect(() => {
    document.title = entry ? `${entry.label} - ${me.node.platform_name}` : me.node.platform_name;
  }, [entry, me.node.platform_name]);
  return (
    <Layout style={{ minHeight: "100%" }}>
      <a className="skip" href="#main">
        {shellText.skip}
      </a>
      <Layout.Header className="top">
        <Button
          type="text"
          icon={collapsed ? <MenuUnfoldOutlined /> : <MenuFoldOutlined />}
          onClick={fold}
          aria-label={collapsed ? shellText.expand : shellText.collapse}
        />
        <AppLink href="/console" className="top-name">
          <img src="/icon.svg" alt="" width={26} height={26} />
          <strong>{me.node.platform_name}</strong>
        </AppLink>
        <Tag color="blue">{me.node.tier_label}</Tag>
        <DivisionSelect
          root={root}
          rootName={me.account.division_name}
          value={search["division"]}
          onChange={(code) => patch({ division: code, after: undefined, page: undefined })}
          width={168}
        />
        <span className="grow" />
        {searchable.some(can) && (
          <Input.Search
            className="top-search"
            placeholder={shellText.searchPlaceholder}
            aria-label={shellText.search}
            allowClear
            onSearch={(text) => {
              if (text.trim()) go(`/console/search?q=${encodeURIComponent(text.trim())}`);
            }}
          />
        )}
        <OpenFindings />
        <Tasks />
        <Button
          type="text"
          icon={<QuestionCircleOutlined />}
          onClick={() => setHelp(true)}
          aria-label={shellText.help}
        />
        <Account />
      </Layout.Header>
      <Layout>
        <Layout.Sider
          width={208}
          collapsedWidth={narrow ? 48 : 56}
          collapsed={collapsed}
          breakpoint="lg"
          onBreakpoint={(broken) => {
            setNarrow(broken);
            setCollapsed(broken || recall("menu.collapsed", false));
          }}
          trigger={null}
          theme="light"
          className="side"
        >
          <SideMenu collapsed={collapsed} />
        </Layout.Sider>
        <Layout.Content id="main" className="main" tabIndex={-1}>
          <Suspense fallback={<Loading />}>
            {entry && !can(entry.permission) ? <Forbidden /> : <Outlet key={path} />}
          </Suspense>
        </Layout.Content>
      </Layout>
      <Modal open={help} footer={null} onCancel={() => setHelp(false)} title={shellText.helpTitle}>
        <ul>
          {shellText.helpText.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </Modal>
    </Layout>
  );
}

// The map of addresses. Every page is its own lazy chunk; the portal never loads console, chart or map code.
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  type AnyRoute,
  type RouteComponent,
} from "@tanstack/react-router";
import { Crash } from "@/app/crash";
import { NotFound } from "@/app/not-found";
import { Pending } from "@/app/pending";
import { loginHref } from "@/app/query-client";
import { ApiError } from "@/lib/client";
import { parseSearch, stringifySearch, type Search } from "@/lib/nav";
import { sessionQuery } from "@/lib/session";

interface Context {
  client: QueryClient;
}
type Load = () => Promise<Record<string, unknown>>;

const root = createRootRouteWithContext<Context>()({
  component: Outlet,
  validateSearch: (search: Record<string, unknown>): Search => search as Search,
  notFoundComponent: NotFound,
  errorComponent: Crash,
});
const lazy = (load: Load, name: string): RouteComponent =>
  lazyRouteComponent(load as never, name as never) as RouteComponent;

const portal = createRoute({
  getParentRoute: () => root,
  id: "portal",
  component: lazy(() => import("@/app/portal/layout"), "PortalLayout"),
});
const login = createRoute({
  getParentRoute: () => root,
  path: "/console/login",
  component: lazy(() => import("@/app/console/login-route"), "LoginRoute"),
});
/** Where the node sends a browser that has nobody signed in yet; an unfinished step stands behind the hash. */
const outsideLogin = createRoute({
  getParentRoute: () => root,
  path: "/login",
  beforeLoad: ({ location }) => {
    throw redirect({ href: `/console/login${location.searchStr}${location.hash && `#${location.hash}`}` });
  },
});
const guard = createRoute({
  getParentRoute: () => root,
  id: "console",
  beforeLoad: async ({ context, location }) => {
    try {
      await context.client.ensureQueryData(sessionQuery);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) throw redirect({ href: loginHref(location.href) });
      throw error;
    }
  },
  component: lazy(() => import("@/app/console/providers"), "ConsoleProviders"),
});
const shell = createRoute({
  getParentRoute: () => guard,
  id: "shell",
  component: lazy(() => import("@/app/console/shell"), "ConsoleShell"),
});

const page = (parent: AnyRoute, path: string, load: Load, name: string): AnyRoute =>
  createRoute({ getParentRoute: () => parent, path, component: lazy(load, name) }) as unknown as AnyRoute;

const accessPages = {
  applications: () => import("@/features/access/components/applications-page"),
  systems: () => import("@/features/access/components/systems-page"),
  monitoring: () => import("@/features/access/components/monitoring-page"),
};
const registers = () => import("@/features/registers/components/pages");
const tree = root.addChildren([
  portal.addChildren([
    page(portal, "/", () => import("@/features/portal/components/home"), "PortalHome"),
    page(portal, "/t/$code", () => import("@/features/portal/components/result"), "PortalResult"),
    page(portal, "/complaint", () => import("@/features/portal/components/complaint"), "PortalComplaint"),
    page(portal, "/complaint/follow", () => import("@/features/portal/components/follow"), "PortalFollow"),
    page(portal, "/notices", () => import("@/features/portal/components/notices"), "PortalNotices"),
    page(portal, "/join", () => import("@/features/portal/components/join"), "PortalJoin"),
    page(portal, "/join/follow", () => import("@/features/portal/components/join-follow"), "PortalJoinFollow"),
  ]),
  login,
  outsideLogin,
  guard.addChildren([
    page(guard, "/authorize", () => import("@/features/session/components/authorize-page"), "AuthorizePage"),
    page(guard, "/console", () => import("@/app/console/cockpit-route"), "CockpitRoute"),
    shell.addChildren([
      page(shell, "/console/map", () => import("@/features/cockpit/components/one-map"), "OneMapPage"),
      page(shell, "/console/subjects", registers, "SubjectsPage"),
      page(shell, "/console/subjects/$id", registers, "SubjectRecordPage"),
      page(shell, "/console/merchants", registers, "MerchantsPage"),
      page(shell, "/console/merchants/$id", registers, "MerchantRecordPage"),
      page(shell, "/console/review", () => import("@/features/registers/components/review-page"), "ReviewPage"),
      page(shell, "/console/analysis", () => import("@/features/analysis/components/analysis-page"), "AnalysisPage"),
      page(shell, "/console/products", registers, "ProductsPage"),
      page(shell, "/console/products/$id", registers, "ProductRecordPage"),
      page(shell, "/console/devices", registers, "DevicesPage"),
      page(shell, "/console/devices/$id", registers, "DeviceRecordPage"),
      page(shell, "/console/applications", accessPages.applications, "ApplicationsPage"),
      page(shell, "/console/systems", accessPages.systems, "SystemsPage"),
      page(shell, "/console/systems/$id", accessPages.systems, "SystemRecordPage"),
      page(shell, "/console/monitoring", accessPages.monitoring, "MonitoringPage"),
      page(
        shell,
        "/console/catalogue",
        () => import("@/features/catalogue/components/catalogue-page"),
        "CataloguePage",
      ),
      page(shell, "/console/imports", () => import("@/features/imports/components/imports-page"), "ImportsPage"),
      page(shell, "/console/imports/$id", () => import("@/features/imports/components/import-page"), "ImportPage"),
      page(shell, "/console/capture", () => import("@/features/capture/components/capture-page"), "CapturePage"),
      page(shell, "/console/findings", () => import("@/features/findings/components/findings-page"), "FindingsPage"),
      page(shell, "/console/events", () => import("@/features/trace/components/events-page"), "EventsPage"),
      page(shell, "/console/trace", () => import("@/features/trace/components/trace-page"), "TracePage"),
      page(
        shell,
        "/console/evaluations",
        () => import("@/features/evaluation/components/evaluation-page"),
        "EvaluationPage",
      ),
      page(shell, "/console/reports", () => import("@/features/reports/components/reports-page"), "ReportsPage"),
      page(shell, "/console/exchange", () => import("@/features/exchange/components/exchange-page"), "ExchangePage"),
      page(
        shell,
        "/console/complaints",
        () => import("@/features/complaints/components/complaints-page"),
        "ComplaintsPage",
      ),
      page(shell, "/console/notices", () => import("@/features/notices/components/notices-page"), "NoticesPage"),
      page(shell, "/console/packs", () => import("@/features/packs/components/packs-page"), "PacksPage"),
      page(shell, "/console/accounts", () => import("@/features/accounts/components/accounts-page"), "AccountsPage"),
      page(shell, "/console/roles", () => import("@/features/roles/components/roles-page"), "RolesPage"),
      page(shell, "/console/clients", () => import("@/features/clients/components/clients-page"), "ClientsPage"),
      page(shell, "/console/profile", () => import("@/features/profile/components/profile-page"), "ProfilePage"),
      page(shell, "/console/audit", () => import("@/features/audit/components/audit-page"), "AuditPage"),
      page(shell, "/console/search", () => import("@/features/search/components/search-page"), "SearchPage"),
    ]),
  ]),
]);

export function makeRouter(client: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { client },
    parseSearch,
    stringifySearch,
    defaultPreload: false,
    defaultPendingComponent: Pending,
    defaultPendingMs: 200,
    scrollRestoration: true,
  });
}

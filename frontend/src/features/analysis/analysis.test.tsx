import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { countOption } from "@/charts/counts";
import { AnalysisPage } from "@/features/analysis/components/analysis-page";
import { sessionQuery } from "@/lib/session";
import { serveMockNode, show } from "@/testing/render";

describe("g_6_2_3_analysis", () => {
  it("asks by two characteristics and every figure leads to its list", async () => {
    const sent = serveMockNode();
    const view = await show(<AnalysisPage />, "/console/analysis?by=stage&then=state&category=pork");
    await view.client.fetchQuery(sessionQuery);
    const link = await screen.findByRole("link", { name: "40" });
    expect(link).toHaveAttribute("href", "/console/subjects?stage=planting");
    const asked = sent.find((one) => one.path.endsWith("/analysis"))?.query;
    expect(Object.fromEntries(asked ?? [])).toMatchObject({
      of: "subject",
      by: "stage",
      then: "state",
      category: "pork",
    });
    expect(screen.getByText(/各行之和会大于总数/)).toBeInTheDocument();
    expect(screen.getByRole("link", { name: /导出 XLSX/ })).toHaveAttribute(
      "href",
      expect.stringContaining("by=stage"),
    );
  });
  it("says that nothing was found", async () => {
    serveMockNode((request) =>
      request.path.endsWith("/analysis")
        ? {
            status: 200,
            body: { of: "subject", by: "stage", by_name: "环节", total: 0, several: false, rows: [], columns: [] },
          }
        : null,
    );
    const view = await show(<AnalysisPage />, "/console/analysis");
    await view.client.fetchQuery(sessionQuery);
    await waitFor(() => expect(screen.getByText("没有符合条件的登记")).toBeInTheDocument());
  });
  it("draws a zero as a zero and nothing where there is nothing", () => {
    const row = (state: string, count: number) => ({ name: state, count, state });
    const { series } = countOption(
      [row("value", 4), row("zero", 0), row("missing", 0), row("not_connected", 0)],
      [],
      false,
    );
    expect(Array.isArray(series) && series[0]?.data).toEqual([4, 0, null, null]);
  });
});

import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { FindingsPage } from "@/features/findings/components/findings-page";
import { sessionQuery } from "@/lib/session";
import { me } from "@/testing/mock-data";
import { serveMockNode, show } from "@/testing/render";

const reviews = (sent: ReturnType<typeof serveMockNode>) => sent.filter((one) => one.path.endsWith("/review"));

async function open(permissions: string[] = ["*"]) {
  const sent = serveMockNode((request) =>
    request.path.endsWith("/session")
      ? { status: 200, body: { ...me, account: { ...me.account, permissions } } }
      : null,
  );
  const view = await show(<FindingsPage />, "/console/findings?state=open&record=f-1");
  await view.client.fetchQuery(sessionQuery);
  await screen.findByText("依据的追溯记录");
  return { ...view, sent };
}

describe("g_6_4_2b_outliers_are_reviewed_with_keys", () => {
  it("A confirms and goes to the next one", async () => {
    const { sent, router } = await open();
    await userEvent.keyboard("a");
    await waitFor(() => expect(reviews(sent)[0]?.body).toEqual({ version: 1, decision: "confirm", reason: "" }));
    expect(reviews(sent)[0]?.path).toContain("/findings/f-1/review");
    await waitFor(() => expect(router.state.location.search).toMatchObject({ record: "f-2" }));
  });
  it("R asks for a reason and sends nothing without one", async () => {
    const { sent } = await open();
    await userEvent.keyboard("r");
    const box = await screen.findByLabelText("填写理由");
    expect(screen.getByRole("button", { name: /确\s*定|OK/ })).toBeDisabled();
    await userEvent.type(box, "地址不完整 jak");
    expect(reviews(sent)).toHaveLength(0);
    await userEvent.click(screen.getByRole("button", { name: /确\s*定|OK/ }));
    await waitFor(() =>
      expect(reviews(sent)[0]?.body).toEqual({ version: 1, decision: "return", reason: "地址不完整 jak" }),
    );
  });
  it("J and K move without deciding", async () => {
    const { sent, router } = await open();
    await userEvent.keyboard("j");
    await waitFor(() => expect(router.state.location.search).toMatchObject({ record: "f-2" }));
    await screen.findAllByText("依据的追溯记录");
    await waitFor(() => expect(screen.getByRole("button", { name: /上一条/ })).toBeInTheDocument());
    await userEvent.keyboard("k");
    await waitFor(() => expect(router.state.location.search).toMatchObject({ record: "f-1" }));
    expect(reviews(sent)).toHaveLength(0);
  });
  it("g_5_4_3b_without_permission_neither_buttons_nor_keys_decide", async () => {
    const { sent } = await open(["finding.read"]);
    expect(screen.queryByRole("button", { name: /确认异常/ })).toBeNull();
    await userEvent.keyboard("a");
    expect(reviews(sent)).toHaveLength(0);
  });
});

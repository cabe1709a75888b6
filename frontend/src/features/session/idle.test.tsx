import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { IdleGuard } from "@/features/session/components/idle-guard";
import { me } from "@/testing/mock-data";
import { serveMockNode, show } from "@/testing/render";

describe("h_9_4_the_end_of_a_session", () => {
  it("is told before, and one press lets the session go on", async () => {
    let left = 60;
    serveMockNode((request) => {
      if (!request.path.endsWith("/session")) return null;
      const now = Date.now();
      const later = (seconds: number) => new Date(now + seconds * 1000).toISOString();
      return { status: 200, body: { ...me, now: later(0), idle_ends_at: later(left), ends_at: later(36_000) } };
    });
    await show(<IdleGuard />, "/console");
    expect(await screen.findByText(/后将自动退出登录/)).toBeInTheDocument();
    left = 1800;
    await userEvent.click(screen.getByRole("button", { name: "继续使用" }));
    await waitFor(() => expect(screen.queryByText(/后将自动退出登录/)).toBeNull());
  });
  it("cannot be put off when the longest time is over", async () => {
    serveMockNode((request) => {
      if (!request.path.endsWith("/session")) return null;
      const later = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
      return { status: 200, body: { ...me, now: later(0), idle_ends_at: later(90), ends_at: later(90) } };
    });
    await show(<IdleGuard />, "/console");
    expect(await screen.findByText(/已达到单次登录的最长时间/)).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "继续使用" })).toBeNull();
  });
});

// Entry: mounts the router; everything heavier comes with the route that needs it.
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { makeQueryClient } from "@/app/query-client";
import { makeRouter } from "@/app/router";
import "@/app/base.css";

const place = document.getElementById("root");
if (place) {
  const holder: { go: (href: string) => void } = { go: () => undefined };
  const client = makeQueryClient((href) => holder.go(href));
  const router = makeRouter(client);
  holder.go = (href) => router.history.push(href);
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}

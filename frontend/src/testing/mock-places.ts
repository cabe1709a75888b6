// What the node in memory says about divisions and maps.
import type { Subject } from "@/api/types";
import * as data from "./mock-data.ts";
import { failed, ok, type Answer, type Request } from "./mock-answer.ts";
import * as book from "./mock-registers.ts";
import { chain } from "./mock-trace.ts";

/** An answer about places, or nothing where the call is about something else. */
export function placesCall([noun, id]: string[], request: Request, subjects: Subject[]): Answer | null {
  switch (noun) {
    case "divisions": {
      if (!id)
        return ok({
          items:
            request.query.get("parent") === "370000"
              ? data.cities
              : [
                  {
                    code: `${(request.query.get("parent") ?? "").slice(0, 4)}02`,
                    name: "市辖区",
                    short: "市辖区",
                    tier: "county",
                    has_children: false,
                    lon: 117,
                    lat: 36,
                  },
                ],
        });
      const city = data.cities.find((one) => one.code === id) ?? {
        code: id,
        name: id === "370000" ? "山东省" : "市辖区",
        short: "山东",
        tier: "province",
        has_children: true,
        lon: 118,
        lat: 36,
      };
      return ok({
        ...city,
        path: [{ code: "370000", name: "山东省" }, ...(id === "370000" ? [] : [{ code: city.code, name: city.name }])],
      });
    }
    case "map": {
      if (id === "values")
        return ok(
          data.values(
            request.query.get("division") ?? "370000",
            request.query.get("metric") ?? "reporting_rate",
            request.query.get("codes")?.split(",") ?? undefined,
          ),
        );
      if (id === "points")
        return ok({
          clusters: data.cities.map((city, index) => ({
            lon: city.lon,
            lat: city.lat,
            count: index % 5 === 2 ? 1 : 40 + index * 23,
            subject: index % 5 === 2 ? { id: "s-3", code: "370300", name: "淄博批发市场", stage: "wholesale" } : null,
          })),
        });
      if (id === "select") return ok(book.area(subjects));
      if (id === "flows") return ok({ flows: chain("x").flows });
      return failed(404, "MAP-0404", "没有这一层边界", "");
    }
    default:
      return null;
  }
}

// One entry on the map of its division.
import { useQuery } from "@tanstack/react-query";
import { Marker, type Map as GlMap } from "maplibre-gl";
import { useEffect, useMemo, useState } from "react";
import { aboveOf, divisionQuery } from "@/lib/reference";
import { RegionMap } from "@/map/region-map";

export function PlaceMap({ lon, lat, name, division }: { lon: number; lat: number; name: string; division: string }) {
  const [map, setMap] = useState<GlMap | null>(null);
  const here = useQuery({ ...divisionQuery(division), enabled: division !== "" });
  const parent = here.data && !here.data.has_children ? (aboveOf(here.data) ?? division) : division;
  useEffect(() => {
    if (!map) return;
    const element = document.createElement("span");
    element.className = "map-end";
    element.textContent = name;
    const label = new Marker({ element, anchor: "top", offset: [0, 4] }).setLngLat([lon, lat]).addTo(map);
    const pin = new Marker({ color: "#C62828", scale: 0.7 }).setLngLat([lon, lat]).addTo(map);
    return () => {
      label.remove();
      pin.remove();
    };
  }, [map, lon, lat, name]);
  const focus = useMemo(() => ({ lon, lat, zoom: 9 }), [lon, lat]);
  return (
    <div style={{ height: 420 }}>
      <RegionMap
        parent={parent}
        metric="subjects"
        values={undefined}
        legend={false}
        focus={focus}
        onMap={setMap}
        drawing
      />
    </div>
  );
}

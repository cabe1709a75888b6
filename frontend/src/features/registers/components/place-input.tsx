// The place of an entry: longitude and latitude as numbers, or a point chosen on the map.
import { EnvironmentOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, InputNumber, Modal, Space } from "antd";
import { Marker, type Map as GlMap, type MapMouseEvent } from "maplibre-gl";
import { useEffect, useMemo, useState } from "react";
import { aboveOf, divisionQuery } from "@/lib/reference";
import { useMe } from "@/lib/session";
import { registerText as t } from "@/locales/zh-CN/registers";
import { RegionMap } from "@/map/region-map";

export interface Place {
  lon: number | null;
  lat: number | null;
}
interface Props {
  id?: string;
  value?: Place;
  onChange?: (value: Place) => void;
  division: string | undefined;
}
const round = (degrees: number) => Math.round(degrees * 1e6) / 1e6;

function PointMap({ start, division, onPick }: { start: Place; division: string; onPick: (place: Place) => void }) {
  const [map, setMap] = useState<GlMap | null>(null);
  const here = useQuery(divisionQuery(division));
  // The map of a division shows those below it; the lowest tier is shown inside the one above.
  const parent = here.data && !here.data.has_children ? (aboveOf(here.data) ?? division) : division;
  useEffect(() => {
    if (!map) return;
    const marker = new Marker({ color: "#C62828" });
    if (start.lon !== null && start.lat !== null) marker.setLngLat([start.lon, start.lat]).addTo(map);
    const pick = (event: MapMouseEvent) => {
      marker.setLngLat(event.lngLat).addTo(map);
      onPick({ lon: round(event.lngLat.lng), lat: round(event.lngLat.lat) });
    };
    map.on("click", pick);
    return () => {
      map.off("click", pick);
      marker.remove();
    };
  }, [map, start, onPick]);
  const focus = useMemo(
    () =>
      start.lon !== null && start.lat !== null
        ? { lon: start.lon, lat: start.lat, zoom: 10 }
        : here.data && !here.data.has_children && here.data.lon && here.data.lat
          ? { lon: here.data.lon, lat: here.data.lat, zoom: 9 }
          : undefined,
    [start, here.data],
  );
  return (
    <div style={{ height: 440 }}>
      <RegionMap
        parent={parent}
        metric="subjects"
        values={undefined}
        legend={false}
        drawing
        focus={focus}
        onMap={setMap}
      />
    </div>
  );
}

export function PlaceInput({ id, value, onChange, division }: Props) {
  const me = useMe();
  const here = value ?? { lon: null, lat: null };
  const [picking, setPicking] = useState<Place | null>(null);
  const [chosen, setChosen] = useState<Place | null>(null);
  const set = (change: Partial<Place>) => onChange?.({ ...here, ...change });
  return (
    <Space wrap>
      <InputNumber
        {...(id && { id })}
        min={73}
        max={136}
        step={0.0001}
        placeholder={t.lon}
        aria-label={t.lon}
        style={{ width: 150 }}
        value={here.lon}
        onChange={(lon) => set({ lon: lon ?? null })}
      />
      <InputNumber
        min={3}
        max={54}
        step={0.0001}
        placeholder={t.lat}
        aria-label={t.lat}
        style={{ width: 150 }}
        value={here.lat}
        onChange={(lat) => set({ lat: lat ?? null })}
      />
      <Button
        icon={<EnvironmentOutlined />}
        onClick={() => {
          setChosen(null);
          setPicking(here);
        }}
      >
        {t.pickPlace}
      </Button>
      <Modal
        open={picking !== null}
        title={t.pickPlaceTitle}
        width={760}
        destroyOnHidden
        okButtonProps={{ disabled: chosen === null }}
        onCancel={() => setPicking(null)}
        onOk={() => {
          if (chosen) set(chosen);
          setPicking(null);
        }}
      >
        <p className="soft">
          {t.pickPlaceHint}
          {chosen && (
            <>
              {" "}
              {t.chosen} {chosen.lon}, {chosen.lat}
            </>
          )}
        </p>
        {picking && <PointMap start={picking} division={division ?? me.divisions_in_scope_root} onPick={setChosen} />}
      </Modal>
    </Space>
  );
}

"""The code tables: one row per division and level, and the retired codes with their successors.

Both files have the same columns, so that a reader may put one after the other. `valid_to` is the first day on which
the code is no longer in force; an empty day is one not recorded. What has a successor is retired.
"""

import csv

import shapely

from . import corrections, retired

COLUMNS = ("adcode", "level", "name", "short", "parent", "province", "city", "full_name", "lon", "lat",
           "point_source", "seat_lon", "seat_lat", "area_km2", "kind", "alias", "has_boundary",
           "valid_from", "valid_to", "successor")
SEAT_TOLERANCE = 0.02  # degrees; the boundary is generalised


def _full_name(level, unit):
    name = unit.province_name
    if level != "province" and unit.city_name != unit.province_name:
        name += unit.city_name
    if level == "county" and unit.name not in (unit.city_name, unit.province_name):
        name += unit.name
    return name


def _seat(seats, codes, shape):
    """The seat, unless it lies clearly outside: then the two sources mean different places."""
    for code in codes:
        if code in seats:
            point = seats[code]
            return point if shape.distance(shapely.Point(point)) <= SEAT_TOLERANCE else ("", "")
    return "", ""


def _bounded(sources, described, shapes):
    cities = {unit.adcode for unit in sources.units["city"]}
    for level in ("province", "city", "county"):
        for unit in sorted(sources.units[level], key=lambda u: u.adcode):
            properties, point_source, area = described[level][unit.adcode]
            alias = corrections.other_codes(unit.adcode) if level == "county" else []
            seat = _seat(sources.seats, [unit.adcode, *alias], shapes[level][unit.adcode])
            yield (unit.adcode, level, unit.name, unit.short, properties["parent"], unit.province, unit.city,
                   _full_name(level, unit), *properties["point"], point_source, *seat, area,
                   corrections.kind(level, unit.adcode, cities), " ".join(alias), 1)


def _unbounded(sources, described):
    """Codes of the national statistics that have no boundary: mostly development zones."""
    known = set()
    for unit in sources.units["county"]:
        known |= {unit.adcode, *corrections.other_codes(unit.adcode)}
    cities = {unit.adcode: unit for unit in sources.units["city"]}
    provinces = {unit.adcode: unit for unit in sources.units["province"]}
    for adcode, name, city, province in sources.codes:
        if adcode in known:
            continue
        host = cities.get(city) or cities.get(province)
        point = described["city"][host.adcode][0]["point"] if host else ("", "")
        kind = "statistical_zone" if adcode[4] in "67" else "no_boundary"
        place = _full_name("city", host) if host else provinces[province].name
        yield (adcode, "county", name, name, city, province, city, place + name, *point, "city", "", "", "",
               kind, "", 0)


def _write(path, columns, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def write(folder, sources, described, shapes, log):
    """Writes `divisions.csv` and `division_changes.csv`."""
    rows = [("100000", "country", "中华人民共和国", "中国", "", "", "", "中华人民共和国",
             "", "", "", "", "", "", "unit", "", 0)]
    rows += _bounded(sources, described, shapes)
    rows += _unbounded(sources, described)
    begun = {
        row["successor"]: row["valid_to"] for row in retired.by_hand().values() if row["successor_is_new"] == "1"
    }
    dated = [(*row, begun.get(row[0], ""), "", "") for row in rows]
    _write(folder / "divisions.csv", COLUMNS, dated)
    log(f"divisions: {len(dated)}")
    _write(folder / "division_changes.csv", COLUMNS + retired.EXTRA_COLUMNS, retired.rows(sources, shapes, log))

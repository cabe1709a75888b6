#!/usr/bin/env python3
"""Makes the boundary files and code tables from four pinned packages. Deterministic; see README.md.

python3 -m venv v && v/bin/pip install shapely==2.2.0 numpy
v/bin/python gis/prepare.py --inputs <folder for the archives> [--out gis] [--tables sql/reference] [--check]
"""

import argparse
import filecmp
import hashlib
import json
import pathlib
import sys
import tempfile

import numpy as np
import shapely

from preparation import corrections, divisions, packages, sources
from preparation.coverage import FULL_DECIMALS, WEB_DECIMALS, Coverage, label_point, square_kilometres
from preparation.topology import Topology, geojson_geometry

HERE = pathlib.Path(__file__).resolve().parent
LEVELS = ("province", "city", "county")
# Square roots of the area of a triangle that may be cut off, degrees.
WEB_TOLERANCE = 0.012
PROVINCE_TOLERANCE = 0.04
LINES = {
    "dash": ("南海断续线", 0.002),
    "undefined": ("未定国界", 0.002),
    "province_sea": ("省级海上界线", 0.001),
    "sar": ("特别行政区界", 0.0005),
}
MAP_FILES = ("china.topo.json", "china.web.topo.json", "province.geojson", "lines.geojson", "LICENSES.txt")
TABLES = ("divisions.csv", "division_changes.csv")


def dump(path, document):
    """Compact JSON with a final newline."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def with_current_codes(data):
    """The sources with the codes in force."""
    counties = [
        unit._replace(adcode=corrections.CURRENT_CODE.get(unit.adcode, unit.adcode)) for unit in data.units["county"]
    ]
    return data._replace(units={**data.units, "county": counties})


def missing_dashes(data):
    """Dashes of the second package that the first does not have: the tenth, east of Taiwan."""
    known = shapely.union_all([shapely.LineString(line) for line in data.lines["dash"]])
    return [line for line in data.extra_dashes if shapely.LineString(line).distance(known) > 0.5]


def boundary_lines(data):
    """(properties, lines) of every kind that a national map must show."""
    groups = {kind: list(lines) for kind, lines in data.lines.items()}
    groups["dash"] += missing_dashes(data)
    if len(groups["dash"]) != 10:
        sys.exit(f"{len(groups['dash'])} dashes instead of ten")
    features = []
    for kind, (name, tolerance) in LINES.items():
        lines = [shapely.LineString(line).simplify(tolerance) for line in groups[kind]]
        features.append(({"kind": kind, "name": name}, [np.round(line.coords, FULL_DECIMALS).tolist() for line in lines]))
    return features


def describe(data, shapes):
    """{level: {adcode: (properties, origin of the point, km2)}}."""
    described = {}
    for level in LEVELS:
        described[level] = {}
        for unit in data.units[level]:
            shape = shapes[level][unit.adcode]
            fixed = corrections.LABELS.get((level, unit.adcode))
            point, origin = label_point(shape, fixed or unit.label)
            properties = {"adcode": unit.adcode, "name": unit.name}
            if unit.short != unit.name:
                properties["short"] = unit.short
            properties["parent"] = {"province": "100000", "city": unit.province, "county": unit.city}[level]
            properties["point"] = point
            if level == "county" and unit.adcode in corrections.BUREAUX:
                properties["special"] = True
            described[level][unit.adcode] = (properties, "override" if fixed else origin, square_kilometres(shape))
    return described


def write_topology(path, described, shapes, lines, decimals, log):
    """One TopoJSON file with all levels and the lines."""
    topology = Topology(decimals)
    for level in LEVELS:
        codes = sorted(described[level])
        topology.add_polygons(level, [(described[level][c][0], shapes[level][c]) for c in codes])
    topology.add_lines(lines)
    document = topology.encode()
    dump(path, document)
    log(f"{path.name}: {len(document['arcs'])} arcs, {sum(map(len, document['arcs']))} positions")


def write_features(folder, described, provinces, lines):
    """Plain GeoJSON for thumbnails and fixtures."""
    dump(folder / "province.geojson", {"type": "FeatureCollection", "features": [
        {"type": "Feature", "id": int(code), "properties": described["province"][code][0],
         "geometry": geojson_geometry(provinces[code], WEB_DECIMALS)}
        for code in sorted(provinces)
    ]})
    dump(folder / "lines.geojson", {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": properties, "geometry": {"type": "MultiLineString", "coordinates": coordinates}}
        for properties, coordinates in lines
    ]})


def build(inputs, maps, tables, log):
    """Writes every file."""
    data = with_current_codes(sources.read(packages.collect(inputs)))
    coverage = Coverage(data.units["county"], data.counties, log)
    shapes = coverage.levels(coverage.full)
    for unit, source in zip(data.units["province"], data.provinces):
        difference = shapes["province"][unit.adcode].symmetric_difference(source.buffer(0)).area / source.area
        if difference > 1e-3:
            sys.exit(f"{unit.name} differs from the source by {difference:.4%}")
    described = describe(data, shapes)
    lines = boundary_lines(data)
    write_topology(maps / "china.topo.json", described, shapes, lines, FULL_DECIMALS, log)
    web = coverage.levels(coverage.simplified(WEB_TOLERANCE))
    write_topology(maps / "china.web.topo.json", described, web, lines, WEB_DECIMALS, log)
    write_features(maps, described, coverage.simplified_provinces(PROVINCE_TOLERANCE), lines)
    divisions.write(tables, data, described, shapes, log)
    notices = [
        f"==== {p.name} {p.version} ====\n\n" + text.decode("utf-8").replace("\r\n", "\n").strip() + "\n"
        for p, text in zip(packages.PINNED, data.licences, strict=True)
    ]
    (maps / "LICENSES.txt").write_text("\n".join(notices), encoding="utf-8", newline="\n")


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", required=True, type=pathlib.Path, help="folder with the archives, or to fetch them into")
    parser.add_argument("--out", type=pathlib.Path, default=HERE)
    parser.add_argument("--tables", type=pathlib.Path, default=HERE.parent / "sql" / "reference")
    parser.add_argument("--check", action="store_true", help="write nothing, compare with the files that are there")
    arguments = parser.parse_args()
    if not arguments.check:
        build(arguments.inputs, arguments.out, arguments.tables, print)
        for path in [arguments.out / n for n in MAP_FILES] + [arguments.tables / n for n in TABLES]:
            content = path.read_bytes()
            print(f"{path.name}: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()[:16]}")
        return
    with tempfile.TemporaryDirectory() as name:
        fresh = pathlib.Path(name)
        build(arguments.inputs, fresh, fresh, print)
        pairs = [(fresh / n, arguments.out / n) for n in MAP_FILES] + [(fresh / n, arguments.tables / n) for n in TABLES]
        stale = [there.name for made, there in pairs if not there.exists() or not filecmp.cmp(made, there, shallow=False)]
    if stale:
        sys.exit("not what the program makes: " + ", ".join(stale))
    print("all files are what the program makes")


if __name__ == "__main__":
    main()

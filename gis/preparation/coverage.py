"""County polygons as one gapless coverage, and the higher levels dissolved from it.

Borders of different levels coincide because no level has polygons of its own. Simplification works on the whole
coverage, so neighbours keep sharing their edge.
"""

import math

import numpy as np
import shapely

from . import corrections

FULL_DECIMALS = 5
WEB_DECIMALS = 4
SNAP = 1e-6
GAP = 0.0015


def polygons(shape):
    """The polygons of a shape, without empty ones and without stray lines."""
    members = shape.geoms if hasattr(shape, "geoms") else [shape]
    return [p for p in members if p.geom_type == "Polygon" and p.area > 0]


def assemble(members):
    """Polygon or multipolygon of the given polygons."""
    return members[0] if len(members) == 1 else shapely.MultiPolygon(members)


def _rounded(shape, decimals):
    moved = shapely.transform(shape, lambda xy: np.round(xy, decimals))
    if not moved.is_valid:
        moved = shapely.make_valid(moved, method="structure", keep_collapsed=False)
    return assemble(polygons(moved))


def _mismatches(shapes):
    return sum(1 for edge in shapely.coverage_invalid_edges(shapes) if not edge.is_empty)


def _round_all(shapes, decimals):
    """Rounded shapes that still match; rounding may break an edge, then it is cleaned and rounded again."""
    for _ in range(4):
        shapes = np.array([_rounded(s, decimals) for s in shapes], dtype=object)
        if _mismatches(shapes) == 0:
            return shapes
        shapes = shapely.coverage_clean(shapes, snapping_distance=10.0**-decimals / 2)
    raise SystemExit(f"edges do not match at {decimals} decimals")


class Coverage:
    """Counties of the source as a coverage; `levels` gives all three levels by adcode."""

    def __init__(self, units, shapes, log):
        self.units = units
        self.index = {unit.adcode: i for i, unit in enumerate(units)}
        shapes = self._without_islets(shapes)
        source = np.array(shapes, dtype=object)
        cleaned = shapely.coverage_clean(source, snapping_distance=SNAP, gap_width=GAP)
        change = max(abs(a.area - b.area) / a.area for a, b in zip(source, cleaned))
        log(f"counties whose edges did not match: {_mismatches(source)}; largest share of area changed: {change:.6f}")
        self.full = _round_all(cleaned, FULL_DECIMALS)

    def _without_islets(self, shapes):
        first = shapes[self.index[corrections.ISLETS_FIRST]]
        at = self.index[corrections.ISLETS_SECOND]
        members = polygons(shapes[at])
        self.islets = [p for p in members if p.intersection(first).area > 1e-8]
        shapes = list(shapes)
        shapes[at] = assemble([p for p in members if not any(p is islet for islet in self.islets)])
        return shapes

    def simplified(self, tolerance, decimals=WEB_DECIMALS):
        """The counties simplified together; no polygon is lost."""
        simple = _round_all(shapely.coverage_simplify(self.full, tolerance), decimals)
        before, after = (sum(len(polygons(s)) for s in shapes) for shapes in (self.full, simple))
        if before != after:
            raise SystemExit(f"simplification lost polygons: {before} before, {after} after")
        return simple

    def simplified_provinces(self, tolerance):
        """Provinces simplified as a coverage of their own (fewer fixed points than through the counties)."""
        shapes = self._dissolve(self.full, lambda unit: unit.province)
        codes = sorted(shapes)
        simple = _round_all(
            shapely.coverage_simplify(np.array([shapes[c] for c in codes], dtype=object), tolerance), WEB_DECIMALS
        )
        levels = dict(zip(codes, simple))
        owner = self.units[self.index[corrections.ISLETS_SECOND]]
        first = self.units[self.index[corrections.ISLETS_FIRST]]
        near = shapely.union_all(self.islets).buffer(0.02)
        copies = [p for p in polygons(levels[first.province]) if near.contains(p)]
        levels[owner.province] = assemble(polygons(levels[owner.province]) + copies)
        return levels

    def levels(self, counties):
        """{level: {adcode: shape}} of a full or simplified coverage, with the islets back in both counties."""
        shapes = {
            "province": self._dissolve(counties, lambda unit: unit.province),
            "city": self._dissolve(counties, lambda unit: unit.city),
            "county": {unit.adcode: assemble(polygons(s)) for unit, s in zip(self.units, counties)},
        }
        owner = self.units[self.index[corrections.ISLETS_SECOND]]
        first = counties[self.index[corrections.ISLETS_FIRST]]
        copies = [p for p in polygons(first) if any(p.intersects(islet) for islet in self.islets)]
        for level, adcode in (("province", owner.province), ("city", owner.city), ("county", owner.adcode)):
            shapes[level][adcode] = assemble(polygons(shapes[level][adcode]) + copies)
        return shapes

    def _dissolve(self, counties, key):
        groups = {}
        for unit, shape in zip(self.units, counties):
            groups.setdefault(key(unit), []).append(shape)
        return {code: self._union(members) for code, members in groups.items()}

    @staticmethod
    def _union(members):
        if len(members) == 1:
            return members[0]
        union = shapely.coverage_union_all(members)
        if not union.is_valid:
            union = shapely.union_all(members, grid_size=10.0**-FULL_DECIMALS)
        return assemble(polygons(union))


def label_point(shape, wanted):
    """(position, source): the wanted position if it is inside, else the middle of the widest place."""
    if shapely.contains_xy(shape, *wanted):
        return [round(wanted[0], 4), round(wanted[1], 4)], "source"
    largest = max(polygons(shape), key=lambda p: p.area)
    circle = shapely.maximum_inscribed_circle(largest, tolerance=max(1e-3, math.sqrt(largest.area) / 100))
    x, y = circle.coords[0]
    return [round(x, 4), round(y, 4)], "inscribed"


def square_kilometres(shape):
    """Area for comparison only: degrees scaled at the latitude of the centroid."""
    return round(shape.area * 111.195**2 * math.cos(math.radians(shape.centroid.y)), 1)

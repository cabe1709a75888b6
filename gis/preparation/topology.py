"""TopoJSON from polygons whose edges match: every stretch of border is stored once.

The borders of all levels together are a graph; stretches end where a vertex has not exactly two neighbours.
"""

import numpy as np
import shapely

from .coverage import polygons


def _grid_ring(ring, clockwise, scale):
    """Vertices as whole numbers without repeats, in the wanted direction, the closing vertex left out."""
    xy = np.asarray(ring.coords)
    if shapely.is_ccw(ring) == clockwise:
        xy = xy[::-1]
    vertices = [tuple(v) for v in np.rint(xy * scale).astype(np.int64).tolist()]
    kept = [v for before, v in zip([None, *vertices], vertices) if v != before]
    return kept[:-1] if kept[0] == kept[-1] else kept


class Topology:
    """Collects layers, then encodes them."""

    def __init__(self, decimals):
        self.decimals = decimals
        self.scale = 10**decimals
        self.layers = {}
        self.lines = []
        self.arcs = []
        self.known = {}

    def add_polygons(self, name, features):
        """`features`: (properties, shape) pairs in the order of the output."""
        layer = []
        for properties, shape in features:
            parts = []
            for polygon in polygons(shape):
                rings = [_grid_ring(polygon.exterior, False, self.scale)]
                rings += [_grid_ring(hole, True, self.scale) for hole in polygon.interiors]
                if len(rings[0]) >= 3:
                    parts.append([ring for ring in rings if len(ring) >= 3])
            layer.append((properties, parts))
        self.layers[name] = layer

    def add_lines(self, features):
        """`features`: (properties, list of lines) pairs."""
        self.lines = list(features)

    def _nodes(self):
        neighbours = {}
        for layer in self.layers.values():
            for _, parts in layer:
                for ring in (ring for part in parts for ring in part):
                    for a, b in zip(ring, ring[1:] + ring[:1]):
                        neighbours.setdefault(a, set()).add(b)
                        neighbours.setdefault(b, set()).add(a)
        return {vertex for vertex, others in neighbours.items() if len(others) != 2}

    def _arc(self, vertices):
        key, backwards = tuple(vertices), tuple(reversed(vertices))
        if key in self.known:
            return self.known[key]
        if backwards in self.known:
            return ~self.known[backwards]
        self.known[key] = len(self.arcs)
        self.arcs.append(vertices)
        return self.known[key]

    def _ring(self, ring, nodes):
        at = [i for i, vertex in enumerate(ring) if vertex in nodes]
        if not at:
            # An island: start at the smallest vertex, so that every level starts at the same one.
            first = min(range(len(ring)), key=ring.__getitem__)
            turned = ring[first:] + ring[:first]
            return [self._arc(turned + turned[:1])]
        turned = ring[at[0]:] + ring[:at[0]]
        turned.append(turned[0])
        cuts = [i for i, vertex in enumerate(turned) if vertex in nodes]
        return [self._arc(turned[a:b + 1]) for a, b in zip(cuts, cuts[1:])]

    def _line(self, line):
        vertices = [tuple(v) for v in np.rint(np.asarray(line) * self.scale).astype(np.int64).tolist()]
        return [self._arc([v for before, v in zip([None, *vertices], vertices) if v != before])]

    def _objects(self):
        nodes = self._nodes()
        objects = {}
        for name, layer in self.layers.items():
            geometries = []
            for properties, parts in layer:
                arcs = [[self._ring(ring, nodes) for ring in part] for part in parts]
                single = len(arcs) == 1
                geometries.append({
                    "type": "Polygon" if single else "MultiPolygon",
                    "arcs": arcs[0] if single else arcs,
                    "properties": properties,
                })
            objects[name] = {"type": "GeometryCollection", "geometries": geometries}
        objects["lines"] = {"type": "GeometryCollection", "geometries": [
            {"type": "MultiLineString", "arcs": [self._line(line) for line in lines], "properties": properties}
            for properties, lines in self.lines
        ]}
        return objects

    def encode(self):
        """The document: positions as differences on the grid."""
        objects = self._objects()
        everything = np.array([v for arc in self.arcs for v in arc])
        low, high = everything.min(axis=0).tolist(), everything.max(axis=0).tolist()
        encoded = []
        for arc in self.arcs:
            x, y = low
            steps = []
            for vertex in arc:
                steps.append([vertex[0] - x, vertex[1] - y])
                x, y = vertex
            encoded.append(steps)

        def degrees(pair):
            return [round(v / self.scale, self.decimals) for v in pair]

        return {
            "type": "Topology",
            "bbox": degrees(low) + degrees(high),
            "transform": {"scale": [1 / self.scale] * 2, "translate": degrees(low)},
            "objects": objects,
            "arcs": encoded,
        }


def geojson_geometry(shape, decimals):
    """RFC 7946 geometry of a polygon or multipolygon, outer rings counter-clockwise."""
    def ring(line, clockwise):
        xy = np.asarray(line.coords)
        xy = xy[::-1] if shapely.is_ccw(line) == clockwise else xy
        return [[round(x, decimals), round(y, decimals)] for x, y in xy.tolist()]

    parts = [
        [ring(p.exterior, False)] + [ring(hole, True) for hole in p.interiors] for p in polygons(shape)
    ]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}

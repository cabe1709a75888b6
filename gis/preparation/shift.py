"""GCJ-02 to WGS-84 for the seat points, which one package gives in the shifted system.

The formula is the published one; `crates/gis/src/coordinates.rs` has the same in Rust.
"""

from math import cos, pi, radians, sin, sqrt

SEMI_MAJOR = 6378245.0
ECCENTRICITY_SQUARED = 0.00669342162296594323
ROUNDS = 10


def _waves(value, terms):
    return sum(amplitude * sin(value * pi / period) for amplitude, period in terms) * 2 / 3


def _displacement(lon, lat):
    """Degrees added to a WGS-84 position by GCJ-02."""
    x, y = lon - 105.0, lat - 35.0
    common = _waves(x, ((20, 1 / 6), (20, 1 / 2)))
    north = (-100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + common
             + _waves(y, ((20, 1), (40, 3), (160, 12), (320, 30))))
    east = (300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + common
            + _waves(x, ((20, 1), (40, 3), (150, 12), (300, 30))))
    w = 1 - ECCENTRICITY_SQUARED * sin(radians(lat)) ** 2
    meridian = SEMI_MAJOR * (1 - ECCENTRICITY_SQUARED) / (w * sqrt(w))
    parallel = SEMI_MAJOR / sqrt(w) * cos(radians(lat))
    return east / parallel * 180 / pi, north / meridian * 180 / pi


def to_wgs84(lon, lat):
    """WGS-84 position of a GCJ-02 one, by fixed-point iteration, to four decimals (11 m)."""
    guess = (lon, lat)
    for _ in range(ROUNDS):
        east, north = _displacement(*guess)
        guess = (lon - east, lat - north)
    return round(guess[0], 4), round(guess[1], 4)

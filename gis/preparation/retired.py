"""Codes no longer in force, each with the code that took its place.

The package of seats keeps codes of many years. Those that are no longer in the table get as successor the county whose
boundary holds their seat, or the county of the same name in the province. `retired.csv`, kept by hand, adds the days
of change and decides where the rule finds nothing. Codes with no successor are left out and reported.
"""

import csv
import pathlib

import shapely

from . import corrections

BY_HAND = pathlib.Path(__file__).resolve().parent.parent / "retired.csv"
# Headings of the old table that never named a division.
HEADINGS = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")
EXTRA_COLUMNS = ("successor_source", "reason")


def by_hand():
    """Rows kept by hand, by retired code."""
    with BY_HAND.open(encoding="utf-8", newline="") as file:
        return {row["adcode"]: row for row in csv.DictReader(file)}


def _in_force(sources):
    codes = {unit.adcode for units in sources.units.values() for unit in units}
    for unit in sources.units["county"]:
        codes |= set(corrections.other_codes(unit.adcode)) - set(corrections.CURRENT_CODE)
    return codes | {code for code, *_ in sources.codes}


class _Successors:
    def __init__(self, sources, shapes):
        self.counties = {unit.adcode: unit for unit in sources.units["county"]}
        self.codes = list(shapes["county"])
        self.tree = shapely.STRtree([shapes["county"][code] for code in self.codes])
        self.seats = sources.seats
        self.hand = by_hand()

    def _by_seat(self, adcode):
        if adcode not in self.seats:
            return None
        found = self.tree.query(shapely.Point(self.seats[adcode]), predicate="covered_by")
        return min((self.codes[i] for i in found), default=None)

    def _by_name(self, adcode, name):
        same = [u.adcode for u in self.counties.values() if u.name == name and u.adcode[:2] == adcode[:2]]
        return same[0] if len(same) == 1 else None

    def of(self, adcode, name):
        """(successor, how it was found)."""
        if adcode in self.hand:
            return self.hand[adcode]["successor"], "hand"
        if adcode in corrections.CURRENT_CODE:
            return corrections.CURRENT_CODE[adcode], "hand"
        seat = self._by_seat(adcode)
        found, source = (seat, "seat") if seat else (self._by_name(adcode, name), "name")
        if found and adcode.endswith("00"):
            return self.counties[found].city, source
        return found, source


def rows(sources, shapes, log):
    """Rows in the columns of the table of divisions, then `EXTRA_COLUMNS`."""
    in_force = _in_force(sources)
    old = {code: name for code, name in sources.old_names.items() if code not in in_force and name not in HEADINGS}
    successors = _Successors(sources, shapes)
    provinces = {unit.adcode: unit.name for unit in sources.units["province"]}
    cities = {unit.adcode: unit.name for unit in sources.units["city"]}
    points = {unit.adcode: unit.label for level in ("city", "county") for unit in sources.units[level]}
    result, without = [], []
    for adcode, name in sorted(old.items()):
        successor, source = successors.of(adcode, name)
        if not successor:
            without.append(f"{adcode} {name}")
            continue
        if successor not in in_force:
            raise SystemExit(f"{adcode} {name}: successor {successor} is not in force")
        hand = successors.hand.get(adcode, {})
        seat = sources.seats.get(adcode)
        province, city = adcode[:2] + "0000", adcode[:4] + "00"
        is_city = adcode == city
        # Counties directly under a province have no city.
        above = "" if is_city else cities.get(city) or old.get(city, "")
        parent = city if above else province
        result.append((
            adcode, "city" if is_city else "county", name, name, parent, province, city if is_city or above else "",
            provinces[province] + above + name, *(seat or points[successor]), "seat" if seat else "successor",
            *(seat or ("", "")), "", "retired", "", 0,
            hand.get("valid_from", ""), hand.get("valid_to", ""), successor, source, hand.get("reason", ""),
        ))
    missing = set(successors.hand) - {row[0] for row in result}
    if missing:
        raise SystemExit(f"retired.csv names codes that are not retired: {sorted(missing)}")
    log(f"retired codes: {len(result)}; without a successor, left out: {', '.join(without)}")
    return result

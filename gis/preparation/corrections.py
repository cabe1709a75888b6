"""Every place where the result deliberately differs from a source, with its reason."""

# The names of these two cities are current in the source, the codes are those of the counties they were until 2023.
CURRENT_CODE = {"540422": "540481", "540530": "540581"}

# Codes of the same unit in other tables (national statistics, map services).
OTHER_CODES = {"620200": ["620201"], "460321": ["460302"], "460322": ["460303"], "632857": ["632825"]}

# Forest and ranch bureaux of Gansu: not divisions, kept because the map would have holes.
BUREAUX = {"629700", "629800", "629900"}

# The three islets 前三岛 are in two counties in the source (Lianyun of Jiangsu, Lanshan of Shandong). A coverage
# cannot have overlaps, so the second owner loses them for the work and gets them back at the end.
ISLETS_FIRST, ISLETS_SECOND = "320703", "371103"

# The source labels Sansha and Xisha on far shoals; the seat is on Yongxing island.
LABELS = {("city", "460300"): (112.34, 16.834), ("county", "460321"): (112.34, 16.834)}

# City level repeats of a province.
CITY_IS_PROVINCE = {"110000", "120000", "310000", "500000", "710000", "810000", "820000"}


def other_codes(adcode):
    """Codes by which other tables know the county."""
    codes = list(OTHER_CODES.get(adcode, []))
    codes += [old for old, new in CURRENT_CODE.items() if new == adcode]
    if adcode.startswith("8101"):
        codes.append("8100" + adcode[4:])
    return codes


def kind(level, adcode, city_codes):
    """What a unit with a boundary is, beside being on its level."""
    if level == "province":
        return "unit"
    if adcode in BUREAUX:
        return "special"
    if level == "city" and adcode in CITY_IS_PROVINCE:
        return "same_as_province"
    direct = adcode[2:4] == "90"
    if level == "city" and direct:
        return "county_directly_under_province"
    if level == "county" and not direct and adcode in city_codes:
        return "same_as_city"
    return "unit"

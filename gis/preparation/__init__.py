"""Parts of the boundary preparation program; `gis/prepare.py` is its entry."""

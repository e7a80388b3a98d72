"""What pages need and nobody should fetch from elsewhere: the charts' script and the typeface.

Both are made from installed packages, once for each version, kept in the user's cache folder, and
served under a name that changes with what they are made of.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path

from trueline.core.folders import cache_folder

VEGA_LITE = "6.1"
"""Not 6.4: that one looks for texts of the nearest point where they are not, so that every line's
tooltip says "undefined"."""
_SNIPPET = "window.vegaEmbed = vegaEmbed; window.vega = vega;"
_LETTERS = (
    *range(0x20, 0x180),  # Latin with its extensions
    *range(0x2010, 0x2030),
    *(0x20AC, 0x20BF, 0x2190, 0x2191, 0x2192, 0x2193, 0x2197, 0x2198),
    *(0x2009, 0x202F, 0x2212, 0x2248, 0x2260, 0x2264, 0x2265, 0x221E, 0x00D7, 0x2318),
)
_FEATURES = ["calt", "ccmp", "kern", "mark", "mkmk", "tnum", "zero", "case", "ss03", "cv11"]
_FACE = (
    '@font-face {{ font-family: "Inter"; src: url("{font}") format("woff2"); '
    "font-weight: 100 900; font-display: swap; }}\n"
)
_making = threading.Lock()


@cache
def names() -> dict[str, str]:
    """The assets' file names, each with a digest of what it is made of."""
    made_of = {
        "charts.js": (version("vl-convert-python"), VEGA_LITE, _SNIPPET),
        "inter.woff2": (
            version("fontpkg-inter"), version("fonttools"), repr(_LETTERS), repr(_FEATURES),
        ),
    }  # fmt: skip
    out = {}
    for name, parts in made_of.items():
        stem, _, ending = name.partition(".")
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
        out[name] = f"{stem}.{digest}.{ending}"
    return out


def content(file_name: str) -> bytes | None:
    """The asset of that file name, made when it is first asked for; None where there is none."""
    wanted = {full: name for name, full in names().items()}
    name = wanted.get(file_name)
    if name is None:
        return None
    path = cache_folder() / file_name
    with _making:
        if not path.exists():
            _write(path, _MAKERS[name]())
    return path.read_bytes()


def make_all() -> None:
    """Make what is not there yet: a server does this while it waits for its first reader."""
    for full in names().values():
        content(full)


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all: another process may be writing the same file."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    Path(file.name).replace(path)


def _charts() -> bytes:
    import vl_convert

    text: str = vl_convert.javascript_bundle(_SNIPPET, vl_version=VEGA_LITE)
    return text.encode()


def _typeface() -> bytes:
    """Inter, variable, cut to the letters and features that pages use."""
    from importlib.resources import as_file, files
    from io import BytesIO

    from fontTools.subset import Options, Subsetter, load_font, save_font

    options = Options(flavor="woff2", layout_features=_FEATURES)
    with as_file(files("fontpkg_inter") / "files" / "Inter[opsz,wght].ttf") as path:
        font = load_font(str(path), options)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=_LETTERS)
    subsetter.subset(font)
    out = BytesIO()
    save_font(font, out, options)
    return out.getvalue()


def face() -> str:
    """The typeface's rule for a style sheet."""
    return _FACE.format(font=f"/assets/{names()['inter.woff2']}")


_MAKERS: dict[str, Callable[[], bytes]] = {
    "charts.js": _charts,
    "inter.woff2": _typeface,
}

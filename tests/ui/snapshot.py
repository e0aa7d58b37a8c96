"""Compares a picture of the whole screen with the one that was kept, and says in words what differs."""

import os
import re
from difflib import unified_diff
from html import unescape
from pathlib import Path

FOLDER = Path(__file__).parent / "snapshots"
REWRITE = "WORKBENCH_REWRITE_SNAPSHOTS"
"""Set, every picture is kept anew."""

_REMARK = re.compile(r"<!--.*?-->\s*", re.DOTALL)
_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_ID = re.compile(r"terminal-\d+")
_TEXT = re.compile(r'<text class="terminal-(\w+)" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>')
_STYLE = re.compile(r"^\s*\.terminal-(r\d+) \{ (.*?) \}$", re.MULTILINE)
_GROUND = re.compile(r'<rect fill="(#\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"')


def normalised(svg: str) -> str:
    """A picture without what differs between two of the same screen, and without the address of a font."""
    return "".join(
        f"{line.rstrip()}\n" for line in _ID.sub("terminal", _REMARK.sub("", _FONT.sub("", svg))).splitlines()
    )


def difference(kept: str, seen: str) -> str:
    """Which lines of text differ, else which pieces of it look different; empty when neither does.

    The frame that is drawn around the screen is left to who draws it.
    """
    for kind, read in (("The text differs", _lines), ("The text is the same; its look differs", _looks)):
        old, new = read(kept), read(seen)
        if old != new:
            return "\n".join([f"{kind}:", *unified_diff(old, new, "kept", "seen", n=0, lineterm="")])
    return ""


def check(name: str, svg: str) -> None:
    """Fail when a picture is not the one that was kept under this name; keep it when a rewrite is asked for."""
    path, seen = FOLDER / f"{name}.svg", normalised(svg)
    if os.environ.get(REWRITE):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(seen, encoding="utf-8")
    assert path.exists(), f"there is no {path.name} yet; set {REWRITE}=1 and look at it"
    told = difference(path.read_text(encoding="utf-8"), seen)
    assert not told, f"{path.name}: if that is how it shall be, set {REWRITE}=1 and look at it.\n{told}"


def _lines(svg: str) -> list[str]:
    """The text, line by line."""
    lines: dict[float, list[tuple[float, str]]] = {}
    for _, x, y, text in _TEXT.findall(svg):
        lines.setdefault(float(y), []).append((float(x), unescape(text).replace("\xa0", " ")))
    return [" ".join(text for _, text in sorted(lines[y])) for y in sorted(lines)]


def _looks(svg: str) -> list[str]:
    """Every piece of text with its style, and every coloured ground, top to bottom."""
    styles = dict(_STYLE.findall(svg))
    pieces = [(float(y), float(x), f"{unescape(text)!r} {styles[style]}") for style, x, y, text in _TEXT.findall(svg)]
    pieces += [
        (float(y), float(x), f"ground {fill} from {x} for {width} at {y}") for fill, x, y, width in _GROUND.findall(svg)
    ]
    return [piece for _, _, piece in sorted(pieces)]

"""Where the title of a text file stands, in Markdown and reStructuredText."""

import re
from itertools import pairwise

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}#{1,6}(?:[ \t]+|$)")
_SETEXT = re.compile(r" {0,3}(?:=+|-+)[ \t]*$")
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1*$")
_FRONT_TITLE = re.compile(r"title[ \t]*:[ \t]*(\S.*)$", re.IGNORECASE)
_FRONT_LINES = 200

Parts = tuple[str, str]
"""A title, empty when there is none, and the text without it."""


def markdown(text: str) -> Parts:
    """Take the first heading (or the front matter's title) out of Markdown; the rest stays as written."""
    lines = _lines(text)
    front, start = _front_matter(lines)
    body = lines[start:]
    found = _markdown_heading(body)
    if found is not None:
        heading, first, after = found
        if not front or heading == front:
            return heading, "\n".join(body[:first] + body[after:])
    return front, "\n".join(body)


def restructured_text(text: str) -> Parts:
    """Take the first section title out of reStructuredText; the rest stays as written."""
    lines = _lines(text)
    for index, (line, below) in enumerate(pairwise(lines)):
        title, under = line.strip(), below.rstrip()
        if not title or not _ADORNMENT.match(under) or _ADORNMENT.match(title) or len(under) < min(len(title), 4):
            continue
        over = index and lines[index - 1].rstrip() == under
        if line[0].isspace() and not over:
            continue
        return title, "\n".join(lines[: index - bool(over)] + lines[index + 2 :])
    return "", text


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _front_matter(lines: list[str]) -> tuple[str, int]:
    """Find the title of a YAML block at the top, and where the text after it begins."""
    if not lines or lines[0].rstrip() != "---":
        return "", 0
    title = ""
    for index, line in enumerate(lines[1:_FRONT_LINES], 1):
        if line.rstrip() in ("---", "..."):
            return title, index + 1
        if not title and (found := _FRONT_TITLE.match(line)):
            title = found[1].strip().strip("\"'")
    return "", 0


def _markdown_heading(lines: list[str]) -> tuple[str, int, int] | None:
    """Find the first heading outside code: its text, its first line and the line after it."""
    fence = ""
    for index, line in enumerate(lines):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip(" \t" + fence[0]):
                fence = ""
        elif mark:
            fence = mark[1]
        elif found := _ATX.match(line):
            heading = line[found.end() :].strip()
            closed = heading.rstrip("#")
            heading = closed.rstrip() if not closed or closed[-1].isspace() else heading
            if heading:
                return heading, index, index + 1
        elif index and _SETEXT.match(line) and _is_paragraph(lines, index - 1):
            return lines[index - 1].strip(), index - 1, index + 1
    return None


def _is_paragraph(lines: list[str], index: int) -> bool:
    """Whether a line is a paragraph of one line, which an underline makes a heading."""
    line = lines[index]
    alone = index == 0 or not lines[index - 1].strip()
    return bool(line.strip()) and alone and not line.startswith(("    ", "\t", ">", "|", "- ", "* ", "+ "))

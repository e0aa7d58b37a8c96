"""The budget as a scale: what the special tokens, the query and the document take of it, and what did not fit."""

from typing import NamedTuple

from textual.content import Content
from textual.widgets import Static

from workbench.domain.tokens import TokenCount
from workbench.domain.truncation import Strategy, Window
from workbench.ui.text import flow

MOST = 3
"""How many budgets the scale is long at most; what is longer still runs off it."""
LEAST = 8
"""Cells that a scale needs."""
LIMIT, MORE = "┃", "▸"
"""Where the budget ends; what goes on beyond the scale."""


class Share(NamedTuple):
    """A part of what there was to read."""

    name: str
    tokens: int
    sign: str
    """Drawn once per cell; no two shares have the same."""
    style: str


def shares(count: TokenCount, window: Window) -> tuple[list[Share], list[Share]]:
    """What lies within the budget, in order, and what does not fit.

    A model that reads query and document apart has a budget for each: the document's is the one that is drawn.
    """
    apart = window.strategy is Strategy.HEAD_ONLY
    query = 0 if apart else count.kept_query
    room = max(window.room - query - count.kept_document, 0)
    inside = [
        Share("special", min(window.special, window.budget), "▪", "$accent"),
        Share("query", query, "▒", "$match"),
        Share("document", count.kept_document, "█", "$kept"),
        Share("free", room, "·", "$muted"),
    ]
    beyond = [
        Share("query cut", 0 if apart else count.query - count.kept_query, "▚", "$cut"),
        Share("not read", count.document - count.kept_document, "░", "$cut"),
    ]
    return [share for share in inside if share.tokens], [share for share in beyond if share.tokens]


def scale(count: TokenCount, window: Window, width: int) -> Content:
    """Draw the scale.

    Args:
        count: Of the pair.
        window: What it was read through.
        width: In cells.
    """
    if width < LEAST:
        return Content("")
    inside, beyond = shares(count, window)
    missed = sum(share.tokens for share in beyond)
    runs_off = missed > (MOST - 1) * window.budget
    length = window.budget + min(missed, (MOST - 1) * window.budget)
    room = max(width - 1 - runs_off, 1)
    within = room if not missed else max(min(round(room * window.budget / max(length, 1)), room - len(beyond)), 1)
    parts = [(share.sign * cells, share.style) for share, cells in _spread(inside, within)]
    parts.append((LIMIT, "bold $foreground"))
    parts += [(share.sign * cells, share.style) for share, cells in _spread(beyond, room - within)]
    return Content.assemble(*parts, (MORE, "bold $cut") if runs_off else "")


def _spread(found: list[Share], room: int) -> list[tuple[Share, int]]:
    """Give each share its cells, at least one each while there are enough; they add up to the room."""
    whole = sum(share.tokens for share in found)
    cells, left, tokens = [], room, whole
    for index, share in enumerate(found):
        after = len(found) - index - 1
        most = max(left - after, 0)
        mine = left if not after else min(max(round(left * share.tokens / max(tokens, 1)), 1), most)
        cells.append((share, mine))
        left, tokens = left - mine, tokens - share.tokens
    return cells


def legend(count: TokenCount, window: Window) -> list[Content]:
    """Say the numbers of the scale, what was cut first of all."""
    about = "" if count.exact else "≈"
    inside, beyond = shares(count, window)
    items = []
    if count.kept_query < count.query:
        said = f"✂ the query is cut: {about}{count.kept_query:,} of {about}{count.query:,} read"
        items.append(Content.styled(said, "bold $cut"))
    items += [
        Content.assemble(
            (share.sign, share.style), f" {about if share.name != 'special' else ''}{share.tokens:,} {share.name}"
        )
        for share in (*inside, *beyond)
        if share.name != "query cut"
    ]
    if window.strategy is Strategy.HEAD_ONLY and count.kept_query == count.query:
        items.append(Content.styled(f"query apart: {about}{count.query:,} of {window.room:,}", "$muted"))
    return items


class TokenRuler(Static):
    """The scale, with the numbers under it."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._count: TokenCount | None = None
        self._window: Window | None = None

    def show(self, count: TokenCount | None, window: Window | None) -> None:
        """Draw the budget of a pair; None where it is not known yet."""
        if (count, window) != (self._count, self._window):
            self._count, self._window = count, window
            self.on_resize()

    def on_resize(self) -> None:
        """Draw it to the new width."""
        width = self.content_size.width
        if not (self._count and self._window and width):
            self.update("", layout=False)
            return
        budget = Content.assemble((LIMIT, "bold $foreground"), f" budget {self._window.budget:,}")
        said = flow([*legend(self._count, self._window), budget], width, "   ")
        self.update(Content("\n").join([scale(self._count, self._window, width), *said[:1]]), layout=False)

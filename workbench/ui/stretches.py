"""A pair as a model was fed it, in stretches that were read or not, and how its text and its tokens are named."""

from dataclasses import dataclass
from enum import StrEnum

from workbench.domain.documents import Span
from workbench.domain.text import sanitize
from workbench.domain.tokens import Framing, Reading, Tokenized, Tokenizer
from workbench.domain.truncation import Strategy
from workbench.ui.text import cells

UNNAMED = "[special]"
"""A special token whose name nobody knows."""
BLOCK = 65_536
"""Characters that are made safe at a time, so that no other thread waits for long."""


class Side(StrEnum):
    """Of a pair."""

    QUERY = "query"
    DOCUMENT = "document"


@dataclass(frozen=True)
class Stretch:
    """A part of the query or the document that was read as a whole, or not read as a whole."""

    side: Side
    tokens: Tokenized
    read: bool
    first: int
    """The first of its tokens."""
    last: int
    """The one after its last token."""
    span: Span
    """Its characters."""
    before: tuple[int, ...] = ()
    """Special tokens that stand before it."""
    after: tuple[int, ...] = ()
    """Special tokens that stand after it."""


def shown(text: str) -> str:
    """Untrusted text with as many characters, none of which a terminal obeys; newlines stay, a tab becomes an arrow.

    A document was cleaned when it came in; a query never was, and the places of its tokens must not move.
    """
    return "".join(_block(text[start : start + BLOCK]) for start in range(0, len(text), BLOCK))


def _block(text: str) -> str:
    text = text.replace("\t", "→")
    return text if sanitize(text) == text else "".join(map(_shown, text))


def _shown(character: str) -> str:
    safe = sanitize(character)
    return safe if len(safe) == 1 and safe.isprintable() == character.isprintable() else "\N{REPLACEMENT CHARACTER}"


def special_name(tokenizer: Tokenizer, id: int) -> str:
    """What a special token is called."""
    return "".join(shown(tokenizer.piece(id)).split()) or UNNAMED


def framing_of(reading: Reading) -> tuple[Framing, Framing]:
    """The special tokens around the query and around the document."""
    apart = reading.reader.window.strategy is Strategy.HEAD_ONLY
    framing = reading.reader.tokenizer.framing(pair=not apart)
    if apart:
        return framing, framing
    return Framing(framing.before, framing.between), Framing((), framing.after)


def stretches(reading: Reading) -> tuple[Stretch, ...]:
    """Divide a pair into what was read and what was not, in the order of the text."""
    found = []
    sides = (
        (Side.QUERY, reading.query, reading.kept.query),
        (Side.DOCUMENT, reading.document, reading.kept.document),
    )
    for (side, tokens, kept), framing in zip(sides, framing_of(reading), strict=True):
        end = tokens.end(kept)
        found.append(Stretch(side, tokens, True, 0, kept, (0, end), framing.before, framing.after))
        if kept < len(tokens):
            start = end + tokens.text.startswith(" ", end)
            found.append(Stretch(side, tokens, False, kept, len(tokens), (start, len(tokens.text))))
    return tuple(found)


@dataclass(frozen=True)
class Names:
    """What stands in the cell of a token."""

    tokenizer: Tokenizer
    pieces: bool
    """As the vocabulary writes it, instead of as it stands in the text."""
    ids: bool
    longest: int
    """Cells of the longest name."""

    def name(self, tokens: Tokenized, place: int) -> str:
        """Name a token."""
        found = self.tokenizer.piece(tokens.ids[place]) if self.pieces else ""
        start, end = tokens.spans[place]
        name = found or tokens.text[start : min(end, start + self.longest)] or "∅"
        if not (name.isascii() and name.isprintable()):
            name = shown(name).replace("\n", "⏎")
        return name if self.pieces else name.strip() or name

    def width(self, name: str, id: int) -> int:
        """Cells that a token takes, its id included where ids are drawn."""
        return min(max(cells(name), len(str(id)) if self.ids else 1, 1), self.longest)

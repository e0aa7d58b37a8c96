"""The lists of a verdict: what was cut, what the first rows would be, the pieces of a text that is in no list."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual.content import Content

from workbench.domain.comparison import Comparison
from workbench.domain.ranking import Reranked
from workbench.domain.scores import ScoreSpace
from workbench.domain.text import single_line
from workbench.domain.verdict import Counterfactual, Effect, PairVerdict, Piece, Verdict
from workbench.ui.score_bars import ScoreBars
from workbench.ui.text import TITLE_LIMIT
from workbench.ui.widgets.row_list import RowList

SIGNS = {Effect.HARMLESS: "=", Effect.SUPPRESSED: "▲", Effect.DECISIVE: "◆"}
LOOKS = {Effect.HARMLESS: "muted", Effect.SUPPRESSED: "warning", Effect.DECISIVE: "cut"}
ROOMY = 92
"""Cells of a list from which effects are spelled out and bars are long."""
THEN = 8
"""Cells of the rank that a document would have if no other one moved."""


@dataclass(frozen=True)
class CutRow:
    """A document that was cut, and the verdict on it; None while its pieces are not scored."""

    row: Reranked
    verdict: Verdict | None

    @property
    def title(self) -> str:
        """For people; untrusted."""
        document = self.row.candidate.document
        return document.title or document.id


def cut_rows(comparison: Comparison, found: Counterfactual | None) -> tuple[CutRow, ...]:
    """The documents of a list that were cut, in reranked order; as far as is known before anything was counted."""
    verdicts = {verdict.id: verdict for verdict in found.verdicts} if found else {}
    rows = (CutRow(row, verdicts.get(row.candidate.document.id)) for row in comparison.reranked)
    known = found is not None and found.done
    return tuple(row for row in rows if row.verdict or (not known and row.row.tokens.cut in ("document", "both")))


class VerdictRows(RowList):
    """The cut documents: rank and rank with the best piece, effect, both scores, title."""

    def __init__(self, id: str) -> None:
        super().__init__(id, "Cut documents")
        self.rows: tuple[CutRow, ...] = ()
        self._bars = ScoreBars.of((), ScoreSpace.LOGIT)

    def __len__(self) -> int:
        return len(self.rows)

    def show(self, rows: Sequence[CutRow], space: ScoreSpace, at: str | None, notice: str) -> None:
        """Replace the rows.

        Args:
            rows: From top to bottom.
            space: Of the scores.
            at: Id of the document that the cursor stands on.
            notice: Shown where there are none.
        """
        self.rows = tuple(rows)
        verdicts = [row.verdict for row in rows if row.verdict]
        scores = [score for verdict in verdicts for score in (verdict.score, verdict.best.score)]
        self._bars = ScoreBars.of(scores, space)
        places = [place for place, row in enumerate(self.rows) if row.row.candidate.document.id == at]
        self.rows_changed(places[0] if places else self.cursor, Content(notice))

    def draw_head(self, width: int) -> list[Segment]:
        """Name the columns."""
        effect, cells = self._rooms(width)
        room = self._bars.room + 1 + cells
        read, best = ("as read", "best piece") if cells else ("read", "best")
        said = "effect" if effect > 2 else ""
        scores = f"{read:<{room}} {best:<{room}} "
        return [Segment(f"{'rank':>4} {'if alone':<{THEN + 1}}{said:<{effect}}{scores}document", self.look("head"))]

    def _rooms(self, width: int) -> tuple[int, int]:
        """Cells of the effect and of a bar."""
        return (13, 12) if width >= ROOMY else (2, 5) if width >= 60 else (2, 0)

    def draw_row(self, index: int, width: int, here: bool) -> list[Segment]:
        """Draw one document."""
        row, plain, muted = self.rows[index], self.look("", here), self.look("muted", here)
        effect, cells = self._rooms(width)
        title = Segment(single_line(row.title, TITLE_LIMIT), plain)
        verdict, bars = row.verdict, self._bars
        if verdict is None:
            waits = f"{'…':<{THEN + effect + 2 * (bars.room + cells + 2)}}"
            return [Segment(f"{row.row.rank:>4} ", plain), Segment(f" {waits}", muted), title]
        moved = verdict.rank_with_best != verdict.rank
        look = self.look(LOOKS[verdict.effect], here)
        said = f"{SIGNS[verdict.effect]} {verdict.effect}" if effect > 2 else SIGNS[verdict.effect]
        best = verdict.best.score
        return [
            Segment(f"{verdict.rank:>4} ", plain),
            Segment("→" if moved else " ", muted),
            Segment(f"{verdict.rank_with_best if moved else '=':<{THEN}}", self.look("up", here) if moved else muted),
            Segment(f"{said:<{effect}}", look),
            Segment(f"{bars.number(verdict.score)} ", plain),
            Segment(f"{bars.bar(verdict.score, cells)} ", self.look("kept", here)),
            Segment(f"{bars.number(best)} ", plain),
            Segment(f"{bars.bar(best, cells)} ", look if best > verdict.score else muted),
            title,
        ]


class WouldBe(RowList):
    """The compared rows as they would be if every document had the score of its best piece."""

    def __init__(self, id: str) -> None:
        super().__init__(id, "Would be")
        self.rows: tuple[tuple[Reranked, bool], ...] = ()
        """With whether the document was cut and not harmlessly so."""
        self._at: str | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def points_at(self, index: int) -> bool:
        """Point at the document that is looked at; at any other while a person goes through the list."""
        return super().points_at(index) and (self.has_focus or self.rows[index][0].candidate.document.id == self._at)

    def show(self, comparison: Comparison | None, found: Counterfactual | None, at: str | None) -> None:
        """Show what a list would be.

        Args:
            comparison: The list that is.
            found: What is known of it.
            at: Id of the document that is looked at.
        """
        self._at = at
        self.rows, notice = (), "Known when every piece is scored."
        if comparison and found and found.done:
            rows = {row.candidate.document.id: row for row in comparison.reranked}
            gained = {verdict.id for verdict in found.verdicts if verdict.effect is not Effect.HARMLESS}
            ids = [id for id in found.order[: found.size] if id in rows]
            self.rows = tuple((rows[id], id in gained) for id in ids)
            notice = "Nothing was cut, so nothing would change."
        changed = sum(row.rank != place for place, (row, _) in enumerate(self.rows, start=1))
        size = found.size if found else 10
        self.border_title = Content(f"The top {size:,} would be, all at once")
        said = "the same as it is" if not changed else f"{changed:,} {'place' if changed == 1 else 'places'} changed"
        self.border_subtitle = Content(said if self.rows else "")
        places = [place for place, (row, _) in enumerate(self.rows) if row.candidate.document.id == at]
        self.rows_changed(places[0] if places else self.cursor, Content(notice))

    def draw_row(self, index: int, width: int, here: bool) -> list[Segment]:
        """Draw one document with how far it would move."""
        row, gained = self.rows[index]
        shift, title = row.rank - index - 1, row.candidate.document.title or row.candidate.document.id
        moved = f"▲{shift}" if shift > 0 else f"▼{-shift}" if shift < 0 else "="
        return [
            Segment(f"{index + 1:>4} ", self.look("", here)),
            Segment(f"{moved:<6}", self.look("up" if shift > 0 else "down" if shift < 0 else "muted", here)),
            Segment("✂ " if gained else "  ", self.look("cut", here)),
            Segment(single_line(title, TITLE_LIMIT), self.look("match" if gained and shift else "", here)),
        ]


class PieceRows(RowList):
    """The unread pieces of a text that is in no list."""

    def __init__(self, id: str) -> None:
        super().__init__(id, "Unread pieces")
        self.pieces: tuple[Piece, ...] = ()
        self._text, self._score, self._about = "", 0.0, ""
        self._bars = ScoreBars.of((), ScoreSpace.LOGIT)

    def __len__(self) -> int:
        return len(self.pieces)

    def show(self, text: str, found: PairVerdict | None, space: ScoreSpace) -> None:
        """Replace the rows.

        Args:
            text: What the pieces are of.
            found: What is known of them.
            space: Of the scores.
        """
        self._text, self.pieces = text, found.pieces if found else ()
        self._score = found.score or 0.0 if found else 0.0
        self._about = "" if found is None or found.exact else "≈"
        self._bars = ScoreBars.of([self._score, *(piece.score for piece in self.pieces)], space)
        read_all = found and found.done and not found.cut
        notice = "The model read this text to its end." if read_all else "No piece is scored yet."
        self.rows_changed(self.cursor, Content(notice))

    def draw_head(self, width: int) -> list[Segment]:
        """Name the columns."""
        score = f"{'score':>{self._bars.room}} {'':<12} "
        return [Segment(f"{'characters':>18} {'tokens':>7}  {score}piece", self.look("head"))]

    def draw_row(self, index: int, width: int, here: bool) -> list[Segment]:
        """Draw one piece."""
        piece, plain = self.pieces[index], self.look("", here)
        start, end = piece.span
        more = piece.score > self._score
        bar = self._bars.bar(piece.score, 12)
        return [
            Segment(f"{f'{start:,}–{end:,}':>18} {self._about + f'{piece.tokens:,}':>7} ", plain),
            Segment("▲" if more else " ", self.look("warning", here)),
            Segment(f"{self._bars.number(piece.score)} ", plain),
            Segment(f"{bar} ", self.look("warning" if more else "muted", here)),
            Segment(single_line(self._text[start : min(end, start + TITLE_LIMIT)], TITLE_LIMIT), plain),
        ]

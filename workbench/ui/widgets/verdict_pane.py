"""Whether what the model did not read would have changed the ranking: the list, and the piece that would have."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from workbench.domain.comparison import Comparison
from workbench.domain.scores import ScoreSpace
from workbench.domain.verdict import Counterfactual, Effect, PairVerdict, Verdict
from workbench.ui.experiments import Subject
from workbench.ui.keys import VERDICT_KEYS
from workbench.ui.text import TITLE_LIMIT, flow, safe_line
from workbench.ui.widgets.experiment_pane import ExperimentPane
from workbench.ui.widgets.passage import Passage, place_of
from workbench.ui.widgets.row_list import RowList
from workbench.ui.widgets.score_plot import number
from workbench.ui.widgets.verdict_rows import SIGNS, CutRow, PieceRows, VerdictRows, WouldBe, cut_rows

COLOURS = {Effect.HARMLESS: "$muted", Effect.SUPPRESSED: "$warning", Effect.DECISIVE: "$cut"}
WIDE = 116
"""Cells from which the list of what would be stands beside the one of what is."""
INTENT = (
    "The model stopped reading these documents before their end. Each unread piece is scored by itself against the "
    "same query; the verdict says whether the best one would have changed the document's rank."
)
INTENT_OF_ONE = "Each piece that the model does not read is scored by itself, to see whether one would score higher."


class VerdictPane(ExperimentPane):
    """The verdict on a list in a line, its cut documents, and the best piece of the one that is looked at."""

    DEFAULT_CSS = """
    VerdictPane {
        & > Horizontal { height: 2fr; }
        & VerdictRows { width: 2fr; }
        & WouldBe { width: 1fr; }
        & > Passage { height: 1fr; min-height: 4; }
    }
    """
    BINDINGS = [*VERDICT_KEYS]

    subject: reactive[Subject | None] = reactive(None, repaint=False)
    counterfactual: reactive[Counterfactual | PairVerdict | None] = reactive(None, repaint=False)

    class Chosen(Message):
        """A person chose a document."""

        def __init__(self, document_id: str) -> None:
            super().__init__()
            self.document_id = document_id

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._by_effect = self._narrow = self._other = False

    def compose(self) -> ComposeResult:
        """The verdict above, then the lists, then the piece."""
        yield self.trial_line()
        yield Static(classes="said")
        with Horizontal():
            yield VerdictRows(f"{self.id}-rows")
            yield WouldBe(f"{self.id}-order")
            yield PieceRows(f"{self.id}-pieces")
        yield Passage(f"{self.id}-piece", "Best piece")

    def on_mount(self) -> None:
        """Show what is known."""
        super().on_mount()
        self._write()

    def watch_counterfactual(self) -> None:
        """Show what is known now."""
        self._write()

    def watch_trial(self) -> None:
        """Say how it stands."""
        super().watch_trial()
        self._write()

    def watch_subject(self, old: Subject | None, new: Subject | None) -> None:
        """Show another document's piece; another list's rows where it is of another list."""
        self._write()

    def on_resize(self, event: Resize) -> None:
        """Put the lists beside each other where there is room."""
        self._narrow = event.size.width < WIDE
        self._other = self._narrow and self.query_one(WouldBe).has_focus
        self.refresh_bindings()
        self._write()

    def _arrange(self, pair: bool) -> None:
        """Show the lists that there is something for, and room."""
        lists = {
            VerdictRows: not pair and not self._other,
            WouldBe: not pair and (self._other or not self._narrow),
            PieceRows: pair,
        }
        focused = any(self.query_one(kind).has_focus for kind in lists)
        for kind, shown in lists.items():
            self.query_one(kind).display = shown
        if focused and not any(self.query_one(kind).has_focus and shown for kind, shown in lists.items()):
            self.query_one(next(kind for kind, shown in lists.items() if shown)).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """One list takes the place of the other where there is no room for both."""
        return self._narrow if action == "other" else super().check_action(action, parameters)

    def action_sort(self) -> None:
        """Order the documents by what would change most, or as reranked."""
        self._by_effect = not self._by_effect
        self._write()

    def action_other(self) -> None:
        """Show what the list would be in place of what was cut, or back."""
        self._other = not self._other
        self._write()
        self.query_one(WouldBe if self._other else VerdictRows).focus()

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """The document under the cursor is looked at."""
        rows = event.rows
        if isinstance(rows, VerdictRows):
            self.post_message(self.Chosen(rows.rows[event.index].row.candidate.document.id))
        elif isinstance(rows, WouldBe):
            self.post_message(self.Chosen(rows.rows[event.index][0].candidate.document.id))
        else:
            self._write()
        event.stop()

    def _write(self) -> None:
        if not self.is_mounted:  # There are no lists yet.
            return
        subject, found = self.subject, self.counterfactual
        pair = subject is not None and subject.id is None
        self._arrange(pair)
        width, said = self.size.width - 2, self.query_one(".said", Static)
        if subject and pair:
            pieces = found if isinstance(found, PairVerdict) else None
            said.update(pair_summary(pieces, self.trial.space, width))
            self._write_pair(subject, pieces)
            return
        found = found if isinstance(found, Counterfactual) else None
        comparison = subject.comparison if subject else None
        rows = cut_rows(comparison, found) if comparison else ()
        if self._by_effect:
            rows = tuple(sorted(rows, key=_weight))
        lists = self.query_one(VerdictRows)
        lists.show(rows, self.trial.space, subject.id if subject else None, _nothing(comparison, found))
        order = "what would change most first" if self._by_effect else "as reranked"
        lists.border_subtitle = Content(f"{order} · {self.trial.space}" if rows else "")
        self.query_one(WouldBe).show(comparison, found, subject.id if subject else None)
        said.update(summary(found, width))
        self._write_piece(rows, found)

    def _write_pair(self, subject: Subject, found: PairVerdict | None) -> None:
        rows, passage = self.query_one(PieceRows), self.query_one(Passage)
        rows.show(subject.text, found, self.trial.space)
        if not rows.pieces:
            passage.show(Content("Piece"), "")
            return
        piece = rows.pieces[rows.cursor]
        at = f"Piece {rows.cursor + 1:,} of {len(rows.pieces):,}"
        where = Content(f"{at} · {place_of(piece.span, subject.text)}")
        passage.show(where, subject.text[slice(*piece.span)], Content(f"{_about(found)}{piece.tokens:,} tokens"))

    def _write_piece(self, rows: Sequence[CutRow], found: Counterfactual | None) -> None:
        passage, subject = self.query_one(Passage), self.subject
        verdict = found.of(subject.id) if found and subject else None
        if subject is None or verdict is None:
            cut = subject and any(row.row.candidate.document.id == subject.id for row in rows)
            said = "Its pieces are not scored yet." if cut else "The model read it to its end."
            title = safe_line(subject.title, limit=TITLE_LIMIT) if subject else Content("Best piece")
            passage.show(title, said if subject and subject.comparison else "")
            return
        space = self.trial.space
        best, pieces = verdict.best, len(verdict.pieces)
        name = "The only unread piece" if pieces == 1 else f"The best of {pieces:,} unread pieces"
        scored = f"{SIGNS[verdict.effect]} {verdict.effect}"
        passage.show(
            Content(f"{name} · {place_of(best.span, subject.text)}"),
            subject.text[slice(*best.span)],
            Content.assemble(
                (scored, COLOURS[verdict.effect]), f" · {_about(found)}{best.tokens:,} tokens · {_gap(verdict, space)}"
            ),
        )


def pair_summary(found: PairVerdict | None, space: ScoreSpace, width: int) -> Content:
    """The verdict on a text that is in no list."""
    if found is None:
        return Content("")
    guess = "" if found.exact else "≈ estimated: "
    head = Content.styled(f"✂ {guess}cut" if found.cut else f"{guess}not cut", "bold $cut" if found.cut else "bold")
    parts = [head]
    if found.score is not None:
        parts.append(Content.assemble((f"{space} ", "$muted"), (number(space, found.score), "bold"), " as it is read"))
    if found.effect and found.cut:
        parts.append(Content.styled(f"{SIGNS[found.effect]} {found.effect}", f"bold {COLOURS[found.effect]}"))
    if found.best:
        parts.append(Content.assemble("best piece ", (number(space, found.best.score), "bold")))
    lines = flow(parts, max(width, 20))
    if not found.scored:
        lines.append(Content.styled(INTENT_OF_ONE, "$muted"))
    return Content("\n").join([*lines, *([safe_line(found.note, "$warning")] if found.note else [])])


def summary(found: Counterfactual | None, width: int) -> Content:
    """The verdict on a list, with sign and colour per effect; before it is known, what is going to be found out."""
    if found is None:
        return Content("")
    guess = _about(found)
    head = Content.assemble((f"✂ {guess}{found.cut:,} of {found.candidates:,}", "bold"), " cut")
    if guess:
        head = Content.assemble(head, (" (estimated)", "$warning"))
    if not found.verdicts and not found.done:
        return Content("\n").join([head, Content.styled(INTENT, "$muted")])
    parts = [head]
    for effect in Effect:
        number, colour = found.number(effect), COLOURS[effect]
        parts.append(
            Content.assemble((f"{SIGNS[effect]} {number:,} {effect}", f"bold {colour}" if number else "$muted"))
        )
    if not found.done:
        parts.append(Content.styled("so far", "$muted"))
    elif not found.cut:
        parts = [head, Content.styled("the model read every document to its end", "$muted")]
    lines = flow(parts, max(width, 20))
    return Content("\n").join([*lines, *([safe_line(found.note, "$warning")] if found.note else [])])


def _about(found: Counterfactual | PairVerdict | None) -> str:
    return "" if found is None or found.exact else "≈"


def _nothing(comparison: Comparison | None, found: Counterfactual | None) -> str:
    if comparison is None:
        return "This text is in no list."
    if found and found.done:
        return "Nothing was cut: the model read every document to its end."
    return "No document of this list was cut, as far as is known."


def _gap(verdict: Verdict, space: ScoreSpace) -> str:
    best, read = verdict.best.score, verdict.score
    return f"{number(space, best)} against {number(space, read)} of what was read"


def _weight(row: CutRow) -> tuple[int, float, int]:
    order = [Effect.DECISIVE, Effect.SUPPRESSED, Effect.HARMLESS]
    verdict = row.verdict
    if verdict is None:
        return len(order), 0.0, row.row.rank
    return order.index(verdict.effect), verdict.score - verdict.best.score, row.row.rank

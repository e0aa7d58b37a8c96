"""What each sentence of a document, or each term of a query, adds to the score: bars beside the words."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from workbench.domain.ablation import Ablation, Part, Read
from workbench.domain.scores import ScoreSpace
from workbench.domain.text import single_line
from workbench.ui.experiments import Experiment, Subject
from workbench.ui.keys import ABLATION_KEYS, DOCUMENT_KEYS
from workbench.ui.text import bar, flow
from workbench.ui.widgets.experiment_pane import ExperimentPane
from workbench.ui.widgets.passage import LONGEST, Passage
from workbench.ui.widgets.score_plot import number
from workbench.ui.widgets.wrapped_text import Line
from workbench.ui.wrap import wrapped

SIGNS = {Read.WHOLE: "│", Read.PARTLY: "✂", Read.NOT: "┊"}
LOOKS = {Read.WHOLE: "kept", Read.PARTLY: "cut", Read.NOT: "unread"}
MOVES = "↔"
"""Not read, yet the model is fed other tokens without it."""
WIDE, ROOMY = 120, 72
"""Cells from which bars are long, and from which there are any of use."""
VALUE = 9
"""Cells of a number."""
LIMIT = 1_500
"""Characters of a part that are shown."""
INTENT = (
    "Each {part} is left out by itself and the rest is scored again: what the score loses is what the {part} adds. "
    "What the model did not read must change nothing, and that is checked."
)


class Bars(Passage):
    """The parts from top to bottom, each with a sign for how much of it was read, and its share as a bar."""

    COMPONENT_CLASSES = {
        "bars--more", "bars--less", "bars--kept", "bars--cut", "bars--unread", "bars--axis", "bars--bad",
    }  # fmt: skip
    DEFAULT_CSS = """
    Bars {
        & > .bars--more { color: $rank-up; }
        & > .bars--less { color: $rank-down; }
        & > .bars--kept { color: $kept; }
        & > .bars--cut { color: $cut; text-style: bold; }
        & > .bars--unread { color: $muted; }
        & > .bars--axis { color: $line; }
        & > .bars--bad { color: $error; text-style: bold reverse; }
    }
    """
    BINDINGS = [*DOCUMENT_KEYS]

    def __init__(self, id: str) -> None:
        super().__init__(id, "Sentences")
        self._ablation: Ablation | None = None
        self._order: list[int] = []
        self._starts: list[int] = []
        """Where each part begins in what is drawn."""
        self._scale = 0.0
        self._broken: set[int] = set()
        self._space = ScoreSpace.LOGIT

    def show_parts(self, ablation: Ablation | None, order: Sequence[int], space: ScoreSpace) -> None:
        """Show the parts.

        Args:
            ablation: None clears the list.
            order: Places of its parts, from top to bottom.
            space: Of its scores.
        """
        parts = ablation.parts if ablation else ()
        shares = [ablation.share(part) or 0.0 for part in parts] if ablation else []
        self._scale = max(map(abs, shares), default=0.0)
        broken = set(ablation.broken) if ablation else set()
        self._broken = {index for index, part in enumerate(parts) if part in broken}
        before, self._ablation, self._space = self._ablation, ablation, space
        same = before and ablation and (before.of, before.text) == (ablation.of, ablation.text)
        if same and list(order) == self._order:
            self.refresh()
            return
        self._order = list(order)
        texts = [_words(parts[index], ablation.text) for index in order] if ablation else []
        self._starts, at = [], 0
        for text in texts:
            self._starts.append(at)
            at += len(text) + 1
        self.fill("\n".join(texts), False)

    def break_lines(self, width: int) -> Iterator[Line]:
        """Break lines at spaces, beside the bars."""
        if not self._order:
            return iter(())
        indent = self._indent
        room = min(max(width - indent, 1), LONGEST)
        return (Line(indent, start, end) for start, end in wrapped(self._drawn, room))

    @property
    def _cells(self) -> int:
        """Of a bar to either side."""
        width = self.scrollable_content_region.width
        return 10 if width >= WIDE else 6 if width >= ROOMY else 3

    @property
    def _indent(self) -> int:
        return 3 + 2 * self._cells + 1 + VALUE + 1

    def look(self, name: str) -> Style:
        """How a part of a line looks."""
        return self.rich_style + self.get_component_rich_style(f"bars--{name}", partial=True)

    def draw_line(self, index: int) -> list[Segment]:
        """A sign, the bar and its number beside the first line, and the words."""
        _, start, end = self._lines[index]
        place = max(bisect_right(self._starts, start) - 1, 0)
        ablation, number = self._ablation, self._order[place]
        assert ablation, "there is a line, so there is a part"
        part = ablation.parts[number]
        first = start == self._starts[place]
        text = Segment(self._drawn[start:end], self.look("unread") if part.read is Read.NOT else self.rich_style)
        if not first:
            sign = Segment(f" {SIGNS[part.read]} ", self.look(LOOKS[part.read]))
            blank = " " * self._cells
            axis = [Segment(blank, self.rich_style), Segment("│", self.look("axis")), Segment(blank, self.rich_style)]
            return [sign, *axis, Segment(" " * (VALUE + 1), self.rich_style), text]
        sign = Segment(f" {MOVES if part.moves else SIGNS[part.read]} ", self.look(LOOKS[part.read]))
        return [sign, *self._bar(ablation.share(part)), self._value(ablation, part, number in self._broken), text]

    def _bar(self, share: float | None) -> list[Segment]:
        cells, less, more = self._cells, "", ""
        if share and self._scale:
            drawn = bar(max(abs(share) / self._scale, 0.5 / cells), cells)
            less, more = ("", drawn) if share > 0 else (drawn.rstrip()[::-1].replace("╸", "╺"), "")
        return [
            Segment(f"{less:>{cells}}", self.look("less")),
            Segment("│", self.look("axis")),
            Segment(f"{more:<{cells}}", self.look("more")),
        ]

    def _value(self, ablation: Ablation, part: Part, broken: bool) -> Segment:
        share = ablation.share(part)
        if share is None:
            return Segment(f"{'·':>{VALUE}} ", self.look("unread"))
        if share == 0:
            return Segment(f"{'0':>{VALUE}} ", self.look("unread"))
        said = number(self._space, abs(share), 3)
        said = f"{'+' if share > 0 else '-'}{said}" if float(said) else f"{'+' if share > 0 else '-'}{abs(share):.0e}"
        if broken:
            return Segment(f"{'✗ ' + said:>{VALUE}} ", self.look("bad"))
        return Segment(f"{said:>{VALUE}} ", self.look("more" if share > 0 else "less"))


class AblationPane(ExperimentPane):
    """Sentences or query terms with what each adds, and the check of what lies beyond the cut."""

    DEFAULT_CSS = "AblationPane > Bars { height: 1fr; }"
    BINDINGS = [*ABLATION_KEYS]

    subject: reactive[Subject | None] = reactive(None, repaint=False)
    ablation: reactive[Ablation | None] = reactive(None, repaint=False)
    ablating: reactive[Experiment] = reactive(Experiment.SENTENCES, repaint=False)

    class Switched(Message):
        """A person wants the other kind of parts."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._by_share = False

    def compose(self) -> ComposeResult:
        """What was found above, the parts below."""
        yield self.trial_line()
        yield Static(classes="said")
        yield Bars(f"{self.id}-parts")

    def on_mount(self) -> None:
        """Show what is known."""
        super().on_mount()
        self._write()

    def watch_ablation(self) -> None:
        """Show what is known now."""
        self._write()

    watch_ablating = watch_ablation

    def on_resize(self) -> None:
        """Lay the lines above the parts out for the new width."""
        self._write()

    def action_sort(self) -> None:
        """Order by what each part adds, or as in the text."""
        self._by_share = not self._by_share
        self._write()

    def action_parts(self) -> None:
        """Leave out terms of the query in place of sentences, or back."""
        # The screen knows what is found out of either.
        self.post_message(self.Switched())

    def _write(self) -> None:
        if not self.is_mounted:
            return
        found, terms = self.ablation, self.ablating is Experiment.TERMS
        parts = self.query_one(Bars)
        order = list(range(len(found.parts))) if found else []
        if found and self._by_share:
            order.sort(key=lambda index: -(found.share(found.parts[index]) or 0.0))
        parts.show_parts(found, order, self.trial.space)
        parts.border_title = Content("Query terms" if terms else "Sentences")
        said = "by what each adds" if self._by_share else "in their order"
        parts.border_subtitle = Content(f"{said} · {self.trial.space}" if found and found.parts else "")
        self.query_one(".said", Static).update(
            summary(found, "term" if terms else "sentence", self.trial.space, max(self.size.width - 2, 20))
        )


def summary(found: Ablation | None, name: str, space: ScoreSpace, width: int) -> Content:
    """How much of the parts was read, what the whole scores, and the check of what lies beyond the cut.

    Args:
        found: What is known.
        name: Of a part.
        space: Of the score.
        width: Cells of a line.
    """
    if found is None:
        return Content("")
    if not found.parts:
        return Content.styled(f"There are fewer than two {name}s: nothing is left where one is left out.", "$muted")
    total = sum(part.holds for part in found.parts)
    guess = "" if found.exact else "≈"
    items = [Content.assemble((f"{total:,}", "bold"), f" {_plural(name, total)}")]
    if found.score is not None:
        whole = number(space, found.score)
        items.insert(0, Content.assemble((f"{space} ", "$muted"), (whole, "bold")))
    for read, colour in ((Read.WHOLE, "$kept"), (Read.PARTLY, "$cut"), (Read.NOT, "$muted")):
        holds = sum(part.holds for part in found.parts if part.read is read)
        if holds:
            items.append(Content.styled(f"{SIGNS[read]} {guess}{holds:,} {read}", colour))
    lines = flow(items, width)
    lines += [Content.styled(INTENT.format(part=name), "$muted")] if found.score is None else [check(found, name)]
    return Content("\n").join(lines)


def check(found: Ablation, name: str) -> Content:
    """What is beyond the cut must change nothing; whether that held."""
    beyond, broken = found.checked, len(found.broken)
    unread = any(part.read is Read.NOT for part in found.parts)
    if not found.exact:
        return Content.styled("≈ where the cut falls is estimated, so what lies beyond it is not checked", "$warning")
    if broken:
        said = f" ✗ {broken:,} of {beyond:,} {_plural(name, beyond)} beyond the cut change the score: they must not "
        return Content.styled(said, "bold reverse $error")
    parts = []
    if beyond:
        verb = "changes" if beyond == 1 else "change"
        parts.append(
            Content.styled(f"✓ {beyond:,} {_plural(name, beyond)} beyond the cut {verb} nothing: exactly 0", "$success")
        )
    if moves := sum(part.moves for part in found.parts):
        said = f"{MOVES} {moves:,} {_plural(name, moves)} beyond it moves where it falls"
        parts.append(Content.styled(said, "$muted"))
    if not unread:
        parts.append(Content.styled("nothing lies beyond the cut", "$muted"))
    return Content(" · ").join(parts or [Content.styled("beyond the cut nothing is scored yet", "$muted")])


def _words(part: Part, text: str) -> str:
    words = single_line(text[part.span[0] : min(part.span[1], part.span[0] + 4 * LIMIT)], LIMIT) or " "
    return f"({part.holds:,} together) {words}" if part.holds > 1 else words


def _plural(name: str, number: int) -> str:
    return name if number == 1 else f"{name}s"

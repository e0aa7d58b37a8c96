"""One document under every way to cut it into chunks: what each costs and gives, and the chunks themselves."""

from dataclasses import dataclass

from rich.segment import Segment
from textual.app import ComposeResult
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from workbench.domain.chunks import Chunk, Chunking, ChunkLab
from workbench.domain.scores import ScoreSpace
from workbench.domain.text import single_line
from workbench.ui.experiments import Phase, Subject
from workbench.ui.keys import CHUNK_KEYS
from workbench.ui.score_bars import ScoreBars
from workbench.ui.text import cells, fit, safe_line
from workbench.ui.widgets.experiment_pane import ExperimentPane
from workbench.ui.widgets.passage import Passage, place_of
from workbench.ui.widgets.row_list import RowList
from workbench.ui.widgets.score_plot import number

SENT, CUT, KEPT_BACK = "✓", "✂", "○"
"""Before a chunk: read whole, read in part, not given to the model."""
ROOMY, WIDE = 100, 130
"""Cells from which BM25's scores are shown, and from which characters are."""
PEEK = 400
"""Characters of a chunk that a row looks at."""
INTENT = "The same text under every way to cut it: what the model would be given, what it would read, what it scores."
NAME = 60
"""Cells of the name of a way at most, so that its numbers are not far from it."""
COLUMNS = ("chunks", "pairs", "longest", "score", "vs now")
"""Beside the name of a way."""
TALL = 28
"""Lines from which the chunk under the cursor is shown in full."""


@dataclass(frozen=True)
class WayRow:
    """What a way comes to, as it is written."""

    way: Chunking
    columns: tuple[str, ...]
    """Chunks, pairs, tokens of the longest chunk, best score, that against the text as it is read now."""
    looks: tuple[str, ...]
    """How they look."""

    @classmethod
    def of(cls, way: Chunking, truncated: float | None, space: ScoreSpace, about: str) -> "WayRow":
        """Add a way's chunks up; a score is in brackets where the model would be given none of them."""
        best, sent = way.best, way.pairs > 0
        if not sent:
            best = max((chunk.score for chunk in way.chunks if chunk.score is not None), default=None)
        longest = max((chunk.tokens for chunk in way.chunks), default=0)
        counts = (f"{len(way.chunks):,}", f"{way.pairs:,}" if sent else "–", f"{about}{longest:,}")
        score, gap, look = "·", "·", "muted"
        if best is not None:
            score = number(space, best) if sent else f"({number(space, best)})"
            if truncated is not None:
                gap, look = _against(best - truncated, space)
        plain = "" if sent else "muted"
        return cls(
            way,
            (*counts, score, gap),
            ("", plain, "", plain if best is not None else "muted", look if sent else "muted"),
        )


def _about(lab: ChunkLab) -> str:
    return "" if lab.exact else "≈"


def _against(gap: float, space: ScoreSpace) -> tuple[str, str]:
    said = number(space, abs(gap), 3)
    return (f"▲{said}", "up") if gap > 0 else (f"▼{said}", "down") if gap < 0 else ("=", "muted")


class WayRows(RowList):
    """The ways with chunks, pairs, longest chunk, and best score against that of the text as it is read now."""

    def __init__(self, id: str) -> None:
        super().__init__(id, "Ways to cut it")
        self.rows: tuple[WayRow, ...] = ()
        self._rooms: tuple[int, ...] = tuple(map(len, COLUMNS))

    def __len__(self) -> int:
        return len(self.rows)

    def show(self, lab: ChunkLab | None, space: ScoreSpace) -> None:
        """Replace the rows.

        Args:
            lab: Has the ways, from top to bottom.
            space: Of the scores.
        """
        ways, truncated, about = (lab.ways, lab.truncated, _about(lab)) if lab else ((), None, "")
        self.rows = tuple(WayRow.of(way, truncated, space, about) for way in ways)
        columns = zip(COLUMNS, *(row.columns for row in self.rows), strict=True)
        self._rooms = tuple(max(map(len, column)) + 1 for column in columns)
        self.rows_changed(self.cursor)

    def _name_room(self, width: int) -> int:
        return min(max(width - sum(self._rooms) - 2, 8), NAME)

    def draw_head(self, width: int) -> list[Segment]:
        """Name the columns."""
        names = "".join(f"{name:>{room}}" for name, room in zip(COLUMNS, self._rooms, strict=True))
        return [Segment(f"  {'way':<{self._name_room(width)}}{names}", self.look("head"))]

    def draw_row(self, index: int, width: int, here: bool) -> list[Segment]:
        """Draw one way."""
        row, room, plain = self.rows[index], self._name_room(width), self.look("", here)
        name = single_line(row.way.name, 200)
        if cells(name) > room:  # Its end tells it from its neighbours.
            name = f"{name[: room - room // 2 - 1]}…{name[-(room // 2) :]}"
        return [
            Segment("⚠ " if row.way.warnings else "  ", self.look("warning", here)),
            *fit([Segment(name, plain)], room, plain),
            *(
                Segment(f"{said:>{most}}", self.look(look, here))
                for said, look, most in zip(row.columns, row.looks, self._rooms, strict=True)
            ),
        ]


class ChunkRows(RowList):
    """The chunks of one way: whether the model would be given them, how much it would read, what they score."""

    def __init__(self, id: str) -> None:
        super().__init__(id, "Chunks")
        self._text = self._about = ""
        self.chunks: tuple[Chunk, ...] = ()
        self._bars = ScoreBars.of((), ScoreSpace.LOGIT)
        self._bm25: ScoreBars | None = None

    def __len__(self) -> int:
        return len(self.chunks)

    def show(self, lab: ChunkLab | None, way: Chunking | None, scale: ScoreBars, same: bool) -> None:
        """Replace the rows.

        Args:
            lab: Has what was cut up.
            way: How; None clears the list.
            scale: Of the scores of all ways.
            same: Whether the cursor stays where it is.
        """
        self._text, self._bars = lab.text if lab else "", scale
        self._about = _about(lab) if lab else ""
        self.chunks = way.chunks if way else ()
        ranked = [chunk.bm25 for chunk in self.chunks if chunk.bm25 is not None]
        self._bm25 = ScoreBars.of(ranked, ScoreSpace.BM25) if ranked else None
        self.rows_changed(self.cursor if same else 0, Content("There is nothing to cut." if way else ""))

    def _rooms(self, width: int) -> tuple[int, int, int]:
        """Cells of the characters, of BM25's bar, and of the score's bar."""
        return 18 if width >= WIDE else 0, 6 if width >= ROOMY else 0, 12 if width >= WIDE else 6 if width >= 60 else 0

    def draw_head(self, width: int) -> list[Segment]:
        """Name the columns."""
        span, ranked, cells = self._rooms(width)
        said = f"{'#':>5}   " + (f"{'characters':>{span - 1}} " if span else "") + f"{'words':>6}{'tokens':>10} "
        if self._bm25 and ranked:
            said += f"{'bm25':>{self._bm25.room}} {'':<{ranked}} "
        return [Segment(f"{said}{'score':>{self._bars.room}} {'':<{cells}} ", self.look("head"))]

    def draw_row(self, index: int, width: int, here: bool) -> list[Segment]:
        """Draw one chunk."""
        chunk, plain, muted = self.chunks[index], self.look("", here), self.look("muted", here)
        span, ranked, cells = self._rooms(width)
        cut = chunk.kept < chunk.tokens
        sign, look = (KEPT_BACK, "muted") if not chunk.sent else (CUT, "cut") if cut else (SENT, "kept")
        start, end = chunk.span
        tokens = self._about + (f"{chunk.kept:,}/{chunk.tokens:,}" if cut else f"{chunk.tokens:,}")
        parts = [Segment(f"{index + 1:>5,} ", plain), Segment(f"{sign} ", self.look(look, here))]
        if span:
            parts.append(Segment(f"{f'{start:,}–{end:,}':>{span - 1}} ", muted))
        parts.append(Segment(f"{chunk.words:>6,}", plain))
        parts.append(Segment(f"{tokens:>10} ", self.look("cut", here) if cut else plain))
        if self._bm25 and ranked:
            parts.append(Segment(f"{self._bm25.number(chunk.bm25)} {self._bm25.bar(chunk.bm25, ranked)} ", muted))
        bar = self._bars.bar(chunk.score, cells)
        parts.append(Segment(f"{self._bars.number(chunk.score)} ", plain if chunk.sent else muted))
        parts.append(Segment(f"{bar} ", self.look("bar", here) if chunk.sent else muted))
        words = single_line(self._text[start : min(end, start + PEEK)], PEEK)
        return [*parts, Segment(words, plain if chunk.sent else muted)]


class ChunkPane(ExperimentPane):
    """The ways above, what must be known of the one in use, and its chunks below."""

    DEFAULT_CSS = """
    ChunkPane {
        & > WayRows { height: auto; max-height: 50%; }
        & > ChunkRows { height: 1fr; min-height: 4; }
        & > Passage { display: none; height: 1fr; min-height: 4; }
        &.-tall > ChunkRows { height: auto; max-height: 40%; }
        &.-tall > Passage { display: block; }
    }
    """
    BINDINGS = [*CHUNK_KEYS]

    subject: reactive[Subject | None] = reactive(None, repaint=False)
    lab: reactive[ChunkLab | None] = reactive(None, repaint=False)

    class Switched(Message):
        """A person wants chunks scored that the model would not be given, or no longer."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._shown: tuple[str, str] = ("", "")
        """Text and way of which the chunks are shown."""

    def compose(self) -> ComposeResult:
        """The ways, then what is to know of one, then its chunks, then one of these."""
        yield self.trial_line()
        yield WayRows(f"{self.id}-ways")
        yield Static(classes="said")
        yield ChunkRows(f"{self.id}-rows")
        yield Passage(f"{self.id}-chunk", "Chunk")

    def on_mount(self) -> None:
        """Show what is known."""
        super().on_mount()
        self._write()

    def watch_lab(self) -> None:
        """Show what is known now."""
        self._write()

    def on_resize(self, event: Resize) -> None:
        """Lay out what is said for the new width."""
        self.set_class(event.size.height >= TALL, "-tall")
        self._write()

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """Show the chunks of the way under the cursor, or the chunk."""
        event.stop()
        if isinstance(event.rows, WayRows):
            self._write_chunks()
        else:
            self._write_chunk()

    def action_way(self, step: int) -> None:
        """Show the chunks of the next or the previous way."""
        self.query_one(WayRows).action_move(step)

    def action_all(self) -> None:
        """Also score chunks that the model would not be given, or no longer."""
        self.post_message(self.Switched())

    def _write(self) -> None:
        if not self.is_mounted:
            return
        lab, space = self.lab, self.trial.space
        ways = self.query_one(WayRows)
        ways.show(lab, space)
        now = f"as it is read now: {space} {number(space, lab.truncated)}" if lab and lab.truncated is not None else ""
        ways.border_subtitle = Content(now)
        self._write_chunks()

    def _write_chunks(self) -> None:
        lab, rows = self.lab, self.query_one(ChunkRows)
        ways = self.query_one(WayRows)
        way = lab.ways[ways.cursor] if lab and lab.ways else None
        said = self.query_one(".said", Static)
        if lab is None or way is None:
            # Hidden, they would lose the focus, and with it the keys of this view.
            rows.show(None, None, ScoreBars.of((), self.trial.space), False)
            said.update(Content.styled(INTENT if self.trial.phase is not Phase.BLOCKED else "", "$muted"))
            self._write_chunk()
            return
        scores = [chunk.score for each in lab.ways for chunk in each.chunks if chunk.score is not None]
        shown = (lab.text, way.name)
        rows.show(lab, way, ScoreBars.of(scores, self.trial.space), shown == self._shown)
        self._shown = shown
        rows.border_title = safe_line(f"Chunks · {way.name}", limit=200)
        sent = [chunk for chunk in way.chunks if chunk.sent]
        cut = sum(chunk.kept < chunk.tokens for chunk in sent)
        back = len(way.chunks) - len(sent)
        said_of = [f"{SENT} {len(sent) - cut:,} read", f"{CUT} {cut:,} cut", f"{KEPT_BACK} {back:,} not sent"]
        rows.border_subtitle = Content(" · ".join(said_of))
        lines = [safe_line(f"⚠ {warning}", "$warning") for warning in way.warnings]
        said.update(Content("\n").join([*lines, safe_line(way.note, "$muted")]))
        self._write_chunk()

    def _write_chunk(self) -> None:
        rows, passage = self.query_one(ChunkRows), self.query_one(Passage)
        if self.lab is None or not len(rows):
            passage.show(Content("Chunk"), "")
            return
        chunk = rows.chunks[rows.cursor]
        read = (
            f"{chunk.kept:,} of {chunk.tokens:,} tokens fit"
            if chunk.kept < chunk.tokens
            else f"{chunk.tokens:,} tokens"
        )
        where = Content(f"Chunk {rows.cursor + 1:,} · {place_of(chunk.span, self.lab.text)}")
        passage.show(where, self.lab.text[slice(*chunk.span)], Content(_about(self.lab) + read))

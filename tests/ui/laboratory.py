"""A small app with the three views of experiments, over a reranker whose scores can be told by reading."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.widgets import ContentSwitcher, Static

from tests.fakes.engines import ListRetriever
from tests.fakes.lexical import LexicalReranker, Lines
from tests.ui.screen import screen_text, until
from tests.ui.small_app import SmallApp
from workbench.domain.comparison import Comparison, StageError
from workbench.domain.documents import Document
from workbench.domain.ranking import PairScore
from workbench.domain.truncation import Strategy
from workbench.domain.tuning import Tuning
from workbench.engines.base import Reranker
from workbench.services.compare import compare
from workbench.services.kept import Kept
from workbench.services.laboratory import Laboratory
from workbench.services.local import LocalEngines, LocalModel
from workbench.services.session import Session
from workbench.ui.experiments import Phase, Results, Subject, Trial, View
from workbench.ui.screens.experimenting import ExperimentingScreen
from workbench.ui.widgets.ablation_pane import AblationPane
from workbench.ui.widgets.chunk_pane import ChunkPane
from workbench.ui.widgets.verdict_pane import VerdictPane

QUERY = "purple elephants sleep upright"
ANSWER = "All purple elephants sleep upright. "
HALF = "Some elephants sleep. "
FILLER = "Dust the lamp with cotton cloths. "
DOCUMENTS = (
    Document.of("short", "A short one", HALF),
    Document.of("harmless", "Nothing beyond", HALF + FILLER * 30),
    Document.of("late", "The answer comes late", FILLER * 60 + ANSWER + FILLER * 60),
    Document.of("later", "Half an answer comes late", FILLER * 20 + "Some purple things. " + FILLER * 10),
)


class GatedReranker(LexicalReranker):
    """Scores one text each time a test lets it, and knows how many are at it at once."""

    def __init__(self, **how: int) -> None:
        super().__init__(strategy=Strategy.BALANCED, **how)
        self.gate = asyncio.Event()
        self.gate.set()
        self.left = -1
        """Texts to score until the gate closes; -1 for any number."""
        self.at_once = self.most_at_once = 0

    async def score_texts(self, query: str, texts: Sequence[str]) -> AsyncGenerator[PairScore, None]:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            async with aclosing(super().score_texts(query, texts)) as scores:
                async for score in scores:
                    if self.left == 0:
                        self.gate.clear()
                    self.left -= self.left > 0
                    await self.gate.wait()
                    yield score
        finally:
            self.at_once -= 1

    def open(self) -> None:
        """Score all."""
        self.left = -1
        self.gate.set()


class LabScreen(ExperimentingScreen):
    """The views without what surrounds them."""

    def compose(self) -> ComposeResult:
        here = LabScreen
        yield Static("above")
        with ContentSwitcher(initial="verdict"):
            yield VerdictPane("verdict").data_bind(here.subject, here.counterfactual, trial=here.verdict_trial)
            yield ChunkPane("chunks").data_bind(here.subject, here.lab, trial=here.chunks_trial)
            yield AblationPane("ablation").data_bind(
                here.subject, here.ablation, here.ablating, trial=here.ablation_trial
            )

    def look(self, view: View) -> None:
        """Show a view."""
        self.query_one(ContentSwitcher).current = view
        self.view = view
        self.query_one(f"#{view}").query("RowList, Passage").first().focus()

    @property
    def trial(self) -> Trial:
        """How the experiment of the view in use stands."""
        trials = {View.VERDICT: self.verdict_trial, View.CHUNKS: self.chunks_trial}
        return trials.get(self.view, self.ablation_trial)


class LabApp(SmallApp):
    CSS = SmallApp.CSS + "ContentSwitcher, ContentSwitcher > * { height: 1fr; }"

    def __init__(self, lab: LabScreen) -> None:
        super().__init__()
        self.lab = lab

    async def on_mount(self) -> None:
        await self.push_screen(self.lab)


async def compared(
    documents: Sequence[Document] = DOCUMENTS, reranker: Reranker | None = None, query: str = QUERY, size: int = 2
) -> Comparison:
    """The documents reranked, each with as many tokens read as fit."""
    reranker = reranker or GatedReranker()
    tuning = Tuning(depth=len(documents), size=size)
    *_, last = [stage async for stage in compare(query, ListRetriever(documents), reranker, tuning)]
    assert not last.error
    return last


def session_of(reranker: Reranker | StageError) -> Session:
    """A session that has nothing but a reranker and tools."""

    def nothing(*_: object) -> object:
        raise NotImplementedError

    model = LocalModel("lexical", nothing, nothing)  # type: ignore[arg-type]
    engines = LocalEngines(nothing, list, model)  # type: ignore[arg-type]
    session = Session(engines, Tuning(), Kept(Path("unused")), laboratory=Laboratory(_Words))
    session.reranker = reranker
    return session


class _Words(Lines):
    def segments(self, text: str) -> list[tuple[int, bool]]:
        """Words, and the single characters between them."""
        found, at = [], 0
        for start, end in self.words(text):
            found += [*((place + 1, False) for place in range(at, start)), (end, True)]
            at = end
        return [*found, *((place + 1, False) for place in range(at, len(text)))]


@asynccontextmanager
async def at_work(
    view: View,
    reranker: Reranker | StageError | None = None,
    subject: Subject | None = None,
    id: str = "late",
    size: tuple[int, int] = (120, 36),
    results: Results | None = None,
) -> AsyncIterator[tuple[Pilot[None], LabScreen]]:
    """The app with a view open on a subject."""
    reranker = reranker or GatedReranker()
    if subject is None:
        subject = Subject.of(await compared(), id)
        if not isinstance(reranker, StageError) and subject and subject.comparison:
            info = subject.comparison.reranker
            assert info
            comparison = replace(subject.comparison, reranker=replace(info, model=reranker.model))
            subject = replace(subject, comparison=comparison)
    lab = LabScreen(session_of(reranker), results)
    app = LabApp(lab)
    async with app.run_test(size=size) as pilot:
        lab.subject = subject
        lab.look(view)
        yield pilot, lab


async def reached(pilot: Pilot[None], lab: LabScreen, *phases: Phase) -> Trial:
    """Wait until the experiment of the view in use stands so."""
    await until(pilot, lambda: lab.trial.phase in phases, f"{lab.view} {' or '.join(phases)}")
    return lab.trial


async def made(pilot: Pilot[None], lab: LabScreen) -> str:
    """Start the experiment of the view in use, wait for its end, and read the screen."""
    await reached(pilot, lab, Phase.WAITING)
    await pilot.press("enter")
    await reached(pilot, lab, Phase.DONE, Phase.FAILED)
    return screen_text(pilot.app)

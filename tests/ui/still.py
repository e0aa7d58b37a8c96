"""The preview of what was read over a list that nothing reranks, with a model that says how it reads."""

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import workbench.ui.screens
from tests.ui.pieces import Pieces, Stage, reader
from tests.ui.screen import screen_text
from workbench.domain.comparison import Comparison, StageError
from workbench.domain.deployment import ModelKind
from workbench.domain.documents import Document
from workbench.domain.ranking import Candidate, PairScore, Retrieval
from workbench.domain.scores import ScoreSpace
from workbench.domain.tokens import Reader
from workbench.domain.truncation import Strategy
from workbench.domain.tuning import Chosen, Tuning
from workbench.services.kept import Kept
from workbench.services.laboratory import Laboratory
from workbench.services.session import Session
from workbench.ui.screens.truncation import TruncationScreen


class Still:
    """A reranker that says how it reads, and scores nothing."""

    model, kind, space, warnings, way = "still", ModelKind.CROSS_ENCODER, ScoreSpace.LOGIT, (), ""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def by(self, chosen: Chosen) -> "Still":
        return self

    async def reader(self) -> Reader:
        return self._reader

    async def load(self) -> None: ...

    async def close(self) -> None: ...

    async def score(self, query: str, found: Retrieval) -> AsyncGenerator[PairScore, None]:
        for pair in ():
            yield pair

    async def score_texts(self, query: str, texts: Sequence[str]) -> AsyncGenerator[PairScore, None]:
        for pair in ():
            yield pair


class Nowhere:
    """Engines that nothing is asked of."""

    model, profile = "still", ""


class Screens(Stage):
    """The screen over nothing."""

    CSS_PATH = [Path(workbench.ui.screens.__file__).parent / "compare.tcss"]

    def __init__(
        self, home: Path, reads: Reader | StageError, documents: Sequence[Document], selected: str | None = "b"
    ) -> None:
        super().__init__()
        laboratory = Laboratory(
            readers=lambda: ("other",), reader=lambda name: reader(64, Strategy.HEAD_ONLY, Pieces("other"))
        )
        session = Session(Nowhere(), Tuning(), Kept(home), laboratory=laboratory)  # type: ignore[arg-type]
        session.reranker = reads if isinstance(reads, StageError) else Still(reads)
        candidates = tuple(Candidate(rank, document, 9.0 - rank) for rank, document in enumerate(documents, start=1))
        self.comparison = Comparison("why so hot", "test", "test", 4, 2, bm25=candidates, done=True)
        self.session = session
        self.result: object = None
        self.selected = selected
        """What is looked at first; None opens nothing."""

    def on_mount(self) -> None:
        if self.selected is not None:
            self.push_screen(TruncationScreen(self.session, self.comparison, self.selected), self.took)

    def took(self, result: object) -> None:
        self.result = result

    @property
    def shown(self) -> str:
        return screen_text(self)

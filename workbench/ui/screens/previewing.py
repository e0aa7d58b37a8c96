"""How the preview of what was read gets its answers: the reader, the tokens of a text, the counts of all candidates."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from textual import events, work
from textual.cache import LRUCache

from workbench.domain.comparison import Comparison, StageError
from workbench.domain.documents import Document
from workbench.domain.errors import WorkbenchError
from workbench.domain.exchange import Finding
from workbench.domain.token_check import check
from workbench.domain.tokens import ESTIMATE, Reader, Reading, Tokenized, Tokenizer
from workbench.engines.threads import in_thread
from workbench.services.compare import stage_error
from workbench.services.session import Session
from workbench.ui.experiments import Results, Subject, View
from workbench.ui.screens.experimenting import ExperimentingScreen
from workbench.ui.stretches import shown
from workbench.ui.what_if import Counted, Manner, counted_already, in_order

HEAD = 12_000
"""Characters of a long document that are shown while the rest is cut into tokens; more for a large budget."""
PER_TOKEN = 8
"""Characters of a token, generously."""
KEPT = 4
"""Texts whose tokens are kept."""
BLOCK = 65_536
"""Characters that are counted in one go."""


class Known(NamedTuple):
    """What is known of a pair, whatever of it is read."""

    query: Tokenized
    document: Tokenized
    drawn: str
    """The document as it may be drawn."""


class PreviewingScreen(ExperimentingScreen):
    """Holds how the model reads and how a person tries it, and reads and counts as that says."""

    def __init__(
        self, session: Session, comparison: Comparison, selected_id: str | None, results: Results | None = None
    ) -> None:
        super().__init__(session, results)
        self.comparison = comparison
        self.actual: Manner | None = None
        """How the model really reads; None until that is known."""
        self.manner: Manner | None = None
        """How what is shown was read."""
        self.reading: Reading | None = None
        self.partial = False
        """The reading is of the document's beginning alone."""
        self.counted: Counted | None = None
        self.drawn = ""
        """The document of the reading as it may be drawn."""
        self.findings: tuple[Finding, ...] = ()
        """What is odd about the reading."""
        self.failure: StageError | None = None
        """Why nobody knows how the model reads."""
        self.unread: StageError | None = None
        """Why nobody knows what it read."""
        self.uncounted: StageError | None = None
        """Why the candidates are not counted."""
        self._first_id = selected_id
        self._readers: dict[str, Reader] = {}
        self._names: tuple[str, ...] = ()
        self._known: LRUCache[tuple[int, str, str], Known] = LRUCache(KEPT)
        self._whole = asyncio.Event()
        """Nothing is being cut into tokens."""
        self._counts: dict[tuple[int, tuple[str, ...]], Counted] = {}

    # What is shown --------------------------------------------------------------------------------

    def present(self) -> None:
        """Draw everything anew, as far as it is known."""
        raise NotImplementedError

    @property
    def tried(self) -> bool:
        """Whether what is shown is not how the model really reads."""
        return self.manner != self.actual

    @property
    def text(self) -> str:
        """The text that is read, of the fields that are tried."""
        subject, manner = self.subject, self.manner
        found = self.comparison.candidate(subject.id) if subject else None
        if subject is None or manner is None or found is None:
            return subject.text if subject else ""
        return found.document.narrowed(manner.reads).text

    # Work -----------------------------------------------------------------------------------------

    @work(exclusive=True, group="reader", exit_on_error=False)
    async def open_reader(self) -> None:
        """Find out how the model reads."""
        reader, reranker = ESTIMATE, self.session.reranker
        self.failure = None
        if isinstance(reranker, StageError):
            self.failure = reranker
        else:
            try:
                reader = await reranker.by(self.comparison.chosen).reader()
            except Exception as error:
                self.failure = stage_error("rerank", error)
        self.actual = Manner(reader, self.comparison.reads)
        if already := counted_already(self.comparison):
            self._counts[id(reader.tokenizer), self.actual.reads] = already
        self.try_out(self.actual)
        try:
            self._names = await in_thread(self.session.laboratory.readers, "readers")
        except WorkbenchError as error:
            self.app.notify(f"{error.message} {error.hint}", title="Tokenizers", severity="warning", markup=False)

    def try_out(self, manner: Manner) -> None:
        """Read as a manner says."""
        self.manner = manner
        self.count()
        self.read()

    def read(self) -> None:
        """Read the subject; what was cut into tokens before is there at once."""
        subject, manner = self.subject, self.manner
        if subject is None or manner is None:
            return
        text = self.text
        if known := self._known.get((id(manner.reader.tokenizer), subject.query, text)):
            self.workers.cancel_group(self, "read")
            self._take(Reading(known.query, known.document, manner.reader), known.drawn)
        else:
            self._whole.clear()
            self._read(manner.reader, subject.query, text)

    def _take(self, reading: Reading | None, drawn: str, partial: bool = False) -> None:
        if reading is None or self.reading is None or reading.document.text != self.reading.document.text:
            self.findings = ()
        self.reading, self.drawn, self.partial = reading, drawn, partial
        self.unread = self.unread if reading is None else None
        if not partial:
            self._whole.set()
            if reading:
                self._check(reading)
        self.present()

    @work(exclusive=True, group="read", exit_on_error=False)
    async def _read(self, reader: Reader, query: str, text: str) -> None:
        """Cut a pair into tokens, of a long document the beginning first."""
        head = max(HEAD, reader.window.budget * PER_TOKEN)
        try:
            if len(text) > 2 * head:
                known = await in_thread(partial(_known, reader.tokenizer, query, text[:head]), "tokens")
                self._take(Reading(known.query, known.document, reader), known.drawn, partial=True)
            known = await in_thread(partial(_known, reader.tokenizer, query, text), "tokens")
        except Exception as error:
            self.unread = stage_error("rerank", error)
            self._take(None, "")
            return
        self._known[id(reader.tokenizer), query, text] = known
        self._take(Reading(known.query, known.document, reader), known.drawn)

    @work(exclusive=True, group="check", exit_on_error=False)
    async def _check(self, reading: Reading) -> None:
        """Find what is odd about what was read."""
        found = tuple(await in_thread(partial(check, reading), "check"))
        if found != self.findings:
            self.findings = found
            self.present()

    def count(self) -> None:
        """Count the tokens of all candidates; that is done once for each tokenizer and choice of fields."""
        manner = self.manner
        assert manner
        self.counted = self._counts.get((id(manner.reader.tokenizer), manner.reads))
        self.uncounted = None
        if self.counted is None:
            self._count(manner)

    @work(exclusive=True, group="count", exit_on_error=False)
    async def _count(self, manner: Manner) -> None:
        """Count in a thread, after the text that is looked at."""
        await self._whole.wait()
        rows, tokenizer = in_order(self.comparison), manner.reader.tokenizer
        texts = [row.document.narrowed(manner.reads).text for row in rows]
        try:
            of_query, *found = await in_thread(partial(_counts, tokenizer, [self.comparison.query, *texts]), "counts")
        except Exception as error:
            self.uncounted = stage_error("rerank", error)
            self.present()
            return
        by_id = {row.document.id: tokens for row, tokens in zip(rows, found, strict=True)}
        self._counts[id(tokenizer), manner.reads] = Counted(of_query, by_id)
        self.count()
        self.present()

    @work(exclusive=True, group="model", exit_on_error=False)
    async def read_with_next(self) -> None:
        """Read as the next model does that can be opened here."""
        if self.manner is None or self.actual is None:
            return
        names = ["", *self._names]
        now = next((name for name, reader in self._readers.items() if self._is_of(reader)), "")
        name = names[(names.index(now) + 1) % len(names)] if now in names else ""
        if len(names) == 1:
            self.app.notify("No other tokenizer is on this machine.", markup=False)
            return
        reader = self.actual.reader if not name else self._readers.get(name)
        if reader is None:
            try:
                reader = await in_thread(partial(self.session.laboratory.reader, name), "tokenizer")
            except WorkbenchError as error:
                self.app.notify(f"{error.message} {error.hint}", title=name, severity="error", markup=False)
                return
            self._readers[name] = reader
        self.try_out(Manner(reader, self.manner.reads))

    def _is_of(self, reader: Reader) -> bool:
        return self.manner is not None and self.manner.reader.tokenizer is reader.tokenizer

    # What changed ---------------------------------------------------------------------------------

    def model_changed(self) -> None:
        """Read as the model does that there is now."""
        super().model_changed()
        self.open_reader()

    def on_mount(self) -> None:
        """Look at the selected candidate."""
        rows = in_order(self.comparison)
        first = self._first_id if self.comparison.candidate(self._first_id) else rows[0].document.id if rows else None
        self.subject = Subject.of(self.comparison, first) if first is not None else None
        if self.subject is None:
            self._whole.set()
        self.open_reader()

    def watch_subject(self) -> None:
        """Read another text."""
        self.read()
        self.present()

    @work(exclusive=True, group="paste", exit_on_error=False)
    async def on_paste(self, event: events.Paste) -> None:
        """Read pasted text in place of the document."""
        document = await in_thread(partial(Document.of, "", "", event.text), "paste")
        if not document.text.strip():
            self.app.notify("There is no text in what was pasted.", markup=False)
            return
        if self.subject and self.subject.id is not None:
            self._first_id = self.subject.id
        self.view = View.TOKENS
        self.subject = Subject(self.comparison.query, document.text, title="pasted text")

    def action_listed(self) -> None:
        """Go back from pasted text to the candidate."""
        if self.subject and self.subject.id is None and self._first_id is not None:
            self.choose(self._first_id)
            if self.subject.id is None:
                self.subject = Subject.of(self.comparison, self._first_id) or self.subject

    def action_budget(self, step: int) -> None:
        """Try another budget."""
        if self.manner:
            self.try_out(self.manner.stepped(step))

    def action_strategy(self) -> None:
        """Try another strategy."""
        if self.manner:
            self.try_out(self.manner.turned())

    def action_fields(self) -> None:
        """Try other fields."""
        if self.manner and self.subject and self.subject.id is None:
            self.app.notify("Pasted text has no fields.", markup=False)
        elif self.manner:
            self.try_out(self.manner.refielded())

    def action_model(self) -> None:
        """Try another model."""
        self.read_with_next()

    def action_really(self) -> None:
        """Go back to how the model really reads."""
        if self.actual:
            self.try_out(self.actual)


def _known(tokenizer: Tokenizer, query: str, text: str) -> Known:
    of_query, of_document = tokenizer.tokenize([query, text])
    return Known(of_query, of_document, shown(text))


def _counts(tokenizer: Tokenizer, texts: Sequence[str]) -> list[int]:
    """Count a few texts at a time, so that no other thread waits for long."""
    found, some, size = [], [], 0
    for text in texts:
        some.append(text)
        size += len(text)
        if size > BLOCK:
            found += tokenizer.count(some)
            some, size = [], 0
    return found + (tokenizer.count(some) if some else [])

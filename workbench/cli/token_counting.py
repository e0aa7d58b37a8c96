"""Counts tokens for `workbench tokens`: opens what is needed for its form, and nothing else."""

from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from workbench.cli.compare import wait_for_model
from workbench.cli.main import say
from workbench.cli.progress import DocumentProgress, noun
from workbench.cli.token_report import Candidates, Chunked, Corpus, Pair, Report
from workbench.cli.tokens import Form, chunks_of, reads_of, strategy_of, through
from workbench.cli.wiring import BUNDLED, ensure_bundled, fetched_reader, open_session, settings_for
from workbench.config.paths import user_paths
from workbench.config.settings import Settings
from workbench.domain.chunk_settings import ways_of
from workbench.domain.chunks import Way
from workbench.domain.comparison import Comparison, StageError
from workbench.domain.documents import Document
from workbench.domain.errors import BadInputError, WorkbenchError
from workbench.domain.exchange import Finding
from workbench.domain.lengths import Lengths
from workbench.domain.ranking import Candidate
from workbench.domain.scores import ScoreSpace
from workbench.domain.text import single_line
from workbench.domain.tokens import Reader
from workbench.domain.verdict import Counterfactual, PairVerdict
from workbench.engines.base import Reranker, Retriever
from workbench.engines.threads import in_thread
from workbench.services.lengths import measure
from workbench.services.session import Session


async def count(form: Form, arguments: Namespace, text: str | None) -> Report:
    """Count what was asked for.

    Args:
        form: Which form of the command; not the arithmetic.
        arguments: The command line's, checked.
        text: The document of a pair that is in no corpus.

    Raises:
        WorkbenchError: What was named is not there, or the model or the engine is not.
    """
    settings = settings_for(arguments)
    if settings.profile and form is Form.CORPUS:
        raise BadInputError(
            f"--profile {settings.profile}: the documents of a cluster are not read one by one to be counted.",
            "Give a QUERY to count its candidates, or --profile - for a corpus of this machine.",
        )
    scored = "--verdict" if arguments.verdict else "--chunks" if arguments.chunks is not None else None
    if settings.profile and scored and getattr(arguments, "model", None):
        raise BadInputError(f"--model does not go with {scored} and a profile: its own reranker gives the scores.")
    session = open_session(settings)
    try:
        return await _Counting(arguments, settings, session).report(form, text)
    finally:
        await session.close()


class _Counting:
    """One run of the command."""

    def __init__(self, arguments: Namespace, settings: Settings, session: Session) -> None:
        self._settings = settings
        self._session = session
        self._given_query: str | None = arguments.query
        self._query: str = arguments.query or ""
        self._id: str = arguments.doc or ""
        self._model: str | None = getattr(arguments, "model", None)
        self._budget: int | None = arguments.budget
        self._strategy = strategy_of(arguments.strategy)
        self._reads = reads_of(arguments.reads)
        self._asked: bool = arguments.verdict
        self._ways = None if arguments.chunks is None else ways_of(chunks_of(arguments.chunks))

    async def report(self, form: Form, text: str | None) -> Report:
        """Count; `text` is the document of a pair that is in no corpus."""
        if form is Form.CORPUS:
            return await self._corpus()
        if form is Form.CANDIDATES:
            return await self._candidates()
        pair = await self._document() if text is None else await self._text(text)
        return pair if self._ways is None else replace(pair, chunked=await self._chunked(pair.text or "", self._ways))

    async def _document(self) -> Pair:
        retriever = await self._open()
        document = await retriever.document(self._id)
        if document is None:
            hint = "Ids are those that `workbench compare … --format json` prints."
            raise BadInputError(f"--doc {single_line(self._id, 80)}: {retriever.corpus} has no such document.", hint)
        if not self._asked:
            return await self._text(self._given(document), document)
        reranker = await self._reranker()
        comparison = await self._comparison()
        row = comparison.candidate(document.id)
        if row is None or document.id not in {each.candidate.document.id for each in comparison.reranked}:
            return await self._text(self._given(document), document, row.rank if row else None)
        reader = await _reader_of(reranker)
        (pair,) = await self._read(reader, [row])
        found = await self._judge(comparison, reranker, [document.id])
        return _noted(pair.judged_by(found.of(document.id), _space(comparison)), found.note, *reader.tokenizer.notes)

    async def _text(self, text: str, document: Document | None = None, bm25_rank: int | None = None) -> Pair:
        reader = await self._reader()
        pair = await in_thread(lambda: Pair.of(reader.read(self._query, text), document, bm25_rank), "tokens")
        if not self._asked:
            return _noted(pair, *reader.tokenizer.notes)
        from workbench.services.counterfactual import counterfactual_pair

        reranker, laboratory = await self._reranker(), self._session.laboratory
        async with aclosing(counterfactual_pair(self._query, text, reranker, laboratory)) as stages:
            async for stage in stages:
                found: PairVerdict = stage
                if not found.scored:
                    _announce(found.pairs)
        return _noted(pair.judged_by(found, reranker.space), found.note, *reader.tokenizer.notes)

    async def _chunked(self, text: str, ways: Sequence[Way]) -> Chunked:
        from workbench.services.chunk_lab import chunk_lab

        reranker = await self._reranker()
        async with aclosing(chunk_lab(self._query, text, reranker, self._session.laboratory, ways)) as stages:
            async for stage in stages:
                lab = stage
                if not lab.scored:
                    _announce(lab.pairs)
        return Chunked(lab, reranker.space)

    async def _candidates(self) -> Candidates:
        retriever = await self._open()
        reader = await self._reader()
        tuning = self._session.tuning
        if self._asked:
            comparison = await self._comparison()
            candidates, notes = comparison.bm25, comparison.warnings
        else:
            found = await retriever.search(self._query, tuning.depth, tuning.boosts, tuning.chosen)
            candidates, notes = found.candidates, (*found.notes, *map(str, found.findings))
        rows = await self._read(reader, candidates)
        if self._asked and comparison.reranked:
            judged = await self._judge(comparison, await self._reranker(), None)
            rows = [row.judged_by(judged.of(row.id), _space(comparison)) for row in rows]
            notes = (*notes, judged.note) if judged.note else notes
        of_query = (await in_thread(partial(reader.tokenizer.count, [self._query]), "tokens"))[0]
        lengths = Lengths(sorted(row.count.document for row in rows), of_query, reader.window)
        told = tuple(dict.fromkeys((*notes, *_found(rows), *reader.tokenizer.notes)))
        return Candidates(
            self._query, self._session.place, reader, tuning.size, tuple(rows), lengths, told, self._asked
        )

    async def _corpus(self) -> Corpus:
        from workbench.engines.corpora import corpus_info, read_documents

        root, name = user_paths().corpora, self._settings.corpus
        if name == BUNDLED:
            await in_thread(partial(ensure_bundled, root), "corpora")
        info = await in_thread(partial(corpus_info, root, name), "corpora")
        reader = await self._reader()
        passing = _Passing(read_documents(root, name))
        fields = self._reads or ("title", "body")
        with DocumentProgress(name, info.text_bytes) as bar:
            async with aclosing(measure(passing, self._query, reader, fields)) as items:
                async for item in items:
                    if isinstance(item, Lengths):
                        lengths = item
                    else:
                        bar.show(item, passing.bytes)
        blank = (f"Documents without any text: {lengths.blank:,}.",) if lengths.blank else ()
        return Corpus(name, self._given_query, reader, lengths, (*blank, *reader.tokenizer.notes))

    async def _open(self) -> Retriever:
        opened = await self._session.open(self._settings.corpus)
        if self._reads:
            self._session.tune(replace(self._session.tuning, reads=self._reads))
        return opened.retriever

    def _given(self, document: Document) -> str:
        """What the model is given of a document."""
        return document.narrowed(self._session.tuning.reads).text

    async def _reader(self) -> Reader:
        if self._asked or self._ways is not None or (self._settings.profile and self._model is None):
            reader = await _reader_of(await self._reranker())
        else:
            reader = await fetched_reader(user_paths(), self._model or self._settings.model)
        return through(reader, self._budget, self._strategy)

    async def _reranker(self) -> Reranker:
        """The reranker of the place, ready; the tuning's own choices apply."""
        session = self._session
        if session.opened is None and self._settings.profile:
            await self._open()
        if isinstance(session.reranker, StageError):
            await wait_for_model(session)
        if isinstance(session.reranker, StageError):
            raise _error(session.reranker)
        return session.reranker.by(session.tuning.chosen)

    async def _comparison(self) -> Comparison:
        async for comparison in self._session.compare(self._query):
            last = comparison
        if last.error:
            raise _error(last.error)
        return last

    async def _judge(self, comparison: Comparison, reranker: Reranker, ids: Sequence[str] | None) -> Counterfactual:
        from workbench.services.counterfactual import counterfactual, per_pair_ms

        stages = counterfactual(comparison, reranker, self._session.laboratory, ids)
        async with aclosing(stages):
            async for stage in stages:
                found = stage
                if not found.scored:
                    _announce(found.pairs, per_pair_ms(comparison))
        return found

    async def _read(self, reader: Reader, candidates: Sequence[Candidate]) -> list[Pair]:
        """Read the query with each of some candidates."""

        def read() -> list[Pair]:
            readings = reader.readings(self._query, [self._given(row.document) for row in candidates])
            return [Pair.of(reading, row.document, row.rank) for reading, row in zip(readings, candidates, strict=True)]

        return await in_thread(read, "tokens")


async def _reader_of(reranker: Reranker) -> Reader:
    """How a model reads; what its reranker warns of, such as a tokenizer that cannot be used, is among the notes."""
    reader = await reranker.reader()
    for warning in reranker.warnings:
        if warning not in reader.tokenizer.notes:
            reader = reader.noted(warning)
    return reader


def _noted(pair: Pair, *notes: str) -> Pair:
    return replace(pair, about=tuple(filter(None, notes)))


def _found(rows: Sequence[Pair]) -> tuple[str, ...]:
    """What is odd about candidates, a sentence for each rule."""
    found: dict[str, list[tuple[Pair, Finding]]] = {}
    for row in rows:
        for finding in row.findings:
            found.setdefault(finding.rule, []).append((row, finding))
    return tuple(
        f"{rule} with {len(of)} of {len(rows)} candidates, such as {of[0][0].id}: {of[0][1].message}"
        for rule, of in found.items()
    )


def _space(comparison: Comparison) -> ScoreSpace:
    assert comparison.reranker, "who reranked is said with the list"
    return comparison.reranker.raw_space


def _announce(pairs: int, each_ms: float | None = None) -> None:
    if pairs:
        about = f", about {pairs * each_ms / 1000:.1f} s" if each_ms else ""
        say(f"scoring {pairs:,} {noun(pairs, 'text')}{about}…")


def _error(failed: StageError) -> WorkbenchError:
    error = WorkbenchError(failed.message, failed.hint)
    error.exit_code = failed.exit_code
    return error


class _Passing:
    """Documents on their way, with the bytes of text that have gone by."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._documents = documents
        self.bytes = 0

    def __iter__(self) -> Iterator[Document]:
        for document in self._documents:
            self.bytes += len(document.title.encode()) + len(document.body.encode())
            yield document

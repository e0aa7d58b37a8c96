"""Scores what a model did not read of documents, to tell whether it would have changed the list."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from threading import Event

from workbench.domain.comparison import Comparison
from workbench.domain.deployment import ModelKind
from workbench.domain.pieces import Cut, missed, pieces_of
from workbench.domain.ranking import PairScore, Reranked
from workbench.domain.tokens import Reader
from workbench.domain.verdict import Counterfactual, Effect, PairVerdict, Piece, Verdict
from workbench.engines.base import Reranker
from workbench.engines.threads import in_thread
from workbench.services.compare import rank
from workbench.services.laboratory import Laboratory
from workbench.services.scoring import head_reader, scores_of


async def counterfactual(
    comparison: Comparison, reranker: Reranker, laboratory: Laboratory, ids: Sequence[str] | None = None
) -> AsyncGenerator[Counterfactual, None]:
    """Score the unread part of every reranked document, piece by piece, and yield ever fuller values.

    The first says what it costs, before anything is scored. A document's verdict comes with its last piece; the last
    value has them all, and the order that follows. Closing the iterator stops the work.

    Each document is judged by itself: it alone is given the better of its score and its best piece's, and the list is
    ranked anew as it was before, mixed with BM25 where it is. In `order` all of them have it at once.

    Args:
        comparison: A finished one; without reranked rows there is nothing to judge.
        reranker: What reranked it.
        laboratory: Finds sentences.
        ids: Documents to judge; all if None.

    Raises:
        WorkbenchError: The model does not read a text from its start; or it failed, and what was yielded holds.
    """
    reranker = reranker.by(comparison.chosen)
    rows = [row for row in comparison.reranked if ids is None or row.candidate.document.id in ids]
    reader = await head_reader(reranker)
    texts = [row.candidate.document.narrowed(comparison.reads).text for row in rows]
    tails = await _tails(comparison.query, texts, reader, laboratory)
    cuts = [(rows[tail.place], cut) for tail in tails for cut in tail.cuts]
    found = Counterfactual(
        candidates=len(rows),
        cut=len(tails),
        size=comparison.size,
        pairs=len(cuts),
        note=_note(tails),
        exact=reader.tokenizer.exact,
    )
    if not cuts:
        yield replace(found, order=_ids(comparison.reranked), done=True)
        return
    yield found

    pieces: dict[str, list[Piece]] = {}
    missing = {rows[tail.place].candidate.document.id: len(tail.cuts) for tail in tails}
    verdicts: list[Verdict] = []
    parts = [tail.text[slice(*cut.span)] for tail in tails for cut in tail.cuts]
    async with aclosing(scores_of(reranker, comparison.query, parts)) as scores:
        async for place, score in scores:
            row, cut = cuts[place]
            id = row.candidate.document.id
            pieces.setdefault(id, []).append(Piece(cut.span, cut.tokens, score))
            missing[id] -= 1
            if not missing[id]:
                verdicts.append(_verdict(comparison, row, sorted(pieces[id], key=lambda piece: piece.span)))
                verdicts.sort(key=lambda verdict: verdict.rank)
            found = replace(found, scored=found.scored + 1, verdicts=tuple(verdicts))
            if found.scored < found.pairs:
                yield found
    best = {verdict.id: verdict.best.score for verdict in found.verdicts}
    yield replace(found, order=_ids(_ranked_with(comparison, best)), done=True)


async def counterfactual_pair(
    query: str, text: str, reranker: Reranker, laboratory: Laboratory
) -> AsyncGenerator[PairVerdict, None]:
    """Score a text that is in no reranked list as it is read, and what was not read of it.

    Yields as `counterfactual` does.

    Args:
        query: What a person typed.
        text: What the model is given.
        reranker: Scores it.
        laboratory: Finds sentences.

    Raises:
        WorkbenchError: The model does not read a text from its start; or it failed, and what was yielded holds.
    """
    reader = await head_reader(reranker)
    tails = await _tails(query, [text], reader, laboratory)
    cuts = tails[0].cuts if tails else ()
    texts = [text, *(text[slice(*cut.span)] for cut in cuts)] if text.strip() else []
    found = PairVerdict(bool(tails), len(texts), note=_note(tails), exact=reader.tokenizer.exact)
    yield replace(found, done=not texts)
    async with aclosing(scores_of(reranker, query, texts)) as scores:
        async for place, score in scores:
            if place == 0:
                found = replace(found, score=score)
            else:
                cut = cuts[place - 1]
                pieces = [*found.pieces, Piece(cut.span, cut.tokens, score)]
                found = replace(found, pieces=tuple(sorted(pieces, key=lambda piece: piece.span)))
            if found.scored < found.pairs:
                yield found
    if texts:
        yield replace(found, done=True)


def per_pair_ms(comparison: Comparison) -> float | None:
    """What one pair took when a list was reranked, for an estimate of what more of them take.

    Returns:
        Milliseconds; None where nothing was scored, or every score came from kept vectors. Where only some did, it is
        less than a pair takes.
    """
    took, info = comparison.latency, comparison.reranker
    if not comparison.scored or info is None:
        return None
    if info.kind is ModelKind.BI_ENCODER and not took.tokenize:  # The query alone was read.
        return None
    return (took.tokenize + took.rerank) / comparison.scored or None


@dataclass(frozen=True)
class _Tail:
    """What was not read of a text."""

    place: int
    """Of the text, among those that were read."""
    text: str
    cuts: tuple[Cut, ...]
    missed: int
    """Tokens that fit in no piece."""


async def _tails(query: str, texts: Sequence[str], reader: Reader, laboratory: Laboratory) -> list[_Tail]:
    """Find what was not read of those texts that are cut."""
    stop = Event()
    try:
        return await in_thread(partial(_find_tails, query, texts, reader, laboratory, stop.is_set), "pieces")
    finally:
        stop.set()


def _find_tails(
    query: str, texts: Sequence[str], reader: Reader, laboratory: Laboratory, stopped: Callable[[], bool]
) -> list[_Tail]:
    tails = []
    for place, text in enumerate(texts):
        if stopped():
            break
        reading = reader.read(query, text)
        if reading.kept.document >= len(reading.document):
            continue
        cuts = []
        for cut in pieces_of(reading, laboratory.boundaries().sentences(text)):
            cuts.append(cut)
            if stopped():
                break
        tails.append(_Tail(place, text, tuple(cuts), missed(reading, cuts)))
    return tails


def _note(tails: Sequence[_Tail]) -> str:
    tokens, documents = sum(tail.missed for tail in tails), sum(tail.missed > 0 for tail in tails)
    if not tokens:
        return ""
    of = "the document" if documents == 1 else f"{documents:,} documents"
    return f"{tokens:,} unread tokens of {of} cannot be scored: the window has no room for them beside the query."


def _verdict(comparison: Comparison, row: Reranked, pieces: Sequence[Piece]) -> Verdict:
    id, best = row.candidate.document.id, max(piece.score for piece in pieces)
    harmless = Verdict(id, Effect.HARMLESS, row.raw, tuple(pieces), row.rank, row.rank)
    if best <= row.raw:
        return harmless
    ranked = _ranked_with(comparison, {id: best})
    now = next(other.rank for other in ranked if other.candidate.document.id == id)
    # By its own place: in a mix, which is stretched anew, other documents may change places among themselves.
    decisive = now < row.rank and now <= comparison.size
    return replace(harmless, effect=Effect.DECISIVE if decisive else Effect.SUPPRESSED, rank_with_best=now)


def _ranked_with(comparison: Comparison, best: Mapping[str, float]) -> tuple[Reranked, ...]:
    """Rank again with better scores of some documents."""
    assert comparison.reranker, "who reranked is said with the list"
    scores = []
    for row in comparison.reranked:
        id = row.candidate.document.id
        scores.append(PairScore(id, max(row.raw, best.get(id, row.raw)), row.tokens, 0.0, 0.0))
    return rank(comparison.bm25, scores, comparison.reranker)


def _ids(rows: Sequence[Reranked]) -> tuple[str, ...]:
    return tuple(row.candidate.document.id for row in rows)

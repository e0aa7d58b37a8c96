"""Leaves one part of a document or a query out at a time and scores what is left."""

import re
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from workbench.domain.ablation import Ablation, Part, Read
from workbench.domain.documents import Span
from workbench.domain.tokens import Reading, Tokenized
from workbench.engines.base import Reranker
from workbench.engines.threads import in_thread
from workbench.services.laboratory import Laboratory
from workbench.services.scoring import head_reader, scores_of

SENTENCES, TERMS = "sentences", "terms"
PARTS = 200
"""A longer text's last sentences are left out together: those that are read, and those that are not."""
_AT_ONCE = 1_000_000
"""Characters that are given to a reranker in one go, so that a long text is not held once for every part."""
_TERM = re.compile(r"\S+")


def ablate_sentences(
    query: str, text: str, reranker: Reranker, laboratory: Laboratory
) -> AsyncGenerator[Ablation, None]:
    """Leave out each sentence of a document, score the rest, and yield ever fuller values.

    The first says which parts there are, before anything is scored: the cost is one pair for each, and one for the
    whole. Where there are fewer than two, there is nothing to leave out and there are no parts. Closing the iterator
    stops the work.

    A part that was not read must not change a score. One that does is looked into: where the model is fed other tokens
    without it, this is said; else it is `broken`.

    Args:
        query: What a person typed.
        text: What the model is given of the document.
        reranker: Scores it.
        laboratory: Finds sentences.

    Raises:
        WorkbenchError: The model does not read a text from its start; or it failed, and what was yielded holds.
    """
    return _ablate(query, text, reranker, lambda reading: _sentences(reading, laboratory))


def ablate_terms(query: str, text: str, reranker: Reranker, laboratory: Laboratory) -> AsyncGenerator[Ablation, None]:
    """Leave out each term of a query; otherwise as `ablate_sentences`.

    Terms are what blanks part, or the words of a query without blanks.
    """
    return _ablate(query, text, reranker, lambda reading: _terms(reading, laboratory))


@dataclass(frozen=True)
class _Plan:
    """What is left out of what."""

    of: str
    side: Tokenized
    """What the parts are of."""
    other: Tokenized
    parts: tuple[Part, ...]

    def pair(self, part: Part | None = None) -> tuple[str, str]:
        """Query and text, without a part."""
        side = self.side.text
        if part:
            side = side[: part.span[0]] + side[part.span[1] :]
        return (side, self.other.text) if self.of == TERMS else (self.other.text, side)

    def batches(self) -> Iterator[tuple[str, list[str]]]:
        """Queries, each with texts to score: of the whole pair first, then without each part, in order."""
        query, size = "", 0
        texts: list[str] = []
        for pair in map(self.pair, (None, *self.parts)):
            if texts and (pair[0] != query or size > _AT_ONCE):
                yield query, texts
                texts, size = [], 0
            query = pair[0]
            texts.append(pair[1])
            size += len(pair[1])
        yield query, texts


async def _ablate(
    query: str, text: str, reranker: Reranker, planned: Callable[[Reading], _Plan]
) -> AsyncGenerator[Ablation, None]:
    reader = await head_reader(reranker)

    def begin() -> tuple[Reading, _Plan]:
        reading = reader.read(query, text)
        return reading, planned(reading)

    reading, plan = await in_thread(begin, "parts")
    found = Ablation(plan.of, plan.side.text, plan.parts, exact=reader.tokenizer.exact)
    if not plan.parts:
        yield replace(found, done=True)
        return
    yield found
    first = -1
    for now, texts in plan.batches():
        async with aclosing(scores_of(reranker, now, texts)) as scores:
            async for place, score in scores:
                index = first + place
                found = replace(found, score=score) if index < 0 else found.scored(index, score)
                if index >= 0 and found.parts[index] in found.broken:
                    without = await in_thread(partial(reader.read, *plan.pair(found.parts[index])), "check")
                    if without.inputs != reading.inputs:
                        found = found.moved(index)
                yield found
        first += len(texts)
    yield replace(found, done=True)


def _sentences(reading: Reading, laboratory: Laboratory) -> _Plan:
    document, query = reading.document, reading.query
    whole = query.text.strip() and document.text.strip()
    spans = laboratory.boundaries().sentences(document.text) if whole else ()
    return _Plan(SENTENCES, document, query, _parts(document, reading.kept.document, spans))


def _terms(reading: Reading, laboratory: Laboratory) -> _Plan:
    document, query = reading.document, reading.query
    spans: Sequence[Span] = [match.span() for match in _TERM.finditer(query.text)]
    if len(spans) == 1:
        spans = laboratory.boundaries().words(query.text)
    return _Plan(TERMS, query, document, _parts(query, reading.kept.query, spans if document.text.strip() else ()))


def _parts(side: Tokenized, kept: int, spans: Sequence[Span]) -> tuple[Part, ...]:
    """What can be left out of a side of which the first tokens were read."""
    spans = [span for span in spans if side.text[slice(*span)].strip()]
    if len(spans) < 2:
        return ()
    read = side.spans[kept - 1][1] if kept else 0
    unread = side.spans[kept][0] if kept < len(side) else len(side.text)
    parts = [Part(span, _read(side.text, span, read, unread)) for span in spans]
    alone, rest = parts[: PARTS - 2], parts[PARTS - 2 :]
    if len(parts) <= PARTS:
        return tuple(parts)
    groups = [part for part in rest if part.read is not Read.NOT], [part for part in rest if part.read is Read.NOT]
    for group in filter(None, groups):
        span = group[0].span[0], group[-1].span[1]
        alone.append(Part(span, _read(side.text, span, read, unread), holds=len(group)))
    return tuple(alone)


def _read(text: str, span: Span, read: int, unread: int) -> Read:
    """How much of a span was read; blanks around it do not count.

    Args:
        text: That the span is of.
        span: Not blank.
        read: Where the last token ends that was read.
        unread: Where the first token begins that was not.
    """
    part = text[slice(*span)]
    start, end = span[1] - len(part.lstrip()), span[0] + len(part.rstrip())
    return Read.WHOLE if end <= unread else Read.NOT if start >= read else Read.PARTLY

"""One query through both stages: retrieve, rerank, and say what moved."""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from workbench.config.logs import log_error, log_surprise
from workbench.domain.comparison import Baseline, Comparison, RerankerInfo, StageError
from workbench.domain.deployment import ModelKind
from workbench.domain.errors import ModelUnavailableError, WorkbenchError
from workbench.domain.latency import Latency
from workbench.domain.ranking import Aside, Candidate, PairScore, Reranked, Retrieval
from workbench.domain.scores import ScoreSpace, mix
from workbench.domain.shift import summarize
from workbench.domain.tuning import Tuning
from workbench.engines.base import FIRST_STAGE, Reranker, Retriever

DEFAULT = Tuning()


async def compare(
    query: str,
    retriever: Retriever,
    reranker: Reranker | StageError,
    tuning: Tuning = DEFAULT,
    pause: float = 0.0,
) -> AsyncGenerator[Comparison, None]:
    """Run one query and yield ever fuller comparisons.

    The first holds the BM25 list, later ones count scored candidates, the last holds the reranked list.
    A stage that fails ends the sequence with `error` set and everything before it kept. Closing the
    iterator stops the work.

    Args:
        query: What a person typed.
        retriever: Finds the candidates.
        reranker: Scores them; or why there is none.
        tuning: The settings.
        pause: Seconds to wait before the model is asked, so that a person who goes on typing does not pay
            for it; not counted as latency. A retriever that is far away is spared the same way.
    """
    if pause:
        await asyncio.sleep(retriever.patience)
    started = time.perf_counter()

    tuning = tuning.fitted(retriever.fields, retriever.choices)
    if not isinstance(reranker, StageError):
        reranker = reranker.by(tuning.chosen)
    comparison = Comparison(
        query,
        retriever.name,
        retriever.corpus,
        tuning.depth,
        min(tuning.size, tuning.depth),
        fields=tuning.boosts,
        reads=tuning.reads,
        ranking=dict(tuning.chosen).get(FIRST_STAGE, "bm25"),
        chosen=tuning.chosen,
    )
    try:
        found = await retriever.search(query, tuning.depth, tuning.boosts, tuning.chosen)
    except Exception as error:
        exchanges = tuple(filter(None, [getattr(error, "exchange", None)]))
        took = Latency(total=(time.perf_counter() - started) * 1000)
        failed = stage_error("retrieve", error)
        yield replace(comparison, exchanges=exchanges, latency=took, error=failed, done=True)
        return
    comparison = replace(
        comparison,
        total=found.total,
        bm25=found.candidates,
        request=found.request,
        ranking=found.ranking,
        latency=_latency(found, (), (time.perf_counter() - started) * 1000),
    )
    comparison = _said(comparison, found, ())
    if isinstance(reranker, StageError):
        yield replace(comparison, error=reranker, done=True)
        return
    info = _describe(reranker, tuning.weight)
    comparison = replace(comparison, reranker=info)
    if not found.candidates:
        yield replace(comparison, shift=summarize((), ()), done=True)
        return
    yield comparison

    await asyncio.sleep(pause)
    async with aclosing(_rerank(comparison, found, reranker)) as stages:
        async for stage in stages:
            yield stage


async def _rerank(comparison: Comparison, found: Retrieval, reranker: Reranker) -> AsyncGenerator[Comparison, None]:
    """Have the candidates scored; yields as `compare` does, from the first score on."""
    started = time.perf_counter()
    info, size = comparison.reranker, comparison.size
    assert info, "who reranks is said with the first list"
    scores: list[PairScore] = []
    asides: list[Aside] = []
    try:
        async with aclosing(reranker.score(comparison.query, _given(found, comparison.reads))) as stream:
            async for item in stream:
                if isinstance(item, Aside):
                    asides.append(item)
                    continue
                scores.append(item)
                if len(scores) < len(found.candidates):
                    yield replace(comparison, scored=len(scores))
        if odd := sum(not math.isfinite(pair.score) for pair in scores):
            raise ModelUnavailableError(
                f"{info.model} gave {odd:,} of {len(scores):,} scores that are no finite numbers.",
                "There is no order among them. Try another model, or another query.",
            )
    except Exception as error:
        failed = replace(comparison, scored=len(scores), error=stage_error("rerank", error), done=True)
        yield _said(failed, found, asides)
        return
    reranked = rank(found.candidates, scores, info)
    total = comparison.latency.total + (time.perf_counter() - started) * 1000
    finished = replace(
        comparison,
        reranked=reranked,
        scored=len(scores),
        shift=summarize(comparison.before[:size], reranked[:size]),
        latency=_latency(found, asides, total, scores),
        done=True,
    )
    yield _said(finished, found, asides, reranker.warnings)


async def compare_with(
    baseline: Tuning,
    query: str,
    retriever: Retriever,
    reranker: Reranker | StageError,
    tuning: Tuning,
    pause: float = 0.0,
) -> AsyncGenerator[Comparison, None]:
    """Run one query under two settings and compare the second with the first instead of with BM25.

    Until the list before is complete, what is yielded is of the run that makes it, against a baseline without rows.

    Args:
        baseline: The settings of the list before.
        query: What a person typed.
        retriever: Finds the candidates.
        reranker: Scores them; or why there is none.
        tuning: The settings of the list after.
        pause: As in `compare`.
    """
    before: Comparison | None = None
    async with aclosing(compare(query, retriever, reranker, baseline, pause)) as stages:
        async for stage in stages:
            before = stage
            if not stage.done:
                yield stage.against(Baseline(baseline, ()))
    async with aclosing(compare(query, retriever, reranker, tuning)) as stages:
        async for comparison in stages:
            if before is None or before.error:
                yield comparison
            else:
                yield comparison.against(Baseline(baseline, before.reranked))


def rank(candidates: Sequence[Candidate], scores: Sequence[PairScore], info: RerankerInfo) -> tuple[Reranked, ...]:
    """Put candidates in the reranker's order; equal scores keep their BM25 order.

    Args:
        candidates: In BM25 order.
        scores: At most one per candidate; a candidate without one is left out.
        info: Says whether the scores stand alone or are mixed with BM25's.
    """
    found = {pair.id: pair for pair in scores}
    candidates = [row for row in candidates if row.document.id in found]
    scores = [found[row.document.id] for row in candidates]
    raw = [pair.score for pair in scores]
    final = raw if info.weight is None else mix(raw, [row.score for row in candidates], info.weight)
    order = sorted(range(len(raw)), key=lambda index: -final[index])
    return tuple(
        Reranked(place, candidates[index], final[index], raw[index], scores[index].tokens, candidates[index].rank)
        for place, index in enumerate(order, start=1)
    )


def _given(found: Retrieval, reads: tuple[str, ...]) -> Retrieval:
    """The candidates with the fields that the reranker is given."""
    narrowed = (replace(row, document=row.document.narrowed(reads)) for row in found.candidates)
    return replace(found, candidates=tuple(narrowed))


def _said(
    comparison: Comparison, found: Retrieval, asides: Sequence[Aside], warnings: tuple[str, ...] = ()
) -> Comparison:
    """Add what both stages had to say beside their results."""
    findings = (*found.findings, *(finding for aside in asides for finding in aside.findings))
    exchanges = (*found.exchanges, *(aside.exchange for aside in asides))
    info = comparison.reranker
    if info and (told := [aside.space for aside in asides if aside.space]):
        info = replace(info, score_space=told[-1], raw_space=told[-1])
    return replace(
        comparison,
        reranker=info,
        warnings=(*found.notes, *map(str, findings), *warnings),
        findings=findings,
        exchanges=tuple(exchange for exchange in exchanges if exchange),
    )


def _latency(found: Retrieval, asides: Sequence[Aside], total: float, scores: Sequence[PairScore] = ()) -> Latency:
    exchanges = (*found.exchanges, *(aside.exchange for aside in asides))
    return Latency(
        found.retrieve_ms,
        found.fetch_ms,
        sum(pair.tokenize_ms for pair in scores),
        sum(pair.infer_ms for pair in scores) + sum(aside.infer_ms for aside in asides),
        sum(exchange.network_ms for exchange in exchanges if exchange),
        total,
    )


def _describe(reranker: Reranker, weight: float) -> RerankerInfo:
    if reranker.kind is ModelKind.BI_ENCODER:
        return RerankerInfo(reranker.model, reranker.kind, ScoreSpace.MIX, reranker.space, weight, reranker.way)
    return RerankerInfo(reranker.model, reranker.kind, reranker.space, reranker.space, None, reranker.way)


def stage_error(stage: str, error: Exception) -> StageError:
    """Write an error down, and say what the person needs of it; one that nobody expected must not look like work."""
    if isinstance(error, WorkbenchError):
        log_error(error)
        return StageError(stage, error.message, error.hint, error.exit_code, error.lasting)
    log_surprise(error)
    said = f"Something went wrong that should not have: {type(error).__name__}."
    return StageError(stage, said, "The log says where; `workbench locate logs` prints its folder.")

"""Whether what was not read would have changed the list: evidence planted at every place of help-center documents."""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from tests.fakes.default_model import default_model
from tests.fakes.engines import ListRetriever
from tests.fakes.help_center import help_center
from tests.fakes.lexical import LexicalReranker, Lines
from workbench.domain.comparison import Comparison, RerankerInfo
from workbench.domain.deployment import ModelKind
from workbench.domain.documents import Document, Span
from workbench.domain.errors import ModelUnavailableError, WorkbenchError
from workbench.domain.latency import Latency
from workbench.domain.scores import ScoreSpace
from workbench.domain.tokens import ESTIMATE, Reader
from workbench.domain.truncation import Strategy
from workbench.domain.tuning import Tuning
from workbench.domain.verdict import Counterfactual, Effect, PairVerdict
from workbench.engines.base import Reranker
from workbench.engines.boundaries import IcuBoundaries
from workbench.services.ablation import ablate_sentences, ablate_terms
from workbench.services.compare import compare, rank
from workbench.services.counterfactual import counterfactual, counterfactual_pair, per_pair_ms
from workbench.services.laboratory import Laboratory

QUERY = "external monitors stay black after the laptop wakes from sleep"
EVIDENCE = "When external monitors stay black after the laptop wakes from sleep, press the button once. "
"""Has every term of the query."""
LABORATORY = Laboratory(boundaries=IcuBoundaries)
FILLER = "Dust the lamp with cotton cloths. "


async def compared(
    documents: Sequence[Document], reranker: Reranker, size: int = 3, reads: tuple[str, ...] = ("title", "body")
) -> Comparison:
    tuning = Tuning(depth=len(documents), size=size, weight=0.5, reads=reads)
    *_, last = [stage async for stage in compare(QUERY, ListRetriever(documents), reranker, tuning)]
    assert not last.error
    return last


async def values(
    comparison: Comparison, reranker: Reranker, laboratory: Laboratory = LABORATORY, ids: Sequence[str] | None = None
) -> list[Counterfactual]:
    return [value async for value in counterfactual(comparison, reranker, laboratory, ids)]


async def judged(comparison: Comparison, reranker: Reranker) -> Counterfactual:
    return (await values(comparison, reranker))[-1]


def long(id: str, before: int = 20, after: int = 0, evidence: str = EVIDENCE) -> Document:
    """A document with evidence after some sentences without; about eight tokens each."""
    return Document.of(id, "", FILLER * before + evidence + FILLER * after)


def without_evidence(id: str) -> str:
    """A help-center document without the query's terms, so that the planted sentence alone has them."""
    asked = set(QUERY.split())
    return " ".join(word for word in help_center()[id].body.split() if word.strip(".,:;*()").lower() not in asked)


def planted(text: str, sentences: Sequence[Span]) -> list[Document]:
    """The text with the evidence before each of some sentences."""
    return [Document.of("planted", "", text[:start] + EVIDENCE + text[start:]) for start, _ in sentences]


def expected(comparison: Comparison, id: str, score: float) -> Effect:
    """The definition, written down again for a model whose scores stand alone."""
    rows = [(-row.raw, row.candidate.rank, row.candidate.document.id) for row in comparison.reranked]
    if all(-score >= raw for raw, _, other in rows if other == id):
        return Effect.HARMLESS
    changed = sorted((-score if other == id else raw, place, other) for raw, place, other in rows)
    first = [[other for _, _, other in some[: comparison.size]] for some in (sorted(rows), changed)]
    return Effect.SUPPRESSED if first[0] == first[1] else Effect.DECISIVE


@pytest.mark.parametrize("strategy", list(Strategy))
@pytest.mark.parametrize("strong", [1, 3])
async def test_planted_evidence_matters_exactly_where_the_model_does_not_read_it(
    strategy: Strategy, strong: int
) -> None:
    reranker = LexicalReranker(budget=97, strategy=strategy)
    # Those before it in BM25's list are as good as it can get: three of them fill the list.
    others = [Document.of(f"strong {n}", "", EVIDENCE) for n in range(strong)]
    others += [Document.of(f"weak {n}", "", FILLER) for n in range(2)]
    seen = dict.fromkeys(Effect, 0)
    for id in sorted(help_center())[::12]:
        text = without_evidence(id)
        for document in planted(text, IcuBoundaries().sentences(text)[::2]):
            comparison = await compared([*others, document], reranker)
            verdict = (await judged(comparison, reranker)).of("planted")
            reading = reranker.how.read(QUERY, document.text)
            start, cut = document.text.index(EVIDENCE.strip()), reading.count.kept_text_end
            if not reading.count.truncated:
                assert verdict is None
                continue
            assert verdict
            best = float(len(set(reading.query.ids)))
            if start + len(EVIDENCE.strip()) <= cut:
                assert verdict.effect is Effect.HARMLESS
                assert verdict.score == best
            elif start >= cut:
                assert verdict.effect is (Effect.DECISIVE if strong == 1 else Effect.SUPPRESSED)
                assert EVIDENCE.strip() in document.text[slice(*verdict.best.span)], "the piece has all of it"
                assert verdict.best.score == best
            assert verdict.effect is expected(comparison, "planted", verdict.best.score)
            seen[verdict.effect] += 1
    assert seen[Effect.HARMLESS] > 5
    assert seen[Effect.DECISIVE if strong == 1 else Effect.SUPPRESSED] > 20


async def test_planted_evidence_matters_to_the_default_model_where_it_does_not_read_it() -> None:
    reranker = default_model()
    # Long, and of other things than the query.
    text = help_center()[sorted(help_center())[0]].body + "\n\n" + FILLER * 60
    others = [Document.of(f"weak {n}", "", FILLER) for n in range(3)]
    seen = set()
    try:
        for document in planted(text, IcuBoundaries().sentences(text)[::7]):
            comparison = await compared([*others, document], reranker)
            verdict = (await judged(comparison, reranker)).of("planted")
            reading = (await reranker.reader()).read(QUERY, document.text)
            start, cut = document.text.index(EVIDENCE.strip()), reading.count.kept_text_end
            assert verdict
            if start >= cut:
                assert verdict.effect in (Effect.SUPPRESSED, Effect.DECISIVE)
                assert EVIDENCE.strip() in document.text[slice(*verdict.best.span)]
            elif start + len(EVIDENCE.strip()) <= cut:
                assert verdict.effect is Effect.HARMLESS
            seen.add(start >= cut)
    finally:
        await reranker.close()
    assert seen == {True, False}


@pytest.mark.parametrize("budget", [64, 97, 128])
async def test_moved_token_by_token_it_begins_to_matter_with_the_first_that_is_not_read(budget: int) -> None:
    reranker = LexicalReranker(budget=budget)
    for words in range(budget - 40, budget + 10):
        document = Document.of("planted", "", "dust " * words + ". " + EVIDENCE + FILLER * 9)
        comparison = await compared([Document.of("other", "", FILLER), document], reranker)
        verdict = (await judged(comparison, reranker)).of("planted")
        reading = reranker.how.read(QUERY, document.text)
        unread = set(reading.query.ids) - set(reading.document.ids[: reading.kept.document])
        assert verdict
        assert (verdict.effect is Effect.HARMLESS) == (not unread), words
        assert unread or verdict.best.score <= verdict.score


async def test_the_first_value_says_the_cost_before_anything_is_scored() -> None:
    reranker = LexicalReranker()
    comparison = await compared([long("cut"), Document.of("short", "", FILLER), long("too", 30)], reranker)
    async with aclosing(counterfactual(comparison, reranker, LABORATORY)) as stages:
        first = await anext(stages)
        assert not reranker.read
        assert (first.candidates, first.cut, first.scored, first.done) == (3, 2, 0, False)
    found = await values(comparison, reranker)
    assert found[0] == first
    assert [value.scored for value in found] == list(range(first.pairs + 1)), "one value for each score"
    assert [value.done for value in found] == [False] * first.pairs + [True]
    assert len(reranker.read) == first.pairs == sum(len(verdict.pieces) for verdict in found[-1].verdicts)


async def test_verdicts_come_with_the_last_piece_of_a_document_in_reranked_order() -> None:
    reranker = LexicalReranker()
    documents = [long("a"), long("b", 30), Document.of("short", "", EVIDENCE), long("c", 2, 30)]
    comparison = await compared(documents, reranker)
    found = await values(comparison, reranker)
    ranked = [row.candidate.document.id for row in comparison.reranked if row.candidate.document.id != "short"]
    assert [verdict.id for verdict in found[-1].verdicts] == ranked
    for value in found:
        pieces = sum(len(verdict.pieces) for verdict in value.verdicts)
        assert value.scored >= pieces
        assert [verdict.id for verdict in value.verdicts] == ranked[: len(value.verdicts)]
        assert bool(value.order) == value.done


async def test_the_last_value_has_the_order_that_all_pieces_together_give() -> None:
    reranker = LexicalReranker()
    documents = [
        Document.of("half", "", "External monitors."),
        long("harmless", 20, 9, ""),
        long("better"),
        long("too"),
    ]
    comparison = await compared(documents, reranker)
    assert [row.candidate.document.id for row in comparison.reranked] == ["half", "harmless", "better", "too"]
    last = await judged(comparison, reranker)
    assert last.order == ("better", "too", "half", "harmless")
    assert {verdict.id: (verdict.rank, verdict.rank_with_best) for verdict in last.verdicts} == {
        "harmless": (2, 2),
        "better": (3, 1),
        "too": (4, 1),
    }
    assert last.number(Effect.DECISIVE) == 2


@pytest.mark.parametrize("weight", [0.0, 0.3, 0.7, 1.0])
async def test_a_bi_encoder_is_mixed_with_bm25_anew(weight: float) -> None:
    reranker = LexicalReranker(kind=ModelKind.BI_ENCODER, strategy=Strategy.HEAD_ONLY)
    documents = [long(f"d{n}", 3 + 3 * n) for n in range(9)]
    comparison = await compared(documents, reranker)
    assert comparison.reranker
    info = replace(comparison.reranker, weight=weight)
    scores = [row.raw for row in sorted(comparison.reranked, key=lambda row: row.candidate.rank)]
    pairs = [row async for row in reranker.score_texts(QUERY, [document.text for document in documents])]
    pairs = [replace(pair, id=f"d{pair.id}") for pair in pairs]
    assert [pair.score for pair in pairs] == scores
    comparison = replace(comparison, reranker=info, reranked=rank(comparison.bm25, pairs, info))
    last = await judged(comparison, reranker)
    assert len(last.verdicts) == last.cut > 4
    for verdict in last.verdicts:
        better = [replace(pair, score=max(pair.score, verdict.best.score * (pair.id == verdict.id))) for pair in pairs]
        ranked = [row.candidate.document.id for row in rank(comparison.bm25, better, info)]
        assert verdict.rank_with_best == ranked.index(verdict.id) + 1 <= verdict.rank
        before = [row.candidate.document.id for row in comparison.reranked]
        if verdict.best.score <= verdict.score:
            assert verdict.effect is Effect.HARMLESS
        else:
            rises = ranked.index(verdict.id) < before.index(verdict.id) and verdict.id in ranked[:3]
            assert (verdict.effect is Effect.DECISIVE) == rises
    assert weight or not last.number(Effect.DECISIVE), "BM25 alone ranks"


async def test_only_the_documents_that_are_named_are_judged() -> None:
    reranker = LexicalReranker()
    comparison = await compared([long("a"), long("b"), long("c")], reranker)
    found = await values(comparison, reranker, ids=["b"])
    assert found[0].candidates == found[0].cut == 1
    assert [verdict.id for verdict in found[-1].verdicts] == ["b"]
    assert found[-1].order == ("b", "a", "c")


async def test_the_model_is_given_the_fields_that_it_was_given_before() -> None:
    reranker = LexicalReranker()
    documents = [Document.of("d", "Title " * 30, FILLER * 20 + EVIDENCE)]
    title = await compared(documents, reranker, reads=("title",))
    assert (await judged(title, reranker)).cut == 0
    both = await compared(documents, reranker, reads=("title", "body"))
    body = await compared(documents, reranker, reads=("body",))
    for comparison, text in ((both, documents[0].text), (body, documents[0].body)):
        reranker.read.clear()
        (verdict,) = (await judged(comparison, reranker)).verdicts
        assert [text[slice(*piece.span)] for piece in verdict.pieces] == reranker.read


async def test_a_list_without_a_cut_document_is_done_at_once() -> None:
    reranker = LexicalReranker()
    documents = [Document.of("a", "", FILLER), Document.of("b", "", EVIDENCE), Document.of("blank", "", " ")]
    (only,) = await values(await compared(documents, reranker), reranker)
    assert only.done and not only.pairs and not only.note
    assert only.order == ("b", "a", "blank")
    nothing = Comparison("", "list", "test", 5, 3)
    (only,) = await values(nothing, reranker)
    assert only.done and not only.candidates


async def test_a_window_without_room_says_that_nothing_can_be_scored() -> None:
    reranker = LexicalReranker(budget=3)
    (only,) = await values(await compared([long("a"), long("b")], reranker), reranker)
    assert (only.cut, only.pairs, only.done, only.verdicts) == (2, 0, True, ())
    assert "unread tokens of 2 documents cannot be scored" in only.note


async def test_an_estimate_is_called_one() -> None:
    reranker = LexicalReranker()
    assert all(value.exact for value in await values(await compared([long("a")], reranker), reranker))
    reranker.how = ESTIMATE
    comparison = await compared([long("a", 100)], reranker)
    found = await values(comparison, reranker)
    assert not any(value.exact for value in found)
    assert found[-1].cut == 1 and found[-1].verdicts


async def test_what_was_found_before_the_model_broke_is_kept() -> None:
    reranker = LexicalReranker(fail_after=7)
    comparison = await compared([long("a"), long("b"), long("c")], reranker)
    with pytest.raises(ModelUnavailableError, match="broke"):
        async for last in counterfactual(comparison, reranker, LABORATORY):
            assert not last.done
    assert last.scored == 7
    assert last.verdicts
    assert reranker.stopped


async def test_a_score_that_is_no_number_is_refused() -> None:
    class Odd(LexicalReranker):
        def _scored(self, id: str, query: str, text: str):  # type: ignore[no-untyped-def]
            return replace(super()._scored(id, query, text), score=float("nan"))

    comparison = await compared([long("a")], LexicalReranker())
    with pytest.raises(ModelUnavailableError, match="no finite number"):
        await values(comparison, Odd())


async def test_a_piece_without_a_score_is_no_verdict() -> None:
    class Forgetful(LexicalReranker):
        async def score_texts(self, query, texts):  # type: ignore[no-untyped-def]
            async for pair in super().score_texts(query, texts):
                if pair.id != "1":
                    yield pair

    comparison = await compared([long("a")], LexicalReranker())
    with pytest.raises(ModelUnavailableError, match=r"scored \d of \d texts"):
        await values(comparison, Forgetful())


@pytest.mark.parametrize("after", [0, 1, 4])
async def test_cancelling_stops_the_work_between_two_pieces(after: int) -> None:
    reranker = LexicalReranker(stall_after=after)
    comparison = await compared([long("a"), long("b")], reranker)
    reached = asyncio.Event()

    async def run() -> None:
        async for value in counterfactual(comparison, reranker, LABORATORY):
            if value.scored == after:
                reached.set()

    task = asyncio.create_task(run())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(reranker.read) == after
    assert reranker.stopped or not after


async def test_closing_after_any_value_leaves_nothing_running() -> None:
    reranker = LexicalReranker()
    comparison = await compared([long("a"), long("b")], reranker)
    for after in range(len(await values(comparison, reranker)) + 1):
        reranker.read.clear()
        async with aclosing(counterfactual(comparison, reranker, LABORATORY)) as stages:
            for _ in range(after):
                await anext(stages)
        assert len(reranker.read) <= max(after - 1, 0)
        assert reranker.stopped


async def test_cancelling_while_texts_are_cut_up_stops_before_the_next_one() -> None:
    begun, go = threading.Event(), threading.Event()

    class Slow(Lines):
        asked = 0

        def sentences(self, text: str) -> list[Span]:
            self.asked += 1
            begun.set()
            assert go.wait(30)
            return super().sentences(text)

    slow, reranker = Slow(), LexicalReranker()
    comparison = await compared([long("a"), long("b"), long("c")], reranker)
    task = asyncio.create_task(values(comparison, reranker, Laboratory(boundaries=lambda: slow)))
    await asyncio.to_thread(begun.wait, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    workers = [thread for thread in threading.enumerate() if thread.name == "pieces"]
    go.set()
    for thread in workers:
        await asyncio.to_thread(thread.join, 30)
    assert slow.asked == 1


async def test_a_pair_that_is_in_no_list_is_harmless_or_suppressed_and_never_decisive() -> None:
    reranker = LexicalReranker()
    for text, effect in ((long("a").text, Effect.SUPPRESSED), (long("a", 0, 20).text, Effect.HARMLESS)):
        found = [value async for value in counterfactual_pair(QUERY, text, reranker, LABORATORY)]
        first, last = found[0], found[-1]
        assert (first.scored, first.score, first.effect, first.cut) == (0, None, None, True)
        assert [value.scored for value in found] == list(range(last.pairs + 1))
        assert last.effect is effect
        assert last.best and last.score is not None
        assert (last.best.score > last.score) == (effect is Effect.SUPPRESSED)
        assert len(last.pieces) == last.pairs - 1


async def test_a_pair_that_was_read_whole_costs_one_score() -> None:
    reranker = LexicalReranker()
    *_, last = [value async for value in counterfactual_pair(QUERY, FILLER, reranker, LABORATORY)]
    assert last == PairVerdict(cut=False, pairs=1, score=1.0, done=True)
    assert last.effect is Effect.HARMLESS and last.best is None


async def test_a_blank_text_costs_nothing() -> None:
    (only,) = [value async for value in counterfactual_pair(QUERY, " \n", LexicalReranker(), LABORATORY)]
    assert only == PairVerdict(cut=False, pairs=0, done=True)


def test_a_pair_costs_what_it_took_in_the_list() -> None:
    comparison = Comparison("q", "list", "test", 5, 3, latency=Latency(tokenize=10.0, rerank=90.0), scored=5)
    info = _info(ModelKind.CROSS_ENCODER)
    assert per_pair_ms(comparison) is None, "nothing was reranked"
    assert per_pair_ms(replace(comparison, reranker=info)) == 20.0
    assert per_pair_ms(replace(comparison, reranker=info, scored=0)) is None
    assert per_pair_ms(replace(comparison, reranker=info, latency=Latency())) is None


def test_what_kept_vectors_took_says_nothing_of_a_pair() -> None:
    query_alone = Latency(tokenize=0.0, rerank=5.0)
    comparison = Comparison("q", "list", "test", 5, 3, latency=query_alone, scored=5)
    assert per_pair_ms(replace(comparison, reranker=_info(ModelKind.BI_ENCODER))) is None


def _info(kind: ModelKind) -> RerankerInfo:
    return RerankerInfo("m", kind, ScoreSpace.LOGIT, ScoreSpace.LOGIT, None)


class Picking(LexicalReranker):
    """Reads what a server picks of a text."""

    async def reader(self) -> Reader:
        return replace(await super().reader(), picks="With `chunks` the server picks. Set `chunks` to off.")


async def test_what_a_server_picks_is_not_judged_by_its_head() -> None:
    reranker = Picking()
    comparison = await compared([long("a"), long("b")], reranker)
    for values in (
        counterfactual(comparison, reranker, LABORATORY),
        counterfactual_pair(QUERY, FILLER * 30, reranker, LABORATORY),
        ablate_sentences(QUERY, FILLER * 30, reranker, LABORATORY),
        ablate_terms(QUERY, FILLER * 30, reranker, LABORATORY),
    ):
        with pytest.raises(WorkbenchError, match="Nobody knows what the model did not read") as caught:
            await anext(values)
        assert caught.value.hint.endswith("Set `chunks` to off.")

"""What each sentence of a document and each term of a query does to the score."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.fakes.default_model import default_model
from tests.fakes.help_center import help_center
from tests.fakes.lexical import LexicalReranker, Lines, WordPieces
from tests.fakes.tiny_models import prepared
from workbench.domain.ablation import Ablation, Part, Read
from workbench.domain.deployment import ModelKind
from workbench.domain.documents import Span
from workbench.domain.errors import ModelUnavailableError
from workbench.domain.ranking import PairScore
from workbench.domain.tokens import ESTIMATE, Tokenized
from workbench.domain.truncation import Strategy
from workbench.engines.base import Reranker
from workbench.engines.boundaries import IcuBoundaries
from workbench.engines.onnx_reranker import OnnxReranker
from workbench.services.ablation import PARTS, ablate_sentences, ablate_terms
from workbench.services.laboratory import Laboratory

LABORATORY = Laboratory(boundaries=IcuBoundaries)
PLAIN = Laboratory(boundaries=Lines)
QUERY = "laptop gets hot"
TEXT = "The laptop fan is loud. It gets warm. Nothing of it matters here. Water is hot."


async def sentences(
    text: str, reranker: Reranker, query: str = QUERY, laboratory: Laboratory = LABORATORY
) -> list[Ablation]:
    return [value async for value in ablate_sentences(query, text, reranker, laboratory)]


async def terms(query: str, reranker: Reranker, text: str = TEXT) -> list[Ablation]:
    return [value async for value in ablate_terms(query, text, reranker, LABORATORY)]


def shares(ablation: Ablation) -> dict[str, float | None]:
    return {ablation.text[slice(*part.span)].strip(): ablation.share(part) for part in ablation.parts}


async def test_a_sentence_is_worth_what_the_score_loses_without_it() -> None:
    found = await sentences(TEXT, LexicalReranker())
    assert (found[-1].of, found[-1].text, found[-1].score, found[-1].done) == ("sentences", TEXT, 3.0, True)
    assert shares(found[-1]) == {
        "The laptop fan is loud.": 1.0,
        "It gets warm.": 1.0,
        "Nothing of it matters here.": 0.0,
        "Water is hot.": 1.0,
    }


async def test_a_term_is_worth_what_the_score_loses_without_it() -> None:
    found = await terms("laptop gets very hot", LexicalReranker())
    assert found[-1].of == "terms"
    assert found[-1].text == "laptop gets very hot"
    assert shares(found[-1]) == {"laptop": 1.0, "gets": 1.0, "very": 0.0, "hot": 1.0}


async def test_the_first_value_has_the_parts_and_nothing_is_scored_yet() -> None:
    reranker = LexicalReranker()
    async with aclosing(ablate_sentences(QUERY, TEXT, reranker, LABORATORY)) as values:
        first = await anext(values)
    assert not reranker.read
    assert len(first.parts) == 4
    assert (first.score, first.done, first.checked) == (None, False, 0)
    found = await sentences(TEXT, reranker)
    assert found[0] == first
    assert len(reranker.read) == len(first.parts) + 1
    known = [sum(part.score is not None for part in value.parts) + (value.score is not None) for value in found]
    assert known == [0, 1, 2, 3, 4, 5, 5], "one more with each value, the whole first"
    assert [value.done for value in found] == [False] * 6 + [True]


@pytest.mark.parametrize("query", ["laptop", "laptop?", "", "  ", "漢"])
async def test_a_query_of_one_term_has_no_parts(query: str) -> None:
    (only,) = await terms(query, LexicalReranker())
    assert only.done and only.parts == () and only.score is None


@pytest.mark.parametrize("text", ["", " \n ", "One sentence.", "One sentence. \n\n \n", "x" * 10_000])
async def test_a_text_of_one_sentence_has_no_parts(text: str) -> None:
    reranker = LexicalReranker()
    (only,) = await sentences(text, reranker)
    assert only.done and only.parts == ()
    assert not reranker.read


async def test_nothing_is_left_out_beside_a_blank_side() -> None:
    for found in (await sentences(TEXT, LexicalReranker(), " "), await terms(QUERY, LexicalReranker(), " ")):
        assert [(value.parts, value.done) for value in found] == [((), True)]


async def test_a_query_without_blanks_falls_into_words() -> None:
    (first, *_) = await terms("笔记本电脑发热", LexicalReranker(), "笔记本电脑发热了。")
    words = [first.text[slice(*part.span)] for part in first.parts]
    assert len(words) > 1
    assert "".join(words) == first.text


async def test_how_much_was_read_of_each_part() -> None:
    reranker = LexicalReranker(budget=16)
    text = "One two three. Four five six. Seven eight nine ten. Eleven twelve. Thirteen."
    (first, *_) = await sentences(text, reranker)
    assert [part.read for part in first.parts] == [Read.WHOLE, Read.WHOLE, Read.PARTLY, Read.NOT, Read.NOT]
    (first, *_) = await terms("one two three four five six seven eight", reranker)
    assert [part.read for part in first.parts] == [Read.WHOLE] * 6 + [Read.NOT] * 2


async def test_a_sentence_that_ends_with_the_last_token_read_was_read() -> None:
    reranker = LexicalReranker(budget=10)
    (first, *_) = await sentences("One two three.  \n Four five six.", reranker)
    assert [part.read for part in first.parts] == [Read.WHOLE, Read.NOT]


@pytest.mark.parametrize("kind", [ModelKind.CROSS_ENCODER, ModelKind.BI_ENCODER])
async def test_beyond_the_cut_nothing_changes_for_every_help_center_document(kind: ModelKind, tmp_path: Path) -> None:
    reranker = OnnxReranker(prepared(tmp_path, kind, window=48), tmp_path / "vectors")
    checked = cut = 0
    try:
        for document in list(help_center().values())[::3]:
            *_, last = await sentences(document.text, reranker, "why does my laptop get hot")
            assert last.exact
            assert last.broken == ()
            assert not any(part.moves for part in last.parts)
            unread = [part for part in last.parts if part.read is Read.NOT]
            assert last.checked == len(unread)
            assert {last.share(part) for part in unread} <= {0.0}
            checked += last.checked
            cut += bool(unread)
    finally:
        await reranker.close()
    assert cut > 30
    assert checked > 500


async def test_beyond_the_cut_nothing_changes_with_the_default_model() -> None:
    reranker = default_model()
    text = "\n\n".join(document.text for document in list(help_center().values())[:2])
    try:
        *_, last = await sentences(text, reranker, "laptop gets hot while charging")
    finally:
        await reranker.close()
    assert last.checked > 10
    assert last.broken == ()
    assert any(last.share(part) for part in last.parts if part.read is Read.WHOLE)


async def test_a_score_that_changes_beyond_the_cut_is_broken() -> None:
    class Leaky(LexicalReranker):
        """Reads one token more than it says."""

        def _scored(self, id: str, query: str, text: str) -> PairScore:
            pair = super()._scored(id, query, text)
            return PairScore(id, pair.score + 1e-9 * len(text), pair.tokens, 0.1, 0.1)

    *_, last = await sentences("One two three. " * 9, Leaky(budget=24))
    assert last.checked == 4
    assert len(last.broken) == 4


async def test_a_part_beyond_the_cut_that_moves_it_is_said_and_is_not_broken() -> None:
    # With more than half of the room, the longer side gets the odd token: without the last sentence that is the query.
    query = "one two three four laptop six"
    reranker = LexicalReranker(budget=12)
    *_, last = await sentences("Laptop dust dust dust. Four five six.", reranker, query, PLAIN)
    assert [(part.read, part.moves) for part in last.parts] == [(Read.WHOLE, False), (Read.NOT, True)]
    assert last.share(last.parts[1]) != 0.0
    assert (last.broken, last.checked) == ((), 0)


async def test_what_follows_the_cut_can_change_the_tokens_before_it_and_that_is_said() -> None:
    class Pairs(WordPieces):
        """Two characters a token, from the end of a word: what is added to it shifts all of them."""

        def _tokenized(self, text: str) -> Tokenized:
            ends = range(len(text), 0, -2)
            spans = [(max(end - 2, 0), end) for end in ends][::-1]
            return Tokenized(text, [ord(text[start]) + 999 * ord(text[end - 1]) for start, end in spans], spans)

    reranker = LexicalReranker(budget=12, strategy=Strategy.HEAD_ONLY, tokenizer=Pairs())
    *_, last = await sentences("laptop hot notebook. Cold. Dry. Old x. Done.", reranker, "laptop", PLAIN)
    moved = [part for part in last.parts if part.moves]
    assert moved
    assert all(part.read is Read.NOT and last.share(part) for part in moved)
    assert last.broken == ()


async def test_with_an_estimate_nothing_is_checked_and_nothing_broken() -> None:
    class Guessing(LexicalReranker):
        async def reader(self):  # type: ignore[no-untyped-def]
            return ESTIMATE

    *_, last = await sentences("Laptop laptop. " * 400, Guessing(budget=10_000))
    assert not last.exact
    assert any(part.read is Read.NOT for part in last.parts)
    assert (last.checked, last.broken) == (0, ())


async def test_thousands_of_sentences_are_left_out_one_by_one_first_and_then_together() -> None:
    reranker = LexicalReranker(budget=1_000)
    text = "".join(f"Sentence {number} is one. " for number in range(1_500))
    *_, last = await sentences(text, reranker)
    assert len(last.parts) == PARTS
    assert sum(part.holds for part in last.parts) == 1_500
    assert [part.holds for part in last.parts[:-2]] == [1] * (PARTS - 2)
    read, unread = last.parts[-2:]
    assert (read.read, unread.read) == (Read.PARTLY, Read.NOT)
    assert read.span[1] == unread.span[0]
    assert last.share(unread) == 0.0
    assert last.checked == 1


async def test_just_as_many_as_there_may_be_stay_alone() -> None:
    *_, last = await sentences("Word. " * PARTS, LexicalReranker(budget=500))
    assert [part.holds for part in last.parts] == [1] * PARTS


async def test_a_long_text_is_not_held_once_for_every_part() -> None:
    class Weighing(LexicalReranker):
        most = 0

        async def score_texts(self, query: str, texts: Sequence[str]) -> AsyncGenerator[PairScore, None]:
            self.most = max(self.most, sum(map(len, texts)))
            async for pair in super().score_texts(query, texts):
                yield pair

    reranker = Weighing()
    text = "".join(f"{'x' * 20_000} {number}. " for number in range(25))
    *_, last = await sentences(text, reranker, laboratory=PLAIN)
    assert last.done and len(last.parts) == 25
    assert reranker.most < 3_000_000
    assert len(set(reranker.read)) == 26
    assert all(part.score is not None for part in last.parts)


async def test_what_was_found_before_the_model_broke_is_kept() -> None:
    for ablate, side in ((ablate_sentences, QUERY), (ablate_terms, QUERY)):
        with pytest.raises(ModelUnavailableError, match="broke"):
            async for last in ablate(side, TEXT, LexicalReranker(fail_after=3), LABORATORY):
                assert not last.done
        assert last.score == 3.0
        assert [part.score is not None for part in last.parts][:3] == [True, True, False]


@pytest.mark.parametrize("after", range(6))
async def test_closing_after_any_value_leaves_nothing_running(after: int) -> None:
    reranker = LexicalReranker()
    async with aclosing(ablate_sentences(QUERY, TEXT, reranker, LABORATORY)) as values:
        for _ in range(after):
            await anext(values)
    assert len(reranker.read) == max(after - 1, 0)
    assert reranker.stopped or after < 2


async def test_cancelling_stops_the_work_between_two_texts() -> None:
    reranker = LexicalReranker(stall_after=2)
    reached = asyncio.Event()

    async def run() -> None:
        async for value in ablate_sentences(QUERY, TEXT, reranker, LABORATORY):
            if value.parts[0].score is not None:
                reached.set()

    task = asyncio.create_task(run())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(reranker.read) == 2
    assert reranker.stopped


async def test_texts_are_cut_up_beside_the_event_loop() -> None:
    seen = set()

    class Where(Lines):
        def sentences(self, text: str) -> list[Span]:
            seen.add(threading.current_thread())
            return super().sentences(text)

    await sentences(TEXT, LexicalReranker(), laboratory=Laboratory(boundaries=Where))
    assert threading.main_thread() not in seen


def test_a_share_is_unknown_until_both_scores_are() -> None:
    part = Part((0, 1), Read.NOT)
    ablation = Ablation("sentences", "ab", (part, Part((1, 2), Read.NOT)))
    assert ablation.share(part) is None
    assert ablation.scored(0, 2.0).checked == 0
    assert ablation.scored(0, 2.0).scored(0, 1.0).parts[0].score == 1.0

"""One document under several ways to cut it into chunks."""

from contextlib import aclosing

import pytest

from tests.fakes.lexical import LexicalReranker
from workbench.domain.chunks import Chunking, ChunkLab, ChunkSettings, ChunkStrategy, ChunkUse, Way
from workbench.domain.errors import BadInputError, ModelUnavailableError
from workbench.domain.truncation import Strategy
from workbench.engines.boundaries import IcuBoundaries
from workbench.services.chunk_lab import WAYS, chunk_lab
from workbench.services.laboratory import Laboratory

LABORATORY = Laboratory(IcuBoundaries, lambda text: text.lower().replace(".", " ").split())
QUERY = "purple elephants"
SENTENCE = "Nothing of that kind is to be found here at number {}. "
TEXT = "".join(SENTENCE.format(n) for n in range(60)) + "But purple elephants are. " + SENTENCE.format("last") * 30
"""About a thousand words; the answer is behind the first 512 tokens."""


def elastic(budget: int = 512, fail_after: int = -1, stall_after: int = -1) -> LexicalReranker:
    return LexicalReranker(budget, strategy=Strategy.BALANCED, fail_after=fail_after, stall_after=stall_after)


async def values(
    text: str = TEXT,
    query: str = QUERY,
    reranker: LexicalReranker | None = None,
    ways: tuple[Way, ...] = (),
    score_unsent: bool = False,
) -> list[ChunkLab]:
    lab = chunk_lab(query, text, reranker or elastic(), LABORATORY, ways, score_unsent)
    return [value async for value in lab]


def named(lab: ChunkLab, start: str) -> Chunking:
    return next(way for way in lab.ways if way.name.startswith(start))


async def test_every_way_is_laid_out_before_anything_is_scored() -> None:
    reranker = elastic()
    async with aclosing(chunk_lab(QUERY, TEXT, reranker, LABORATORY)) as lab:
        first = await anext(lab)
        assert reranker.read == []
    assert [way.name for way in first.ways] == [
        "semantic_text · sentence 250/1",
        "semantic_text · word 250/100",
        "semantic_text · recursive 250 markdown",
        "semantic_text · recursive 250 plaintext",
        "semantic_text · none",
        "long_document_strategy: chunk",
        "long_document_strategy: chunk · first 2",
        "chunk_rescorer · best 1",
        "chunk_rescorer · best 3",
    ]
    assert (first.scored, first.done, first.truncated) == (0, False, None)
    assert first.pairs > 3
    assert all(chunk.score is None for way in first.ways for chunk in way.chunks)
    assert all(way.note and way.best is None for way in first.ways)


async def test_each_value_holds_one_more_score_until_all_are_there() -> None:
    found = await values()
    assert [value.scored for value in found] == list(range(found[0].pairs + 1))
    assert [value.done for value in found] == [False] * found[0].pairs + [True]
    assert all(chunk.score is not None for way in found[-1].ways for chunk in way.chunks if chunk.sent)


async def test_the_best_chunk_is_held_against_the_text_as_it_is_read_now() -> None:
    last = (await values())[-1]
    assert last.truncated == 0, "the answer is behind the cut"
    assert named(last, "semantic_text · none").best == 0
    assert named(last, "long_document_strategy").best == 2
    assert named(last, "chunk_rescorer").best == 2


async def test_equal_texts_are_scored_once() -> None:
    reranker = elastic()
    last = (await values(reranker=reranker))[-1]
    assert len(reranker.read) == len(set(reranker.read)) == last.pairs
    assert sum(way.pairs for way in last.ways) > last.pairs
    short = await values("A short text.")
    assert (short[-1].pairs, short[-1].scored) == (1, 1)
    assert {way.best for way in short[-1].ways if way.pairs} == {short[-1].truncated}


async def test_what_is_embedded_is_not_what_the_model_reads() -> None:
    last = (await values())[-1]
    for way in last.ways:
        if way.name.startswith("semantic_text") and "none" not in way.name:
            assert "does not read these chunks" in way.note
            assert (way.pairs, way.best) == (0, None)
            assert len(way.chunks) > 1
    assert [chunk.sent for chunk in named(last, "semantic_text · none").chunks] == [True]


async def test_chunks_that_are_not_sent_are_scored_when_that_is_asked_for() -> None:
    last = (await values(score_unsent=True))[-1]
    way = named(last, "semantic_text · sentence 250/1")
    assert max(chunk.score or 0 for chunk in way.chunks) == 2
    assert (way.pairs, way.best) == (0, None)
    assert all(chunk.score is not None for way in last.ways for chunk in way.chunks)


async def test_a_long_document_is_sent_in_chunks_or_the_first_of_them() -> None:
    last = (await values())[-1]
    every, first_two = (way for way in last.ways if way.name.startswith("long_document"))
    assert every.settings == ChunkSettings(ChunkStrategy.SENTENCE, 379, 1), "sized for a query of two words"
    assert [chunk.sent for chunk in every.chunks] == [True] * 3
    assert [chunk.sent for chunk in first_two.chunks] == [True, True, False]
    assert first_two.best == every.best == 2
    assert "first 2 chunks" in first_two.note
    assert "depends on the version" in first_two.note and "drop it, as is shown here" in first_two.note
    assert "depends" not in every.note


async def test_bm25_picks_what_the_rescorer_sends() -> None:
    last = (await values())[-1]
    best, best_three = (way for way in last.ways if way.name.startswith("chunk_rescorer"))
    assert best.settings == ChunkSettings(ChunkStrategy.SENTENCE, 300, 0)
    (sent,) = [chunk for chunk in best.chunks if chunk.sent]
    assert "purple elephants" in TEXT[slice(*sent.span)]
    assert sent.bm25 == max(chunk.bm25 or 0 for chunk in best.chunks) > 0
    assert best_three.chunks[0].bm25 == 0
    assert best_three.pairs == 1, "a chunk without any word of the query does not come along"


async def test_where_bm25_finds_nothing_the_first_chunks_are_sent_and_that_is_said() -> None:
    last = (await values(query="zebras"))[-1]
    best, best_three = (way for way in last.ways if way.name.startswith("chunk_rescorer"))
    assert [chunk.sent for chunk in best.chunks] == [True, False, False, False]
    assert [chunk.sent for chunk in best_three.chunks] == [True, True, True, False]
    assert "No chunk has a word of the query" in best.warnings[-1]


async def test_tokens_are_counted_and_cut_as_the_model_reads_a_chunk() -> None:
    reranker = elastic()
    last = (await values(reranker=reranker))[-1]
    assert last.query_tokens == 2
    for way in last.ways:
        for chunk in way.chunks:
            reading = reranker.how.read(QUERY, TEXT[slice(*chunk.span)])
            assert (chunk.tokens, chunk.kept) == (len(reading.document), reading.kept.document)
            assert chunk.words == len(IcuBoundaries().words(TEXT[slice(*chunk.span)]))


async def test_a_size_that_cannot_fit_is_flagged_with_the_numbers() -> None:
    roomy, tight = (await values())[0], (await values(reranker=elastic(256)))[0]
    assert named(roomy, "semantic_text · sentence 250/1").warnings == ()
    (warning,) = named(tight, "semantic_text · sentence 250/1").warnings
    longest = max(chunk.tokens for chunk in named(tight, "semantic_text · sentence 250/1").chunks)
    assert f"up to {longest} tokens, and 251 fit beside this query of 2" in warning
    assert "About 231 words" in warning
    (warning,) = named(tight, "semantic_text · none").warnings
    assert "The text has 1,175 tokens" in warning and "251 fit" in warning


async def test_a_size_that_would_not_fit_is_flagged_on_a_text_that_does() -> None:
    warning, *_ = named((await values("One, two, three."))[0], "chunk_rescorer · best 1").warnings
    assert warning.startswith("300 words are about 600 tokens of such text, and 507 fit beside this query of 2.")
    assert "About 253 words a chunk would do." in warning


async def test_a_blank_text_is_not_scored() -> None:
    (lab,) = await values(" \n ")
    assert (lab.pairs, lab.scored, lab.done, lab.truncated) == (0, 0, True, None)
    assert all(not chunk.sent for way in lab.ways for chunk in way.chunks)
    assert all("without any text are not sent: 1" in way.warnings[0] for way in lab.ways)


async def test_ways_of_ones_own_are_tried_too() -> None:
    small = ChunkSettings(ChunkStrategy.SENTENCE, 20, 0)
    ways = Way(ChunkUse.RESCORER, small, 2), Way(ChunkUse.SEMANTIC_TEXT, small), Way(ChunkUse.LONG_DOCUMENT, most=1)
    last = (await values(ways=ways))[-1]
    rescored, embedded, first = last.ways[len(WAYS) :]
    assert rescored.name == "chunk_rescorer · best 2 · sentence 20/0"
    assert rescored.best == 2
    assert embedded.name == "semantic_text · sentence 20/0"
    assert first.name == "long_document_strategy: chunk · first 1"
    assert "the first chunk, and what is behind" in first.note


async def test_a_way_that_is_tried_anyway_is_tried_once() -> None:
    assert len((await values(ways=WAYS[:2]))[-1].ways) == len(WAYS)


async def test_a_separator_that_never_ends_is_given_up_by_name() -> None:
    endless = ChunkSettings(ChunkStrategy.RECURSIVE, 10, separators=("(a|aa)+$",))
    with pytest.raises(BadInputError, match=r"The separator \(a\|aa\)\+\$ takes more than 2 s"):
        await values("a" * 60 + "b " + "word " * 20, ways=(Way(ChunkUse.SEMANTIC_TEXT, endless),))


async def test_settings_that_the_server_would_refuse_are_refused_before_anything_else() -> None:
    reranker = elastic()
    with pytest.raises(BadInputError, match=r"\[max_chunk_size\] must be greater than or equal to \[20\]"):
        await values(reranker=reranker, ways=(Way(ChunkUse.RESCORER, ChunkSettings(ChunkStrategy.SENTENCE, 19)),))
    assert reranker.read == []


async def test_a_model_that_breaks_says_so_and_what_was_scored_stays() -> None:
    seen: list[ChunkLab] = []
    with pytest.raises(ModelUnavailableError, match="The model broke"):
        lab = chunk_lab(QUERY, TEXT, elastic(fail_after=2), LABORATORY)
        while True:
            seen.append(await anext(lab))
    assert [value.scored for value in seen] == [0, 1, 2]
    assert seen[-1].truncated == 0


async def test_closing_it_stops_the_model() -> None:
    reranker = elastic()
    async with aclosing(chunk_lab(QUERY, TEXT, reranker, LABORATORY)) as lab:
        async for value in lab:
            if value.scored == 2:
                break
    assert reranker.stopped
    assert len(reranker.read) == 2

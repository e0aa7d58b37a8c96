import asyncio
import math
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engines.docstrings import docstrings
from workbench.domain.documents import Document, Judgment, Query
from workbench.domain.errors import BadInputError, IndexUnavailableError
from workbench.domain.ranking import Explanation
from workbench.engines.base import Retriever
from workbench.engines.corpora import read_queries
from workbench.engines.embedded import EmbeddedRetriever
from workbench.engines.index import build_index, remove_corpus

SHOP = (
    Document.of("heat", "Why a laptop runs hot", "Laptops get warm while charging. Unplug the adapter.\nLet it cool."),
    Document.of("case", "The laptop's case", "A case for laptops. The hot pink one is sold out."),
    Document.of("swap", "Hot-swap battery packs", "Charging is safe: swap packs while the laptop sleeps."),
    Document.of("E-417", "Error codes", "E-417: the laptop gets too hot. W-22: the fan is blocked."),
)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[EmbeddedRetriever]:
    judged = ([Query(f"q{n}", f"query {n}") for n in range(12)], [Judgment("q1", "heat", 3)])
    build_index(tmp_path, "shop", "here", SHOP, judged=judged)
    retriever = EmbeddedRetriever(tmp_path, "shop")
    yield retriever
    await retriever.close()


async def ids(retriever: EmbeddedRetriever, query: str) -> list[str]:
    return [row.document.id for row in (await retriever.search(query, 10)).candidates]


async def test_it_is_a_retriever(shop: EmbeddedRetriever) -> None:
    retriever: Retriever = shop
    assert (retriever.name, retriever.corpus) == ("embedded", "shop")
    assert retriever.fields == (("title", 2.0), ("body", 1.0))


async def test_candidates_come_ranked_with_text_total_times_and_matches(shop: EmbeddedRetriever) -> None:
    found = await shop.search("hot laptops", 2)
    assert [row.rank for row in found.candidates] == [1, 2]
    first = found.candidates[0]
    assert first.document == SHOP[0]
    assert [first.document.title[start:end] for start, end in first.title_spans] == ["laptop", "hot"]
    assert found.total == 4
    assert found.retrieve_ms > 0
    assert found.fetch_ms > 0
    assert found.notes == ()


async def test_the_same_query_gives_equal_results(shop: EmbeddedRetriever) -> None:
    first, second = [await shop.search("hot laptop", 10) for _ in range(2)]
    assert first.candidates == second.candidates


async def test_boosts_say_which_field_counts(tmp_path: Path) -> None:
    build_index(tmp_path, "two", "here", [Document.of("t", "fox", "some dogs"), Document.of("b", "dogs", "one fox")])
    for fields, expected in [
        ((("title", 2.0), ("body", 1.0)), ["t", "b"]),
        ((("title", 1.0), ("body", 2.0)), ["b", "t"]),
        ((("body", 1.0),), ["b"]),
    ]:
        retriever = EmbeddedRetriever(tmp_path, "two", fields)
        assert await ids(retriever, "fox") == expected
        await retriever.close()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('"hot pink"', {"case"}),
        ("“hot pink”", {"case"}),
        ('"pink hot"', set()),
        ('"swap packs while the laptop"', {"swap"}),
        ('"swap packs while laptop"', set()),
        ("title:error", {"E-417"}),
        ("body:error", set()),
        ('title:"laptop runs"', {"heat"}),
        ("id:E-417", {"E-417"}),
        ('id:"case" title:codes', {"case", "E-417"}),
        ("e-417", {"E-417"}),
    ],
)
async def test_phrases_and_fields_are_understood(shop: EmbeddedRetriever, query: str, expected: set[str]) -> None:
    found = await shop.search(query, 10)
    assert {row.document.id for row in found.candidates} == expected
    assert found.notes == ()


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ('pink "case', "quotation mark"),
        ("pink colour:case", "no field “colour”"),
        ("pink case title:", "colon"),
        ("pink case :", "colon"),
    ],
)
async def test_broken_syntax_is_read_as_plain_words_with_a_note(
    shop: EmbeddedRetriever, query: str, reason: str
) -> None:
    found = await shop.search(query, 10)
    assert found.candidates[0].document.id == "case"
    (note,) = found.notes
    assert reason in note
    assert "plain words" in note


@pytest.mark.parametrize("query", ["", "  ", "the of AND", "+ - && || !", '""', '"the"', "_", "\x00\x1b"])
async def test_nothing_to_search_for_is_no_error(shop: EmbeddedRetriever, query: str) -> None:
    found = await shop.search(query, 10)
    assert (found.candidates, found.total) == ((), 0)
    assert "nothing to search for" in found.notes[0]


@pytest.mark.parametrize(
    "query",
    ["laptop " * 5_000, "laptop " + "x" * 300_000, "laptop " + " ".join(map(str, range(2_000))), '"laptop" ' * 2_000],
    ids=["words", "characters", "numbers", "phrases"],
)
async def test_a_very_long_query_is_cut_with_a_note(shop: EmbeddedRetriever, query: str) -> None:
    found = await shop.search(query, 10)
    assert found.total == 4
    assert "1,024" in found.notes[0]


@pytest.mark.parametrize(
    "query", ["laptop \ud800", "laptop \x1b[2J", "laptop\u202eevil", "laptop (^", "laptop [a-z]*?~"]
)
async def test_hostile_text_is_only_text(shop: EmbeddedRetriever, query: str) -> None:
    assert (await shop.search(query, 10)).total >= 3 or "evil" in query


async def test_highlights_point_at_the_words_as_they_stand(shop: EmbeddedRetriever) -> None:
    marks = await shop.highlight("title:case charging LAPTOPS", SHOP[0])
    assert [SHOP[0].title[start:end] for start, end in marks.title] == ["laptop"]
    assert [SHOP[0].body[start:end] for start, end in marks.body] == ["Laptops", "charging"]


async def test_a_document_is_found_by_its_id(shop: EmbeddedRetriever) -> None:
    assert await shop.document("E-417") == SHOP[3]
    assert await shop.document("e-417") is None


def adds_up(part: Explanation) -> bool:
    kinds = {
        "sum": lambda values: sum(values),
        "highest": lambda values: values[0] if values[0] == max(values) else math.nan,
        "title:": math.prod,
        "body:": math.prod,
        "id:": math.prod,
    }
    values = [detail.value for detail in part.details]
    for start, combined in kinds.items():
        if part.description.startswith(start):
            return math.isclose(part.value, combined(values), rel_tol=1e-5) and all(map(adds_up, part.details))
    return True


async def test_an_explanation_adds_up_to_the_score(tmp_path: Path) -> None:
    build_index(tmp_path, "docstrings", "here", docstrings(120))
    retriever = EmbeddedRetriever(tmp_path, "docstrings")
    for query in (
        "return the file",
        "object object name",
        '"the name of" file title:class',
        f"id:{docstrings(120)[5].id}",
    ):
        for row in (await retriever.search(query, 20)).candidates:
            account = await retriever.explain(query, row.document.id)
            assert account is not None
            assert account.value == pytest.approx(row.score, rel=1e-5)
            assert adds_up(account), account
    await retriever.close()


async def test_an_explanation_names_terms_fields_and_factors(shop: EmbeddedRetriever) -> None:
    account = await shop.explain("hot laptops", "heat")
    assert account is not None
    best = account.details[0]
    assert best.description == "sum of the terms in title"
    assert [term.description for term in best.details] == ["title:hot", "title:laptop"]
    assert [factor.description.split(":")[0] for factor in best.details[0].details] == ["boost", "k1 + 1", "idf", "tf"]
    assert best.details[0].details[0].value == 2.0
    assert await shop.explain("pink", "heat") is None
    assert await shop.explain("hot", "nowhere") is None


def test_queries_that_came_with_the_corpus(shop: EmbeddedRetriever, tmp_path: Path) -> None:
    assert [query.id for query in read_queries(tmp_path, shop.corpus)] == [f"q{n}" for n in range(12)]


async def test_a_missing_index_is_an_error_at_the_first_question_only(tmp_path: Path) -> None:
    retriever = EmbeddedRetriever(tmp_path, "nowhere")
    with pytest.raises(BadInputError):
        await retriever.search("x", 1)
    build_index(tmp_path, "nowhere", "here", SHOP)
    assert await ids(retriever, "pink") == ["case"]
    await retriever.close()


async def test_what_is_open_goes_on_answering_when_the_corpus_goes(tmp_path: Path) -> None:
    build_index(tmp_path, "shop", "here", SHOP)
    retriever = EmbeddedRetriever(tmp_path, "shop")
    before = await ids(retriever, "laptop hot")
    remove_corpus(tmp_path, "shop")
    assert await ids(retriever, "laptop hot") == before
    await retriever.close()


async def test_closing_waits_for_nothing_and_ends_the_questions(shop: EmbeddedRetriever) -> None:
    under_way, go = threading.Event(), threading.Event()

    def hold(*_: object) -> None:
        under_way.set()
        go.wait()

    running = asyncio.ensure_future(shop._run(hold))
    queued = asyncio.ensure_future(shop.search("hot", 1))
    await asyncio.to_thread(under_way.wait)
    await shop.close()
    assert not running.done()
    go.set()
    await running
    with pytest.raises(asyncio.CancelledError):
        await queued
    with pytest.raises(IndexUnavailableError, match="closed"):
        await shop.search("hot", 1)


async def test_searches_at_once_each_get_their_own_answer(shop: EmbeddedRetriever) -> None:
    queries = ["pink", "codes", "swap", "unplug"] * 25
    answers = await asyncio.gather(*(ids(shop, query) for query in queries))
    assert answers == [["case"], ["E-417"], ["swap"], ["heat"]] * 25

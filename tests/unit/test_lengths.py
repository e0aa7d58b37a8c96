"""How long documents are against a budget, and which budget would fit them."""

import random
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from itertools import pairwise

import pytest

from workbench.domain.documents import Document
from workbench.domain.lengths import Bin, Lengths, budget_to_fit
from workbench.domain.tokens import ELASTIC, ESTIMATE
from workbench.domain.truncation import Strategy, Window
from workbench.services.lengths import measure

PAIRS = [Window(512, 3, Strategy.BALANCED), Window(512, 3, Strategy.LONGEST_FIRST), Window(256, 2, Strategy.HEAD_ONLY)]


@pytest.mark.parametrize("window", PAIRS, ids=lambda window: window.strategy)
def test_the_budget_that_fits_is_the_smallest_that_does(window: Window) -> None:
    numbers = random.Random(5)
    for _ in range(2_000):
        query, document = numbers.randrange(400), numbers.randrange(1, 900)
        budget = budget_to_fit(window, query, document)
        assert replace(window, budget=budget).kept(query, document).document == document
        assert replace(window, budget=budget).fits(query) >= document
        assert replace(window, budget=budget - 1).fits(query) < document


@pytest.mark.parametrize("window", PAIRS, ids=lambda window: window.strategy)
def test_what_fits_is_what_is_kept_whole(window: Window) -> None:
    for budget in range(window.special, 40):
        small = replace(window, budget=budget)
        for query in range(45):
            documents = tuple(range(45))
            cut = sum(small.kept(query, document).document < document for document in documents)
            assert Lengths(documents, query, small).cut == cut, (budget, query)


def test_nothing_needs_no_more_than_the_special_tokens() -> None:
    assert [budget_to_fit(window, 7, 0) for window in PAIRS] == [3, 3, 2]


def test_the_numbers_of_elasticsearch() -> None:
    """A document of 499 tokens fits beside a query of 10; one of 500 needs a token more."""
    lengths = Lengths((0, 499, 500, 1000), 10, ELASTIC)
    assert (lengths.fit, lengths.cut, lengths.blank) == (499, 2, 1)
    assert [lengths.percentile(percent) for percent in (25, 26, 50, 75, 100)] == [0, 499, 499, 500, 1000]
    assert (lengths.budget_for(50), lengths.budget_for(75), lengths.budget_for()) == (512, 513, 1013)


def test_of_no_documents_nothing_is_long() -> None:
    lengths = Lengths((), 4, ELASTIC)
    assert (lengths.cut, lengths.blank, lengths.percentile(95), lengths.budget_for()) == (0, 0, 0, 3)
    assert {one.documents for one in lengths.bins(8, 100)} == {0}


def test_every_document_is_in_one_bar_and_the_last_has_no_end() -> None:
    lengths = Lengths((0, 9, 10, 19, 20, 35, 5000), 0, ELASTIC)
    assert lengths.bins(4, 39) == (Bin(0, 9, 2), Bin(10, 19, 2), Bin(20, 29, 1), Bin(30, None, 2))
    for number in range(2, 30):
        for limit in (0, 1, 5, 512, 7000):
            bins = lengths.bins(number, limit)
            assert sum(one.documents for one in bins) == 7 and len(bins) <= number
            assert all(left.high is not None and left.high + 1 == right.low for left, right in pairwise(bins))


def test_a_bar_ends_with_the_length_that_is_asked_for() -> None:
    lengths = Lengths((0, 9, 10, 19, 20, 35, 5000), 0, ELASTIC)
    assert lengths.bins(4, 39, 21) == (Bin(0, 7, 1), Bin(8, 21, 4), Bin(22, 35, 1), Bin(36, None, 1))
    for number in range(2, 30):
        for limit in (1, 5, 512, 7000):
            for edge in range(0, limit, max(limit // 9, 1)):
                bins = lengths.bins(number, limit, edge)
                assert sum(one.documents for one in bins) == 7 and len(bins) <= number
                assert edge in [one.high for one in bins]
                assert all(left.high is not None and left.high + 1 == right.low for left, right in pairwise(bins))


@pytest.mark.parametrize("window", PAIRS, ids=lambda window: window.strategy)
def test_beside_how_many_documents_a_query_is_cut(window: Window) -> None:
    for budget in range(window.special, 40):
        small = replace(window, budget=budget)
        for query in range(45):
            documents = tuple(range(45))
            kept = [small.kept(query, document).query for document in documents]
            lengths = Lengths(documents, query, small)
            assert lengths.query_cut == sum(one < query for one in kept), (budget, query)
            assert lengths.kept_query == min(kept)


async def test_a_corpus_is_measured_as_its_documents_are_one_by_one() -> None:
    documents = [Document.of(f"d{n}", "A title", "word " * (n % 700)) for n in range(2_000)]
    items = [item async for item in measure(documents, "hot laptop", ESTIMATE, ("title", "body"))]
    *seen, lengths = items
    assert isinstance(lengths, Lengths)
    assert seen == sorted(seen) and seen[-1] == 2_000 and len(seen) > 2
    assert list(lengths.tokens) == sorted(ESTIMATE.tokenizer.count([document.text for document in documents]))
    assert lengths.query == 3
    *_, bodies = [item async for item in measure(documents, "", ESTIMATE, ("body",))]
    assert isinstance(bodies, Lengths) and bodies.tokens[0] == 0 and bodies.query == 0


async def test_of_a_corpus_only_numbers_stay_in_memory() -> None:
    def stream() -> Iterator[Document]:
        for number in range(400):
            yield Document.of(str(number), "", "word " * 20_000)

    tracemalloc.start()
    async for item in measure(stream(), "x", ESTIMATE, ("body",)):
        last = item
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(last, Lengths) and last.cut == 400
    assert peak < 20_000_000, "the corpus has 40 MB of text"


async def test_who_goes_away_stops_the_counting() -> None:
    taken = []

    def stream() -> Iterator[Document]:
        for number in range(100_000):
            taken.append(threading.current_thread())
            yield Document.of(str(number), "", "word")

    async with aclosing(measure(stream(), "x", ESTIMATE, ("body",))) as items:
        async for _ in items:
            break
    assert len(taken) <= 256 and threading.main_thread() not in taken

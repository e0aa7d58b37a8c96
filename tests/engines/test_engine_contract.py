"""What every engine keeps to: that of this machine, a scripted cluster, an independent server, a live cluster.

The live one is asked with `pytest -m live` and WORKBENCH_TEST_ES set to its address, with user and password in it or an
API key in WORKBENCH_TEST_ES_KEY (and WORKBENCH_TEST_ES_CA for the file of its CA). The suite makes indices named
workbench-contract-… there, and deletes them.
"""

import asyncio
import math
import os
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest

from tests.engines.docstrings import docstrings
from tests.fakes.elastic import FakeElastic, fake_elastic
from tests.fakes.noida import noida
from tests.fakes.tiny_models import prepared
from workbench.config.profile import Profile
from workbench.config.secrets import Secret
from workbench.domain.contributions import contributions
from workbench.domain.deployment import ModelKind
from workbench.domain.documents import Document
from workbench.domain.errors import UnavailableError, WorkbenchError
from workbench.domain.ranking import PairScore, Retrieval
from workbench.engines.analyzer import tokens
from workbench.engines.base import Reranker, Retriever
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.engines import ClusterEngines
from workbench.engines.elasticsearch.rerankers import ElasticReranker
from workbench.engines.embedded import EmbeddedRetriever
from workbench.engines.index import build_index
from workbench.engines.onnx_reranker import OnnxReranker

ENGLISH = {"type": "text", "analyzer": "english"}
SHOP = (
    Document.of("heat", "Why a laptop runs hot", "Laptops get warm while charging. Unplug the adapter.\nLet it cool."),
    Document.of("case", "The laptop's case", "A case for laptops. The hot pink one is sold out."),
    Document.of("swap", "Hot-swap battery packs", "Charging is safe: swap packs while the laptop sleeps."),
    Document.of("E 4/17?#ü", "Error codes", "E-417: the laptop gets too hot. W-22: the fan is blocked 🔥 Größe 漢字."),
    Document.of("title-only", "Umbrella", "Keeps the rain off."),
    Document.of("body-only", "Rain", "An umbrella."),
)
ODD = (
    *(
        '"',
        '"never closed',
        "title:",
        "title:laptop",
        "nofield:laptop",
        "id:heat",
        "laptop AND",
        "NOT laptop",
        "OR",
        "+-",
    ),
    *(
        "*",
        "lap*",
        "lapto?",
        "laptop~2",
        "laptop^3",
        "(laptop",
        "[a TO b]",
        "/lap.*/",
        "\\",
        "a\\",
        "{{query}}",
        "<em>",
    ),
    *(
        '{"match_all": {}}',
        "-laptop",
        "&& ||",
        "laptop\nhot",
        "lap\x00top",
        "\x1b[31mlaptop",
        "\ud83d laptop",
        "🔥",
        "漢字",
    ),
    *("Größe", "'", ":", "_", "%s %d", "../../etc/passwd", "laptop " * 2000, "x" * 40_000, "\u202elaptop", "e\u0301"),
)

Opener = Callable[[Sequence[Document]], Awaitable[Retriever]]


@dataclass(frozen=True)
class Engine:
    """A way to have documents searched."""

    name: str
    open: Opener
    names_terms: bool = True
    """Whether it tells which term in which field brings what to a score."""


def cluster_profile(url: str, key: str = "", ca_file: str = "") -> Profile:
    secret = Secret("the test's environment", lambda: key) if key else None
    return Profile("contract", hosts=(url,), api_key=secret, ca_file=ca_file)


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeElastic]:
    with fake_elastic(version="9.2.0") as server:
        yield server


@pytest.fixture(scope="module")
def bare() -> Iterator[FakeElastic]:
    """A server with neither retrievers nor points in time."""
    with fake_elastic(version="8.17.0", refuses={"retriever", "_pit"}) as server:
        yield server


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        running = noida(tmp_path_factory.mktemp("noida"))
        client = running.__enter__()
    except (ImportError, FileNotFoundError, OSError) as error:
        pytest.skip(f"noida-db does not run here: {error}")
    try:
        yield str(client.base_url)
    finally:
        running.__exit__(None, None, None)


@asynccontextmanager
async def on_cluster(name: str, profile: Profile, root: Path, **settings: int) -> AsyncIterator[Engine]:
    """Write each corpus to an index of its own by the official client, and delete them in the end."""
    from elasticsearch.helpers import async_bulk

    connection = Connection(profile)
    written: list[str] = []
    engines: list[ClusterEngines] = []

    async def open_index(documents: Sequence[Document]) -> Retriever:
        index = f"workbench-contract-{uuid4().hex[:12]}"
        mappings = {"properties": {"title": ENGLISH, "body": ENGLISH}}
        said = {"mappings": mappings} | ({"settings": settings} if settings else {})
        await connection.ask("create", "PUT", f"/{index}", said, retry=False)
        written.append(index)
        actions = [{"_index": index, "_id": one.id, "title": one.title, "body": one.body} for one in documents]
        await async_bulk(await connection.client(), actions, refresh=True)
        engines.append(ClusterEngines(profile, root / "templates", "", _no_local))
        return (await engines[-1].open(index)).retriever

    try:
        # The independent server explains a multi_match as a whole.
        yield Engine(name, open_index, names_terms=name != "noida")
    finally:
        for one in engines:
            await one.close()
        for index in written:
            await connection.ask("delete", "DELETE", f"/{index}", retry=False)
        await connection.close()


async def _no_local() -> AsyncGenerator[Reranker, None]:
    """No model of this machine is asked for."""
    nothing: tuple[Reranker, ...] = ()
    for none in nothing:
        yield none


@asynccontextmanager
async def here(root: Path) -> AsyncIterator[Engine]:
    """The engine of this machine."""
    opened: list[Retriever] = []

    async def open_corpus(documents: Sequence[Document]) -> Retriever:
        name = f"corpus-{len(opened)}"
        build_index(root, name, "here", [Document.of(one.id, one.title, one.body) for one in documents])
        opened.append(EmbeddedRetriever(root, name))
        return opened[-1]

    try:
        yield Engine("embedded", open_corpus)
    finally:
        for one in opened:
            await one.close()


@pytest.fixture(params=["embedded", "fake", "bare", "noida", pytest.param("live", marks=pytest.mark.live)])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Engine]:
    match request.param:
        case "embedded":
            made = here(tmp_path)
        case "fake":
            made = on_cluster("fake", cluster_profile(request.getfixturevalue("fake").url), tmp_path)
        case "bare":
            made = on_cluster("bare", cluster_profile(request.getfixturevalue("bare").url), tmp_path)
        case "noida":
            profile = cluster_profile(request.getfixturevalue("peer"))
            made = on_cluster("noida", profile, tmp_path, number_of_shards=1)
        case _:
            if not (url := os.environ.get("WORKBENCH_TEST_ES", "")):
                pytest.skip("WORKBENCH_TEST_ES names no cluster")
            key, ca_file = (os.environ.get(f"WORKBENCH_TEST_ES_{name}", "") for name in ("KEY", "CA"))
            made = on_cluster("live", cluster_profile(url, key, ca_file), tmp_path)
    async with made as engine:
        yield engine


@pytest.fixture
async def shop(engine: Engine) -> Retriever:
    return await engine.open(SHOP)


def ids(found: Retrieval) -> list[str]:
    return [row.document.id for row in found.candidates]


# Searching -----------------------------------------------------------------------------------------


async def test_candidates_come_ranked_with_their_text_and_the_count_of_all(shop: Retriever) -> None:
    found = await shop.search("hot laptops", 2)
    assert [row.rank for row in found.candidates] == [1, 2]
    assert found.total == 4
    known = {one.id: one for one in SHOP}
    assert all(row.document == known[row.document.id] for row in found.candidates)
    every = await shop.search("hot laptops", 100)
    assert len(every.candidates) == every.total == 4
    assert [row.rank for row in every.candidates] == [1, 2, 3, 4]
    assert all(one.score >= next.score > 0 for one, next in pairwise(every.candidates))
    assert ids(every)[:2] == ids(found)
    assert found.retrieve_ms >= 0
    assert found.request


async def test_it_says_what_it_is(shop: Retriever) -> None:
    assert shop.name
    assert shop.corpus
    assert dict(shop.fields) == {"title": 2.0, "body": 1.0}
    assert set(shop.reads) <= {"title", "body"}
    assert shop.patience >= 0
    assert all(choice.chosen in choice.options for choice in shop.choices)


async def test_the_same_query_gives_the_same_result(shop: Retriever) -> None:
    first, second = [await shop.search("hot laptop", 10) for _ in range(2)]
    assert first.candidates == second.candidates


async def test_a_document_is_read_by_its_id(shop: Retriever) -> None:
    for one in SHOP:
        assert await shop.document(one.id) == one
    for unknown in ("nobody", "", "*", "heat,case", "../heat", "x" * 600):
        assert await shop.document(unknown) is None, unknown


@pytest.mark.parametrize("query", ["", "   ", "\n\t", '""', "\x00", "…", "the of a"])
async def test_a_query_of_nothing_finds_nothing(shop: Retriever, query: str) -> None:
    found = await shop.search(query, 10)
    assert (found.candidates, found.total) == ((), 0)
    assert await shop.explain(query, "heat") is None
    assert (await shop.highlight(query, SHOP[0])).title == ()


async def test_whatever_is_typed_is_a_query(shop: Retriever) -> None:
    for query in ODD:
        found = await shop.search(query, 10)
        assert found.total >= len(found.candidates)
        await shop.highlight(query, SHOP[0])
        await shop.explain(query, "heat")


async def test_phrases_and_fields_mean_what_they_say(shop: Retriever) -> None:
    assert ids(await shop.search('"hot pink"', 10)) == ["case"]
    assert ids(await shop.search('"pink hot"', 10)) == []
    assert set(ids(await shop.search("title:umbrella", 10))) == {"title-only"}
    assert set(ids(await shop.search("body:umbrella", 10))) == {"body-only"}
    assert ids(await shop.search("id:heat", 10)) == ["heat"]


async def test_hostile_text_is_harmless_when_it_arrives(engine: Engine) -> None:
    title, body = "\x1b[31mlaptop\x07 \u202ered", "laptop \x1b]0;x\x07\x00 [bold]b[/bold]\r\nline two\x9b31m"
    # Other programs write to a cluster too, and no gate stands before theirs.
    retriever = await engine.open([Document("evil", title, body)])
    found = await retriever.search("laptop", 10)
    document = found.candidates[0].document
    assert document == Document.of("evil", title, body)
    assert await retriever.document("evil") == document
    marks = await retriever.highlight("laptop", document)
    assert {document.body[start:end] for start, end in marks.body} <= {"laptop"}


# Tuning ---------------------------------------------------------------------------------------------


async def test_boosts_change_the_order_and_none_leaves_a_field_out(shop: Retriever) -> None:
    async def found(title: float, body: float) -> list[str]:
        return ids(await shop.search("umbrella", 10, (("title", title), ("body", body))))

    assert await found(5, 1) == ["title-only", "body-only"]
    assert await found(1, 5) == ["body-only", "title-only"]
    assert await found(1, 0) == ["title-only"]
    assert await found(0, 1) == ["body-only"]


async def test_settings_that_do_not_exist_are_ignored(shop: Retriever) -> None:
    plain = await shop.search("hot laptop", 10)
    odd = await shop.search("hot laptop", 10, chosen=(("no such setting", "x"),))
    assert odd.candidates == plain.candidates
    assert await shop.explain("laptop", "heat", chosen=(("no such setting", "x"),))


# Explaining -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["laptop", "hot laptops charging", '"hot pink" laptop', "title:hot case laptop hot"])
async def test_an_explanation_adds_up_to_the_score(engine: Engine, shop: Retriever, query: str) -> None:
    for boosts in (None, (("title", 0.5), ("body", 3.0))):
        found = await shop.search(query, 10, boosts)
        assert found.candidates
        for row in found.candidates:
            explained = await shop.explain(query, row.document.id, boosts)
            assert explained
            assert explained.value == pytest.approx(row.score, rel=1e-5)
            parts = contributions(explained)
            assert sum(part.value for part in parts if part.counted) == pytest.approx(row.score, rel=1e-5)
            assert {part.field for part in parts} <= {"title", "body"} or not engine.names_terms


async def test_nothing_is_explained_of_what_does_not_match(shop: Retriever) -> None:
    assert await shop.explain("umbrella", "heat") is None
    assert await shop.explain("laptop", "nobody") is None


async def test_highlights_are_the_words_that_match(shop: Retriever) -> None:
    for query, title, body in (
        ("hot laptops", ["laptop", "hot"], ["Laptops"]),
        ("umbrella", [], []),
        ("charging adapter cool", [], ["charging", "adapter", "cool"]),
    ):
        marks = await shop.highlight(query, SHOP[0])
        assert [SHOP[0].title[start:end] for start, end in marks.title] == title
        assert [SHOP[0].body[start:end] for start, end in marks.body] == body
    found = await shop.search("hot laptops", 10)
    row = next(row for row in found.candidates if row.document.id == "heat")
    assert [row.document.title[start:end] for start, end in row.title_spans] == ["laptop", "hot"]
    emoji = SHOP[3]
    marks = await shop.highlight("größe fan", emoji)
    assert [emoji.body[start:end] for start, end in marks.body] == ["fan", "Größe"]


# Many at once, and the end --------------------------------------------------------------------------


async def test_searches_at_the_same_time_do_not_mix(shop: Retriever) -> None:
    queries = ["laptop", "umbrella", "hot", "rain", "charging", '"hot pink"', "", "error codes"] * 3
    alone = [(await shop.search(query, 10)).candidates for query in queries]
    together = await asyncio.gather(*(shop.search(query, 10) for query in queries))
    assert [found.candidates for found in together] == alone


async def test_one_that_is_cancelled_does_not_harm_the_next(shop: Retriever) -> None:
    expected = ids(await shop.search("hot laptop", 10))
    for _ in range(5):
        task = asyncio.create_task(shop.search("charging", 10))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert ids(await shop.search("hot laptop", 10)) == expected


async def test_what_is_closed_says_so(shop: Retriever) -> None:
    await shop.search("laptop", 10)
    await shop.close()
    await shop.close()
    with pytest.raises(UnavailableError) as raised:
        await shop.search("laptop", 10)
    assert raised.value.message


# The same everywhere --------------------------------------------------------------------------------


def queries() -> list[str]:
    """Forty, of words that occur together."""
    chance = random.Random(11)
    made = ["return the value", "open a file's path", '"the name of" module', "title:string convert bytes"]
    while len(made) < 40:
        words = [term for term, *_ in tokens(chance.choice(docstrings(300)).body)]
        if len(words) > 9:
            start = chance.randrange(len(words) - 8)
            made.append(" ".join(chance.sample(words[start : start + 8], chance.randint(2, 5))))
    return made


async def test_the_same_corpus_gives_the_same_first_ten(engine: Engine, tmp_path: Path) -> None:
    documents = docstrings(300)
    theirs = await engine.open(documents)
    async with here(tmp_path / "reference") as reference:
        ours = await reference.open(documents)
        filled = 0
        for query in queries():
            expected, found = [await one.search(query, 10) for one in (ours, theirs)]
            assert ids(found) == ids(expected), query
            scores = [row.score for row in expected.candidates]
            assert [row.score for row in found.candidates] == pytest.approx(scores, rel=1e-5), query
            assert found.total == expected.total, query
            filled += len(scores) == 10
        assert filled >= 25


# Reranking ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stages:
    """A first stage, a reranker over it, and how to break the latter."""

    retriever: Retriever
    reranker: Reranker
    break_model: Callable[[], Awaitable[None]]

    async def found(self, query: str, depth: int = 10) -> Retrieval:
        """Candidates as a reranker is given them."""
        found = await self.retriever.search(query, depth)
        given = (replace(row, document=row.document.narrowed(self.retriever.reads)) for row in found.candidates)
        return replace(found, candidates=tuple(given))

    async def scores(self, query: str, depth: int = 10) -> list[PairScore]:
        items = self.reranker.score(query, await self.found(query, depth))
        return [item async for item in items if isinstance(item, PairScore)]


@pytest.fixture(
    params=["onnx", "retriever 8.19", "retriever 9.2", "retriever 8.17.0", "inference 8.17.2", "inference 9.2"]
)
async def stages(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stages]:
    way, _, version = request.param.partition(" ")
    if way == "onnx":
        async with here(tmp_path) as engine:
            onnx = OnnxReranker(prepared(tmp_path / "model", ModelKind.CROSS_ENCODER), threads=1)
            yield Stages(await engine.open(SHOP), onnx, onnx.close)
            await onnx.close()
        return
    number = version if version.count(".") == 2 else f"{version}.0"
    with fake_elastic(SHOP, version=number) as server:
        profile = replace(cluster_profile(server.url), endpoint="my-reranker", rerank=way)
        engines = ClusterEngines(profile, tmp_path, "", _no_local)
        opened = await engines.open("articles")

        async def break_model() -> None:
            server.cluster.stage = "downloaded"

        async for item in engines.rerankers():
            if isinstance(item, ElasticReranker):
                yield Stages(opened.retriever, item.by((("rerank", way),)), break_model)
        await opened.retriever.close()
        await engines.close()


async def test_every_candidate_gets_a_score_of_its_own(stages: Stages) -> None:
    found, scored = await stages.found("hot laptops"), await stages.scores("hot laptops")
    assert sorted(pair.id for pair in scored) == sorted(ids(found))
    assert len({pair.score for pair in scored}) > 1
    for pair in scored:
        assert math.isfinite(pair.score)
        assert 0 < pair.tokens.kept_document <= pair.tokens.document
        assert pair.infer_ms >= 0


async def test_a_score_depends_on_its_own_pair_alone(stages: Stages) -> None:
    every = {pair.id: pair.score for pair in await stages.scores("hot laptops", 10)}
    few = {pair.id: pair.score for pair in await stages.scores("hot laptops", 2)}
    assert len(few) == 2
    assert few == pytest.approx({id: every[id] for id in few}, rel=1e-5)


async def test_no_candidates_take_no_scores(stages: Stages) -> None:
    assert await stages.scores("zebra") == []
    assert await stages.scores("") == []


async def test_settings_of_another_engine_do_not_matter_to_a_reranker(stages: Stages) -> None:
    other = stages.reranker.by((("no such setting", "x"),))
    assert (other.way, other.space, other.kind) == (stages.reranker.way, stages.reranker.space, stages.reranker.kind)


async def test_closing_the_iterator_ends_it_and_the_next_is_whole(stages: Stages) -> None:
    found = await stages.found("hot laptops")
    async with aclosing(stages.reranker.score("hot laptops", found)) as items:
        async for item in items:
            if isinstance(item, PairScore):
                break
    assert [item async for item in items] == []
    assert len(await stages.scores("hot laptops")) == len(found.candidates)


async def test_a_failure_is_told_in_words(stages: Stages) -> None:
    await stages.break_model()
    with pytest.raises(WorkbenchError) as raised:
        await stages.scores("hot laptops")
    assert isinstance(raised.value, UnavailableError)
    assert raised.value.message

import random
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.engines.docstrings import docstrings
from tests.fakes.noida import write_english
from workbench.engines.embedded import EmbeddedRetriever
from workbench.engines.index import build_index

DOCUMENTS = docstrings(300)


@pytest.fixture(scope="module")
def server(server: httpx.Client) -> httpx.Client:
    write_english(server, "d", DOCUMENTS)
    return server


def queries() -> list[str]:
    rng = random.Random(4)
    made = []
    for _ in range(37):
        words = rng.choice(DOCUMENTS).body.replace('"', " ").replace(":", " ").split()
        made.append(" ".join(rng.choices(words, k=rng.randint(2, 7))))
    return [*made, "return return the value", "possibly technologies isn't", "file's path"]


def hits(server: httpx.Client, body: dict[str, Any]) -> Any:
    return server.post("/d/_search", json=body).raise_for_status().json()["hits"]


async def test_ranking_and_scores_are_those_of_multi_match(server: httpx.Client, tmp_path: Path) -> None:
    build_index(tmp_path, "docstrings", "here", DOCUMENTS)
    retriever = EmbeddedRetriever(tmp_path, "docstrings", (("title", 2.0), ("body", 1.0)))
    compared = 0
    for query in queries():
        wanted = {"multi_match": {"query": query, "fields": ["title^2", "body"]}}
        body = {"query": wanted, "size": 300, "track_total_hits": True}
        answer = hits(server, body)
        ours = await retriever.search(query, 300)
        assert ours.total == answer["total"]["value"], query
        theirs = {hit["_id"]: hit["_score"] for hit in answer["hits"]}
        assert {row.document.id: row.score for row in ours.candidates} == pytest.approx(theirs, rel=1e-6), query
        order = {document.id: place for place, document in enumerate(DOCUMENTS)}
        expected = sorted(ours.candidates, key=lambda row: (-row.score, order[row.document.id]))
        assert list(ours.candidates) == expected, query
        compared += bool(theirs)
    assert compared >= 35
    await retriever.close()


async def test_phrases_match_where_match_phrase_does(server: httpx.Client, tmp_path: Path) -> None:
    build_index(tmp_path, "docstrings", "here", DOCUMENTS)
    retriever = EmbeddedRetriever(tmp_path, "docstrings", (("body", 1.0),))
    for phrase in ("the name of the file", "return the", "file object", "no such words together"):
        body = {"query": {"match_phrase": {"body": phrase}}, "size": 300}
        answer = hits(server, body)["hits"]
        ours = await retriever.search(f'"{phrase}"', 300)
        assert {row.document.id: row.score for row in ours.candidates} == pytest.approx(
            {hit["_id"]: hit["_score"] for hit in answer}, rel=1e-6
        ), phrase
    await retriever.close()

"""What a query finds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.fakes.elastic.queries import Explained, explain
from tests.fakes.elastic.shard import Shard


@dataclass(frozen=True)
class Hit:
    """A document that was found."""

    shard: Shard
    doc: int
    score: float
    explained: Explained

    @property
    def key(self) -> tuple[str, int]:
        return self.shard.index, self.doc


@dataclass(frozen=True)
class Found:
    """Hits in order, best first, and how many match in all."""

    hits: list[Hit]
    total: int


def run_query(query: Mapping[str, Any], shards: Iterable[Shard]) -> Found:
    """Rank all documents that match; equal scores in the order of the index."""
    found = [
        Hit(shard, doc, explained["value"], explained)
        for shard in shards
        for doc in range(len(shard.ids))
        if (explained := explain(query, shard, doc)) is not None
    ]
    return Found(sorted(found, key=lambda hit: -hit.score), len(found))

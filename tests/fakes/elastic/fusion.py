"""Makes one list of several: `rrf` by ranks, `linear` by scores."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from tests.fakes.elastic.found import Hit
from tests.fakes.elastic.queries import Explained, node
from tests.fakes.elastic.refusals import bad


def rrf(said: Mapping[str, Any], lists: list[list[Hit]]) -> list[Hit]:
    constant = said.get("rank_constant", 60)
    ranks = [{hit.key: rank for rank, hit in enumerate(hits, 1)} for hits in lists]

    def score(hit: Hit) -> Explained:
        own = [places.get(hit.key, 0) for places in ranks]
        parts = [
            node(
                1 / (rank + constant),
                f"rrf score: [{1 / (rank + constant):g}], for rank [{rank}] in query at index [{at}] computed as "
                f"[1 / ({rank} + {constant})], for matching query with score",
                lists[at][rank - 1].explained,
            )
            for at, rank in enumerate(own)
            if rank
        ]
        total = sum(part["value"] for part in parts)
        return node(
            total,
            f"rrf score: [{total:g}] computed for initial ranks {own} with rankConstant: [{constant}] as sum of "
            "[1 / (rank + rankConstant)] for each query",
            *parts,
        )

    return _ordered(lists, score)


def linear(said: Mapping[str, Any], lists: list[list[Hit]]) -> list[Hit]:
    weights = [float(one.get("weight", 1.0)) for one in said["retrievers"]]
    normalizers = [one.get("normalizer", said.get("normalizer", "none")) for one in said["retrievers"]]
    normalized = []
    for hits, normalizer in zip(lists, normalizers, strict=True):
        scores = [hit.score for hit in hits]
        if normalizer == "minmax":
            low, high = min(scores, default=0.0), max(scores, default=0.0)
            scores = [(score - low) / (high - low) if high > low else 1.0 for score in scores]
        elif normalizer == "l2_norm":
            length = math.sqrt(sum(score * score for score in scores)) or 1.0
            scores = [score / length for score in scores]
        elif normalizer != "none":
            raise bad(f"Unknown normalizer [{normalizer}]")
        normalized.append({hit.key: (score, hit) for hit, score in zip(hits, scores, strict=True)})

    def score(hit: Hit) -> Explained:
        parts = [
            node(
                weight * own[hit.key][0],
                f"weighted score: [{weight * own[hit.key][0]:g}] in query at index [{at}] computed as "
                f"[{weight} * {own[hit.key][0]:g}] using score normalizer [{normalizer}] for original matching query "
                "with score",
                own[hit.key][1].explained,
            )
            for at, (own, weight, normalizer) in enumerate(zip(normalized, weights, normalizers, strict=True))
            if hit.key in own
        ]
        total = sum(part["value"] for part in parts)
        return node(
            total,
            f"weighted linear combination score: [{total:g}] computed for normalized scores and weights {weights} "
            "as sum of (weight[i] * score[i]) for each query.",
            *parts,
        )

    return _ordered(lists, score)


def _ordered(lists: list[list[Hit]], score: Callable[[Hit], Explained]) -> list[Hit]:
    several = {hit.key: hit for hits in lists for hit in hits}
    ranked = [Hit(hit.shard, hit.doc, (made := score(hit))["value"], made) for hit in several.values()]
    return sorted(ranked, key=lambda hit: (-hit.score, hit.key))

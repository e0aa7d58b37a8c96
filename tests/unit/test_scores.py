"""Score spaces and how they mix."""

import json
from pathlib import Path

import pytest

from workbench.domain.scores import ScoreSpace, min_max, mix, sigmoid

SCHEMA = Path(__file__).parents[1] / "e2e" / "compare.schema.json"


def test_every_space_is_one_that_printed_results_may_name() -> None:
    assert set(json.loads(SCHEMA.read_text())["$defs"]["space"]["enum"]) == set(ScoreSpace)


def test_sigmoid_matches_a_published_pair_and_never_overflows() -> None:
    assert sigmoid(8.607138) == pytest.approx(0.9998173, abs=1e-7)
    assert sigmoid(-4.320078) == pytest.approx(0.01312432, abs=1e-7)
    assert sigmoid(-1e6) == 0
    assert sigmoid(1e6) == 1


def test_min_max_stretches_to_zero_and_one() -> None:
    assert min_max([2.0, 4.0, 3.0]) == [0.0, 1.0, 0.5]
    assert min_max([5.0, 5.0]) == [1.0, 1.0]
    assert min_max([]) == []


def test_a_mix_at_its_ends_is_one_side_alone() -> None:
    rerank, bm25 = [0.1, 0.9, 0.5], [12.0, 3.0, 7.5]
    assert mix(rerank, bm25, 1.0) == min_max(rerank)
    assert mix(rerank, bm25, 0.0) == min_max(bm25)
    assert mix(rerank, bm25, 0.7) == pytest.approx([0.3, 0.7, 0.7 * 0.5 + 0.3 * 0.5])


def test_both_sides_of_a_mix_have_as_many_scores() -> None:
    with pytest.raises(ValueError, match="shorter"):
        mix([1.0, 2.0], [1.0], 0.5)

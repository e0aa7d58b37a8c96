"""What a person is left with when a cluster fails in any of the ways that clusters fail."""

import re
from pathlib import Path

import pytest

from tests.faults import FAULTS, OPENING, SECRET, Fault, opening, strike


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_leaves_what_can_be_had_says_what_happened_and_passes(fault: Fault, tmp_path: Path) -> None:
    outcome = await strike(fault, tmp_path)
    assert bool(outcome.comparison.bm25) == fault.keeps
    if fault.says:
        assert outcome.comparison.error, "a failure that is not said looks like a result"
        assert not outcome.comparison.reranked
        assert re.search(fault.says, outcome.said, re.IGNORECASE), outcome.said
        assert outcome.comparison.error.hint, "and what to do about it"
    else:
        assert outcome.comparison.reranked, outcome.said
    assert outcome.leaks == ()
    if fault.recovers:
        assert outcome.after.reranked, outcome.after.error


@pytest.mark.parametrize("name", OPENING)
async def test_a_cluster_that_cannot_be_opened_is_an_error_in_words(name: str, tmp_path: Path) -> None:
    error, _ = await opening(name, tmp_path)
    assert error, "it was opened"
    assert error.exit_code == 3
    assert re.search(OPENING[name][1], f"{error.message} {error.hint}", re.IGNORECASE), error.message
    assert error.hint
    assert SECRET not in f"{error!r}{error.detail}"

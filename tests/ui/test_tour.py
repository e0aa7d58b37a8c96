"""The tour from the first picture to the last key: no exception, nothing stale, nothing that jumps."""

import pytest
from textual.geometry import Region

from tests.tour import TOUR, walk
from tests.ui.conftest import Bench
from tests.ui.screen import compare_screen, listed, misplaced, regions, screen_text
from workbench.ui.screens.compare import CompareScreen
from workbench.ui.widgets.query_line import QueryLine
from workbench.ui.widgets.rank_list import RankList
from workbench.ui.widgets.request_panel import RequestPanel

SIZES = [(80, 24), (120, 36), (160, 48)]


def check_nothing_is_stale(screen: CompareScreen) -> None:
    """Every part shows the newest answer, to the query in the line, with the settings that are shown."""
    now, tuning = screen.comparison, screen.session.tuning
    assert now and now.done and now.error is None
    assert now.query == screen.query_one(QueryLine).value
    assert (now.depth, now.fields, now.reads) == (tuning.depth, tuning.boosts, tuning.reads)
    assert now.reranker and now.reranker.weight == tuning.weight
    assert (now.baseline.tuning if now.baseline else None) == screen.session.baseline
    assert listed(screen, "reranked") == [row.candidate.document.id for row in now.reranked]
    assert listed(screen, "bm25") == list(now.before)
    assert not any(rank_list.stale for rank_list in screen.query(RankList))
    if screen.ballot is None or not screen.ballot.open:
        assert screen.selected_id and now.candidate(screen.selected_id)
        assert screen.inspected.document and screen.inspected.document.id == screen.selected_id
    for panel in screen.query(RequestPanel):
        assert panel.text.startswith(now.request)


def places(screen: CompareScreen) -> dict[str, Region]:
    """Where everything is; a terminal that shows one list shows either in the same place."""
    found = regions(screen)
    if screen.size.width < 100:
        found["list"] = found.pop("bm25", None) or found.pop("reranked")
    return found


@pytest.mark.parametrize("size", SIZES)
async def test_the_tour(bench: Bench, size: tuple[int, int]) -> None:
    app = bench.app()
    names = []
    async with app.run_test(size=size) as pilot:
        screen = compare_screen(app)
        before: dict[str, Region] = {}
        async for step in walk(pilot):
            names.append(step.name)
            check_nothing_is_stale(screen)
            if step.over is None:
                assert misplaced(screen) == [], step.name
                assert step.rearranged or places(screen) == before, step.name
                before = places(screen)
            assert all(len(line) <= size[0] for line in screen_text(app).splitlines())
        await pilot.press("ctrl+q")
        await pilot.pause()
    assert names == [step.name for step in TOUR]
    assert app.return_code == 0
    assert len(bench.data.joinpath("votes.jsonl").read_text(encoding="utf-8").splitlines()) == 1

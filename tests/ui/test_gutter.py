"""The lines between the lists."""

import pytest

from tests.ui.conftest import Bench
from tests.ui.screen import reranked
from workbench.ui.braille import Canvas
from workbench.ui.widgets.gutter import Gutter
from workbench.ui.widgets.rank_list import RankList


def cells(canvas: Canvas, ink: str) -> set[tuple[int, int]]:
    """Row and column of every cell of one ink."""
    found = set()
    for y in range(canvas.height):
        x = 0
        for text, of in canvas.row(y):
            found |= {(y, x + step) for step in range(len(text)) if of == ink}
            x += len(text)
    return found


@pytest.mark.parametrize(("start", "end"), [(2, 2), (2, 38), (38, 2), (0, 39), (18, 22)])
def test_a_curve_leads_from_edge_to_edge_without_a_gap(start: int, end: int) -> None:
    canvas = Canvas(8, 10)
    canvas.curve(start, end, "x")
    drawn = cells(canvas, "x")
    assert (start // 4, 0) in drawn
    assert (end // 4, 7) in drawn
    for row, column in drawn - {(end // 4, 7)}:
        near = {(row + dy, column + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} - {(row, column)}
        assert near & drawn, "every cell touches another"
    assert {column for _, column in drawn} == set(range(8))


def test_what_lies_outside_is_cut_off() -> None:
    canvas = Canvas(4, 3)
    canvas.curve(-400, 400, "x")
    assert cells(canvas, "x") <= {(y, x) for y in range(3) for x in range(4)}
    assert "".join(text for text, _ in canvas.row(2))
    assert Canvas(0, 0).row(0) == []


async def test_each_document_is_joined_to_itself_and_the_selected_one_stands_out(bench: Bench) -> None:
    async with bench.app().run_test(size=(160, 48)) as pilot:
        screen = await reranked(pilot)
        gutter, bm25 = screen.query_one(Gutter), screen.query_one("#bm25", RankList)
        assert gutter.content_region.y == bm25.content_region.y, "lines start at the rows they belong to"
        assert screen.comparison
        for _ in range(5):
            row = next(r for r in screen.comparison.reranked if r.candidate.document.id == screen.selected_id)
            drawn = cells(gutter._draw(), "selected")
            assert (row.candidate.rank - 1 - gutter.left_top, 0) in drawn
            assert (row.rank - 1 - gutter.right_top, gutter.content_size.width - 1) in drawn
            await pilot.press("down")
            await pilot.pause()


async def test_lines_follow_the_scrolling_of_both_lists(bench: Bench) -> None:
    async with bench.app().run_test(size=(160, 36)) as pilot:
        screen = await reranked(pilot)
        gutter, bm25 = screen.query_one(Gutter), screen.query_one("#bm25", RankList)
        bm25.focus()
        await pilot.press("end")
        await pilot.pause()
        assert gutter.left_top == bm25.scroll_offset.y > 0
        height = gutter.content_size.height
        assert (height - 1, 0) in cells(gutter._draw(), "selected")


async def test_there_is_no_gutter_where_there_is_no_room(bench: Bench) -> None:
    async with bench.app().run_test(size=(108, 36)) as pilot:
        screen = await reranked(pilot)
        assert not screen.query_one(Gutter).display
        await pilot.resize_terminal(160, 48)
        await pilot.pause()
        assert screen.query_one(Gutter).display

"""The blind vote: nothing tells which list is which until a person has voted."""

import json
import random
from collections.abc import Callable

import pytest
from textual.pilot import Pilot
from textual.strip import Strip

from tests.ui.conftest import Bench
from tests.ui.screen import listed, panel_text, reranked, screen_text, settled, until
from workbench.ui.screens.compare import CompareScreen
from workbench.ui.screens.jump import JumpScreen
from workbench.ui.widgets.gutter import Gutter
from workbench.ui.widgets.rank_list import RankList

SIZES = [(80, 24), (120, 36), (160, 48)]
RANK_CELLS = 4
"""Of a row in a blind list; its title follows."""
Draw = Callable[[bool], None]


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch) -> Draw:
    """Decides which side the reranked list is drawn to."""

    def decide(swapped: bool) -> None:
        class Drawn(random.Random):
            def random(self) -> float:
                return 0.0 if swapped else 0.9

        monkeypatch.setattr(random, "SystemRandom", Drawn)

    return decide


async def begun(pilot: Pilot[None], focus: str = "reranked") -> CompareScreen:
    screen = await reranked(pilot)
    screen.query_one("#reranked").focus()
    await pilot.press("p")
    if focus == "query":
        await pilot.press("slash")
    screen.action_blind()
    await settled(pilot)
    assert screen.ballot and screen.ballot.open
    return screen


def sides(screen: CompareScreen) -> tuple[RankList, RankList]:
    """The left list and the right one."""
    left, right = [child for child in screen.lists.children if isinstance(child, RankList)]
    return left, right


def without_titles(pilot: Pilot[None], screen: CompareScreen) -> list[list[tuple[str, str]]]:
    """The screen's text and colours with every row reduced to its rank."""
    strips: list[Strip] = pilot.app.screen._compositor.render_strips(pilot.app.size)
    for one in screen.query(RankList):
        x, y, width, height = one.content_region
        for at in range(y, y + height):
            parts = [strips[at].crop(0, x + RANK_CELLS), Strip.blank(width - RANK_CELLS), strips[at].crop(x + width)]
            strips[at] = Strip.join(parts)
    return [[(segment.text, str(segment.style)) for segment in strip.simplify()] for strip in strips]


@pytest.mark.parametrize("focus", ["reranked", "query"])
@pytest.mark.parametrize("size", SIZES)
async def test_with_either_draw_the_screen_is_the_same_but_for_the_documents(
    bench: Bench, draw: Draw, size: tuple[int, int], focus: str
) -> None:
    seen = []
    for swapped in (False, True):
        draw(swapped)
        async with bench.app().run_test(size=size) as pilot:
            screen = await begun(pilot, focus)
            left, right = sides(screen)
            assert (left.id, right.id) == (("reranked", "bm25") if swapped else ("bm25", "reranked"))
            assert (left.scroll_offset.y, right.scroll_offset.y) == (0, 0)
            assert screen.lists.active is left, "keys move in the left one, whichever it is"
            assert screen.selected_id is None, "what the app selects is on top of the reranked list"
            text = screen_text(pilot.app)
            for telling in ("BM25", "eranked", "Baseline", "▲", "▼", "mix", "matches", "›", "✂", "0.7", "%"):
                assert telling not in text, telling
            seen.append((without_titles(pilot, screen), left.region, right.region))
    assert seen[0] == seen[1]


async def test_both_lists_are_drawn_alike_and_nothing_joins_them(bench: Bench, draw: Draw) -> None:
    async with bench.app().run_test(size=(160, 48)) as pilot:
        draw(False)
        screen = await begun(pilot, "query")
        left, right = sides(screen)
        for y in range(left.content_size.height):
            one, other = (side.render_line(y).crop(0, RANK_CELLS).simplify() for side in (left, right))
            assert [(segment.text, segment.style) for segment in one] == [
                (segment.text, segment.style) for segment in other
            ]
        assert not panel_text(pilot.app, screen.query_one(Gutter)).strip("\u2800 \n")


@pytest.mark.parametrize("swapped", [False, True])
async def test_the_first_step_down_is_to_the_top_of_the_left_list(bench: Bench, draw: Draw, swapped: bool) -> None:
    draw(swapped)
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await begun(pilot)
        await pilot.press("down")
        await settled(pilot)
        left, right = sides(screen)
        assert left.cursor == 0 and screen.selected_id == left.rows[0].document.id
        assert right.cursor is None or right.marked, "the person's own choice is shown in both"


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("key", "preferred"),
    [("1", ("before", "after")), ("2", ("after", "before")), ("0", ("same", "same"))],
)
async def test_a_vote_is_kept_on_disk_and_then_the_lists_are_named(
    bench: Bench, draw: Draw, swapped: bool, key: str, preferred: tuple[str, str]
) -> None:
    draw(swapped)
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await begun(pilot)
        await pilot.press(key)
        await until(pilot, lambda: screen.tally is not None, "the tally")
        (line,) = bench.data.joinpath("votes.jsonl").read_text(encoding="utf-8").splitlines()
        vote = json.loads(line)
        assert (vote["preferred"], vote["swapped"]) == (preferred[swapped], swapped)
        assert (vote["query"], vote["corpus"]) == (screen.comparison and screen.comparison.query, "help-center")
        assert vote["before"] == listed(screen, "bm25")[:10] and vote["after"] == listed(screen, "reranked")[:10]
        left, right = (panel_text(pilot.app, side).splitlines()[0] for side in sides(screen))
        assert ("BM25" in left, "Reranked" in right) == (not swapped, not swapped)
        assert ("Reranked" in left, "BM25" in right) == (swapped, swapped)
        counts = {"after": "Reranked 1 · BM25 0", "before": "Reranked 0 · BM25 1", "same": "no difference 1"}
        await until(pilot, lambda: counts[preferred[swapped]] in screen_text(pilot.app), "the count")
        assert screen.selected_id == listed(screen, "reranked")[0], "selected again as ever"
        await pilot.press("1", "2", "0")
        await settled(pilot)
        assert len(bench.data.joinpath("votes.jsonl").read_text(encoding="utf-8").splitlines()) == 1


async def test_lines_and_shifts_come_back_with_the_names_and_fit_the_sides(bench: Bench, draw: Draw) -> None:
    draw(True)
    async with bench.app().run_test(size=(160, 48)) as pilot:
        screen = await begun(pilot)
        await pilot.press("r")
        await settled(pilot)
        gutter = screen.query_one(Gutter)
        assert panel_text(pilot.app, gutter).strip("\u2800 \n") and gutter.swapped
        row = screen.comparison and screen.comparison.reranked[0]
        assert row and f"▲{row.shift}" in panel_text(pilot.app, sides(screen)[0])


async def test_reveal_says_which_is_which_without_a_vote_and_closes_it(bench: Bench, draw: Draw) -> None:
    draw(True)
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await begun(pilot)
        await pilot.press("r")
        await settled(pilot)
        assert "Reranked" in panel_text(pilot.app, sides(screen)[0]).splitlines()[0]
        await pilot.press("1")
        await settled(pilot)
        assert not bench.data.joinpath("votes.jsonl").exists()
        assert "No votes yet" in screen_text(pilot.app)


async def test_the_tally_counts_the_votes_of_earlier_sessions_also_without_a_new_one(bench: Bench, draw: Draw) -> None:
    draw(False)
    async with bench.app().run_test(size=(120, 36)) as pilot:
        await begun(pilot)
        await pilot.press("2")
        await settled(pilot)
    async with bench.app("slow wifi").run_test(size=(120, 36)) as pilot:
        await begun(pilot)
        await pilot.press("r")
        await until(pilot, lambda: "Reranked 1 · BM25 0" in screen_text(pilot.app), "the vote from before")


async def test_the_next_query_is_drawn_anew_and_nothing_is_said_of_it(bench: Bench, draw: Draw) -> None:
    draw(False)
    async with bench.app().run_test(size=(80, 24)) as pilot:
        screen = await begun(pilot)
        assert screen.session.opened
        queries = [query.text for query in screen.session.opened.queries]
        await pilot.press("2")
        await settled(pilot)
        for at, swapped in ((1, True), (2, False), (3, True)):
            draw(swapped)
            await pilot.press("f3")
            await reranked(pilot, queries[at])
            await settled(pilot)
            assert screen.ballot and screen.ballot.open and screen.ballot.swapped == swapped
            left, _ = sides(screen)
            assert left.display and panel_text(pilot.app, left).splitlines()[0].strip("─━┌┐┏┓╭╮ ") == "A"
            assert "BM25" not in screen_text(pilot.app) and "eranked" not in screen_text(pilot.app)
            await pilot.press("1")
            await settled(pilot)
        votes = [json.loads(line) for line in bench.data.joinpath("votes.jsonl").read_text().splitlines()]
        assert [vote["preferred"] for vote in votes] == ["after", "after", "before", "after"]
        assert [vote["query"] for vote in votes] == queries[:4]


async def test_while_the_model_works_on_the_next_query_no_list_changes_before_the_other(
    bench: Bench, draw: Draw
) -> None:
    draw(False)
    async with bench.app().run_test(size=(160, 48)) as pilot:
        screen = await begun(pilot)
        draw(True)
        was = listed(screen, "bm25"), listed(screen, "reranked")
        bench.gate.clear()
        screen.ask("slow wifi")
        left, right = sides(screen)
        await until(pilot, lambda: left.stale and right.stale, "both fade alike")
        assert (listed(screen, "bm25"), listed(screen, "reranked")) == was
        assert sides(screen) == (left, right), "and stay where they are"
        bench.gate.set()
        await reranked(pilot, "slow wifi")
        assert sides(screen) == (right, left)
        assert not left.stale and not right.stale


async def test_a_setting_changed_in_the_middle_tells_nothing_either(bench: Bench, draw: Draw) -> None:
    draw(True)
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await begun(pilot)
        await pilot.press("left_square_bracket", "left_square_bracket")
        await until(
            pilot,
            lambda: bool(screen.comparison and screen.comparison.reranker and screen.comparison.reranker.weight == 0.5),
            "the change",
        )
        await settled(pilot)
        assert screen.ballot and screen.ballot.open and screen.selected_id is None
        assert [side.scroll_offset.y for side in sides(screen)] == [0, 0]
        await pilot.press("1")
        await settled(pilot)
        (line,) = bench.data.joinpath("votes.jsonl").read_text().splitlines()
        assert json.loads(line)["tuning"]["mix"] == 0.5


async def test_a_vote_on_what_is_frozen_is_kept_with_the_settings_that_made_it(bench: Bench, draw: Draw) -> None:
    draw(False)
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await begun(pilot)
        await pilot.press("f", "minus")
        await settled(pilot)
        assert screen.session.tuning.depth == 20
        await pilot.press("1")
        await settled(pilot)
        (line,) = bench.data.joinpath("votes.jsonl").read_text().splitlines()
        assert json.loads(line)["tuning"]["depth"] == 30


async def test_a_baseline_of_another_depth_is_not_known_by_its_length(bench: Bench, draw: Draw) -> None:
    for swapped in (False, True):
        draw(swapped)
        async with bench.app().run_test(size=(120, 36)) as pilot:
            screen = await reranked(pilot)
            screen.query_one("#reranked").focus()
            await pilot.press("equals_sign", "minus", "minus")
            await until(pilot, lambda screen=screen: len(listed(screen, "reranked")) == 10, "depth 10")
            await begun(pilot)
            assert len(listed(screen, "bm25")) == len(listed(screen, "reranked")) == 10
            await pilot.press("1")
            await settled(pilot)
            assert (len(listed(screen, "bm25")), len(listed(screen, "reranked"))) == (30, 10), "all of both again"


@pytest.mark.parametrize("swapped", [False, True])
async def test_the_letters_of_jump_mode_tell_left_from_right_alone(bench: Bench, draw: Draw, swapped: bool) -> None:
    draw(swapped)
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await begun(pilot)
        await pilot.press("semicolon")
        await until(pilot, lambda: isinstance(pilot.app.screen, JumpScreen), "the letters")
        title = screen_text(pilot.app).splitlines()[sides(screen)[0].region.y]
        assert title.index("b") < title.index("r")
        await pilot.press("r")
        await until(pilot, lambda: pilot.app.focused is sides(screen)[1], "the right one")


@pytest.mark.parametrize("way", ["b", "p"])
async def test_when_it_ends_the_lists_are_where_they_were(bench: Bench, draw: Draw, way: str) -> None:
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        screen.query_one("#reranked").focus()
        await pilot.press("p")
        await settled(pilot)
        draw(True)
        await pilot.press("b")
        await settled(pilot)
        assert sides(screen)[0].id == "reranked"
        await pilot.press(way)
        await settled(pilot)
        assert screen.ballot is None and [side.id for side in sides(screen)] == ["bm25", "reranked"]
        titles = [panel_text(pilot.app, side).splitlines()[0] for side in sides(screen)]
        assert "BM25" in titles[0] and "Reranked" in titles[1]
        assert screen.selected_id == listed(screen, "reranked")[0]


async def test_there_is_nothing_to_vote_on_before_a_query_is_reranked(bench: Bench) -> None:
    async with bench.app("zzyzx").run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: "Nothing matches" in screen_text(pilot.app), "nothing found")
        await pilot.press("f2", "p", "b")
        await until(pilot, lambda: "nothing to vote on" in screen_text(pilot.app), "a word")


async def test_votes_that_cannot_be_written_are_said(bench: Bench, draw: Draw) -> None:
    draw(False)
    bench.data.joinpath("votes.jsonl").mkdir()
    async with bench.app().run_test(size=(120, 36), notifications=True) as pilot:
        screen = await begun(pilot)
        await pilot.press("1")
        await until(pilot, lambda: "cannot be written" in screen_text(pilot.app), "the warning")
        assert screen.ballot and screen.ballot.vote

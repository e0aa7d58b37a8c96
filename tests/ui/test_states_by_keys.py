"""Saving what is compared under a name, and going back to it, by keys alone."""

import json

from textual.pilot import Pilot

from tests.fakes.hostile import hostile_documents
from tests.ui.conftest import Bench
from tests.ui.screen import answered, listed, panel_text, reranked, screen_text, settled, until
from workbench.ui.screens.compare import CompareScreen
from workbench.ui.screens.saved import RecallScreen, SaveScreen
from workbench.ui.widgets.query_line import QueryLine


async def saved(pilot: Pilot[None], name: str) -> None:
    """Save what is shown; the focus is not in the query line."""
    await pilot.press("s")
    await until(pilot, lambda: isinstance(pilot.app.screen, SaveScreen), "the question for a name")
    await pilot.press("ctrl+u", *name, "enter")
    await until(pilot, lambda: not isinstance(pilot.app.screen, SaveScreen), "saved")
    await settled(pilot)


async def recalled(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press("o")
    await until(pilot, lambda: isinstance(pilot.app.screen, RecallScreen), "the list")
    await pilot.press(*keys, "enter")
    await until(pilot, lambda: not isinstance(pilot.app.screen, RecallScreen), "recalled")


async def ready(pilot: Pilot[None]) -> CompareScreen:
    screen = await reranked(pilot)
    screen.query_one("#reranked").focus()
    return screen


async def test_a_state_is_on_disk_when_the_screen_says_so_and_comes_back_after_a_restart(bench: Bench) -> None:
    async with bench.app("slow wifi").run_test(size=(120, 36), notifications=True) as pilot:
        screen = await ready(pilot)
        await pilot.press("equals_sign", "minus", "left_square_bracket", "down", "down")
        await answered(pilot, lambda now: now.depth == 20 and now.baseline is not None, "the settings")
        await settled(pilot)
        lists, chosen = (listed(screen, "bm25"), listed(screen, "reranked")), screen.selected_id
        await saved(pilot, "before lunch")
        assert "Saved as before lunch" in screen_text(pilot.app)
        (entry,) = json.loads(bench.data.joinpath("saved.json").read_text(encoding="utf-8"))["states"]
        assert (entry["name"], entry["query"], entry["corpus"]) == ("before lunch", "slow wifi", "help-center")
    async with bench.app().run_test(size=(120, 36)) as pilot:
        screen = await ready(pilot)
        await recalled(pilot)
        now = await answered(pilot, lambda now: now.query == "slow wifi" and now.depth == 20, "the state")
        await settled(pilot)
        assert now.baseline and now.baseline.tuning.depth == 30
        assert (listed(screen, "bm25"), listed(screen, "reranked")) == lists
        assert screen.selected_id == chosen
        assert screen.query_one(QueryLine).value == "slow wifi"
        assert "depth 20●" in screen_text(pilot.app).splitlines()[0]
        await pilot.press("u")
        await answered(pilot, lambda now: now.depth == 30, "even that can be undone")


async def test_a_state_of_another_corpus_opens_it(bench: Bench) -> None:
    bench.add("other", hostile_documents())
    async with bench.app("title", corpus="other").run_test(size=(120, 36)) as pilot:
        await ready(pilot)
        await pilot.press("down")
        await settled(pilot)
        await saved(pilot, "elsewhere")
    async with bench.app("slow wifi").run_test(size=(120, 36)) as pilot:
        screen = await ready(pilot)
        await pilot.press("minus")
        await answered(pilot, lambda now: now.depth == 20, "a change that the state does not have")
        await recalled(pilot)
        now = await answered(pilot, lambda now: now.corpus == "other", "the other corpus")
        await settled(pilot)
        assert (now.query, now.depth) == ("title", 30)
        assert screen_text(pilot.app).split()[0] == "other"
        assert screen.selected_id == now.reranked[1].candidate.document.id


async def test_a_state_whose_corpus_is_gone_changes_nothing_and_says_why(bench: Bench) -> None:
    async with bench.app("slow wifi").run_test(size=(120, 36), notifications=True) as pilot:
        screen = await ready(pilot)
        await pilot.press("minus")
        await answered(pilot, lambda now: now.depth == 20, "depth 20")
        await saved(pilot, "gone")
        path = bench.data / "saved.json"
        path.write_text(path.read_text(encoding="utf-8").replace("help-center", "absent"), encoding="utf-8")
        await pilot.press("U")
        await answered(pilot, lambda now: now.depth == 30, "depth 30")
        first = screen.comparison
        await recalled(pilot)
        await until(pilot, lambda: "absent" in screen_text(pilot.app), "the reason")
        await settled(pilot)
        assert screen.comparison is first
        assert screen.session.tuning.depth == screen.tuning.depth == 30, "settings go with their corpus"
        assert screen.query_one(QueryLine).value == "slow wifi"


async def test_a_state_is_removed_by_delete_twice(bench: Bench) -> None:
    async with bench.app("slow wifi").run_test(size=(120, 36)) as pilot:
        await ready(pilot)
        await saved(pilot, "one")
        await saved(pilot, "two")
        await pilot.press("o")
        await until(pilot, lambda: isinstance(pilot.app.screen, RecallScreen), "the list")
        await pilot.press("delete", "delete")
        path = bench.data / "saved.json"
        await until(pilot, lambda: "two" not in path.read_text(encoding="utf-8"), "the file without it")
        assert [state["name"] for state in json.loads(path.read_text(encoding="utf-8"))["states"]] == ["one"]
        await pilot.press("escape")
        await settled(pilot)
        assert pilot.app.screen is not None and not isinstance(pilot.app.screen, RecallScreen)


async def test_frozen_or_not_a_recalled_state_is_shown(bench: Bench) -> None:
    async with bench.app("slow wifi").run_test(size=(120, 36)) as pilot:
        screen = await ready(pilot)
        await saved(pilot, "now")
        await pilot.press("f3")
        await answered(pilot, lambda now: now.query != "slow wifi", "another query")
        await pilot.press("f")
        await recalled(pilot)
        await answered(pilot, lambda now: now.query == "slow wifi", "the state")
        assert not screen.frozen
        assert "BM25" in panel_text(pilot.app, screen.query_one("#bm25")).splitlines()[0]

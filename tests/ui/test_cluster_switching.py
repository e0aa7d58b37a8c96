"""Going from one place to another: what is offered, what is waited for, and that nothing of the place before stays."""

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.ui.cluster import DOWN, World
from tests.ui.screen import answered, compare_screen, listed, panel_text, reranked, screen_text, settled, until
from workbench.domain.deployment import ModelState
from workbench.domain.saved import State
from workbench.ui.screens.compare import CompareScreen
from workbench.ui.screens.places import PlaceList, PlacePicker
from workbench.ui.widgets.request_panel import RequestPanel


async def picker(pilot: Pilot[None], *keys: str) -> PlacePicker:
    compare_screen(pilot.app).query_one("#reranked").focus()
    await pilot.press(*keys)
    await until(pilot, lambda: isinstance(pilot.app.screen, PlacePicker), "the picker")
    assert isinstance(pilot.app.screen, PlacePicker)
    return pilot.app.screen


def rows(pilot: Pilot[None]) -> list[str]:
    places = pilot.app.screen.query_one(PlaceList)
    return [" ".join(line.split()) for line in panel_text(pilot.app, places).splitlines() if line.strip()]


async def arrived(pilot: Pilot[None], place: str) -> CompareScreen:
    """Wait until a place is open and its query reranked."""
    screen = compare_screen(pilot.app)

    def there() -> bool:
        found = screen.comparison
        return bool(screen.session.place == place and found and found.reranked and found.corpus in place)

    await until(pilot, there, place)
    await settled(pilot)
    return screen


async def test_everything_within_reach_is_offered_and_what_is_open_marked(world: World) -> None:
    async with world.app().run_test(size=(120, 36)) as pilot:
        await reranked(pilot)
        await picker(pilot, "ctrl+o")
        await until(pilot, lambda: len(rows(pilot)) == 6, "all places")
        assert rows(pilot) == [
            "› articles index of prod · open now",
            "logs index of prod",
            "help-center corpus of this machine",
            "notes corpus of this machine",
            "profile prod cluster · in use",
            "profile staging cluster",
        ]
        await pilot.press(*"notes")
        assert rows(pilot) == ["› notes corpus of this machine"]
        await pilot.press("enter")
        screen = await arrived(pilot, "notes")
        assert "prod" not in screen_text(pilot.app)
        assert screen.model and screen.model.id == "small"


async def test_from_this_machine_to_a_cluster_nothing_stays_but_query_and_depth(world: World) -> None:
    async with world.app("help-center", "word").run_test(size=(120, 40)) as pilot:
        screen = await reranked(pilot)
        await picker(pilot, "plus", "equals_sign", "down", "down", "p", "b", "1", "p", "w")
        await until(pilot, lambda: len(rows(pilot)) == 3, "this machine and two profiles")
        await pilot.press(*"prod", "enter")
        await arrived(pilot, "prod:articles")
        assert screen.session.baseline is None and screen.baseline is None
        assert not screen.frozen and screen.tally is None and screen.ballot is None
        assert screen.model and (screen.model.id, screen.model.state) == (".rerank-v1-elasticsearch", ModelState.LOADED)
        assert screen.selected_id == "d12" and not screen.chosen
        assert screen.made_with.depth == 50 and screen.made_with.reads == ("body",)
        assert screen.comparison and screen.comparison.query == "word"
        top = screen_text(pilot.app).splitlines()[0]
        assert top.startswith("  prod  · articles 12 docs") and "depth 50" in top
        assert "small" not in screen_text(pilot.app)


async def test_until_the_cluster_answers_nothing_of_the_place_before_is_shown(world: World) -> None:
    async with world.app("help-center", "word").run_test(size=(120, 40)) as pilot:
        screen = await reranked(pilot)
        screen.panels.go_to("request")
        await settled(pilot)
        screen.query_one("#reranked").focus()
        await pilot.press("down", "f")
        opened = world.prod.open

        async def then_silent(name: str) -> object:
            result = await opened(name)
            world.prod.answering.clear()
            return result

        world.prod.open = then_silent  # type: ignore[method-assign, assignment]
        screen.open_corpus("prod:", other=True)
        await until(pilot, lambda: world.prod.asked > 0, "the first search")
        assert screen.comparison is None and screen.selected_id is None and screen.model is None
        assert listed(screen, "bm25") == listed(screen, "reranked") == []
        text = screen_text(pilot.app)
        assert text.count("Searching…") == 2
        assert "Document 3" not in text and "small" not in text and "frozen" not in text
        assert screen.query_one(RequestPanel).text == ""
        world.prod.answering.set()
        await arrived(pilot, "prod:articles")
        assert len(listed(screen, "bm25")) == 12


async def test_another_index_of_the_same_cluster_keeps_the_model(world: World) -> None:
    async with world.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        model = screen.session.reranker
        await picker(pilot, "ctrl+o")
        await until(pilot, lambda: len(rows(pilot)) == 6, "all places")
        await pilot.press("down", "enter")
        await arrived(pilot, "prod:logs")
        assert screen.session.reranker is model and len(listed(screen, "bm25")) == 4


async def test_a_profile_without_an_index_offers_those_there_are(world: World) -> None:
    async with world.app().run_test(size=(120, 36), notifications=True) as pilot:
        await reranked(pilot)
        await picker(pilot, "w")
        await until(pilot, lambda: len(rows(pilot)) == 3, "the profiles")
        await pilot.press(*"staging", "enter")
        await until(
            pilot, lambda: isinstance(pilot.app.screen, PlacePicker) and "old" in screen_text(pilot.app), "both"
        )
        assert rows(pilot) == ["› drafts index of staging", "old index of staging"]
        assert not pilot.app._notifications
        await pilot.press("down", "enter")
        await arrived(pilot, "staging:old")


async def test_at_the_start_too_and_who_does_not_choose_is_told_what_to_do(world: World) -> None:
    async with world.app("staging:").run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, PlacePicker), "the picker")
        assert screen_text(pilot.app).splitlines()[0].startswith("  staging ")
        await pilot.press("escape")
        await until(pilot, lambda: "staging names no index." in screen_text(pilot.app), "why nothing is open")
        await picker(pilot, "ctrl+o")
        await until(pilot, lambda: len(rows(pilot)) == 6, "all places")
        await pilot.press("enter")
        await arrived(pilot, "staging:drafts")


async def test_this_machine_among_the_profiles_leads_to_its_corpora(world: World) -> None:
    async with world.app().run_test(size=(120, 36)) as pilot:
        await reranked(pilot)
        await picker(pilot, "w")
        await until(pilot, lambda: len(rows(pilot)) == 3, "the profiles")
        await pilot.press("enter")
        await until(
            pilot, lambda: "Search which corpus?" in screen_text(pilot.app) and "notes" in screen_text(pilot.app), ""
        )
        await pilot.press("enter")
        await arrived(pilot, "help-center")


async def test_without_a_profile_it_says_how_to_make_one(world: World) -> None:
    async with world.app("help-center", profiles=()).run_test(size=(120, 36)) as pilot:
        await reranked(pilot)
        await picker(pilot, "w")
        await until(pilot, lambda: "`workbench profile add NAME" in screen_text(pilot.app), "what to do")
        await pilot.press("enter", "escape")
        assert pilot.app.screen is compare_screen(pilot.app)


async def test_a_cluster_that_is_slow_or_down_keeps_nobody_from_the_rest_of_the_list(world: World) -> None:
    async with world.app().run_test(size=(120, 36)) as pilot:
        await reranked(pilot)
        world.prod.answering.clear()
        await picker(pilot, "ctrl+o")
        await until(pilot, lambda: len(rows(pilot)) == 4, "all but the indices")
        assert "asking prod for its indices…" in screen_text(pilot.app)
        await pilot.press("down")
        world.prod.down = DOWN
        world.prod.answering.set()
        await until(pilot, lambda: DOWN.message in screen_text(pilot.app), "why not")
        assert "asking" not in screen_text(pilot.app)
        assert [row for row in rows(pilot) if row.startswith("›")] == ["› notes corpus of this machine"], "it stays"
        await pilot.press("enter")
        await arrived(pilot, "notes")


@pytest.mark.parametrize("place", ["staging:gone", "nowhere:"])
async def test_what_cannot_be_opened_is_said_and_everything_stays(world: World, place: str) -> None:
    async with world.app().run_test(size=(120, 36), notifications=True) as pilot:
        screen = await reranked(pilot)
        before = screen.comparison
        await screen.open_corpus(place, other=True).wait()
        await settled(pilot)
        (message,) = pilot.app._notifications
        assert message.severity == "error"
        assert screen.comparison is before and screen.session.place == "prod:articles"
        assert "opening" not in screen_text(pilot.app)


async def test_what_is_being_opened_is_named(world: World) -> None:
    async with world.app("help-center").run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        world.prod.answering.clear()
        screen.open_corpus("prod:logs", other=True)
        await until(pilot, lambda: "opening prod:logs…" in screen_text(pilot.app), "that it is being opened")
        assert listed(screen, "bm25"), "what is open can be used meanwhile"
        screen.open_corpus("notes", other=True)
        await arrived(pilot, "notes")
        assert "opening" not in screen_text(pilot.app)
        world.prod.answering.set()
        await settled(pilot)
        assert screen.session.place == "notes"


async def test_queries_states_and_votes_are_kept_by_place(world: World) -> None:
    world.staging.indices = {"articles": 6}
    world.staging.default = "articles"
    async with world.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        kept = screen.session.kept
        await pilot.press("enter")
        screen.query_one("#reranked").focus()
        await pilot.press("p", "b", "1")
        await settled(pilot)
        assert [vote.corpus for vote in kept.votes.all()] == ["prod:articles"]
        assert screen.tally is not None
        await pilot.press("p", "s", "enter")
        await settled(pilot)
        (state,) = kept.saved.all()
        assert state.corpus == "prod:articles"
        screen.open_corpus("staging:", other=True)
        await arrived(pilot, "staging:articles")
        assert kept.history.recent("prod:articles") == ("word",)
        assert kept.history.recent("staging:articles") == kept.history.recent("articles") == ()
        assert screen.tally is None, "the same index of another cluster is another one"
        restored: State = state
        screen.restore(restored)
        await arrived(pilot, "prod:articles")
        assert screen.session.tuning.choices == screen.session.start.choices, "with all their options"


async def test_the_query_template_is_edited_and_the_query_runs_with_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr("workbench.ui.external.edit_file", lambda app, file: bool(opened.append(file) or True))
    world.prod.file = tmp_path / "shop.json"
    async with world.app().run_test(size=(120, 36), notifications=True) as pilot:
        screen = await reranked(pilot)
        screen.query_one("#reranked").focus()
        screen.tune(screen.session.tuning.choosing("first stage", "template shop"))
        await answered(pilot, lambda found: found.ranking == "template shop", "the template's ranking")
        await settled(pilot)
        assert str(screen.query_one("#bm25").border_title) == "template shop · 12 matches"
        shown, asked = screen.comparison, world.prod.asked
        await pilot.press("T")
        await until(pilot, lambda: screen.comparison is not shown and world.prod.asked > asked, "the query anew")
        assert opened == [tmp_path / "shop.json"]
        await answered(pilot, lambda found: found.ranking == "template shop", "the same first stage")

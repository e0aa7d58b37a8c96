"""What the screen says of a cluster: where one is, what must not be overlooked, and what a number is worth."""

import pytest
from textual.pilot import Pilot

from tests.ui.cluster import ENDPOINTS, FAR, ODD, World
from tests.ui.screen import answered, at_panel, panel_text, reranked, screen_text, settled, until
from workbench.domain.latency import Latency
from workbench.ui.widgets.latency_panel import stages
from workbench.ui.widgets.status_bar import StatusBar, reversed_in

SIZES = [(80, 24), (120, 36), (160, 48)]
MARK = "TLS NOT VERIFIED"


def top(pilot: Pilot[None]) -> str:
    return screen_text(pilot.app).splitlines()[0]


async def test_the_profile_stands_before_the_index_and_reversed_so_that_no_colour_is_needed(world: World) -> None:
    world.prod.accent = "#d1144a"
    async with world.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        assert top(pilot).startswith("  prod  · articles 12 docs")
        (style,) = [style for text, style, _ in screen.query_one(StatusBar).render_line(0) if text.strip() == "prod"]
        assert style and style.reverse and style.color and style.color.triplet
        assert style.color.triplet.hex == "#d1144a"


@pytest.mark.parametrize("accent", ["", "no colour", "$primary", "#12", "red; } * {"])
async def test_an_accent_that_is_no_colour_is_the_themes_own(world: World, accent: str) -> None:
    world.prod.accent = accent
    assert reversed_in(accent) == "bold reverse $primary"
    async with world.app().run_test(size=(80, 24)) as pilot:
        await reranked(pilot)
        assert "prod" in top(pilot)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
async def test_a_mark_is_never_cut_off(world: World, width: int) -> None:
    world.prod.marks = (MARK,)
    world.prod.findings = (ODD, FAR)
    async with world.app().run_test(size=(width, 24)) as pilot:
        screen = await reranked(pilot)
        screen.query_one("#reranked").focus()
        await pilot.press("equals_sign", "f")
        await settled(pilot)
        assert f"⚠ {MARK}" in top(pilot)
        assert len(top(pilot)) <= width


async def test_findings_are_counted_and_the_way_of_reranking_is_named(world: World) -> None:
    world.prod.findings = (ODD, FAR)
    async with world.app().run_test(size=(120, 36)) as pilot:
        await reranked(pilot)
        assert "⚠ 2" in top(pilot)
        assert ".rerank-v1-elasticsearch by retriever" in top(pilot)
        assert " mix " not in top(pilot)


async def test_of_several_warnings_the_first_is_shown_and_the_others_are_counted(world: World) -> None:
    world.prod.findings = (ODD, FAR, FAR)
    async with world.app().run_test(size=(80, 24)) as pilot:
        screen = await reranked(pilot)
        prompt = screen_text(pilot.app).splitlines()[1]
        assert ODD.message in prompt and "+2 more" in prompt and FAR.message not in prompt
        world.prod.findings = (FAR,)
        screen.rerun()
        await until(pilot, lambda: FAR.message in screen_text(pilot.app).splitlines()[1], "the only one")
        assert "more" not in screen_text(pilot.app).splitlines()[1]


async def test_the_left_list_names_what_ranked_it_and_scores_have_the_decimals_they_need(world: World) -> None:
    async with world.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        bm25 = screen.query_one("#bm25")
        assert str(bm25.border_title) == "BM25 · 12 matches"
        screen.tune(screen.session.tuning.choosing("first stage", "rrf"))
        await answered(pilot, lambda found: found.ranking == "rrf", "the fused ranking")
        assert str(bm25.border_title) == "rrf · 12 matches"
        assert "0.0164" in panel_text(pilot.app, bm25)
        await at_panel(pilot, "scores")
        said = panel_text(pilot.app, screen.query_one("#scores"))
        assert "rrf 0.0139 #12" in said and "bm25" not in said.casefold()


@pytest.mark.parametrize("size", SIZES)
async def test_a_setting_of_the_engine_is_stepped_through_and_takes_no_digits(
    world: World, size: tuple[int, int]
) -> None:
    async with world.app().run_test(size=size) as pilot:
        screen = await at_panel(pilot, "tuning")
        form = screen.query_one("#tuning")
        await pilot.press(*["down"] * 6, "right")
        await answered(pilot, lambda found: found.ranking == "rrf", "the next first stage")
        await pilot.press("4", "enter", "down", "right")
        await until(pilot, lambda: dict(screen.session.tuning.chosen)["endpoint"] == ENDPOINTS.options[1], "the other")
        await settled(pilot)
        (line,) = (line for line in panel_text(pilot.app, form).splitlines() if "endpoint" in line)
        assert "◂ the-one-with-a" in line and "… ▸" in line
        assert "4_" not in panel_text(pilot.app, form) and "no number" not in panel_text(pilot.app, form)
        await pilot.press("backspace", "up", "left")
        await until(pilot, lambda: screen.session.tuning == screen.session.start, "all as at the start")
        if size == SIZES[0]:
            assert "of 8" in str(form.border_title), "there is more than is in sight"


async def test_an_arrow_beside_a_long_value_can_be_clicked(world: World) -> None:
    async with world.app().run_test(size=(120, 36)) as pilot:
        screen = await at_panel(pilot, "tuning")
        form = screen.query_one("#tuning")
        await pilot.press(*["down"] * 7)
        await pilot.pause()
        lines = panel_text(pilot.app, form).splitlines()
        (y,) = (y for y, line in enumerate(lines) if "endpoint" in line)
        await pilot.click("#tuning", offset=(lines[y].index("▸"), y))
        await until(pilot, lambda: dict(screen.session.tuning.chosen)["endpoint"] == ENDPOINTS.options[1], "the next")


async def test_estimated_counts_say_that_they_are(world: World) -> None:
    async with world.app().run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        await settled(pilot)
        assert "≈✂" in panel_text(pilot.app, screen.query_one("#reranked"))
        assert "estimated" in str(screen.query_one("#document").border_subtitle)
        assert "≈8 of ≈59 tokens" in str(screen.query_one("#document").border_subtitle)


async def test_counts_of_a_model_on_this_machine_are_exact(world: World) -> None:
    async with world.app("help-center").run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        await settled(pilot)
        assert "✂" in screen_text(pilot.app) and "≈" not in screen_text(pilot.app)
        assert "estimated" not in str(screen.query_one("#document").border_subtitle)
        assert top(pilot).startswith(" help-center 5 docs")


def test_the_network_and_our_own_part_are_told_apart_and_add_up() -> None:
    spent = Latency(retrieve=3.0, fetch=1.0, rerank=20.0, network=11.0, total=36.5)
    low, high = dict(stages(spent, True, 2)), dict(stages(spent, True, 9))
    assert low == {"retrieve": 4.0, "rerank": 20.0, "network": 11.0, "ours": 1.5}
    assert list(high) == ["retrieve", "fetch", "tokenize", "rerank", "network", "ours"]
    assert sum(low.values()) == sum(high.values()) == spent.total
    assert dict(stages(Latency(retrieve=9.0, total=1.0), True, 2))["ours"] == 0.0
    assert list(dict(stages(spent, False, 9))) == ["retrieve", "fetch", "tokenize", "rerank"]


async def test_the_latency_panel_has_the_network_where_there_is_one(world: World) -> None:
    for place, has in (("prod:articles", True), ("help-center", False)):
        async with world.app(place).run_test(size=(120, 36)) as pilot:
            screen = await reranked(pilot)
            assert ("network" in panel_text(pilot.app, screen.query_one("#latency"))) is has

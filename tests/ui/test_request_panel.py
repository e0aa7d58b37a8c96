"""The panel that shows what the engine was asked."""

import json
from dataclasses import replace

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from workbench.domain.comparison import Comparison, RerankerInfo, StageError
from workbench.domain.deployment import ModelKind
from workbench.domain.documents import Document
from workbench.domain.ranking import Candidate
from workbench.domain.scores import ScoreSpace
from workbench.engines.query_syntax import parse
from workbench.engines.request import described, written
from workbench.ui.widgets.request_panel import RequestPanel

BOOSTS = (("title", 2.0), ("body", 1.0))


def comparison(query: str) -> Comparison:
    request = written("embedded", "shop", 30, BOOSTS, described(parse(query), BOOSTS))
    row = Candidate(1, Document.of("d", "Title", "Body"), 1.5)
    info = RerankerInfo("tiny", ModelKind.BI_ENCODER, ScoreSpace.MIX, ScoreSpace.COSINE, 0.7)
    return Comparison(
        query,
        "embedded",
        "shop",
        depth=30,
        size=10,
        fields=BOOSTS,
        reads=("title",),
        request=request,
        total=1,
        bm25=(row,),
        reranker=info,
        done=True,
    )


class Alone(App[None]):
    """A request panel and nothing else."""

    CSS = """
    RequestPanel > .request--key { color: #ff0000; }
    RequestPanel > .request--string { color: #00ff00; }
    RequestPanel > .request--number { color: #0000ff; }
    """

    def compose(self) -> ComposeResult:
        yield RequestPanel("request")


async def shown(pilot: Pilot[None], value: Comparison | None) -> RequestPanel:
    panel = pilot.app.query_one(RequestPanel)
    panel.comparison = value
    await pilot.pause()
    return panel


def lines(panel: RequestPanel) -> list[str]:
    return [panel.render_line(y - panel.scroll_offset.y).text.rstrip() for y in range(panel.virtual_size.height)]


def coloured(panel: RequestPanel, colour: str) -> set[str]:
    strips = (panel.render_line(y) for y in range(panel.virtual_size.height))
    return {
        text
        for strip in strips
        for text, style, _ in strip
        if style and style.color and style.color.triplet and style.color.triplet.hex == colour
    }


async def test_request_and_reranking_are_shown_as_they_are_copied() -> None:
    async with Alone().run_test(size=(120, 60)) as pilot:
        found = comparison('"power bank" on a plane')
        panel = await shown(pilot, found)
        assert str(panel.border_title) == "Request"
        assert "\n".join(lines(panel)) == panel.text
        assert panel.text.startswith(found.request + "\n\n")
        assert json.loads(panel.text.removeprefix(found.request)) == {
            "rerank": {
                "model": "tiny",
                "kind": "bi-encoder",
                "score_space": "mix",
                "raw_score_space": "cosine",
                "mix_weight": 0.7,
                "reads": "title",
                "depth": 30,
                "size": 10,
            }
        }


async def test_keys_strings_and_numbers_are_told_apart() -> None:
    async with Alone().run_test(size=(120, 60)) as pilot:
        panel = await shown(pilot, comparison("laptop 42"))
        assert {'"engine"', '"term"', '"mix_weight"'} <= coloured(panel, "#ff0000")
        assert {'"embedded"', '"laptop"', '"42"'} <= coloured(panel, "#00ff00")
        assert {"30", "0.75", "0.7"} <= coloured(panel, "#0000ff")
        assert not coloured(panel, "#0000ff") & {"42"}


@pytest.mark.parametrize("width", [8, 20, 33, 60])
async def test_nothing_is_lost_at_the_side_and_what_goes_on_stands_further_in(width: int) -> None:
    async with Alone().run_test(size=(width, 40)) as pilot:
        panel = await shown(pilot, comparison('"a quite long phrase of many words" laptop'))
        rows = lines(panel)
        assert "".join("".join(rows).split()) == "".join(panel.text.split())
        assert not any("…" in row for row in rows)
        assert panel.max_scroll_x == 0
        if width == 33:
            whole = [line for line in panel.text.splitlines() if line in rows]
            later = [row for row in rows if row not in whole and row.strip()]
            assert later and all(row.startswith("  ") for row in later)


async def test_a_token_that_is_broken_keeps_its_colour_on_both_lines() -> None:
    async with Alone().run_test(size=(20, 60)) as pilot:
        found = replace(comparison("x"), request=json.dumps({"k": "y" * 40}))
        panel = await shown(pilot, found)
        assert sum(text.count("y") for text in coloured(panel, "#00ff00")) >= 17
        assert all("y" not in text for text in coloured(panel, "#ff0000"))


async def test_a_long_request_scrolls_and_stays_where_it_is_while_a_setting_changes() -> None:
    async with Alone().run_test(size=(60, 12)) as pilot:
        panel = await shown(pilot, comparison("laptop battery charger"))
        panel.focus()
        await pilot.press("j", "j", "down", "k")
        assert panel.scroll_offset.y == 2
        await shown(pilot, replace(comparison("laptop battery charger"), depth=50))
        assert panel.scroll_offset.y == 2
        await pilot.press("end")
        assert panel.render_line(11).text.rstrip() == "}"
        await shown(pilot, comparison("laptop"))
        assert panel.scroll_offset.y == 0


async def test_the_longest_query_can_be_scrolled_to_its_end() -> None:
    async with Alone().run_test(size=(60, 12)) as pilot:
        panel = await shown(pilot, comparison(" ".join(f"word{n}" for n in range(1_024))))
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert panel.virtual_size.height >= panel.text.count("\n")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "No query has run yet. Type one"),
        (
            Comparison(
                "x", "e", "c", 30, 10, error=StageError("retrieve", "The index is gone.", "Build it."), done=True
            ),
            "The query did not run. The index is gone. Build it.",
        ),
        (Comparison("x", "e", "c", 30, 10), "The engine does not say what it was asked."),
    ],
)
async def test_when_there_is_no_request_it_says_why_and_there_is_nothing_to_copy(
    value: Comparison | None, said: str
) -> None:
    async with Alone().run_test(size=(70, 12)) as pilot:
        panel = await shown(pilot, value)
        assert " ".join(" ".join(lines(panel)).split()).startswith(said)
        assert panel.text == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"error": StageError("rerank", "The model is gone.", "")}, {"error": "The model is gone."}),
        ({"bm25": ()}, {"skipped": "nothing to rerank"}),
    ],
)
async def test_a_reranking_that_did_not_happen_says_why(change: dict[str, object], said: dict[str, str]) -> None:
    async with Alone().run_test(size=(70, 60)) as pilot:
        found = replace(comparison("laptop"), **change)  # type: ignore[arg-type]
        panel = await shown(pilot, found)
        assert json.loads(panel.text.removeprefix(found.request)) == {"rerank": said}


async def test_control_characters_of_an_engine_reach_neither_screen_nor_copy() -> None:
    async with Alone().run_test(size=(70, 20)) as pilot:
        panel = await shown(pilot, replace(comparison("x"), request='GET /\x1b]52;c;x\x07 \u202e\n{"a": "[red]b"}'))
        for text in (panel.text, *lines(panel)):
            assert not set(text) & {"\x1b", "\x07", "\u202e"}
        assert "[red]b" in panel.text


async def test_text_dragged_over_is_copied_without_the_breaks_of_the_panel() -> None:
    async with Alone().run_test(size=(30, 20)) as pilot:
        request = json.dumps({"query": "a long line of words that does not fit the panel"})
        panel = await shown(pilot, replace(comparison("x"), request=request))
        await pilot.mouse_down(RequestPanel, offset=(0, 0))
        await pilot.hover(RequestPanel, offset=(20, 1))
        await pilot.mouse_up(RequestPanel, offset=(20, 1))
        chosen = pilot.app.screen.get_selected_text()
        assert chosen and request.startswith(chosen) and len(chosen) > 30
        assert panel.text.startswith(request)

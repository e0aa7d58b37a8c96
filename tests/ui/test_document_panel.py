"""The text of the selected document."""

from itertools import pairwise

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.ui.conftest import Bench
from tests.ui.screen import compare_screen, reranked, screen_text, until
from workbench.domain.documents import Document
from workbench.domain.errors import ModelUnavailableError
from workbench.domain.ranking import Highlights
from workbench.domain.tokens import TokenCount
from workbench.ui.widgets.document_panel import DocumentPanel
from workbench.ui.wrap import wrapped

WORDS = [f"word{n}" for n in range(4000)]


def panel_lines(panel: DocumentPanel) -> list[str]:
    """What the panel shows, line by line, with the sign before each."""
    return [panel.render_line(y).text.rstrip() for y in range(panel.scrollable_content_region.height)]


@pytest.mark.parametrize(
    ("text", "width"),
    [
        (" ".join(WORDS), 40),
        ("x" * 1000, 7),
        ("漢字" * 300, 9),
        ("a\u0301" * 500, 10),
        ("one\n\n\ntwo  three\n", 4),
        ("", 5),
        ("e" + "\u0300" * 5000, 3),
    ],
)
def test_wrapping_loses_nothing_but_the_space_at_a_break(text: str, width: int) -> None:
    spans = list(wrapped(text, width))
    assert all(a[0] <= a[1] <= b[0] for a, b in pairwise(spans))
    kept = [char for start, end in spans for char in text[start:end] if not char.isspace()]
    assert kept == [char for char in text if not char.isspace()]


async def test_no_word_is_lost_when_the_terminal_changes_its_size(bench: Bench) -> None:
    bench.add("long", [Document.of("d", "Long", " ".join(WORDS))])
    async with bench.app("long", corpus="long").run_test(size=(80, 24)) as pilot:
        panel = (await reranked(pilot)).query_one(DocumentPanel)
        for width, height in ((120, 36), (20, 6), (80, 24), (160, 48), (100, 29), (120, 36)):
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            shown = " ".join(line[2:] for line in panel_lines(panel)).split()
            assert "…" not in " ".join(shown), (width, height)
            assert shown == WORDS[: len(shown)], (width, height)


async def test_the_end_of_a_long_document_is_one_key_away(bench: Bench) -> None:
    body = "\n".join(f"line {n}" for n in range(30_000))
    bench.add("lines", [Document.of("d", "Lines", body)])
    async with bench.app("lines", corpus="lines").run_test(size=(120, 36)) as pilot:
        panel = (await reranked(pilot)).query_one(DocumentPanel)
        await until(pilot, lambda: panel.virtual_size.height == 30_000, "all lines are counted")
        panel.focus()
        await pilot.press("end")
        await until(pilot, lambda: "line 29999" in screen_text(pilot.app), "the last line")


async def test_a_sign_before_each_line_says_what_the_model_read(bench: Bench) -> None:
    bench.add("cut", [Document.of("d", "Cut", " ".join(WORDS)), Document.of("s", "Short cut", "A few words.")])
    async with bench.app("cut", corpus="cut").run_test(size=(120, 48)) as pilot:
        screen = await reranked(pilot)
        panel = screen.query_one(DocumentPanel)
        screen.selected_id = "d"
        await until(pilot, lambda: "word0" in screen_text(pilot.app), "the long document")
        signs = [line[0] for line in panel_lines(panel) if line.strip()]
        assert signs.count("✂") == 1
        cut = signs.index("✂")
        assert set(signs[:cut]) <= {"│"} and set(signs[cut + 1 :]) == {"┊"}
        assert "✂ the model read" in str(panel.border_subtitle)
        screen.selected_id = "s"
        await until(pilot, lambda: "A few words." in screen_text(pilot.app), "the short document")
        assert panel_lines(panel)[0].startswith("│ ")
        assert "read all" in str(panel.border_subtitle)


async def test_a_document_that_was_not_scored_claims_nothing_about_what_was_read(bench: Bench) -> None:
    def failing(*_: object) -> None:
        raise ModelUnavailableError("No model.")

    bench.ensure = failing  # type: ignore[assignment]
    async with bench.app().run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "Not reranked" in screen_text(pilot.app), "the failure")
        panel = compare_screen(pilot.app).query_one(DocumentPanel)
        lines = [line for line in panel_lines(panel) if line.strip()]
        assert lines and all(line.startswith("  ") for line in lines)


BODY = (
    "The quick brown fox jumps over the lazy dog and then runs on and on through the long green grass.\n"
    "Second\tline with a tab.\n\n" + " ".join(WORDS[:400])
)


class Alone(App[None]):
    """A document panel and nothing else."""

    def compose(self) -> ComposeResult:
        yield DocumentPanel("document")


def place_of(panel: DocumentPanel, wanted: str, row: int) -> tuple[int, int]:
    """Where a word of a row stands, in the panel's own cells."""
    return panel.render_line(row).text.index(wanted), row


async def drag(pilot: Pilot[None], start: tuple[int, int], end: tuple[int, int]) -> None:
    """Press, move and let go, in the panel's own cells."""
    await pilot.mouse_down(DocumentPanel, offset=start)
    await pilot.hover(DocumentPanel, offset=((start[0] + end[0]) // 2, end[1]))
    await pilot.hover(DocumentPanel, offset=end)
    await pilot.mouse_up(DocumentPanel, offset=end)


def selection_shown(panel: DocumentPanel) -> str:
    """The characters that are drawn as selected."""
    style = panel.screen.get_component_rich_style("screen--selection")
    lines = (panel.render_line(y) for y in range(panel.scrollable_content_region.height))
    return "".join(text for line in lines for text, own, _ in line if own and own.bgcolor == style.bgcolor)


async def test_what_the_mouse_drags_over_is_copied_without_the_breaks_of_the_panel() -> None:
    async with Alone().run_test(size=(40, 12)) as pilot:
        panel = pilot.app.query_one(DocumentPanel)
        panel.show(Document.of("d", "Fox", BODY), Highlights(), TokenCount(2, 30, 2, 30, 256, len(BODY)))
        await pilot.pause()
        start, end = place_of(panel, "brown", 0), place_of(panel, "tab.", 3)
        await drag(pilot, start, (end[0] + 3, end[1]))
        assert pilot.app.screen.get_selected_text() == BODY[BODY.index("brown") : BODY.index("tab.") + 4]
        assert "brown fox" in selection_shown(panel) and "quick" not in selection_shown(panel)
        await drag(pilot, (end[0] + 3, end[1]), start)
        assert pilot.app.screen.get_selected_text() == BODY[BODY.index("brown") : BODY.index("tab.") + 4]


async def test_a_selection_is_of_what_is_scrolled_to_and_goes_with_its_document() -> None:
    async with Alone().run_test(size=(40, 12)) as pilot:
        panel = pilot.app.query_one(DocumentPanel)
        document = Document.of("d", "Fox", BODY)
        panel.show(document, Highlights(), None)
        await pilot.pause()
        panel.scroll_to(y=20, animate=False, immediate=True)
        await pilot.pause()
        first, last = (panel.render_line(y).text.split() for y in (1, 4))
        await drag(pilot, (2, 1), (36, 4))
        chosen = (pilot.app.screen.get_selected_text() or "").split()
        assert (chosen[0], chosen[-1]) == (first[0], last[-1])
        assert chosen == WORDS[WORDS.index(chosen[0]) : WORDS.index(chosen[-1]) + 1]
        panel.show(document, Highlights(), None)
        assert pilot.app.screen.get_selected_text(), "the same document keeps what is selected"
        panel.show(Document.of("e", "Other", "Other words."), Highlights(), None)
        assert pilot.app.screen.get_selected_text() is None


async def test_wide_letters_are_selected_whole_and_below_the_text_to_its_end() -> None:
    async with Alone().run_test(size=(40, 12)) as pilot:
        panel = pilot.app.query_one(DocumentPanel)
        panel.show(Document.of("d", "Wide", "電池は充電器\nlast line"), Highlights(), None)
        await pilot.pause()
        await drag(pilot, (4, 0), (6, 0))
        assert pilot.app.screen.get_selected_text() == "池は"
        await drag(pilot, (4, 0), (20, 8))
        assert pilot.app.screen.get_selected_text() == "池は充電器\nlast line"


@pytest.mark.parametrize(
    ("reads", "tokens", "said", "signs"),
    [
        (("title", "body"), TokenCount(2, 9, 2, 9, 256, 26), "the model read all 9 tokens", "││"),
        (("title",), TokenCount(2, 3, 2, 3, 256, 5), "the model was given the title only · read all 3 tokens", "┊┊"),
        (("title",), TokenCount(2, 9, 2, 4, 6, 3), "✂ the model was given the title only · read 4 of 9 tokens", "┊┊"),
        (("body",), TokenCount(2, 9, 2, 6, 8, 12), "✂ the model was given the body only · read 6 of 9 tokens", "│✂"),
        (
            ("body",),
            TokenCount(9, 6, 5, 6, 8, 19),
            "the model was given the body only · read all 6 tokens · ✂ query",
            "││",
        ),
    ],
)
async def test_a_model_that_was_given_one_field_has_not_read_the_other(
    reads: tuple[str, ...], tokens: TokenCount, said: str, signs: str
) -> None:
    async with Alone().run_test(size=(90, 12)) as pilot:
        panel = pilot.app.query_one(DocumentPanel)
        panel.show(Document.of("d", "Title", "first row\nsecond row"), Highlights(), tokens, reads)
        await pilot.pause()
        assert str(panel.border_subtitle) == said
        assert "".join(line[0] for line in panel_lines(panel) if line) == signs


async def test_its_text_is_title_and_body_as_the_document_has_them() -> None:
    async with Alone().run_test() as pilot:
        panel = pilot.app.query_one(DocumentPanel)
        assert panel.text == ""
        panel.show(Document.of("d", "Fox", BODY), Highlights(), None)
        assert panel.text == f"Fox\n\n{BODY}"
        panel.show(None, Highlights(), None)
        await pilot.pause()
        assert panel.text == "" and not any(panel_lines(panel))

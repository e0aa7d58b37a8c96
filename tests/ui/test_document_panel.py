"""The text of the selected document."""

from itertools import pairwise

import pytest

from tests.ui.conftest import Bench
from tests.ui.screen import compare_screen, reranked, screen_text, until
from workbench.domain.documents import Document
from workbench.domain.errors import ModelUnavailableError
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
        assert "✂ read" in str(panel.border_subtitle)
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

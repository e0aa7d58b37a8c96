"""Without colours, and with the sixteen of an old terminal, everything is still told by signs and attributes."""

import threading
from collections.abc import Callable, Iterator

import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from textual.pilot import Pilot
from textual.widget import Widget

from tests.ui.conftest import Bench
from tests.ui.screen import panel_text, reranked, screen_text, until
from workbench.config.paths import bundled
from workbench.config.themes import read_theme
from workbench.domain.deployment import ModelState, ModelStatus, PreparedModel, Progress
from workbench.domain.errors import ModelUnavailableError
from workbench.ui.screens.compare import CompareScreen
from workbench.ui.screens.explain import ExplainScreen
from workbench.ui.widgets.panels import PanelTabs
from workbench.ui.widgets.rank_list import RankList

THEMES = [read_theme(path).name for path in sorted(bundled("themes").glob("*.toml"))]
QUERY = "laptop gets hot while charging"


@pytest.fixture(params=["no colours", "sixteen colours"])
def theme(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A theme to look at; what a test reads of it is text and attributes alone."""
    if request.param == "no colours":
        monkeypatch.setenv("NO_COLOR", "1")
        return "workbench-dark"
    return "terminal"


def segments(pilot: Pilot[None], widget: Widget) -> Iterator[Segment]:
    """What is drawn of one widget."""
    x, y, width, height = widget.region
    for strip in pilot.app.screen._compositor.render_strips(pilot.app.size)[y : y + height]:
        yield from strip.crop(x, x + width)


def styled(pilot: Pilot[None], widget: Widget, attribute: str) -> str:
    """All text of a widget that has an attribute such as `bold`."""
    return "".join(text for text, style, _ in segments(pilot, widget) if style and getattr(style, attribute))


async def chosen(pilot: Pilot[None]) -> CompareScreen:
    """Choose the third row of the left list."""
    screen = await reranked(pilot)
    screen.query_one("#bm25").focus()
    await pilot.press("home", "down", "down")
    await until(pilot, lambda: bool(screen.explanation), "explained")
    return screen


async def test_the_selected_row_stands_out_in_both_lists(bench: Bench, theme: str) -> None:
    async with bench.app(QUERY, theme=theme).run_test(size=(120, 36)) as pilot:
        screen = await chosen(pilot)
        for rank_list in screen.query(RankList):
            pointed = [line[1:] for line in panel_text(pilot.app, rank_list).splitlines() if line[1:2] == "›"]
            assert rank_list.cursor is not None and len(pointed) == 1
            row = rank_list.rows[rank_list.cursor]
            assert pointed[0].removeprefix("›").split()[0] == str(row.rank)
            bold, others = styled(pilot, rank_list, "bold"), {other.score for other in rank_list.rows} - {row.score}
            assert row.score in bold and not any(score in bold for score in others)


async def test_the_selected_line_of_the_gutter_stands_out(bench: Bench, theme: str) -> None:
    async with bench.app(QUERY, theme=theme).run_test(size=(160, 48)) as pilot:
        screen = await chosen(pilot)
        gutter = screen.lists.lines
        assert styled(pilot, gutter, "bold").strip(), "the line of the selected document"
        plain = [
            text for text, style, _ in segments(pilot, gutter) if style and not style.bold and text.strip("\u2800 ")
        ]
        assert plain, "the others"


async def test_direction_what_entered_what_left_and_what_was_cut_are_signs(bench: Bench, theme: str) -> None:
    async with bench.app(QUERY, theme=theme).run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        assert screen.comparison and screen.comparison.shift
        shift = screen.comparison.shift
        for rank_list, sign in ((screen.lists.before, "-"), (screen.lists.reranked, "+")):
            for line, row in zip(panel_text(pilot.app, rank_list).splitlines()[1:-1], rank_list.rows, strict=False):
                said = line[5:10].strip()
                way = "▲" if (row.shift or 0) > 0 else "▼" if (row.shift or 0) < 0 else "="
                assert row.shift is None or said.startswith(way), line
                assert said.endswith(sign) == bool(row.mark), line
                assert ("✂" in line) == row.truncated, line
        said = panel_text(pilot.app, screen.query_one("#shifts"))
        for words in (f"▲ {shift.up} up", f"▼ {shift.down} down", f"+ {shift.entered} entered", f"- {shift.left} left"):
            assert words in said


async def test_what_the_model_read_and_where_it_stopped_are_signs(bench: Bench, theme: str) -> None:
    async with bench.app(QUERY, theme=theme).run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        assert screen.comparison
        cut = next(row for row in screen.comparison.reranked if row.tokens.truncated)
        screen.selected_id = cut.candidate.document.id
        screen.panels.go_to("document")
        await pilot.pause()
        await pilot.press("z")
        await until(pilot, lambda: "✂ the model read" in screen_text(pilot.app), "cut")
        document = screen.query_one("#document")
        marks = [line[1:2] for line in panel_text(pilot.app, document).splitlines()[1:-1]]
        at = marks.index("✂")
        assert set(marks[:at]) <= {"│"} and set(marks[at + 1 :]) == {"┊"}


async def test_matches_are_bold(bench: Bench, theme: str) -> None:
    async with bench.app("charging", theme=theme).run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        for id in ("bm25", "document"):
            assert "charg" in styled(pilot, screen.query_one(f"#{id}"), "bold").casefold()


@pytest.mark.parametrize(("size", "focused", "other"), [((120, 36), "┏", "╭"), ((80, 24), "━", "─")])
async def test_the_panel_in_use_has_a_heavy_line(
    bench: Bench, theme: str, size: tuple[int, int], focused: str, other: str
) -> None:
    async with bench.app(QUERY, theme=theme).run_test(size=size) as pilot:
        screen = await reranked(pilot)
        assert "laptop" not in styled(pilot, screen.query_one("#query"), "reverse")
        assert styled(pilot, screen.query_one("#query"), "reverse"), "the cursor"
        for id in ("bm25", "reranked", "document", "scores", "shifts", "tuning", "request"):
            if id in ("bm25", "reranked"):
                screen.query_one(f"#{id}").focus()
            else:
                screen.panels.go_to(id)
            await until(pilot, lambda id=id: bool(screen.focused and screen.focused.id == id), f"{id} is in use")
            for panel in screen.query("RankList, DocumentPanel, ScoresPanel, ShiftPanel, TuningPanel, RequestPanel"):
                if panel.region.area:
                    corner = panel_text(pilot.app, panel)[0]
                    assert corner == (focused if panel.id == id else other), (id, panel.id)


async def test_changed_settings_are_marked_with_what_they_were(bench: Bench, theme: str) -> None:
    async with bench.app(QUERY, theme=theme).run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        screen.panels.go_to("tuning")
        await pilot.pause()
        await pilot.press("down", "down", "down", "right")
        await until(pilot, lambda: "● was 30" in screen_text(pilot.app), "changed")
        assert "depth 50●" in panel_text(pilot.app, screen.query_one("#status"))
        form = panel_text(pilot.app, screen.query_one("#tuning"))
        assert "› depth        ◂ 50 ▸" in form and form.count("●") == 1
        assert styled(pilot, screen.query_one(PanelTabs), "reverse").strip() == "Tuning"
        await pilot.press("equals_sign", "f")
        await until(pilot, lambda: "= baseline" in screen_text(pilot.app), "pinned")
        assert "❄ frozen" in screen_text(pilot.app)


async def test_the_threshold_and_the_selected_score_have_marks(bench: Bench, theme: str) -> None:
    async with bench.app(QUERY, theme=theme).run_test(size=(160, 48)) as pilot:
        screen = await chosen(pilot)
        screen.panels.go_to("scores")
        await pilot.pause()
        await pilot.press("right", "right")
        await until(pilot, lambda: "┃" in panel_text(pilot.app, screen.query_one("#scores")), "a threshold")
        assert "◆" in panel_text(pilot.app, screen.query_one("#scores"))


@pytest.mark.parametrize(
    ("key", "pointed"),
    [("ctrl+r", "› " + QUERY), ("ctrl+t", "›  ▲▼"), ("o", "› mine")],
    ids=["queries", "themes", "recall"],
)
async def test_the_cursor_of_a_list_points(bench: Bench, theme: str, key: str, pointed: str) -> None:
    async with bench.app(QUERY, theme=theme).run_test(size=(120, 36)) as pilot:
        screen = await chosen(pilot)
        await pilot.press("s")
        await until(pilot, lambda: pilot.app.screen is not screen, "asked for a name")
        await pilot.press(*"mine", "enter")
        await until(pilot, lambda: pilot.app.screen is screen, "saved")
        await pilot.app.workers.wait_for_complete()
        await pilot.press(key)
        await until(pilot, lambda: pointed in screen_text(pilot.app), pointed)


async def test_the_cursor_of_an_explanation_is_underlined(bench: Bench, theme: str) -> None:
    async with bench.app(QUERY, theme=theme).run_test(size=(120, 36)) as pilot:
        screen = await chosen(pilot)
        await pilot.press("f7")
        await until(pilot, lambda: isinstance(pilot.app.screen, ExplainScreen), "explained")
        await pilot.pause()
        underlined = styled(pilot, pilot.app.screen.query_one("Tree"), "underline")
        assert screen.explanation and underlined.startswith(f"{screen.explanation.value:.6g}  ")


async def test_the_state_of_the_model_is_a_sign_and_a_word(bench: Bench, theme: str) -> None:
    go_on = threading.Event()

    def ensure(report: Callable[[ModelStatus], None], stop: threading.Event) -> PreparedModel:
        report(ModelStatus("tiny", ModelState.DOWNLOADING, progress=Progress(41, 100, "files")))
        go_on.wait(20)
        raise ModelUnavailableError("No network.", "Try again.")

    bench.ensure = ensure
    async with bench.app(QUERY, theme=theme).run_test(size=(120, 48)) as pilot:
        await until(pilot, lambda: "◐ tiny downloading 41%" in screen_text(pilot.app), "downloading")
        go_on.set()
        await until(pilot, lambda: "✗ tiny failed" in screen_text(pilot.app), "failed")
        assert "No network." in screen_text(pilot.app) and "F5 tries again" in screen_text(pilot.app)


@pytest.mark.parametrize("theme", THEMES)
async def test_no_text_vanishes_in_sixteen_colours(bench: Bench, theme: str) -> None:
    async with bench.app(QUERY, theme=theme).run_test(size=(120, 36)) as pilot:
        await chosen(pilot)
        for text, style, _ in (
            segment
            for strip in pilot.app.screen._compositor.render_strips(pilot.app.size)
            for segment in strip
            if segment.style and segment.text.strip()
        ):
            ink, ground = (colour and colour.downgrade(ColorSystem.STANDARD) for colour in (style.color, style.bgcolor))
            assert ink is None or ink.is_default or ink != ground, text

"""Panels where there is little room, and where there is a lot."""

from dataclasses import replace

import pytest
from textual.app import App, ComposeResult
from textual.widget import Widget

from tests.ui.screen import screen_text
from workbench.domain.ballot import Ballot
from workbench.domain.comparison import Baseline, Comparison
from workbench.domain.deployment import ModelState, ModelStatus
from workbench.domain.documents import Document
from workbench.domain.latency import Latency
from workbench.domain.ranking import Highlights
from workbench.domain.shift import ShiftSummary
from workbench.domain.tuning import Tuning
from workbench.ui.notices import before_notice, before_title, reranked_notice
from workbench.ui.themes import bundled_tokens
from workbench.ui.widgets.document_panel import DocumentPanel
from workbench.ui.widgets.latency_panel import LatencyPanel
from workbench.ui.widgets.presenter_bar import PresenterBar
from workbench.ui.widgets.shift_panel import summary
from workbench.ui.widgets.status_bar import StatusBar
from workbench.ui.widgets.tuning_panel import TuningPanel

SHIFT = ShiftSummary(8, 2, 0, 4, 4, kendall_tau=-0.33, rbo=0.37, rbo_top=0.05, jaccard=0.43)
DONE = Comparison("q", "embedded", "c", 30, 10, latency=Latency(0.4, 0.2, 1.1, 310.0, total=312.0), done=True)


class Only(App[None]):
    """One widget that fills the terminal."""

    CSS = "Screen > * { width: 100%; height: 100%; }"

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return bundled_tokens(True)

    def compose(self) -> ComposeResult:
        yield self.widget


async def drawn(widget: Widget, size: tuple[int, int]) -> list[str]:
    app = Only(widget)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        return screen_text(app).splitlines()


def status() -> StatusBar:
    bar = StatusBar()
    bar.corpus, bar.documents = "help-center", 132
    bar.model = ModelStatus("all-minilm-l6-v2", ModelState.LOADED)
    bar.tuning, bar.baseline, bar.frozen = Tuning(depth=50), Tuning(), True
    bar.comparison = replace(DONE, baseline=Baseline(Tuning(), ()))
    return bar


async def test_the_top_line_keeps_what_is_unusual_and_gives_up_the_number_of_documents_first() -> None:
    ends = "= baseline  ▏❄ frozen, f goes on  ▏312 ms"
    for width, begins in (
        (120, " help-center 132 docs  ▏● all-minilm-l6-v2 mix 0.7  ▏depth 50●"),
        (60, " help-center  ▏"),
    ):
        line = (await drawn(status(), (width, 1)))[0]
        assert line.startswith(begins) and line.endswith(ends) and len(line) < width
    assert "docs" not in (await drawn(status(), (100, 1)))[0]
    assert "depth 50●" in (await drawn(status(), (100, 1)))[0]


@pytest.mark.parametrize(("width", "lines"), [(70, 2), (45, 3), (38, 3), (20, 6)])
def test_counts_and_measures_take_as_few_lines_as_they_need(width: int, lines: int) -> None:
    found = [line.plain for line in summary(SHIFT, width)]
    assert len(found) == lines and all(len(line) <= width for line in found)
    said = " ".join(found)
    for words in (
        "▲ 8 up",
        "▼ 2 down",
        "= 0 same",
        "+ 4 entered",
        "- 4 left",
        "tau -0.33",
        "rbo .9 0.37",
        "jaccard 0.43",
    ):
        assert words in said


@pytest.mark.parametrize("height", [2, 4])
async def test_every_stage_has_its_time_in_two_lines_or_with_a_bar_in_four(height: int) -> None:
    panel = LatencyPanel("latency")
    panel.comparison = DONE
    lines = await drawn(panel, (38, height))
    assert len(lines) == height
    said = " ".join(" ".join(lines).split())
    for stage, time in (("retrieve", "0.4 ms"), ("fetch", "0.2 ms"), ("tokenize", "1.1 ms"), ("rerank", "310.0 ms")):
        assert stage in said and time in said
    assert ("━" in said) == (height == 4)


async def test_the_lines_of_a_document_never_run_on_for_more_than_a_hundred_cells() -> None:
    panel = DocumentPanel("document")
    app = Only(panel)
    async with app.run_test(size=(240, 20)) as pilot:
        panel.show(Document.of("d", "Title", "words " * 400), Highlights(), None)
        await pilot.pause()
        assert 90 < max(map(len, screen_text(app).splitlines())) <= 103


async def test_the_setting_in_use_stays_in_sight_and_can_be_clicked() -> None:
    form = TuningPanel("tuning")
    form.tuning = form.start = Tuning(boosts=tuple((f"field{number}", 1.0) for number in range(9)))
    app = Only(form)
    async with app.run_test(size=(80, 5)) as pilot:
        form.focus()
        await pilot.press(*["down"] * 11)
        assert "› size" in screen_text(app) and "a number and Enter" in screen_text(app)
        row = next(row for row, line in enumerate(screen_text(app).splitlines()) if "boost field8" in line)
        await pilot.click(form, offset=(4, row))
        assert "› boost field8" in screen_text(app)


@pytest.mark.parametrize("width", [60, 80, 160])
async def test_the_presenter_s_line_asks_before_it_names_keys(width: int) -> None:
    bar = PresenterBar()
    line = (await drawn(bar, (width, 1)))[0]
    assert "b blind vote" in line and "p leaves" in line
    bar = PresenterBar()
    bar.ballot = Ballot("q", swapped=False)
    line = (await drawn(bar, (width, 1)))[0].strip()
    assert line.startswith("Which list is better?") and ("b ends the vote" in line) == (width == 160)


def test_the_title_of_a_baseline_begins_with_what_differs() -> None:
    pinned = replace(DONE, fields=Tuning().boosts, baseline=Baseline(Tuning(size=20), ()))
    assert before_title(pinned).plain.startswith("Baseline · size 20 · ")


def test_an_empty_list_says_why_as_well_as_it_is_known() -> None:
    assert before_notice(DONE).plain.startswith("Nothing matches this query.\nTry")
    assert before_notice(replace(DONE, warnings=("Only stop words.",))).plain.startswith("Only stop words.\nTry")
    assert reranked_notice(DONE, None).plain == "Nothing matches, so nothing is reranked."
    assert not reranked_notice(replace(DONE, query=" "), None).plain

"""The scores panel and the screen behind it, read as a person reads them."""

import unicodedata
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Tree

from tests.fakes.hostile import HOSTILE
from tests.ui.screen import screen_text
from workbench.domain.comparison import Comparison, RerankerInfo
from workbench.domain.deployment import ModelKind
from workbench.domain.documents import Document
from workbench.domain.ranking import Candidate, Explanation, Reranked
from workbench.domain.score_view import Threshold
from workbench.domain.scores import ScoreSpace
from workbench.domain.tokens import TokenCount
from workbench.ui.screens.explain import ExplainScreen
from workbench.ui.themes import bundled_tokens
from workbench.ui.widgets.score_plot import ABOVE, BELOW, MARK, THRESHOLD
from workbench.ui.widgets.scores_panel import MOST_TERMS, ScoresPanel, score_lines

WIDTHS = [30, 42, 80]
MIX = RerankerInfo("m", ModelKind.BI_ENCODER, ScoreSpace.MIX, ScoreSpace.COSINE, 0.7)
LOGIT = RerankerInfo("m", ModelKind.CROSS_ENCODER, ScoreSpace.LOGIT, ScoreSpace.LOGIT, None)
EXPLAINED = Explanation(
    6.93,
    "highest of the fields; the others do not count",
    (
        Explanation(6.93, "sum of the terms in title", (Explanation(2.5, "title:hot"), Explanation(4.43, "title:tub"))),
        Explanation(1.25, "body:tub", (Explanation(1.0, "boost"),)),
    ),
)


def compared(
    scores: Sequence[float] = (0.830, 0.772, 0.5, 0.0),
    info: RerankerInfo = MIX,
    raw: Sequence[float] | None = None,
    **changes: object,
) -> Comparison:
    """Documents `d1`, `d2`, … with these reranked scores, falling; BM25 has them in the opposite order."""
    raw = raw or (scores if info is LOGIT else [0.612] * len(scores))
    count = len(scores)
    bm25 = [Candidate(rank, Document.of(f"d{count + 1 - rank}", "", "x"), 7.93 - rank) for rank in range(1, count + 1)]
    tokens = TokenCount(1, 1, 1, 1, 10, 1)
    rows = tuple(
        Reranked(rank, bm25[count - rank], score, raw[rank - 1], tokens, count - rank + 1)
        for rank, score in enumerate(scores, start=1)
    )
    known = {"bm25": tuple(bm25), "reranker": info, "reranked": rows, "done": True} | changes
    return Comparison("hot tub", "embedded", "c", 30, 10, **known)  # type: ignore[arg-type]


class Host(App[None]):
    """Nothing but the panel."""

    CSS = "ScoresPanel { border: round white; }"

    def __init__(self, width: int = 80, height: int = 20) -> None:
        super().__init__()
        self.panel = ScoresPanel("scores")
        self.panel.styles.width = width
        self.panel.styles.height = height
        self.animation_level = "none"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return bundled_tokens(dark=True)

    def compose(self) -> ComposeResult:
        yield self.panel


async def drawn(
    comparison: Comparison | None,
    document_id: str | None,
    explanation: Explanation | None = EXPLAINED,
    width: int = 80,
) -> list[str]:
    """The lines inside the border, without those that are empty."""
    app = Host(width)
    async with app.run_test(size=(130, 24)) as pilot:
        app.panel.show(comparison, document_id, explanation)
        await pilot.pause()
        lines = screen_text(app).splitlines()
        assert "Scores" in lines[0]
        assert all(line[0] == line[width - 1] == "│" and len(line) == width for line in lines[1:19])
        return [inside for line in lines[1:19] if (inside := line[2 : width - 1].rstrip())]


async def test_every_score_names_its_space_and_its_rank() -> None:
    assert (await drawn(compared(), "d1"))[0] == "bm25 3.93 #4  mix 0.830 #1  cosine 0.612"


async def test_a_logit_is_also_shown_as_sigmoid_and_as_elasticsearch_maps_it() -> None:
    lines = await drawn(compared((2.0, -1.0), LOGIT), "d2")
    assert lines[0] == "bm25 6.93 #1  logit -1.00 #2  sigmoid 0.269  es 0.368"


@pytest.mark.parametrize(
    ("document_id", "said"),
    [
        ("d1", "by mix first · 0.058 ahead of #2"),
        ("d2", "by mix 0.058 behind #1 · 0.272 ahead of #3"),
        ("d4", "by mix 0.500 behind #3 · last"),
    ],
)
async def test_the_gaps_to_the_neighbours(document_id: str, said: str) -> None:
    assert (await drawn(compared(), document_id))[1] == said


async def test_a_gap_too_small_to_print_is_not_called_none() -> None:
    lines = await drawn(compared((0.9, 0.50001, 0.5, 0.5)), "d3")
    assert lines[1] == "by mix <0.001 behind #2 · level with #4"


async def test_scores_that_lie_close_together_are_told_apart() -> None:
    lines = await drawn(compared((-11.0, -11.2, -11.5), LOGIT), "d2")
    assert "sigmoid 1.37e-05  es 1.37e-05" in lines[0]
    lines = await drawn(compared((0.50003, 0.50002, 0.5)), "d2")
    assert "mix 0.5000200 #2" in lines[0] and lines[1] == "by mix 1.00e-05 behind #1 · 2.00e-05 ahead of #3"
    assert lines[3].startswith("0.5000000 ") and lines[3].endswith(" 0.5000300")


@pytest.mark.parametrize(("document_id", "place"), [("d1", -1), ("d4", 0)])
async def test_the_strip_plot_marks_the_selected_one_and_labels_its_ends(document_id: str, place: int) -> None:
    upper, lower = (await drawn(compared(), document_id))[2:4]
    assert lower.startswith("0.000 ") and lower.endswith(" 0.830")
    assert upper.startswith("mix")
    dots = [index for index, sign in enumerate(lower) if "\u2800" < sign <= "\u28ff"]
    assert len(dots) == 4
    assert upper.index(MARK) == dots[place]


async def test_many_candidates_pile_up_within_two_rows() -> None:
    lines = await drawn(compared([1.0, *[0.5] * 300, 0.0]), "d1")
    assert "⡇" in lines[2] + lines[3] or "⢸" in lines[2] + lines[3]
    assert lines[4].startswith("BM25")


async def test_equal_scores_and_scores_that_are_none_are_no_trouble() -> None:
    assert "first" in (await drawn(compared((0.5,)), "d1"))[1]
    lines = await drawn(compared((float("nan"), float("nan"))), "d1")
    assert "mix nan" in lines[0] and "no telling from #2" in lines[1] and lines[2].startswith("BM25")


@pytest.mark.parametrize("width", WIDTHS)
async def test_bm25_is_the_sum_of_its_bars_and_what_did_not_count_comes_after(width: int) -> None:
    lines = await drawn(compared(), "d1", width=width)
    at = lines.index("BM25 6.930 =")
    tub, hot, said, lost = lines[at + 1 :]
    assert tub.startswith("title:tub ") and tub.endswith(" 4.430")
    assert hot.startswith("title:hot ") and hot.endswith(" 2.500")
    assert said.startswith("not counted")
    assert lost.startswith("body:tub ") and lost.endswith(" 1.250")
    assert tub.count("━") > hot.count("━") > lost.count("━") > 0
    assert len({len(line) for line in (tub, hot, lost)}) == 1, "values stand in one column"


async def test_of_a_thousand_terms_the_largest_are_drawn_and_the_others_are_counted() -> None:
    whole = Explanation(1024.0, "sum of", tuple(Explanation(1.0, f"body:t{n}") for n in range(1024)))
    lines = [line.plain for line in score_lines(compared(), "d1", whole, 40).lines]
    assert len([line for line in lines if line.startswith("body:")]) == MOST_TERMS
    assert lines[-1] == "and 924 more"


@pytest.mark.parametrize("width", WIDTHS)
async def test_nothing_is_lost_at_any_width(width: int) -> None:
    text = " ".join(await drawn(compared(), "d2", width=width))
    for part in ("bm25 4.93 #3", "mix 0.772 #2", "cosine 0.612", "0.058 behind #1", "0.272 ahead of #3", "0.830"):
        assert part in text


async def test_what_is_not_there_is_said() -> None:
    assert await drawn(None, None, None) == []
    assert await drawn(Comparison("", "embedded", "c", 30, 10, done=True), None, None) == ["no document selected"]
    assert await drawn(compared(), "d99", None) == ["not among the candidates"]
    assert await drawn(compared(reranked=()), "d1", None) == ["bm25 3.93 #4", "not reranked", "BM25 not taken apart"]
    assert (await drawn(compared(reranked=(), done=False), "d1"))[1] == "not reranked yet"


@pytest.mark.parametrize("width", WIDTHS)
async def test_hostile_terms_reach_no_terminal_and_break_no_column(width: int) -> None:
    details = tuple(Explanation(1.0, f"title:{title}") for _, title, _ in HOSTILE)
    whole = Explanation(float(len(details)), "sum of:", details)
    app = Host(width)
    async with app.run_test(size=(130, 24)) as pilot:
        app.panel.show(compared(), "d1", whole)
        for _ in range(len(details)):
            await pilot.pause()
            text = "".join(
                segment.text for strip in app.screen._compositor.render_strips(app.size) for segment in strip
            )
            assert not {sign for sign in text if unicodedata.category(sign) in ("Cc", "Cs")}
            assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200d\ufeff")
            app.panel.action_scroll_down()
        assert app.panel.max_scroll_y > 0


async def test_lines_that_do_not_fit_are_scrolled_to_and_another_document_starts_at_the_top() -> None:
    app = Host(42)
    app.panel.styles.height = 5
    async with app.run_test(size=(80, 24)) as pilot:
        app.panel.show(compared(), "d1", EXPLAINED)
        app.panel.focus()
        assert "bm25 3.93 #4" in screen_text(app)
        for _ in range(9):
            await pilot.press("j")
        text = screen_text(app)
        assert "body:tub" in text and "bm25 3.93 #4" not in text
        assert " 1.250" in text, "the scrollbar hides no value"
        app.panel.show(compared(), "d2", EXPLAINED)
        await pilot.pause()
        assert "bm25 4.93 #3" in screen_text(app)


async def test_a_resize_lays_the_lines_out_anew() -> None:
    app = Host()
    app.panel.styles.width = "100%"
    async with app.run_test(size=(80, 24)) as pilot:
        app.panel.show(compared(), "d1", EXPLAINED)
        await pilot.pause()
        assert "bm25 3.93 #4  mix 0.830 #1  cosine 0.612" in screen_text(app)
        for width in (30, 12, 4, 2, 42):
            await pilot.resize_terminal(width, 24)
            await pilot.pause()
            assert all(len(line) <= width for line in screen_text(app).splitlines())
        assert "mix 0.830 #1\n" not in screen_text(app)
        assert "cosine 0.612" in screen_text(app)


@asynccontextmanager
async def at_work(comparison: Comparison, document_id: str, width: int = 80, height: int = 20) -> AsyncIterator[Pilot]:
    """The panel with a document's scores and the focus."""
    app = Host(width, height)
    async with app.run_test(size=(130, 44)) as pilot:
        app.panel.show(comparison, document_id, EXPLAINED)
        app.panel.focus()
        await pilot.pause()
        yield pilot


def said(pilot: Pilot) -> str:
    """What stands inside the border, with one blank between words."""
    return " ".join(screen_text(pilot.app).replace("│", " ").split())


TWELVE = [5.0 - number for number in range(12)]
"""Logits from 5 to −6: a step of the threshold is 0.2."""


async def test_x_goes_round_the_spaces_of_a_cross_encoder_and_gaps_and_plot_follow() -> None:
    async with at_work(compared((2.0, 0.0, -2.0), LOGIT), "d2") as pilot:
        for expected in (
            "by logit 2.000 behind #1 · 2.000 ahead of #3 logit",
            "by sigmoid 0.381 behind #1 · 0.381 ahead of #3 sigmoid",
            "by es 2.000 behind #1 · 0.865 ahead of #3 es",
            "by logit 2.000 behind #1",
        ):
            assert expected in said(pilot)
            await pilot.press("x")
        assert "0.119 " in said(pilot) and " 0.881" in said(pilot), "the ends of the plot are in the space too"


async def test_a_mix_and_its_cosine_may_order_documents_differently_and_the_gaps_say_so() -> None:
    async with at_work(compared((0.9, 0.6, 0.1), raw=(0.5, 0.7, 0.2)), "d2") as pilot:
        await pilot.press("x")
        assert "by cosine 0.200 ahead of #1 · 0.500 ahead of #3 cosine" in said(pilot)
        await pilot.press("x")
        assert "by mix 0.300 behind #1" in said(pilot)


async def test_a_chosen_space_and_a_threshold_outlive_queries_selections_and_results_that_arrive() -> None:
    async with at_work(compared(TWELVE, LOGIT), "d2") as pilot:
        panel = pilot.app.query_one(ScoresPanel)
        await pilot.press("x", "right")
        assert "threshold sigmoid 0.010 · 10 of 12 would survive · #2 would" in said(pilot)
        panel.show(compared(TWELVE, LOGIT, reranked=(), done=False), "d2", None)
        panel.show(compared([score / 2 for score in TWELVE], LOGIT), "d12", EXPLAINED)
        await pilot.pause()
        assert "by sigmoid" in said(pilot)
        assert "threshold sigmoid 0.010 · 12 of 12 would survive · #12 would" in said(pilot)
        panel.show(compared(), "d1", EXPLAINED)
        await pilot.pause()
        assert "by mix" in said(pilot) and "threshold set in sigmoid" in said(pilot), "another model has no sigmoid"
        panel.show(compared(TWELVE, LOGIT), "d2", EXPLAINED)
        await pilot.pause()
        assert "by sigmoid" in said(pilot) and "10 of 12 would survive" in said(pilot)


async def test_the_threshold_is_moved_by_keys_in_round_steps_between_none_and_nobody() -> None:
    async with at_work(compared(TWELVE, LOGIT), "d12") as pilot:
        assert "threshold" not in said(pilot).partition("╰")[0]
        await pilot.press("left")
        assert "would survive" not in said(pilot), "there is nothing below none"
        await pilot.press("right")
        assert "threshold logit -5.80 · 11 of 12 would survive · #12 would not" in said(pilot)
        await pilot.press("l")
        assert "threshold logit -5.60" in said(pilot)
        panel = pilot.app.query_one(ScoresPanel)
        for _ in range(80):
            panel.action_threshold(1)
        await pilot.pause()
        assert "threshold logit 5.20 · 0 of 12 would survive" in said(pilot)
        await pilot.press("left")
        assert "threshold logit 5.00 · 1 of 12 would survive" in said(pilot), "the score itself survives"
        await pilot.press("h")
        assert "threshold logit 4.80" in said(pilot)
        for _ in range(80):
            panel.action_threshold(-1)
        await pilot.pause()
        assert "would survive" not in said(pilot)
        await pilot.press("right")
        panel.action_threshold(0)
        await pilot.pause()
        assert "would survive" not in said(pilot)


def rows_of_the_plot(pilot: Pilot) -> tuple[str, str]:
    lines = screen_text(pilot.app).splitlines()
    at = next(index for index, line in enumerate(lines) if MARK in line)
    return lines[at], lines[at + 1]


async def test_the_plot_shows_the_threshold_between_the_dots_and_where_it_hides_none() -> None:
    async with at_work(compared((1.0, 0.5, 0.0)), "d1") as pilot:
        panel = pilot.app.query_one(ScoresPanel)
        for _ in range(25):
            panel.action_threshold(1)
        await pilot.pause()
        upper, lower = rows_of_the_plot(pilot)
        low, *_, high = [index for index, sign in enumerate(lower) if "\u2800" < sign <= "\u28ff"]
        assert upper.index(THRESHOLD) == lower.index(THRESHOLD) == pytest.approx(low + (high - low) / 4, abs=1)
        for _ in range(25):
            panel.action_threshold(1)
        await pilot.pause()
        upper, lower = rows_of_the_plot(pilot)
        assert THRESHOLD in upper and THRESHOLD not in lower, "the dots of the score at the threshold stay"
        for _ in range(51):
            panel.action_threshold(1)
        await pilot.pause()
        upper, lower = rows_of_the_plot(pilot)
        assert upper.rstrip("│ ").endswith(MARK) and lower.split()[-3].endswith(ABOVE), "the mark stays above it"
        panel.show(compared((1.0, 0.5, 0.0)), "d3", EXPLAINED)
        await pilot.pause()
        assert ABOVE in rows_of_the_plot(pilot)[0]


async def test_a_threshold_that_a_new_query_leaves_behind_is_marked_at_the_edge_and_comes_back_with_one_step() -> None:
    async with at_work(compared(TWELVE, LOGIT), "d1") as pilot:
        panel = pilot.app.query_one(ScoresPanel)
        await pilot.press("right")
        panel.show(compared((30.0, 20.0, 10.0), LOGIT), "d1", EXPLAINED)
        await pilot.pause()
        assert "threshold logit -5.80 · 3 of 3 would survive · #1 would" in said(pilot)
        assert BELOW in rows_of_the_plot(pilot)[0]
        await pilot.press("right")
        assert "threshold logit 10.20 · 2 of 3 would survive" in said(pilot)


async def test_a_logit_threshold_is_the_same_one_in_every_space_of_the_logit() -> None:
    async with at_work(compared((1.4, 0.4, -2.0), LOGIT), "d2") as pilot:
        panel = pilot.app.query_one(ScoresPanel)
        while "threshold logit 0.40" not in said(pilot):
            panel.action_threshold(1)
            await pilot.pause()
        for value in ("logit 0.40", "sigmoid 0.599", "es 1.400", "logit 0.40"):
            assert f"threshold {value} · 2 of 3 would survive · #2 would" in said(pilot)
            await pilot.press("x")
        await pilot.press("right")
        assert "threshold sigmoid 0.600 · 1 of 3 would survive · #2 would not" in said(pilot), "round again"


async def test_a_mix_threshold_waits_while_the_cosine_is_looked_at() -> None:
    async with at_work(compared((0.9, 0.6, 0.1), raw=(0.5, 0.7, 0.2)), "d2") as pilot:
        await pilot.press("right", "x")
        assert "threshold set in mix" in said(pilot) and "would survive" not in said(pilot)
        await pilot.press("left", "x")
        assert "threshold mix 0.110 · 2 of 3 would survive" in said(pilot), "it was not there to be lowered"
        await pilot.press("x", "right")
        assert "threshold cosine 0.205 · 2 of 3 would survive" in said(pilot)
        await pilot.press("x")
        assert "threshold set in cosine" in said(pilot)


async def test_a_click_on_the_plot_puts_the_threshold_there_and_at_its_low_end_takes_it_off() -> None:
    async with at_work(compared((1.0, 0.5, 0.0)), "d2") as pilot:
        _, lower = rows_of_the_plot(pilot)
        dots = [index for index, sign in enumerate(lower) if "\u2800" < sign <= "\u28ff"]
        y = screen_text(pilot.app).splitlines().index(lower)
        await pilot.click(ScoresPanel, offset=(dots[1], y))
        assert "threshold mix 0.500 · 2 of 3 would survive" in said(pilot)
        await pilot.click(ScoresPanel, offset=(dots[2], y - 1))
        assert "threshold mix 1.000 · 1 of 3 would survive" in said(pilot)
        await pilot.click(ScoresPanel, offset=(2, y))
        await pilot.click(ScoresPanel, offset=(dots[1], y - 2))
        assert "threshold mix 1.000" in said(pilot), "beside the dots nothing is meant"
        await pilot.click(ScoresPanel, offset=(dots[0], y))
        assert "would survive" not in said(pilot)


@pytest.mark.parametrize("height", [4, 5, 7])
async def test_in_a_low_panel_the_threshold_that_is_moved_is_brought_into_view(height: int) -> None:
    async with at_work(compared(), "d2", width=42, height=height) as pilot:
        await pilot.press("right")
        assert "3 of 4 would survive" in said(pilot)
        await pilot.press("x")
        assert "threshold set in mix" in said(pilot)


async def test_the_border_names_the_keys_as_the_person_has_set_them_while_the_panel_is_in_use() -> None:
    app = Host()
    app.set_keymap({"scores.space": "f12"})
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.panel.has_focus and "← → threshold · F12 space" in screen_text(app)
        app.screen.set_focus(None)
        await pilot.pause()
        assert "space" not in screen_text(app)


@pytest.mark.parametrize("info", [MIX, LOGIT])
@pytest.mark.parametrize(
    "scores",
    [
        (float("nan"), float("nan")),
        (float("inf"), 1.0, float("nan"), 0.0, float("-inf")),
        (0.0, 0.0, 0.0),
        (-3.5,),
        (-1.0, -2.0, -900.0),
        (900.0, 1e17, -1e17),
        (1.7e308, -1.7e308),
        (5e-324, 0.0),
    ],
)
async def test_no_scores_are_too_odd_for_any_space_or_threshold(scores: tuple[float, ...], info: RerankerInfo) -> None:
    for document_id in ("d1", f"d{len(scores)}"):
        async with at_work(compared(scores, info), document_id, width=42) as pilot:
            panel = pilot.app.query_one(ScoresPanel)
            for _ in range(3):
                for by in (1, 1, -1, 1, 200, -1):
                    panel.action_threshold(by)
                await pilot.press("x")
                assert f"by {panel._space}" in said(pilot)


def test_at_every_width_no_line_is_too_long_no_word_is_cut_and_numbers_stand_in_columns() -> None:
    for info, value, unit in ((LOGIT, 0.3, ScoreSpace.SIGMOID), (MIX, 0.4, ScoreSpace.MIX)):
        for width in range(1, 121):
            shown = score_lines(compared((2.5, 0.25, -6.5), info), "d2", EXPLAINED, width, unit, Threshold(unit, value))
            lines = [line.plain for line in shown.lines]
            assert all(line.cell_length <= width for line in shown.lines)
            if width < 16:
                continue
            assert "…" not in "".join(lines[: shown.end])
            text = " ".join(" ".join(lines).split())
            for part in (
                f"threshold {unit}",
                "of 3 would survive",
                "#2 would",
                "behind #1",
                "ahead of #3",
                "BM25 6.930",
            ):
                assert part in text, (width, part)
            assert len({len(line) for line in lines if line.startswith(("title:", "body:"))}) == 1
            assert shown.plot is not None
            assert len(lines[shown.top + 1]) <= width and MARK in lines[shown.top]


@pytest.mark.parametrize("height", [4, 12, 40])
@pytest.mark.parametrize("width", [20, 44, 120])
async def test_nothing_overlaps_or_leaves_the_border_at_any_size(width: int, height: int) -> None:
    async with at_work(compared(TWELVE, LOGIT), "d2", width, height) as pilot:
        await pilot.press("x", "right", "right")
        lines = screen_text(pilot.app).splitlines()[:height]
        assert {len(line) for line in lines} == {width}
        assert all(line[0] + line[-1] == "││" for line in lines[1:-1]) and lines[-1][0] + lines[-1][-1] == "╰╯"
        assert all(line[1] == " " for line in lines[1:-1])


async def test_the_whole_tree_opens_three_levels_deep_and_escape_closes_it() -> None:
    deep = Explanation(0.123456789, "tf: often", (Explanation(472.0, "length"),))
    tree = Explanation(6.93, "sum", (Explanation(6.93, "field", (Explanation(4.43, "title:tub", (deep,)),)),))
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(ExplainScreen("A [/red] title", tree))
        await pilot.pause()
        text = screen_text(app)
        assert "A [/red] title" in text and "Esc closes" in text
        assert "4.43  title:tub" in text and "0.123457  tf: often" in text
        assert "472" not in text
        await pilot.press("down", "down", "down", "enter")
        assert "472  length" in screen_text(app)
        await pilot.press("escape")
        assert not isinstance(app.screen, ExplainScreen)


async def test_a_hostile_tree_reaches_no_terminal() -> None:
    details = tuple(Explanation(1.0, f"{title}\n{body[:300]}") for _, title, body in HOSTILE)
    app = Host()
    async with app.run_test(size=(80, 40)) as pilot:
        app.push_screen(ExplainScreen(HOSTILE[0][1], Explanation(1.0, "sum", details)))
        await pilot.pause()
        assert len(app.screen.query_one(Tree).root.children) == len(HOSTILE)
        text = "".join(segment.text for strip in app.screen._compositor.render_strips(app.size) for segment in strip)
        assert not {sign for sign in text if unicodedata.category(sign) in ("Cc", "Cs", "Cf")}

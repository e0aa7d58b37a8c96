"""The scores panel and the screen behind it, read as a person reads them."""

import unicodedata
from collections.abc import Sequence

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Tree

from tests.fakes.hostile import HOSTILE
from tests.ui.screen import screen_text
from workbench.domain.comparison import Comparison, RerankerInfo
from workbench.domain.deployment import ModelKind
from workbench.domain.documents import Document
from workbench.domain.ranking import Candidate, Explanation, Reranked
from workbench.domain.scores import ScoreSpace
from workbench.domain.tokens import TokenCount
from workbench.ui.screens.explain import ExplainScreen
from workbench.ui.themes import bundled_tokens
from workbench.ui.widgets.score_plot import MARK
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
    scores: Sequence[float] = (0.830, 0.772, 0.5, 0.0), info: RerankerInfo = MIX, **changes: object
) -> Comparison:
    """Documents `d1`, `d2`, … with these reranked scores, falling; BM25 has them in the opposite order."""
    count = len(scores)
    bm25 = [Candidate(rank, Document.of(f"d{count + 1 - rank}", "", "x"), 7.93 - rank) for rank in range(1, count + 1)]
    tokens = TokenCount(1, 1, 1, 1, 10, 1)
    rows = tuple(
        Reranked(rank, bm25[count - rank], score, score if info is LOGIT else 0.612, tokens, count - rank + 1)
        for rank, score in enumerate(scores, start=1)
    )
    known = {"bm25": tuple(bm25), "reranker": info, "reranked": rows, "done": True} | changes
    return Comparison("hot tub", "embedded", "c", 30, 10, **known)  # type: ignore[arg-type]


class Host(App[None]):
    """Nothing but the panel."""

    CSS = "ScoresPanel { border: round white; height: 20; }"

    def __init__(self, width: int = 80) -> None:
        super().__init__()
        self.panel = ScoresPanel("scores")
        self.panel.styles.width = width

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
    """The lines inside the border, without what is empty at the end."""
    app = Host(width)
    async with app.run_test(size=(130, 24)) as pilot:
        app.panel.show(comparison, document_id, explanation)
        await pilot.pause()
        lines = screen_text(app).splitlines()
        assert "Scores" in lines[0]
        assert all(line[0] == line[width - 1] == "│" and len(line) == width for line in lines[1:19])
        inside = [line[2 : width - 1].rstrip() for line in lines[1:19]]
        while inside and not inside[-1]:
            inside.pop()
        return inside


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
    lines = await drawn(compared((0.5001, 0.5, 0.5)), "d2")
    assert lines[1] == "by mix <0.001 behind #1 · level with #3"


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
    assert "mix nan" in lines[0] and "nan ahead of #2" in lines[1] and lines[2].startswith("BM25")


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
    app.animation_level = "none"
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

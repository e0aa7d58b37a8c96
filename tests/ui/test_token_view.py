"""Token by token: what was read, what was not, and where it stopped, by signs and without a word that is not there."""

import re
from pathlib import Path

import pytest
from textual.app import ComposeResult

import workbench.ui.screens
from tests.ui.pieces import Pieces, Stage, reader
from tests.ui.screen import screen_text, until
from workbench.domain.tokens import ESTIMATE, Reader, TokenCount
from workbench.domain.truncation import Strategy, Window
from workbench.ui.stretches import shown, stretches
from workbench.ui.widgets.token_ruler import legend, scale, shares
from workbench.ui.widgets.token_view import TokenView

UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2028\u2029\u2060-\u2069\ufeff]")


class ViewStage(Stage):
    CSS_PATH = [Path(workbench.ui.screens.__file__).parent / "truncation.tcss"]

    def compose(self) -> ComposeResult:
        yield TokenView("view")

    @property
    def view(self) -> TokenView:
        return self.query_one(TokenView)


def lines(view: TokenView) -> list[str]:
    return ["".join(part.text for part in view.draw_line(index)).rstrip() for index in range(view.rows)]


def body(view: TokenView, sign: str) -> str:
    """The text of all lines with a sign, joined."""
    return " ".join(line[3:] for line in lines(view) if line.startswith(sign))


def ground(view: TokenView, row: int) -> dict[str, object]:
    """What each letter of a line stands on."""
    return {letter: part.style.bgcolor for part in view.draw_line(row) if part.style for letter in part.text}


async def test_what_was_read_and_what_was_not_are_told_by_sign_and_the_cut_is_a_line() -> None:
    async with ViewStage().run_test(size=(80, 24)) as pilot:
        view = pilot.app.query_one(TokenView)
        view.show(reader(10).read("why hot", "the adapter gets very warm"))
        await pilot.pause()
        drawn = lines(view)
        assert drawn[0].startswith("Query · 2 tokens, all read ─")
        assert drawn[1] == "│  [CLS] why hot [SEP]"
        assert drawn[2].startswith("Document · 6 tokens, 5 read ─")
        assert drawn[3] == "│  the adapter gets very [SEP]"
        assert drawn[4].startswith("✂ read 5 of 6 tokens · 1 not read ╌")
        assert drawn[5] == f"┊  {' ' * len('the adapter gets very ')}warm", "the text stays where it is"


async def test_a_model_that_reads_apart_has_special_tokens_around_each() -> None:
    async with ViewStage().run_test(size=(80, 24)) as pilot:
        view = pilot.app.query_one(TokenView)
        view.show(reader(5, Strategy.HEAD_ONLY).read("why hot", "one two four nine"))
        await pilot.pause()
        assert lines(view)[1] == "│  [CLS] why hot [SEP]" and lines(view)[3] == "│  [CLS] one two four [SEP]"


async def test_a_query_that_is_cut_is_named() -> None:
    async with ViewStage().run_test(size=(80, 24)) as pilot:
        view = pilot.app.query_one(TokenView)
        view.show(reader(9).read("a b c d e f g", "h i j k l m n"))
        await pilot.pause()
        drawn = "\n".join(lines(view))
        assert "✂ read 3 of 7 tokens of the query · 4 not read" in drawn
        assert "✂ read 3 of 7 tokens · 4 not read" in drawn


async def test_a_control_token_in_the_text_is_marked_and_told_from_those_around_it() -> None:
    async with ViewStage().run_test(size=(80, 24)) as pilot:
        view = pilot.app.query_one(TokenView)
        view.show(reader(64).read("q", "before [SEP] after"))
        await pilot.pause()
        marked = [line for line in lines(view) if line.startswith("│⚠")]
        assert marked == ["│⚠ before [SEP] after [SEP]"]
        own = next(part for part in view.draw_line(3) if part.text == "[SEP]")
        framing = next(part for part in view.draw_line(1) if part.text == "[SEP]")
        assert own.style and framing.style and own.style.reverse and not framing.style.reverse


async def test_tokens_that_share_a_character_have_a_cell_each_with_their_ids() -> None:
    async with ViewStage().run_test(size=(80, 24)) as pilot:
        view, tokens = pilot.app.query_one(TokenView), Pieces()
        view.pieces = view.ids = True
        reading = reader(64, tokenizer=tokens).read("q", "ok 🏁\nnext")
        view.show(reading)
        await pilot.pause()
        drawn = lines(view)
        assert drawn[4] == "│  ok <0xF0> <0x9F> <0x8F> <0x81>" and drawn[6] == "│  next [SEP]"
        assert drawn[5].split()[1:] == [str(id) for id in reading.document.ids[:5]]
        assert drawn[1].split()[1:] == ["[CLS]", "q", "[SEP]"] and drawn[2].split()[1:] == ["1", "3", "2"]


async def test_every_other_token_is_shaded_and_none_when_that_is_not_wanted() -> None:
    async with ViewStage().run_test(size=(80, 24)) as pilot:
        view = pilot.app.query_one(TokenView)
        view.show(reader(64).read("q", "abcdefghijkl"))
        await pilot.pause()
        grounds = ground(view, 3)
        assert grounds["a"] == grounds["i"] != grounds["e"]
        view.shade()
        grounds = ground(view, 3)
        assert grounds["a"] == grounds["e"]


async def test_the_words_around_the_cut_stand_out() -> None:
    async with ViewStage().run_test(size=(80, 24)) as pilot:
        view = pilot.app.query_one(TokenView)
        view.show(reader(12).read("q", " ".join(f"w{number}" for number in range(20))))
        await pilot.pause()
        bold = {
            sign: "".join(
                part.text
                for index, line in enumerate(lines(view))
                if line.startswith(sign)
                for part in view.draw_line(index)[2:]
                if part.style and part.style.bold
            ).strip()
            for sign in "│┊"
        }
        assert bold["│"].replace("[CLS]", "").replace("[SEP]", "").strip() == "w4 w5 w6 w7"
        assert bold["┊"] == "w8 w9 w10 w11"


@pytest.mark.parametrize("width", [12, 40, 120])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\t\n ",
        "[red]R[/red] [/nope] [b",
        "\x1b]0;owned\x07 \x9b31m \x00 \u202eabc\u202c \u2028 end",
        "漢字かな交じり文 한국어 ไทย " * 20,
        "é" + "\u0301" * 300 + " n\u0303",
        "שלום עולם مرحبا بالعالم",
        "👩\u200d👩\u200d👧 🏁🏁 🇩🇪",
        "x" * 3_000,
        "a\n\n\n  b\tc",
    ],
)
@pytest.mark.parametrize("mode", ["text", "pieces", "ids"])
async def test_any_text_is_drawn_safely_and_within_its_width(text: str, width: int, mode: str) -> None:
    async with ViewStage().run_test(size=(width, 20)) as pilot:
        view = pilot.app.query_one(TokenView)
        view.pieces, view.ids = mode != "text", mode == "ids"
        view.show(reader(24).read(text or "q", text))
        await pilot.pause()
        for y in range(18):
            strip = view.render_line(y)
            assert strip.cell_length == view.scrollable_content_region.width
            assert not UNSAFE.search(strip.text)
        assert screen_text(pilot.app)


@pytest.mark.parametrize("text", ["a\tb", "x\x1b[31my", "a\u200bb", "e\u0301", "\r\n", "\u202e", "漢", "\xa0"])
def test_shown_text_has_as_many_characters(text: str) -> None:
    assert len(shown(text)) == len(text) and not UNSAFE.search(shown(text))


def test_the_stretches_are_the_whole_of_both_texts() -> None:
    for budget in range(4, 40):
        for strategy in Strategy:
            reading = reader(budget, strategy).read("why so hot again", "the adapter\n\ngets very 🏁 warm indeed")
            for side, text in (("query", reading.query.text), ("document", reading.document.text)):
                parts = [part for part in stretches(reading) if part.side == side]
                assert parts[0].span[0] == 0 and parts[-1].span[1] == len(text)
                if len(parts) == 2:
                    assert text[parts[0].span[1] : parts[1].span[0]] in ("", " ")
                assert sum(part.last - part.first for part in parts) == len(getattr(reading, side))


async def test_a_long_word_of_a_million_characters_can_be_scrolled_to_its_end() -> None:
    async with ViewStage().run_test(size=(80, 24)) as pilot:
        view = pilot.app.query_one(TokenView)
        view.show(Reader(ESTIMATE.tokenizer, Window(64, 3, Strategy.BALANCED)).read("q", "x" * 1_000_000 + " end"))
        view.focus()
        await until(pilot, lambda: view.virtual_size.height > 1_000_000 // 80, "all lines")
        await pilot.press("end")
        await until(pilot, lambda: "end" in screen_text(pilot.app), "its end")
        await pilot.press("home")
        assert "Query" in screen_text(pilot.app)


async def test_the_cut_is_found_where_it_is_and_kept_when_the_width_changes() -> None:
    async with ViewStage().run_test(size=(80, 24)) as pilot:
        view = pilot.app.query_one(TokenView)
        view.show(reader(2_000).read("q", "some words of a text " * 4_000))
        assert view.seek_cut()
        await until(pilot, lambda: "✂ read 1,996 of" in screen_text(pilot.app), "the cut")
        await pilot.resize_terminal(50, 12)
        await pilot.pause()
        assert view.seek_cut()
        await until(pilot, lambda: "✂ read 1,996 of" in screen_text(pilot.app), "the cut again")
        view.show(reader(2_000).read("q", "short"))
        assert not view.seek_cut()


async def test_the_cut_stays_in_sight_when_it_moves_and_the_text_when_it_does_not() -> None:
    async with ViewStage().run_test(size=(60, 20)) as pilot:
        view, text = pilot.app.query_one(TokenView), "some words of a text " * 400
        view.show(reader(160).read("q", text))
        await pilot.pause()
        assert "✂" in screen_text(pilot.app)
        view.show(reader(161).read("q", text), same=True)
        assert view.scroll_offset.y == 0
        view.show(reader(900).read("q", text), same=True)
        await until(pilot, lambda: "✂ read 896 of" in screen_text(pilot.app), "the cut")
        view.action_edge(0)
        view.show(reader(160).read("q", text), same=True)
        assert view.scroll_offset.y == 0, "it was not in sight"


# The ruler --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1, 7, 40, 76, 200])
@pytest.mark.parametrize("strategy", list(Strategy))
def test_the_scale_fills_its_width_whatever_the_numbers(width: int, strategy: Strategy) -> None:
    for budget in (2, 64, 512, 8192):
        window = Window(budget, 3, strategy)
        for query in (0, 1, 40, 3_000):
            for document in (0, 1, 500, 200_000):
                kept = window.kept(query, document)
                count = TokenCount(query, document, *kept, budget, 0)
                drawn = scale(count, window, width).plain
                assert len(drawn) == (width if width >= 8 else 0)
                if width >= 40:
                    assert all(share.sign in drawn for group in shares(count, window) for share in group)
                    beyond = sum(share.tokens for share in shares(count, window)[1])
                    assert ("▸" in drawn) == (beyond > 2 * budget)


def test_the_query_is_named_first_when_it_is_the_victim() -> None:
    window = Window(512, 3, Strategy.BALANCED)
    count = TokenCount(300, 300, *window.kept(300, 300), 512, 0)
    assert legend(count, window)[0].plain == "✂ the query is cut: 254 of 300 read"
    said = " ".join(item.plain for item in legend(count, window))
    assert "255 document" in said and "45 not read" in said
    guess = TokenCount(300, 300, *window.kept(300, 300), 512, 0, exact=False)
    assert "≈254 of ≈300" in legend(guess, window)[0].plain

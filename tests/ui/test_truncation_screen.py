"""The preview of what was read: of any candidate or pasted text, as it is and as it might be, at any size."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from tests.ui.conftest import Bench
from tests.ui.pieces import Pieces, reader
from tests.ui.screen import compare_screen, misplaced, reranked, screen_text, until
from tests.ui.still import Screens, Still
from workbench.domain.comparison import StageError
from workbench.domain.documents import Document
from workbench.domain.tokens import Tokenized
from workbench.ui.experiments import Phase
from workbench.ui.screens.truncation import TruncationScreen
from workbench.ui.widgets.candidate_list import CandidateList
from workbench.ui.widgets.length_plot import LengthPlot
from workbench.ui.widgets.token_view import TokenView

DOCUMENTS = [
    Document.of("a", "Short", "one two"),
    Document.of("b", "Long", "word " * 300),
    Document.of("c", "Middling", "word " * 80),
    Document.of("d", "Longest", "word " * 900),
]


@pytest.fixture
def stage(tmp_path: Path) -> Screens:
    return Screens(tmp_path, reader(128), DOCUMENTS)


async def settled(pilot: Pilot[None]) -> Screens:
    app = pilot.app
    assert isinstance(app, Screens)
    await until(pilot, lambda: "tokens" in app.shown and " cut" in app.shown, "counted")
    return app


async def test_it_opens_with_the_selected_candidate_and_says_how_many_are_cut(stage: Screens) -> None:
    async with stage.run_test(size=(120, 36)) as pilot:
        app = await settled(pilot)
        first = app.shown.splitlines()[1]
        assert "2 of 4 ✂ Long" in first and "2 of 4 candidates were cut, 1 of the top 2" in first
        assert "301 tokens, 122 read" in app.shown and "budget 128" in app.shown
        await pilot.press("c")
        await pilot.pause()
        assert "✂ read 122 of 301 tokens · 179 not read" in app.shown
        assert "● " not in app.shown


async def test_the_budget_moves_view_ruler_list_and_count_at_once_and_is_marked_as_a_what_if(stage: Screens) -> None:
    async with stage.run_test(size=(120, 36)) as pilot:
        app = await settled(pilot)
        await pilot.press("plus", "plus")
        assert "✂ read 250 of 301 tokens" in app.shown, "the cut stays in sight"
        await pilot.press("plus", "home")
        assert " 384 ●" in app.shown and "What if: really it is 128 tokens, balanced, by pieces." in app.shown
        assert "The scores" in app.shown and "r goes back" in app.shown
        assert "301 tokens, all read" in app.shown and "1 of 4 candidates would be cut, 0 of the top 2" in app.shown
        await pilot.press("minus", "minus", "minus", "minus")
        assert " 96 ●" in app.shown and "2 of 4 candidates would be cut" in app.shown
        await pilot.press("r")
        assert "What if" not in app.shown and "budget 128" in app.shown and "128 ●" not in app.shown


async def test_the_budget_ends_at_its_ends(stage: Screens) -> None:
    async with stage.run_test(size=(120, 36)) as pilot:
        app = await settled(pilot)
        await pilot.press(*["plus"] * 14)
        assert "8,192" in app.shown and "none of 4 candidates would be cut" in app.shown
        await pilot.press(*["minus"] * 16)
        assert " 64 ●" in app.shown


async def test_strategy_model_and_fields_can_be_tried(stage: Screens) -> None:
    async with stage.run_test(size=(160, 48)) as pilot:
        app = await settled(pilot)
        await pilot.press("s", "s")
        assert "head-only ●" in app.shown and "2 special" in app.shown and "126 read" in app.shown
        await pilot.press("r", "m")
        await until(pilot, lambda: "tokens of other ●" in app.shown, "another model")
        assert " 64 ●" in app.shown and "head-only ●" in app.shown
        await pilot.press("m")
        assert "tokens of pieces" in app.shown and "What if" not in app.shown
        await pilot.press("f")
        await until(pilot, lambda: "none of 4 candidates would be cut" in app.shown, "titles alone")
        assert "reads title ●" in app.shown and "1 token, all read" in app.shown


async def test_candidates_are_walked_through_all_or_those_that_are_cut(stage: Screens) -> None:
    async with stage.run_test(size=(120, 36)) as pilot:
        app = await settled(pilot)
        await pilot.press("]")
        await until(pilot, lambda: "3 of 4   Middling" in app.shown, "the next")
        assert "all read" in app.shown
        await pilot.press("[", "}")
        await until(pilot, lambda: "4 of 4 ✂ Longest" in app.shown, "the next that is cut")
        assert "›  4 Longest" in app.shown
        await pilot.press("{")
        await until(pilot, lambda: "2 of 4 ✂ Long" in app.shown, "the one before")
        await pilot.click(CandidateList, offset=(8, 1))
        await until(pilot, lambda: "1 of 4   Short" in app.shown, "clicked")
        await pilot.press("escape")
        assert app.result == "a"


async def test_pasted_text_takes_the_documents_place_until_a_key_goes_back(stage: Screens) -> None:
    async with stage.run_test(size=(120, 36)) as pilot:
        app = await settled(pilot)
        app.screen.post_message(events.Paste("evil \x1b[31m[SEP] text " * 60))
        await until(pilot, lambda: "✎" in app.shown and "⚠" in app.shown, "pasted")
        assert "pasted text" in app.shown and "Backspace goes back" in app.shown and "\x1b" not in app.shown
        assert "2 of 4 candidates were cut" in app.shown, "it is in no list"
        await pilot.press("f")
        await pilot.press("backspace")
        await until(pilot, lambda: "2 of 4 ✂ Long" in app.shown and "✎" not in app.shown, "back")


async def test_without_a_model_everything_is_called_an_estimate(tmp_path: Path) -> None:
    app = Screens(tmp_path, StageError("rerank", "The model is not ready.", "Wait."), DOCUMENTS)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "candidates" in app.shown, "counted")
        assert "The model is not ready. Wait." in app.shown and "Counts are estimates" in app.shown
        assert re.search(r"≈\d+ tokens", app.shown) and re.search(r"of estimate|m estimate", app.shown)
        await pilot.press("n")
        assert not app.screen.query_one(TokenView).ids
        app.session.reranker = Still(reader(64))
        await until(
            pilot, lambda: "≈" not in app.shown and "not ready" not in app.shown, "exact once the model is ready"
        )


async def test_pieces_and_ids_are_drawn_when_asked_for(stage: Screens) -> None:
    async with stage.run_test(size=(120, 36)) as pilot:
        app = await settled(pilot)
        await pilot.press("p")
        assert "[CLS] why so hot [SEP]" in app.shown
        await pilot.press("n", "home")
        assert re.search(r"│  1 +3 +4 +5 +2", app.shown)
        await pilot.press("p", "n", "b")
        assert not app.screen.query_one(TokenView).shaded


@pytest.mark.parametrize("colourless", [False, True])
@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 48), (200, 60), (60, 16)])
async def test_everything_has_its_place_at_any_size(
    stage: Screens, size: tuple[int, int], colourless: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if colourless:
        monkeypatch.setenv("NO_COLOR", "1")
    async with stage.run_test(size=size) as pilot:
        app = await settled(pilot)
        assert misplaced(app.screen) == []
        assert app.screen.query_one(CandidateList).display == (size[0] >= 120)
        assert app.screen.query_one(LengthPlot).display == (size[1] >= 30)
        await pilot.press("c")
        assert "✂ read 122 of 301 tokens" in app.shown and "┊" in app.shown
        await pilot.press("d")
        assert app.screen.query_one(LengthPlot).display != (size[1] >= 30)
        await pilot.resize_terminal(*((100, 30) if size[0] != 100 else (80, 24)))
        await pilot.pause()
        assert misplaced(app.screen) == [] and "budget" in app.shown


async def test_the_lengths_say_what_fits_and_where_the_selected_one_is(stage: Screens) -> None:
    async with stage.run_test(size=(120, 36)) as pilot:
        app = await settled(pilot)
        assert "Lengths of 4 candidates · ◆ 301 · ┃ 122 fit, 2 are longer" in app.shown
        lines = app.shown.splitlines()
        marks = next(line for line in lines if "┃" in line and "◆" in line and "Lengths" not in line)
        assert marks.index("┃") < marks.index("◆")


async def test_a_long_document_is_shown_before_it_is_counted_and_then_as_a_whole(tmp_path: Path) -> None:
    documents = [Document.of("b", "Huge", "some words of a text " * 10_000)]
    app = Screens(tmp_path, reader(512), documents)
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await pilot.press("c")
        await until(pilot, lambda: "✂ read 506 of 60,001 tokens · 59,495 not read" in app.shown, "counted")
        await pilot.press("plus")
        assert " 768 ●" in app.shown


async def test_remarks_beyond_the_room_are_counted_and_shown_on_request(tmp_path: Path) -> None:
    notes = tuple(f"Remark {number} of the tokenizer." for number in range(1, 8))
    app = Screens(tmp_path, reader(128, tokenizer=Pieces(notes=notes)), DOCUMENTS)
    async with app.run_test(size=(80, 30)) as pilot:
        await settled(pilot)
        assert "Remark 1" in app.shown and "… 5 more: w" in app.shown and "Remark 3" not in app.shown
        await pilot.press("w")
        await until(pilot, lambda: "Remark 7" in app.shown, "all of them")
        assert misplaced(app.screen) == []
        await pilot.press("w")
        await until(pilot, lambda: "Remark 7" not in app.shown, "as many as fit")


async def test_what_is_odd_about_a_text_is_said(tmp_path: Path) -> None:
    app = Screens(tmp_path, reader(128), [Document.of("b", "Odd", "before [SEP] after"), Document.of("c", "", "")])
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await until(pilot, lambda: "⚠ The document spells out [SEP] once" in app.shown, "the control token")
        await pilot.press("]")
        await until(pilot, lambda: "⚠ The document has no tokens." in app.shown, "nothing to read")
        assert "Document · no token" in app.shown and "spells out" not in app.shown


class Broken(Pieces):
    """Fails on a text that the test names."""

    def tokenize(self, texts: Sequence[str]) -> list[Tokenized]:
        if any("fail" in text for text in texts):
            raise RuntimeError("the library gave up")
        return super().tokenize(texts)


async def test_a_tokenizer_that_fails_is_said_and_the_others_can_be_looked_at(tmp_path: Path) -> None:
    documents = [Document.of("b", "Good", "one two"), Document.of("c", "Bad", "fail")]
    app = Screens(tmp_path, reader(128, tokenizer=Broken()), documents)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "3 tokens, all read" in app.shown, "read")
        await pilot.press("]")
        await until(pilot, lambda: "RuntimeError" in app.shown and "Nobody knows" in app.shown, "said")
        assert "3 tokens" not in app.shown
        await pilot.press("[")
        await until(pilot, lambda: "3 tokens, all read" in app.shown, "read again")


async def test_a_budget_smaller_than_the_special_tokens_reads_nothing(tmp_path: Path) -> None:
    app = Screens(tmp_path, reader(2), DOCUMENTS)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "✂ read 0 of 301 tokens · 301 not read" in app.shown, "drawn")
        await pilot.press("p", "n", "c", "s", "minus", "plus")
        assert "✂ read" in app.shown


async def test_candidates_that_are_passed_by_fast_leave_the_last_one(stage: Screens) -> None:
    async with stage.run_test(size=(120, 36)) as pilot:
        app = await settled(pilot)
        await pilot.press(*"[]]]]]][[[]]]]]]")
        await until(pilot, lambda: "4 of 4 ✂ Longest" in app.shown and "902 tokens" in app.shown, "the last")


async def test_it_can_be_resized_while_it_counts(tmp_path: Path) -> None:
    app = Screens(tmp_path, reader(512), [Document.of("b", "Huge", "some words of a text " * 20_000)])
    async with app.run_test(size=(120, 36)) as pilot:
        for size in ((60, 20), (160, 48), (30, 10), (1, 1), (100, 30)):
            await pilot.resize_terminal(*size)
        await pilot.press("end")
        await until(pilot, lambda: "text" in app.shown and "120,001 tokens" in heading(app), "counted")
        assert misplaced(app.screen) == []


def heading(app: Screens) -> str:
    view = app.screen.query_one(TokenView)
    lines = ("".join(part.text for part in view.draw_line(row)) for row in range(min(view.rows, 5)))
    return "\n".join(lines)


async def test_every_view_opens_by_its_key_makes_its_experiment_and_lets_go(bench: Bench) -> None:
    async with bench.app("laptop gets hot").run_test(size=(120, 36)) as pilot:
        compare = await reranked(pilot)
        compare.lists.reranked.focus()
        await pilot.press("i")
        await until(pilot, lambda: isinstance(pilot.app.screen, TruncationScreen), "opened")
        screen = pilot.app.screen
        assert isinstance(screen, TruncationScreen)
        trials = {"2": "verdict_trial", "3": "chunks_trial", "4": "ablation_trial"}
        for key, name in trials.items():
            await pilot.press(key)
            await until(pilot, lambda name=name: getattr(screen, name).phase in (Phase.WAITING, Phase.DONE), name)
            assert misplaced(screen) == []
            await pilot.press("enter")
            await until(pilot, lambda name=name: getattr(screen, name).phase is Phase.DONE, f"{name} done")
            before = screen.manner
            await pilot.press("c", "b", "n", "s", "m", "f", "r", "d", "p", "w", "plus", "minus")
            assert screen.manner is before and not screen.query_one(TokenView).pieces, "they mean nothing here"
        await pilot.press("1")
        await until(pilot, lambda: bool(screen.focused and screen.focused.id == "token-view"), "the first view")
        await pilot.press("3")
        await until(pilot, lambda: screen.chunks_trial.phase is Phase.DONE, "it is still there")
        await pilot.press("f6", "f6", "f6", "escape")
        await until(pilot, lambda: pilot.app.screen is compare, "left")


async def test_it_opens_from_the_compare_screen_and_leads_back_to_what_was_looked_at(bench: Bench) -> None:
    async with bench.app("laptop gets hot").run_test(size=(120, 36)) as pilot:
        screen = await reranked(pilot)
        screen.lists.reranked.focus()
        await pilot.press("i")
        await until(pilot, lambda: "Document ·" in screen_text(pilot.app), "opened")
        assert isinstance(pilot.app.screen, TruncationScreen)
        await pilot.press("]", "escape")
        await until(pilot, lambda: pilot.app.screen is screen, "back")
        rows = compare_screen(pilot.app).comparison
        assert rows and screen.selected_id == rows.reranked[1].candidate.document.id


async def test_the_tab_on_the_compare_screen_says_it_in_short(bench: Bench) -> None:
    async with bench.app("laptop gets hot").run_test(size=(80, 30)) as pilot:
        screen = await reranked(pilot)
        screen.panels.go_to("tokens")
        await until(pilot, lambda: "i inspects" in screen_text(pilot.app), "shown")
        assert "budget 256" in screen_text(pilot.app) and "candidates" in screen_text(pilot.app)

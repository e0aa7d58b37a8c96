"""The verdict on a list, read as a person reads it."""

import unicodedata
from dataclasses import replace

import pytest

from tests.fakes.hostile import HOSTILE
from tests.ui.laboratory import ANSWER, FILLER, QUERY, GatedReranker, LabScreen, at_work, compared, made, reached
from tests.ui.screen import screen_text
from workbench.domain.documents import Document
from workbench.domain.tokens import ESTIMATE
from workbench.ui.experiments import Phase, Subject, View
from workbench.ui.widgets.passage import Passage
from workbench.ui.widgets.verdict_rows import VerdictRows, WouldBe


def drawn(lab: LabScreen) -> list[str]:
    return [" ".join(line.split()) for line in lab.query_one(VerdictRows).text.splitlines()]


async def test_before_it_starts_the_cut_documents_are_listed_and_what_will_be_done_is_said() -> None:
    async with at_work(View.VERDICT) as (pilot, lab):
        await reached(pilot, lab, Phase.WAITING)
        text = screen_text(pilot.app)
        assert "✂ 3 of 4 cut" in text and "scored by itself" in text and "Its pieces are not scored yet." in text
        assert drawn(lab) == ["2 … Nothing beyond", "3 … The answer comes late", "4 … Half an answer comes late"]
        assert "Known when every piece is scored." in text


async def test_the_verdict_is_told_in_numbers_signs_ranks_and_scores() -> None:
    async with at_work(View.VERDICT, size=(160, 40)) as (pilot, lab):
        text = await made(pilot, lab)
        assert "✂ 3 of 4 cut · = 1 harmless · ▲ 1 suppressed · ◆ 1 decisive" in text
        harmless, decisive, suppressed = drawn(lab)
        assert harmless.startswith("2 = = harmless 2.00 ━") and harmless.endswith("Nothing beyond")
        assert decisive.startswith("3 →1 ◆ decisive 0.00 4.00 ━━━━━━━━━━━━")
        assert suppressed.startswith("4 →3 ▲ suppressed 0.00 1.00 ━━━ Half")


async def test_the_best_piece_is_shown_with_its_place_and_the_scores() -> None:
    async with at_work(View.VERDICT) as (pilot, lab):
        text = await made(pilot, lab)
        verdict = lab.counterfactual.of("late")  # type: ignore[union-attr]
        assert verdict and lab.subject
        start, end = verdict.best.span
        percent = 100 * start // len(lab.subject.text)
        assert f"The best of {len(verdict.pieces)} unread pieces · characters {start:,}–{end:,}, {percent} % in" in text
        assert "◆ decisive" in text and "4.00 against 0.00 of what was read" in text
        assert lab.query_one(Passage).text == lab.subject.text[start:end].strip()
        assert ANSWER.strip() in lab.query_one(Passage).text


async def test_what_the_list_would_be_stands_beside_it_or_is_a_key_away() -> None:
    async with at_work(View.VERDICT) as (pilot, lab):
        text = await made(pilot, lab)
        assert "The top 2 would be" in text and "2 places changed" in text
        rows = [" ".join(line.split()) for line in lab.query_one(WouldBe).text.splitlines()]
        assert rows == ["1 ▲2 ✂ The answer comes late", "2 ▼1 A short one"]
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "would be" not in screen_text(pilot.app)
        await pilot.press("x")
        assert "The top 2 would be" in screen_text(pilot.app) and lab.query_one(WouldBe).has_focus
        await pilot.press("x")
        assert "Cut documents" in screen_text(pilot.app) and lab.query_one(VerdictRows).has_focus


async def test_the_row_under_the_cursor_is_looked_at_and_another_view_knows_it() -> None:
    async with at_work(View.VERDICT) as (pilot, lab):
        await made(pilot, lab)
        await pilot.press("down")
        await pilot.pause()
        assert lab.subject and lab.subject.id == "later" and "Some purple things." in lab.query_one(Passage).text
        await pilot.press("home")
        await pilot.pause()
        assert lab.subject.id == "harmless"
        await pilot.click(VerdictRows, offset=(10, 3))
        await pilot.pause()
        assert lab.subject.id == "late"
        lab.choose("short")
        await pilot.pause()
        assert "The model read it to its end." in screen_text(pilot.app)


async def test_what_would_change_most_comes_first_on_request() -> None:
    async with at_work(View.VERDICT) as (pilot, lab):
        await made(pilot, lab)
        await pilot.press("o")
        assert [row.row.candidate.document.id for row in lab.query_one(VerdictRows).rows] == [
            "late",
            "later",
            "harmless",
        ]
        assert "what would change most first" in screen_text(pilot.app)
        assert lab.query_one(VerdictRows).cursor == 0, "it stays on its document"


async def test_a_list_of_which_nothing_was_cut_says_so() -> None:
    subject = Subject.of(await compared((Document.of("d", "A title", "Some words."),)), "d")
    async with at_work(View.VERDICT, subject=subject) as (pilot, lab):
        await reached(pilot, lab, Phase.DONE)
        text = screen_text(pilot.app)
        assert "✂ 0 of 1 cut · the model read every document to its end" in text and "✓ nothing to score" in text


async def test_an_estimate_is_called_one() -> None:
    reranker = GatedReranker()
    reranker.how = replace(ESTIMATE, window=reranker.how.window)
    subject = Subject.of(await compared(reranker=reranker), "late")
    async with at_work(View.VERDICT, reranker, subject) as (pilot, lab):
        await reached(pilot, lab, Phase.WAITING)
        assert "✂ ≈3 of 4 cut (estimated)" in screen_text(pilot.app)


async def test_a_text_that_is_in_no_list_is_judged_piece_by_piece() -> None:
    text = FILLER * 20 + ANSWER + FILLER * 10
    async with at_work(View.VERDICT, subject=Subject(QUERY, text)) as (pilot, lab):
        await reached(pilot, lab, Phase.WAITING)
        assert "✂ cut" in screen_text(pilot.app)
        said = await made(pilot, lab)
        assert "✂ cut · logit 0.00 as it is read · ▲ suppressed · best piece 4.00" in said
        assert "Piece 1 of" in said and "Cut documents" not in said
        await pilot.press("down")
        assert "Piece 2 of" in screen_text(pilot.app)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (240, 60), (16, 6)])
async def test_nothing_hostile_reaches_the_terminal_and_no_line_leaves_it(size: tuple[int, int]) -> None:
    documents = [Document.of(name, title, body[:2_000] + FILLER * 20 + ANSWER) for name, title, body in HOSTILE]
    subject = Subject.of(await compared(documents), documents[0].id)
    async with at_work(View.VERDICT, subject=subject, size=size) as (pilot, lab):
        await made(pilot, lab)
        for _ in documents[1:]:
            await pilot.press("down")
            strips = pilot.app.screen._compositor.render_strips(pilot.app.size)
            assert {strip.cell_length for strip in strips} == {size[0]}
            text = "".join(segment.text for strip in strips for segment in strip)
            assert not {sign for sign in text if unicodedata.category(sign) in ("Cc", "Cs")}

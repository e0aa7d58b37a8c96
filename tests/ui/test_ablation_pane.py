"""What each sentence and each term adds, and the check of what lies beyond the cut."""

import unicodedata
from dataclasses import replace

import pytest

from tests.fakes.hostile import HOSTILE
from tests.ui.laboratory import ANSWER, FILLER, HALF, QUERY, GatedReranker, LabScreen, at_work, made, reached
from tests.ui.screen import screen_text
from workbench.domain.ablation import Ablation, Part, Read
from workbench.domain.text import sanitize
from workbench.ui.experiments import Experiment, Phase, Subject, View
from workbench.ui.widgets.ablation_pane import Bars, check

TEXT = FILLER + HALF + ANSWER + FILLER * 30


def lines(lab: LabScreen) -> list[str]:
    bars = lab.query_one(Bars)
    return ["".join(part.text for part in bars.draw_line(index)).rstrip() for index in range(len(bars._lines))]


async def test_each_sentence_has_a_bar_of_what_it_adds_and_a_sign_of_how_it_was_read() -> None:
    async with at_work(View.ABLATION, subject=Subject(QUERY, TEXT)) as (pilot, lab):
        text = await made(pilot, lab)
        assert "logit 4.00 · 33 sentences · │ " in text
        first, half, answer, *_ = lines(lab)
        assert first.split() == ["│", "│", "0", *FILLER.split()]
        assert half.split()[:3] == ["│", "│", "0"], "the answer has all its terms too"
        assert answer.split() == ["│", "│━━━━━━", "+2.000", *ANSWER.split()]
        assert any(line.startswith(" ✂ ") for line in lines(lab)) and lines(lab)[-1].startswith(" ┊ ")


async def test_what_lies_beyond_the_cut_is_checked_to_change_nothing() -> None:
    async with at_work(View.ABLATION, subject=Subject(QUERY, TEXT)) as (pilot, lab):
        text = await made(pilot, lab)
        assert lab.ablation
        beyond = sum(part.read is Read.NOT for part in lab.ablation.parts)
        assert beyond > 10 and f"✓ {beyond} sentences beyond the cut change nothing: exactly 0" in text


PARTS = (Part((0, 3), Read.WHOLE, 1.0), Part((3, 6), Read.NOT, 3.5), Part((6, 9), Read.NOT, 3.0))
BROKEN = Ablation("sentences", "a. b. c. ", PARTS, 3.0, True)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (BROKEN, "✗ 1 of 2 sentences beyond the cut change the score: they must not"),
        (replace(BROKEN, exact=False), "≈ where the cut falls is estimated, so what lies beyond it is not checked"),
        (replace(BROKEN, parts=PARTS[:1]), "nothing lies beyond the cut"),
        (replace(BROKEN, score=None), "beyond the cut nothing is scored yet"),
        (
            replace(BROKEN, parts=(replace(PARTS[1], moves=True), PARTS[2])),
            "✓ 1 sentence beyond the cut changes nothing: exactly 0 · ↔ 1 sentence beyond it moves where it falls",
        ),
    ],
)
def test_the_check_says_what_it_found(found: Ablation, said: str) -> None:
    assert check(found, "sentence").plain.strip() == said


async def test_a_broken_check_is_loud_and_points_at_the_sentence() -> None:
    async with at_work(View.ABLATION, subject=Subject(QUERY, "a. b. c. ")) as (pilot, lab):
        await reached(pilot, lab, Phase.WAITING)
        lab.ablation = BROKEN
        await pilot.pause()
        text = screen_text(pilot.app)
        assert "✗ 1 of 2 sentences beyond the cut change the score: they must not" in text
        whole, broken, right = lines(lab)
        assert "━│" not in whole and "✗ -0.500" in broken and "━│" in broken and "✗" not in right
        look = lab.query_one(Bars).draw_line(1)[4].style
        assert look and look.reverse and look.bold


async def test_terms_of_the_query_in_place_of_sentences_and_back() -> None:
    reranker = GatedReranker()
    async with at_work(View.ABLATION, reranker, Subject(QUERY, TEXT)) as (pilot, lab):
        await made(pilot, lab)
        await pilot.press("x")
        assert lab.ablating is Experiment.TERMS
        text = await made(pilot, lab)
        assert "Query terms" in text and [line.split()[-1] for line in lines(lab)] == QUERY.split()
        assert all("+1.000" in line for line in lines(lab))
        await pilot.press("x")
        await reached(pilot, lab, Phase.DONE)
        assert "33 sentences" in screen_text(pilot.app), "what was found stays"


async def test_what_adds_most_comes_first_on_request() -> None:
    async with at_work(View.ABLATION, subject=Subject(QUERY, TEXT)) as (pilot, lab):
        await made(pilot, lab)
        await pilot.press("o")
        assert lines(lab)[0].endswith(ANSWER.strip()) and "by what each adds" in screen_text(pilot.app)
        await pilot.press("o")
        assert lines(lab)[0].endswith(FILLER.strip())


async def test_one_sentence_alone_cannot_be_left_out() -> None:
    async with at_work(View.ABLATION, subject=Subject(QUERY, "One sentence")) as (pilot, lab):
        await reached(pilot, lab, Phase.DONE)
        assert "There are fewer than two sentences" in screen_text(pilot.app)


async def test_many_sentences_are_taken_together_and_say_so() -> None:
    async with at_work(View.ABLATION, GatedReranker(), Subject(QUERY, FILLER * 3_000)) as (pilot, lab):
        await reached(pilot, lab, Phase.WAITING)
        text = screen_text(pilot.app)
        assert "3,000 sentences" in text
        lab.query_one(Bars).focus()
        await pilot.press("end")
        assert "together)" in "\n".join(lines(lab)[-30:])


@pytest.mark.parametrize("size", [(80, 24), (240, 60), (16, 6)])
async def test_nothing_hostile_reaches_the_terminal_and_no_line_leaves_it(size: tuple[int, int]) -> None:
    text = "".join(sanitize(f"{title}. {body[:300]}. ") for _, title, body in HOSTILE)
    async with at_work(View.ABLATION, subject=Subject(QUERY, text), size=size) as (pilot, lab):
        await made(pilot, lab)
        for _ in range(12):
            strips = pilot.app.screen._compositor.render_strips(pilot.app.size)
            assert {strip.cell_length for strip in strips} == {size[0]}
            drawn = "".join(segment.text for strip in strips for segment in strip)
            assert not {sign for sign in drawn if unicodedata.category(sign) in ("Cc", "Cs")}
            await pilot.press("pagedown")

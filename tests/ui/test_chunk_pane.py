"""A document under every way to cut it, read as a person reads it."""

import unicodedata

import pytest

from tests.fakes.hostile import HOSTILE
from tests.ui.laboratory import FILLER, QUERY, GatedReranker, LabScreen, at_work, made, reached
from tests.ui.screen import screen_text, until
from workbench.domain.text import sanitize
from workbench.ui.experiments import Phase, Subject, View
from workbench.ui.widgets.chunk_pane import ChunkPane, ChunkRows, WayRows
from workbench.ui.widgets.passage import Passage


def ways(lab: LabScreen) -> list[str]:
    return [" ".join(line.split()) for line in lab.query_one(WayRows).text.splitlines()]


def chunks(lab: LabScreen) -> list[str]:
    return [" ".join(line.split()) for line in lab.query_one(ChunkRows).text.splitlines()]


async def test_every_way_is_laid_out_before_anything_is_scored() -> None:
    reranker = GatedReranker()
    async with at_work(View.CHUNKS, reranker) as (pilot, lab):
        await reached(pilot, lab, Phase.WAITING)
        assert reranker.read == [] and lab.lab
        assert len(ways(lab)) == len(lab.lab.ways) > 5
        first = lab.lab.ways[0]
        longest = max(chunk.tokens for chunk in first.chunks)
        assert ways(lab)[0] == f"⚠ {first.name} {len(first.chunks)} – {longest} · ·"
        text = screen_text(pilot.app)
        assert f"⚠ {first.warnings[0][:60]}" in text and first.note[:60] in text
        assert len(chunks(lab)) == len(first.chunks)


async def test_scores_stand_against_that_of_the_text_as_it_is_read_now() -> None:
    async with at_work(View.CHUNKS, size=(140, 40)) as (pilot, lab):
        text = await made(pilot, lab)
        assert "as it is read now: logit 0.00" in text
        assert lab.lab
        best = {way.name: way.best for way in lab.lab.ways}
        line = next(line for line in ways(lab) if "chunk_rescorer · best 3" in line)
        gap = best["chunk_rescorer · best 3"]
        assert gap is not None and (f"▲{gap:.3f}" in line or line.endswith(" ="))


async def test_the_chunks_are_those_of_the_way_under_the_cursor() -> None:
    async with at_work(View.CHUNKS, size=(160, 48)) as (pilot, lab):
        await made(pilot, lab)
        assert lab.lab
        for index, way in enumerate(lab.lab.ways):
            assert f"Chunks · {way.name}" in screen_text(pilot.app)
            rows = chunks(lab)
            assert len(rows) == len(way.chunks)
            for number, (row, chunk) in enumerate(zip(rows, way.chunks, strict=True), start=1):
                sign = "○" if not chunk.sent else "✂" if chunk.kept < chunk.tokens else "✓"
                start, end = chunk.span
                assert row.startswith(f"{number} {sign} {start:,}–{end:,} {chunk.words}")
                assert (f"{chunk.kept}/{chunk.tokens}" in row) == (chunk.kept < chunk.tokens)
            if index:
                await pilot.press("left", "right")
            await pilot.press("right")
        await pilot.press("end")
        await pilot.press("tab", "down")
        assert lab.query_one(ChunkRows).has_focus
        start, end = way.chunks[1].span
        assert f"Chunk 2 · characters {start:,}–{end:,}" in screen_text(pilot.app)
        assert lab.query_one(ChunkPane).query_one(Passage).text == lab.lab.text[start:end].strip(), (
            "the chunk itself, where there is room"
        )


async def test_ways_that_differ_in_their_last_words_do_so_on_a_small_terminal_too() -> None:
    async with at_work(View.CHUNKS, size=(80, 24)) as (pilot, lab):
        await made(pilot, lab)
        assert lab.lab and not lab.query_one(ChunkPane).query_one(Passage).display
        names = [line.rsplit("  ", 4)[0] for line in lab.query_one(WayRows).text.splitlines()]
        assert len(set(names)) == len(lab.lab.ways)
        assert all(way.name.split()[-1] in line for way, line in zip(lab.lab.ways, ways(lab), strict=True))


async def test_chunks_that_the_model_would_not_be_given_are_scored_on_request_and_marked() -> None:
    reranker = GatedReranker()
    async with at_work(View.CHUNKS, reranker, size=(140, 40)) as (pilot, lab):
        await made(pilot, lab)
        pairs = lab.trial.pairs
        await pilot.press("x")
        trial = await reached(pilot, lab, Phase.WAITING)
        assert trial.pairs > pairs and lab.scoring_all
        await made(pilot, lab)
        assert "(0.00) =" in ways(lab)[0], "its best is in brackets: the model is not given it"
        await pilot.press("x")
        await until(pilot, lambda: lab.trial.pairs == pairs, "the first result again")
        assert lab.trial.phase is Phase.DONE


async def test_a_long_text_scrolls_through_hundreds_of_chunks() -> None:
    text = "\n\n".join(f"Paragraph {number}. " + FILLER * 45 for number in range(350))
    async with at_work(View.CHUNKS, GatedReranker(budget=512), Subject(QUERY, text)) as (pilot, lab):
        await reached(pilot, lab, Phase.WAITING)
        assert lab.lab and len(lab.lab.ways[0].chunks) > 300
        rows = lab.query_one(ChunkRows)
        rows.focus()
        await pilot.press("end")
        assert f"{len(rows):,} ○" in screen_text(pilot.app)


@pytest.mark.parametrize("size", [(80, 24), (240, 60), (16, 6)])
async def test_nothing_hostile_reaches_the_terminal_and_no_line_leaves_it(size: tuple[int, int]) -> None:
    text = "\n\n".join(sanitize(f"{title}. {body[:300]}. ") + FILLER * 10 for _, title, body in HOSTILE)
    async with at_work(View.CHUNKS, subject=Subject(QUERY, text), size=size) as (pilot, lab):
        await made(pilot, lab)
        assert lab.lab
        for _ in lab.lab.ways:
            strips = pilot.app.screen._compositor.render_strips(pilot.app.size)
            assert {strip.cell_length for strip in strips} == {size[0]}
            drawn = "".join(segment.text for strip in strips for segment in strip)
            assert not {sign for sign in drawn if unicodedata.category(sign) in ("Cc", "Cs")}
            await pilot.press("right")

"""The request panel over a cluster: what is odd, what was sent, what came back, and how to send it again."""

import json
from dataclasses import replace

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.ui.cluster import FAR, ODD, World
from tests.ui.screen import at_panel, screen_text
from workbench.domain.comparison import Comparison, RerankerInfo, StageError
from workbench.domain.deployment import ModelKind
from workbench.domain.exchange import Exchange, Finding, console, curl
from workbench.domain.scores import ScoreSpace
from workbench.ui.widgets.request_panel import RequestPanel

FIRST = Exchange(
    "first stage", "POST", "/articles/_search", '{"size": 30}', 200, '{"took": 12, "hits": {}}', 12.0, 15.5
)
RERANK = Exchange("rerank 1 of 2", "POST", "/_inference/rerank/x", '{"input": []}', 200, '{"rerank": []}', None, 40.0)
LOST = Exchange("rerank 2 of 2", "POST", "/_inference/rerank/x", "{}")
INFO = RerankerInfo(
    ".rerank-v1-elasticsearch", ModelKind.CROSS_ENCODER, ScoreSpace.LOGIT, ScoreSpace.LOGIT, None, "inference"
)


def comparison(*exchanges: Exchange, findings: tuple[Finding, ...] = (), error: StageError | None = None) -> Comparison:
    return Comparison(
        "word", "elasticsearch", "articles", 30, 10, request="{}", reranker=INFO, exchanges=exchanges,
        findings=findings, error=error, done=True,
    )  # fmt: skip


class Alone(App[None]):
    CSS = "RequestPanel > .request--finding { color: #ff0000; }"

    def compose(self) -> ComposeResult:
        yield RequestPanel("request")


async def shown(pilot: Pilot[None], value: Comparison) -> RequestPanel:
    panel = pilot.app.query_one(RequestPanel)
    panel.comparison = value
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    panel.focus()
    return panel


async def test_findings_come_first_a_line_each_with_what_to_do() -> None:
    async with Alone().run_test(size=(120, 40)) as pilot:
        panel = await shown(pilot, comparison(FIRST, findings=(ODD, FAR)))
        lines = panel.text.splitlines()
        assert lines[0] == f"⚠ {ODD.message} {ODD.hint}"
        assert lines[1] == f"⚠ {FAR.message} {FAR.hint}"
        strip = panel.render_line(0)
        assert all(style.color.triplet.hex == "#ff0000" for text, style, _ in strip if text.strip())


async def test_each_exchange_says_what_it_was_for_how_it_went_and_how_long_it_took() -> None:
    async with Alone().run_test(size=(120, 60)) as pilot:
        text = (await shown(pilot, comparison(FIRST, RERANK, LOST))).text
        assert "▸ first stage · 200 · took 12 ms · network 3.5 ms\nPOST /articles/_search\n{" in text
        assert '◂ answer\n{\n  "took": 12,\n  "hits": {}\n}' in text
        assert "▸ rerank 1 of 2 · 200 · 40.0 ms\n" in text, "no network where the server does not say what it took"
        assert "▸ rerank 2 of 2 · no answer" in text
        assert json.loads(text[text.rindex('{\n  "rerank"') :])["rerank"]["skipped"] == "nothing to rerank"


async def test_an_error_stands_above_everything() -> None:
    error = StageError("rerank", "The endpoint is gone.", "Choose another.")
    async with Alone().run_test(size=(120, 40)) as pilot:
        panel = await shown(pilot, comparison(FIRST, findings=(FAR,), error=error))
        assert panel.text.splitlines()[:2] == ["✗ The endpoint is gone. Choose another.", f"⚠ {FAR}"]


async def test_a_large_answer_is_cut_and_its_beginning_is_legible() -> None:
    hits = [{"_id": str(n), "_source": {"body": "word " * 2_000}, "none": {}, "e\\": []} for n in range(200)]
    answer = json.dumps({"took": 3, "hits": hits})
    for text in (answer, answer[: len(answer) // 2]):  # Whole, and as one that was cut on the way.
        async with Alone().run_test(size=(100, 40)) as pilot:
            panel = await shown(pilot, comparison(replace(FIRST, answer=text)))
            assert len(panel.text) < 20_000 and "… cut" in panel.text
            assert '\n      "_id": "0",\n' in panel.text and '…"' in panel.text


async def test_an_answer_that_is_no_json_is_shown_as_it_is() -> None:
    async with Alone().run_test(size=(100, 40)) as pilot:
        panel = await shown(pilot, comparison(replace(FIRST, status=502, answer="<html>Bad\x1b[31m Gateway</html>")))
        assert "▸ first stage · 502" in panel.text
        assert "<html>Bad\N{REPLACEMENT CHARACTER}[31m Gateway</html>" in panel.text


async def test_a_large_request_is_cut_on_the_screen_and_whole_in_the_copy() -> None:
    sent = replace(RERANK, body=json.dumps({"input": ["word " * 4_000] * 10}))
    async with Alone().run_test(size=(100, 40)) as pilot:
        panel = await shown(pilot, comparison(sent))
        assert "… c and d copy it whole." in panel.text and len(panel.text) < 30_000
        await pilot.press("c")
        assert pilot.app.clipboard == curl(sent) and sent.body in pilot.app.clipboard


async def test_more_exchanges_than_anyone_reads_are_counted_and_copied_all_the_same() -> None:
    many = [replace(RERANK, purpose=f"rerank {n}") for n in range(30)]
    async with Alone().run_test(size=(100, 40)) as pilot:
        panel = await shown(pilot, comparison(*many))
        assert "… 22 more like these; c and d copy them too." in panel.text
        await pilot.press("d")
        assert pilot.app.clipboard.count("POST /_inference") == 30


async def test_keys_copy_the_requests_for_a_shell_and_for_the_console(world: World) -> None:
    async with world.app().run_test(size=(120, 36)) as pilot:
        screen = await at_panel(pilot, "request")
        assert screen.comparison
        for key, written in (("c", curl), ("d", console)):
            await pilot.press(key)
            await pilot.pause()
            assert pilot.app.clipboard == "\n\n".join(map(written, screen.comparison.exchanges))
        assert "▸ first stage" in screen_text(pilot.app)


async def test_without_a_server_there_is_nothing_to_copy_for_one(world: World) -> None:
    async with world.app("help-center").run_test(size=(120, 36), notifications=True) as pilot:
        await at_panel(pilot, "request")
        await pilot.press("c")
        await pilot.pause()
        (message,) = pilot.app._notifications
        assert message.message.startswith("Nothing went to a server")

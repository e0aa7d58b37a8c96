"""A comparison written for programs and for people."""

import csv
import io
import json
import unicodedata
from dataclasses import replace

import pytest

from tests.fakes.engines import LengthReranker, ListRetriever, documents
from tests.fakes.hostile import hostile_documents
from workbench.cli.formats import write
from workbench.cli.main import FORMATS
from workbench.domain.comparison import Comparison, StageError
from workbench.domain.documents import Document
from workbench.domain.tuning import Tuning
from workbench.services.compare import compare


async def compared(documents: list[Document], query: str = "word") -> Comparison:
    options = Tuning(depth=50, size=3)
    return [stage async for stage in compare(query, ListRetriever(documents), LengthReranker(), options)][-1]


async def test_json_holds_as_many_rows_as_were_asked_for_and_the_schema_s_keys() -> None:
    value = json.loads(write(await compared(documents(8)), "json", 100))
    assert [row["id"] for row in value["bm25"]] == ["d1", "d2", "d3"]
    assert len(value["reranked"]) == 3
    assert value["reranked"][0]["tokens"]["truncated"] is True
    assert value["reranker"]["score_space"] == "mix"
    assert set(value["latency_ms"]) == {"retrieve", "fetch", "tokenize", "rerank", "network", "total"}


async def test_json_of_a_failed_rerank_keeps_bm25_and_names_stage_message_and_hint() -> None:
    failed = replace(await compared(documents(3)), reranked=(), shift=None, error=StageError("rerank", "Why.", "Next."))
    value = json.loads(write(failed, "json", 100))
    assert value["reranked"] == []
    assert value["error"] == {"stage": "rerank", "message": "Why.", "hint": "Next."}
    for format in ("table", "markdown"):
        text = write(failed, format, 100)
        assert "Not reranked" in text and "Why." in text and "Next." in text


async def test_the_table_shows_both_lists_and_fits_its_width() -> None:
    text = write(await compared(documents(8)), "table", 80)
    assert "Document 1" in text and "▲7" in text and "tau" in text
    assert max(map(len, text.splitlines())) <= 80


async def test_nothing_found_says_so() -> None:
    assert "Nothing matches" in write(await compared([], "word"), "table", 80)
    assert json.loads(write(await compared([], "word"), "json", 80))["bm25"] == []


@pytest.mark.parametrize("format", FORMATS)
async def test_hostile_documents_come_out_harmless(format: str) -> None:
    hostile = hostile_documents()
    for start in range(0, len(hostile), 3):
        text = write(await compared(hostile[start : start + 3], "a \x1b]0;x\x07 word"), format, 120)
        controls = {c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"}
        assert controls == set()
        assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff")
        if format == "json":
            assert len(json.loads(text)["bm25"]) == len(hostile[start : start + 3])


async def test_a_spreadsheet_gets_no_formula_and_every_line_has_as_many_cells() -> None:
    rows = [Document.of("=1+1", "=cmd|' /C calc'!A0", "x"), Document.of("@a", "tab\there | pipe", "y")]
    lines = list(
        csv.reader(io.StringIO(write(await compared(rows), "tsv", 80)), delimiter="\t", quoting=csv.QUOTE_NONE)
    )
    assert {len(line) for line in lines} == {10}
    assert not any(cell.startswith(("=", "@", "+")) for line in lines[1:] for cell in line)


async def test_markdown_shows_markup_instead_of_obeying_it() -> None:
    rows = [Document.of("a", "<script>x</script> [link](http://x) | `code` **bold**", "x")]
    text = write(await compared(rows), "markdown", 80)
    assert "\\<script\\>" in text and "\\[link\\]" in text and "\\|" in text and "\\*\\*bold" in text


async def test_json_is_json_on_any_output(monkeypatch: pytest.MonkeyPatch) -> None:
    comparison = await compared([Document.of("a", "café 😀", "x")])
    for encoding in ("utf-8", "ascii", "latin-1", "cp1252"):
        monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace"))
        text = write(comparison, "json", 80)
        carried = text.encode(encoding, "backslashreplace").decode(encoding)
        assert json.loads(carried)["bm25"][0]["title"] == "café 😀", encoding


@pytest.mark.parametrize("format", ["table", "markdown"])
async def test_a_failed_search_is_not_reported_as_nothing_found(format: str) -> None:
    error = StageError("retrieve", "Damaged.", "Mend it.")
    failed = Comparison("x", "embedded", "notes", 30, 10, error=error, done=True)
    text = write(failed, format, 80)
    assert "Not searched" in text and "Damaged." in text
    assert "match" not in text and "Not reranked" not in text

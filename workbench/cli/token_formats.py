"""What `workbench tokens` found, written for programs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbench.cli.formats import SCORE_DIGITS, json_text, markdown_text, tsv_cell
from workbench.cli.token_report import Candidates, Chunked, Corpus, Judged, Pair, Report
from workbench.cli.token_table import cut_lines, headline, summary
from workbench.domain.chunks import Chunking
from workbench.domain.lengths import PERCENTILES, WANTED, Lengths
from workbench.domain.text import sanitize, single_line
from workbench.domain.truncation import Window
from workbench.domain.verdict import Effect


def as_json(report: Report) -> str:
    """One JSON object."""
    return json_text(value_of(report))


def value_of(report: Report) -> dict[str, Any]:
    """The one JSON object."""
    if isinstance(report, Pair):
        return _pair(report)
    lengths, window, tokenizer = report.lengths, report.reader.window, report.reader.tokenizer
    head = {
        "query": {"text": report.query, "tokens": lengths.query, "kept": lengths.kept_query},
        "corpus": report.corpus if isinstance(report, Candidates) else report.name,
        **_reading(tokenizer.id, tokenizer.exact, window),
    }
    tail = {"cut_documents": lengths.cut, **_lengths(lengths), "warnings": _said(report.notes)}
    if isinstance(report, Corpus):
        bins = [one._asdict() for one in report.bins]
        return {**head, "documents": len(lengths.tokens), **tail, "histogram": bins}
    value = {
        **head,
        "size": report.size,
        "candidates": [_candidate(row) for row in report.rows],
        "cut_in_top": report.cut_in_top,
        **tail,
    }
    if report.asked:
        found = [row.judged.effect for row in report.rows if row.judged]
        value["verdicts"] = {effect.value: found.count(effect) for effect in Effect}
    return value


def _reading(model: str | None, exact: bool, window: Window) -> dict[str, Any]:
    return {
        "model": model,
        "exact": exact,
        "strategy": window.strategy,
        "budget": window.budget,
        "special": window.special,
    }


def _pair(pair: Pair) -> dict[str, Any]:
    count = pair.count
    value = {
        **_reading(pair.model, count.exact, pair.window),
        "query": {"tokens": count.query, "kept": count.kept_query},
        "document": {"tokens": count.document, "kept": count.kept_document},
        "cut": count.cut,
        "kept_text_end": pair.text_end,
        "text_length": None if pair.text is None else len(pair.text),
        "warnings": _said(pair.notes),
        "findings": [{"rule": one.rule, "message": one.message, "hint": one.hint} for one in pair.findings],
        "id": pair.id,
    }
    if pair.bm25_rank is not None:
        value["bm25_rank"] = pair.bm25_rank
    if pair.query_text is not None:
        value["query"]["text"] = pair.query_text
    if pair.asked:
        value["verdict"] = _verdict(pair.judged)
    if pair.chunked:
        value["chunks"] = _chunks(pair.chunked)
    return value


def _candidate(row: Pair) -> dict[str, Any]:
    count = row.count
    value: dict[str, Any] = {
        "bm25_rank": row.bm25_rank,
        "id": row.id,
        "title": row.title,
        "tokens": count.document,
        "kept": count.kept_document,
        "kept_query": count.kept_query,
        "cut": count.cut,
        "kept_text_end": row.text_end,
        "text_length": len(row.text or ""),
    }
    if row.asked:
        value["verdict"] = _verdict(row.judged)
    return value


def _verdict(judged: Judged | None) -> dict[str, Any] | None:
    if judged is None:
        return None
    start, end = judged.best.span
    return {
        "kind": judged.effect,
        "score": _round(judged.score),
        "best_piece_score": _round(judged.best.score),
        "score_space": judged.space,
        "rank": judged.rank,
        "rank_with_best_piece": judged.rank_with_best,
        "pieces": judged.pieces,
        "best_piece": {"start": start, "end": end, "tokens": judged.best.tokens, "text": sanitize(judged.text)},
    }


def _chunks(chunked: Chunked) -> dict[str, Any]:
    lab = chunked.lab
    return {
        "score_space": chunked.space,
        "truncated_score": _round(lab.truncated),
        "ways": [_way(way, lab.truncated) for way in lab.ways],
    }


def _way(way: Chunking, truncated: float | None) -> dict[str, Any]:
    return {
        "way": way.name,
        "pairs": way.pairs,
        "best_score": _round(way.best),
        "against_truncated": _round(way.against(truncated)),
        "note": way.note,
        "warnings": list(way.warnings),
        "chunks": [
            {
                "start": chunk.span[0],
                "end": chunk.span[1],
                "words": chunk.words,
                "tokens": chunk.tokens,
                "kept": chunk.kept,
                "sent": chunk.sent,
                "bm25": _round(chunk.bm25),
                "score": _round(chunk.score),
            }
            for chunk in way.chunks
        ],
    }


def _round(score: float | None) -> float | None:
    return None if score is None else round(score, SCORE_DIGITS)


def _lengths(lengths: Lengths) -> dict[str, Any]:
    return {
        "fit": lengths.fit,
        "blank": lengths.blank,
        "percentiles": {str(percent): lengths.percentile(percent) for percent in PERCENTILES},
        f"budget_for_{WANTED}": lengths.budget_for(),
    }


def _said(notes: Sequence[str]) -> list[str]:
    return [single_line(note) for note in notes]


def rows_of(report: Report) -> list[Mapping[str, object]]:
    """The rows of a table for spreadsheets: a pair, its chunks, the candidates, or the bars of a corpus's histogram."""
    if isinstance(report, Corpus):
        exact = str(report.reader.tokenizer.exact).lower()
        return [{**one._asdict(), "exact": exact} for one in report.bins]
    if isinstance(report, Candidates):
        return [_row(row) for row in report.rows]
    if report.chunked:
        return _chunk_rows(report.chunked, str(report.count.exact).lower())
    return [{name: value for name, value in _row(report).items() if value not in (None, "")}]


def _row(pair: Pair) -> Mapping[str, object]:
    count, judged = pair.count, pair.judged
    row: dict[str, object] = {
        "bm25_rank": pair.bm25_rank,
        "id": pair.id,
        "title": pair.title,
        "query": count.query,
        "kept_query": count.kept_query,
        "tokens": count.document,
        "kept": count.kept_document,
        "cut": count.cut,
        "budget": count.budget,
        "exact": str(count.exact).lower(),
    }
    if pair.asked:
        row["verdict"] = judged and judged.effect.value
        row["score"] = judged and _round(judged.score)
        row["best_piece_score"] = judged and _round(judged.best.score)
        row["score_space"] = judged and judged.space.value
        row["reranked"] = judged and judged.rank
        row["rank_with_best_piece"] = judged and judged.rank_with_best
    return row


def _chunk_rows(chunked: Chunked, exact: str) -> list[Mapping[str, object]]:
    return [
        {
            "way": way.name,
            "chunk": place,
            "start": chunk.span[0],
            "end": chunk.span[1],
            "tokens": chunk.tokens,
            "kept": chunk.kept,
            "exact": exact,
            "sent": str(chunk.sent).lower(),
            "score": _round(chunk.score),
            "score_space": chunked.space.value,
            "truncated_score": _round(chunked.lab.truncated),
        }
        for way in chunked.lab.ways
        for place, chunk in enumerate(way.chunks, start=1)
    ]


def as_tsv(report: Report) -> str:
    """A header line and a line for each row."""
    rows = rows_of(report)
    lines = [list(rows[0]), *(map(_cell, row.values()) for row in rows)] if rows else []
    return "".join("\t".join(line) + "\n" for line in lines)


def _cell(value: object) -> str:
    return tsv_cell(value) if isinstance(value, str) else "" if value is None else str(value)


def as_markdown(report: Report) -> str:
    """What was read and how, what was cut, and one table; for a ticket or a pull request."""
    lines = [f"### {markdown_text(headline(report))}", "", markdown_text(summary(report)), ""]
    if not isinstance(report, Pair):
        lines += [line for said in cut_lines(report) for line in (markdown_text(said), "")]
    if rows := rows_of(report):
        lines += ["| " + " | ".join(map(markdown_text, rows[0])) + " |", "|" + "---|" * len(rows[0])]
        lines += [
            "| " + " | ".join("" if v is None else markdown_text(str(v)) for v in row.values()) + " |" for row in rows
        ]
    for note in report.notes:
        lines += ["", f"Note: {markdown_text(note)}"]
    return "\n".join(lines) + "\n"


WRITERS: dict[str, Callable[[Report], str]] = {"json": as_json, "tsv": as_tsv, "markdown": as_markdown}
"""Of everything but the table."""

"""A comparison, written for programs and for people."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from workbench.domain.comparison import Comparison
from workbench.domain.ranking import Candidate, Reranked
from workbench.domain.text import single_line

SCORE_DIGITS = 6
Found = TypeVar("Found")
STAGES = ("retrieve", "fetch", "tokenize", "rerank", "network", "total")


def write(comparison: Comparison, format: str, width: int) -> str:
    """Write a comparison.

    Args:
        comparison: A finished one.
        format: `table`, `json`, `tsv` or `markdown`.
        width: Columns of the terminal, for the table.
    """
    return written(comparison, format, width, as_table, {"json": as_json, "tsv": as_tsv, "markdown": as_markdown})


def written(
    found: Found,
    format: str,
    width: int,
    table: Callable[[Found, int], str],
    writers: Mapping[str, Callable[[Found], str]],
) -> str:
    """Write anything as a table of some width, or in the format of one of the other writers."""
    return table(found, width) if format == "table" else writers[format](found)


def as_json(comparison: Comparison) -> str:
    """One JSON object; the same query gives the same bytes but for `latency_ms`."""
    size, info, shift, latency = comparison.size, comparison.reranker, comparison.shift, comparison.latency
    error = comparison.error
    value: dict[str, Any] = {
        "query": single_line(comparison.query),
        "engine": comparison.engine,
        "corpus": comparison.corpus,
        "depth": comparison.depth,
        "size": size,
        "retriever": {"name": comparison.ranking, "fields": dict(comparison.fields), "total": comparison.total},
        "reranker": info
        and {
            "model": info.model,
            "kind": info.kind,
            "score_space": info.score_space,
            "raw_score_space": info.raw_space,
            "mix_weight": info.weight,
            "way": info.way,
        },
        "bm25": [
            {"rank": row.rank, "id": row.document.id, "title": row.document.title, "score": _round(row.score)}
            for row in comparison.bm25[:size]
        ],
        "reranked": [_reranked_row(row) for row in comparison.reranked[:size]],
        "shift": shift
        and {
            "up": shift.up,
            "down": shift.down,
            "same": shift.same,
            "entered": shift.entered,
            "left": shift.left,
            "kendall_tau": None if shift.kendall_tau is None else _round(shift.kendall_tau),
            "rbo": _round(shift.rbo),
            "jaccard": _round(shift.jaccard),
        },
        "latency_ms": {stage: round(getattr(latency, stage), 3) for stage in STAGES},
        "warnings": list(comparison.warnings),
        "findings": [
            {"rule": one.rule, "message": one.message, "hint": one.hint, "ids": list(one.ids)}
            for one in comparison.findings
        ],
        "error": error and {"stage": error.stage, "message": error.message, "hint": error.hint},
    }
    return json_text(value)


def json_text(value: dict[str, Any]) -> str:
    """Indented JSON; what standard output could not carry is escaped, and what a terminal might obey or hide."""
    carried = "utf" in (sys.stdout.encoding or "").lower()
    text = json.dumps(value, ensure_ascii=not carried, indent=2) + "\n"
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)


def _reranked_row(row: Reranked) -> dict[str, Any]:
    tokens = row.tokens
    return {
        "rank": row.rank,
        "id": row.candidate.document.id,
        "title": row.candidate.document.title,
        "score": _round(row.score),
        "raw_score": _round(row.raw),
        "bm25_rank": row.candidate.rank,
        "bm25_score": _round(row.candidate.score),
        "shift": row.shift,
        "tokens": {
            "query": tokens.query,
            "document": tokens.document,
            "kept_query": tokens.kept_query,
            "kept_document": tokens.kept_document,
            "budget": tokens.budget,
            "truncated": tokens.truncated,
            "exact": tokens.exact,
        },
    }


def as_tsv(comparison: Comparison) -> str:
    """One line per row of either list, with a header line."""
    lines = ["list\trank\tid\ttitle\tscore\tscore_space\tbm25_rank\tbm25_score\tshift\ttruncated"]
    for row in comparison.bm25[: comparison.size]:
        score = _round(row.score)
        lines.append(_tsv_line("bm25", row.rank, row, score, comparison.ranking, row.rank, score, "", ""))
    for moved in comparison.reranked[: comparison.size]:
        candidate, space = moved.candidate, comparison.reranker and comparison.reranker.score_space
        cut = str(moved.tokens.truncated).lower()
        scores = (_round(moved.score), space, candidate.rank, _round(candidate.score))
        lines.append(_tsv_line("reranked", moved.rank, candidate, *scores, moved.shift, cut))
    return "\n".join(lines) + "\n"


def _tsv_line(name: str, rank: int, row: Candidate, *rest: object) -> str:
    return "\t".join([name, str(rank), tsv_cell(row.document.id), tsv_cell(row.document.title), *map(str, rest)])


def tsv_cell(text: str) -> str:
    """One line; a spreadsheet would run a cell that begins like a formula."""
    line = single_line(text)
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line


def as_markdown(comparison: Comparison) -> str:
    """A heading, one table, one line of shifts; for a ticket or a pull request."""
    shift, error = comparison.shift, comparison.error
    lines = [
        f"### {markdown_text(comparison.query)}",
        "",
        markdown_text(headline(comparison)),
        "",
        f"| # | {markdown_text(_title(comparison.ranking))} | score | reranked | score | shift |",
        "|--:|---|--:|---|--:|--:|",
    ]
    for index in range(rows(comparison)):
        left = comparison.bm25[index] if index < len(comparison.bm25) else None
        right = comparison.reranked[index] if index < len(comparison.reranked) else None
        cells = [
            markdown_text(name(left)) if left else "",
            f"{left.score:.2f}" if left else "",
            markdown_text(name(right.candidate)) if right else "",
            f"{right.score:.2f}" if right else "",
            shift_sign(right.shift) if right else "",
        ]
        lines.append(f"| {index + 1} | {' | '.join(cells)} |")
    if shift and comparison.reranked:
        lines += ["", markdown_text(shift_line(comparison))]
    for warning in comparison.warnings:
        lines += ["", f"Note: {markdown_text(warning)}"]
    if error:
        lines += ["", f"**{_STAGE[error.stage]}:** {markdown_text(f'{error.message} {error.hint}')}"]
    return "\n".join(lines) + "\n"


def markdown_text(text: str) -> str:
    """One line in which no character is markup."""
    line = single_line(text)
    return "".join(f"\\{char}" if char in r"\`*_[]<>|#&~!" else char for char in line)


def as_table(comparison: Comparison, width: int) -> str:
    """Both lists side by side in plain text."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=width, color_system=None, force_terminal=False, markup=False, highlight=False, emoji=False)
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="", expand=True)
    space = comparison.reranker.score_space if comparison.reranker else "score"
    ranking = single_line(comparison.ranking)
    for heading, justify, ratio in (("#", "right", None), (ranking, "right", None), (_title(ranking), "left", 1)):
        table.add_column(heading, justify=justify, no_wrap=True, ratio=ratio)  # type: ignore[arg-type]
    for heading, justify in (("shift", "right"), (space, "right"), ("Reranked", "left")):
        table.add_column(heading, justify=justify, no_wrap=True, ratio=1 if heading == "Reranked" else None)  # type: ignore[arg-type]
    for index in range(rows(comparison)):
        left = comparison.bm25[index] if index < len(comparison.bm25) else None
        right = comparison.reranked[index] if index < len(comparison.reranked) else None
        table.add_row(
            str(index + 1),
            f"{left.score:.2f}" if left else "",
            Text(name(left) if left else "", overflow="ellipsis"),
            shift_sign(right.shift) if right else "",
            f"{right.score:.3f}" if right else "",
            Text(
                f"{name(right.candidate)}{' ✂' if right.tokens.truncated else ''}" if right else "", overflow="ellipsis"
            ),
        )
    with console.capture() as capture:
        console.print(Text(f"“{single_line(comparison.query, 200)}”"))
        console.print(Text(headline(comparison)))
        console.print()
        if comparison.bm25:
            console.print(table)
        elif not (comparison.error and comparison.error.stage == "retrieve"):
            console.print("Nothing matches this query.")
        if comparison.reranked:
            console.print()
            console.print(Text(shift_line(comparison)))
            console.print(Text(latency_line(comparison)))
        for warning in comparison.warnings:
            console.print(Text(f"note: {single_line(warning)}"))
        if comparison.error:
            console.print(Text(f"{_STAGE[comparison.error.stage]}: {single_line(comparison.error.message)}"))
            if comparison.error.hint:
                console.print(Text(f"  {single_line(comparison.error.hint)}"))
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


_STAGE = {"retrieve": "Not searched", "rerank": "Not reranked"}


def rows(comparison: Comparison) -> int:
    """Rows that either list has to show."""
    return min(comparison.size, max(len(comparison.bm25), len(comparison.reranked)))


def name(row: Candidate) -> str:
    """A document's title, or its id where it has none."""
    return single_line(row.document.title, 300) or row.document.id


def shift_sign(shift: int | None) -> str:
    """Direction and distance, without colour; a plus for what is new."""
    if shift is None:
        return "+"
    return f"▲{shift}" if shift > 0 else f"▼{-shift}" if shift < 0 else "="


def headline(comparison: Comparison) -> str:
    """What was searched and what reranked it."""
    parts = [comparison.corpus]
    if not (comparison.error and comparison.error.stage == "retrieve"):
        parts.append(f"{comparison.total:,} match{'' if comparison.total == 1 else 'es'}")
    if info := comparison.reranker:
        share = info.weight
        weight = "" if share is None else f" {share:g} {info.raw_space} + {1 - share:g} {comparison.ranking}"
        way = f" by {info.way}" if info.way else ""
        model = f"{info.model}{way} ({info.score_space}{':' + weight if weight else ''})"
        parts += [f"depth {comparison.depth}", model]
    return " · ".join(parts)


def shift_line(comparison: Comparison) -> str:
    """The shift summary in one line."""
    shift = comparison.shift
    if not shift:
        return ""
    tau = "–" if shift.kendall_tau is None else f"{shift.kendall_tau:.2f}"
    return (
        f"▲ {shift.up} up  ▼ {shift.down} down  = {shift.same} same  {shift.entered} entered  {shift.left} left"
        f"  tau {tau}  rbo {shift.rbo:.2f}  jaccard {shift.jaccard:.2f}"
    )


def latency_line(comparison: Comparison) -> str:
    """Milliseconds by stage, and how many documents were cut."""
    latency = comparison.latency
    cut, in_top = comparison.cut
    shown = [stage for stage in STAGES if stage != "network" or comparison.exchanges]
    stages = "  ".join(f"{stage} {getattr(latency, stage):.1f}" for stage in shown)
    about = "" if all(row.tokens.exact for row in comparison.reranked) else "about "
    return f"ms: {stages}  ·  ✂ {about}{cut} of {len(comparison.reranked)} cut, {in_top} of the top {comparison.size}"


def _title(ranking: str) -> str:
    return "BM25" if ranking == "bm25" else ranking


def _round(value: float) -> float:
    return round(value, SCORE_DIGITS)

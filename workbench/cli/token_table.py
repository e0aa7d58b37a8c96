"""What `workbench tokens` found, written for people."""

from collections.abc import Iterator, Sequence

from workbench.cli.progress import noun
from workbench.cli.token_report import Candidates, Chunked, Corpus, Judged, Pair, Report
from workbench.domain.chunks import Chunk
from workbench.domain.lengths import PERCENTILES, WANTED, Lengths
from workbench.domain.text import single_line
from workbench.domain.truncation import Strategy, Window
from workbench.domain.verdict import Effect

_BAR = 30
_PIECE = 300
"""Characters of a piece that are shown."""


def as_table(report: Report, width: int) -> str:
    """Plain text in columns."""
    lines = [headline(report), summary(report), *_body(report)]
    lines += [f"note: {single_line(note)}" for note in report.notes]
    return "\n".join(_fitted(line, width) for line in lines) + "\n"


def headline(report: Report) -> str:
    """What was read."""
    if isinstance(report, Corpus):
        beside = f" beside “{single_line(report.query, 100)}”" if report.query else ""
        number = len(report.lengths.tokens)
        return f"{report.name} · {number:,} {noun(number, 'document')}{beside}"
    if isinstance(report, Candidates):
        return f"“{single_line(report.query, 100)}” · {report.corpus} · {_number(len(report.rows), 'candidate')}"
    if report.query_text is None:
        query, document = report.count.query, report.count.document
        return f"{_number(query, 'token')} of query, {_number(document, 'token')} of document"
    named = [f"“{single_line(report.query_text, 100)}”", report.id or "", single_line(report.title, 200)]
    return " · ".join(part for part in named if part)


def summary(report: Report) -> str:
    """How it was read."""
    if isinstance(report, Pair):
        model, exact, window = report.model, report.count.exact, report.window
    else:
        model, exact = report.reader.tokenizer.id, report.reader.tokenizer.exact
        window = report.reader.window
    parts = [single_line(model or "no model", 80), *([] if exact else ["counts are estimated"]), _window(window)]
    return " · ".join(parts)


def cut_lines(report: Candidates | Corpus) -> Iterator[str]:
    """How many documents are cut, and whether the query is."""
    lengths, number, sign = report.lengths, len(report.lengths.tokens), _sign(_is_exact(report))
    about = "About " if sign else ""
    if isinstance(report, Corpus):
        of = f"{lengths.cut:,} of {_number(number, 'document')} ({_percent(lengths.cut, number)})"
        yield f"{about}{of} do not fit: a document may have {sign}{_number(lengths.fit, 'token')}."
    else:
        of = f"{lengths.cut:,} of {_number(number, 'candidate')} {'was' if lengths.cut == 1 else 'were'} cut"
        yield f"{about}{of}, {report.cut_in_top} of the first {min(report.size, number)}."
    if lengths.query_cut:
        read = f"as few as {sign}{lengths.kept_query:,} of its {sign}{_number(lengths.query, 'token')} are read"
        yield f"✂ The query is cut: {read}, with {lengths.query_cut:,} of {_number(number, 'document')}."


def _window(window: Window) -> str:
    share = "each of query and document" if window.strategy is Strategy.HEAD_ONLY else "a pair"
    return f"{window.strategy}: {_number(window.budget, 'token')} for {share}, {window.special:,} of them special"


def _body(report: Report) -> Iterator[str]:
    if isinstance(report, Pair):
        return _pair(report)
    return _candidates(report) if isinstance(report, Candidates) else _corpus(report)


def _pair(pair: Pair) -> Iterator[str]:
    count, sign = pair.count, _sign(pair.count.exact)
    yield f"\n{'':<9}{'tokens':>11}{'kept':>11}{'cut':>11}"
    sides = (("query", count.query, count.kept_query), ("document", count.document, count.kept_document))
    for name, tokens, kept in sides:
        numbers = "".join(f"{sign + format(number, ','):>11}" for number in (tokens, kept, tokens - kept))
        yield f"{name:<9}{numbers}  {_bar(kept, tokens)}"
    yield ""
    yield _CUT[count.cut]
    if pair.words:
        yield f"  {single_line(pair.words)}"
    if pair.asked:
        yield ""
        yield from _verdict(pair)
    if pair.chunked:
        yield ""
        yield from _chunks(pair.chunked, sign)


_CUT = {
    "none": "Nothing is cut: the model reads all of it.",
    "query": "✂ The query is cut; the document is not.",
    "document": "✂ The document is cut.",
    "both": "✂ The query and the document are cut.",
}


def _verdict(pair: Pair) -> Iterator[str]:
    judged = pair.judged
    if judged is None:
        unread = pair.count.kept_document < pair.count.document
        why = "nothing of what was not read can be scored" if unread else "the document is read to its end"
        yield f"No verdict: {why}."
        return
    best, space = judged.best.score, judged.space
    yield f"{judged.effect.upper()}: {_SAYS[judged.effect]}"
    yield f"  {space} score of what was read {judged.score:.4g}, of the best unread piece {best:.4g}"
    if judged.rank is not None:
        yield f"  reranked rank {judged.rank}; with its best piece {judged.rank_with_best}"
    elif pair.bm25_rank is not None:
        yield f"  candidate {pair.bm25_rank} of the query, but not in the reranked list, so it has no rank there"
    else:
        yield "  it is no candidate of the query, so it has no rank"
    yield f"  “{single_line(judged.text, _PIECE)}”"


def _chunks(chunked: Chunked, sign: str) -> Iterator[str]:
    """A line for each way; `sent` are the places of chunks, `tokens` those of the longest."""
    lab = chunked.lab
    names = [single_line(way.name) for way in lab.ways]
    width = max(map(len, names))
    yield f"{'way':<{width}}{'chunks':>8}{'tokens':>9}{'pairs':>7}  {'sent':<12}{'score':>9}{'against':>9}"
    for name, way in zip(names, lab.ways, strict=True):
        longest = sign + format(max((chunk.tokens for chunk in way.chunks), default=0), ",")
        more = way.against(lab.truncated)
        score, against = "" if way.best is None else f"{way.best:.4g}", "" if more is None else f"{more:+.4g}"
        numbers = f"{len(way.chunks):>8,}{longest:>9}{way.pairs:>7,}"
        yield f"{name:<{width}}{numbers}  {_sent(way.chunks):<12}{score:>9}{against:>9}"
    yield ""
    if lab.truncated is None:
        yield f"Scores are {chunked.space}, of the best chunk that is sent; there is no text to score."
    else:
        read = f"against the document as it is read now, {lab.truncated:.4g}"
        yield f"Scores are {chunked.space}, of the best chunk that is sent, and {read}."


def _sent(chunks: Sequence[Chunk]) -> str:
    """Places of the chunks that are sent, such as `1–3, 7`; counted from 1."""
    runs: list[list[int]] = []
    for place, chunk in enumerate(chunks, start=1):
        if chunk.sent and runs and runs[-1][-1] == place - 1:
            runs[-1][1:] = [place]
        elif chunk.sent:
            runs.append([place])
    return ", ".join("–".join(map(str, run)) for run in runs) or "none"


_SAYS = {
    Effect.HARMLESS: "no piece of what was not read scores higher than what was.",
    Effect.SUPPRESSED: "a piece that was not read scores higher than what was.",
    Effect.DECISIVE: "a piece that was not read scores higher, and would change the top of the list.",
}


def _candidates(report: Candidates) -> Iterator[str]:
    if not report.rows:
        yield "\nNothing matches this query."
        return
    sign = _sign(_is_exact(report))
    yield ""
    yield from cut_lines(report)
    if report.asked:
        found = [row.judged.effect for row in report.rows if row.judged]
        yield "Verdicts: " + ", ".join(f"{found.count(effect)} {effect}" for effect in Effect) + "."
    yield f"\n{'#':>3}{'tokens':>9}{'kept':>9}{'cut':>9}  {'verdict' + ' ' * 18 if report.asked else ''}document"
    for row in report.rows:
        tokens, kept = row.count.document, row.count.kept_document
        missed = f"✂{sign}{tokens - kept:,}" if tokens > kept else "✂query" if row.count.cut == "query" else ""
        numbers = f"{sign + format(tokens, ','):>9}{sign + format(kept, ','):>9}{missed:>9}"
        verdict = f"{_short(row.judged):<25}" if report.asked else ""
        yield f"{row.bm25_rank:>3}{numbers}  {verdict}{row.id}  {single_line(row.title, 200)}"
    yield ""
    yield from _percentiles(report.lengths, "candidates", sign)


def _short(judged: Judged | None) -> str:
    if judged is None:
        return ""
    if judged.rank is None or judged.rank == judged.rank_with_best:
        return judged.effect
    return f"{judged.effect} {judged.rank} → {judged.rank_with_best}"


def _corpus(report: Corpus) -> Iterator[str]:
    lengths, bins, sign = report.lengths, report.bins, _sign(_is_exact(report))
    yield ""
    yield from cut_lines(report)
    yield from _percentiles(lengths, "documents", sign)
    yield ""
    most = max(one.documents for one in bins)
    for one in bins:
        name = f"{one.low:,} and more" if one.high is None else f"{one.low:,}–{one.high:,}"
        mark = "✂" if one.low > lengths.fit and one.documents else " "
        bar = "█" * max(round(_BAR * one.documents / most), 1) if one.documents else ""
        yield f"{name:>16} {mark} {sign + format(one.documents, ','):>9}  {bar}"


def _percentiles(lengths: Lengths, of: str, sign: str) -> Iterator[str]:
    shown = "  ".join(f"{percent} %: {sign}{lengths.percentile(percent):,}" for percent in PERCENTILES[:-1])
    yield f"Tokens: {shown}  longest: {sign}{lengths.percentile(100):,}"
    yield f"A budget of {sign}{_number(lengths.budget_for(), 'token')} would fit {WANTED} % of the {of}."


def _is_exact(report: Candidates | Corpus) -> bool:
    return report.reader.tokenizer.exact


def _sign(exact: bool) -> str:
    """What stands before every number that is estimated."""
    return "" if exact else "≈"


def _bar(part: int, whole: int) -> str:
    """A share as a bar and a number that is 100 % only for the whole."""
    done = _BAR * part // whole if whole else _BAR
    return f"{'█' * done}{'·' * (_BAR - done)} {_percent(part, whole) if whole else '–':>6}"


def _percent(part: int, whole: int) -> str:
    percent = 100 * part // whole if whole else 0
    return f"{'<1' if part and not percent else percent} %"


def _number(number: int, one: str) -> str:
    return f"{number:,} {noun(number, one)}"


def _fitted(line: str, width: int) -> str:
    from rich.cells import cell_len, set_cell_size

    return (
        line.rstrip() if cell_len(line) <= width or line.startswith("note:") else set_cell_size(line, width - 1) + "…"
    )

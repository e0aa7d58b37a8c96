"""The queries and judgments that may come with a corpus, in BEIR's layout."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.corpora.base import Columns, Skipped
from workbench.corpora.checks import checked
from workbench.corpora.jsonl import JsonlReader
from workbench.corpora.lines import Line, Lines
from workbench.corpora.stream import TOO_LARGE, UnreadableError, not_utf8, open_utf8, reason
from workbench.domain.documents import Document, Judgment, Query
from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line

_QUERIES = "queries.jsonl"
_QRELS = "qrels"
_PREFERRED = ("test.tsv", "dev.tsv")
_GREATEST_GRADE = 100


@dataclass(frozen=True)
class Judged:
    """Queries, and how well documents answer them."""

    queries: tuple[Query, ...]
    judgments: tuple[Judgment, ...]
    """Of these queries alone; one for each pair."""
    skipped: tuple[Skipped, ...]


def read_judged(path: Path) -> Judged | None:
    """Read a folder's queries.jsonl and its qrels/test.tsv (else dev.tsv, else the first by name).

    Returns:
        None when there is no queries.jsonl.
    """
    if not (path / _QUERIES).is_file():
        return None
    skipped: list[Skipped] = []
    queries: dict[str, Query] = {}
    for query in _queries(path / _QUERIES):
        if isinstance(query, Skipped):
            skipped.append(query)
        else:
            queries[query.id] = query
    judgments: dict[tuple[str, str], Judgment] = {}
    for judgment in _judgments(_qrels(path / _QRELS), set(queries)):
        if isinstance(judgment, Skipped):
            skipped.append(judgment)
        else:
            judgments[judgment.query_id, judgment.document_id] = judgment
    return Judged(tuple(queries.values()), tuple(judgments.values()), tuple(skipped))


def _queries(path: Path) -> Iterator[Query | Skipped]:
    try:
        reader = JsonlReader(path, Columns())
    except BadInputError as error:
        yield Skipped.of("", None, error.message)
        return
    for record in checked(reader.records(), reader):
        yield Query(record.id, single_line(record.body)) if isinstance(record, Document) else record


def _qrels(folder: Path) -> Path | None:
    try:
        files = sorted(file for file in folder.glob("*.tsv") if file.is_file())
    except OSError:
        return None
    by_name = {file.name: file for file in reversed(files)}
    preferred = [by_name[name] for name in _PREFERRED if name in by_name]
    return next(iter(preferred + files), None)


def _judgments(path: Path | None, query_ids: set[str]) -> Iterator[Judgment | Skipped]:
    if path is None:
        return
    name = f"{_QRELS}/{path.name}"
    try:
        stream, start = open_utf8(path)
        with stream:
            lines = Lines(stream, start)
            while line := lines.next():
                judgment = _judgment(line)
                if isinstance(judgment, Judgment) and judgment.query_id not in query_ids:
                    judgment = f"query {judgment.query_id[:100]!r} is not in {_QUERIES}"
                if judgment:
                    yield Skipped.of(name, line.number, judgment) if isinstance(judgment, str) else judgment
    except (OSError, UnreadableError) as error:
        yield Skipped.of(name, None, reason(error))


def _judgment(line: Line) -> Judgment | str:
    """Read one line; an empty string for a blank one or the header."""
    if line.data is None:
        return TOO_LARGE
    try:
        text = line.data.decode().strip("\r\n")
    except UnicodeDecodeError as error:
        return not_utf8(line.offset + error.start)
    cells = text.split("\t") if "\t" in text else text.split()
    if not text.strip():
        return ""
    if len(cells) not in (3, 4):
        columns = "1 column" if len(cells) == 1 else f"{len(cells)} columns"
        return f"{columns} where 3 (query, document, grade) or 4 (TREC) were expected"
    try:
        grade = float(cells[-1])
    except ValueError:
        return "" if line.number == 1 else f"grade {cells[-1][:40]!r} is not a number"
    if not grade.is_integer() or grade > _GREATEST_GRADE:
        return f"grade {cells[-1][:40]!r} is not a whole number up to {_GREATEST_GRADE}"
    # Collections mark junk with negative grades; to a measure it is as good as irrelevant.
    return Judgment(single_line(cells[0]), single_line(cells[-2]), max(0, int(grade)))

"""Searches one generation of an indexed corpus and reads its documents; synchronous, for one thread."""

import errno
import json
import mmap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import tantivy
from tantivy import Occur

from workbench.domain.documents import Document
from workbench.domain.ranking import Explanation
from workbench.engines.corpus_layout import check, current_generation, damaged, read_manifest, reading
from workbench.engines.explanation import highest, summed, term_score
from workbench.engines.query_syntax import Clause, ParsedQuery

Fields = Sequence[tuple[str, float]]
"""Searched fields and their boosts."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that matches."""

    score: float
    start: int
    """Where its line begins in `documents.jsonl`, in bytes; grows with the order of the source."""
    length: int
    address: tantivy.DocAddress


class IndexReader:
    """An open index.

    Scores are those of Elasticsearch's `multi_match` (`best_fields`, no tie breaker) with fields analysed
    by `english`, to a few parts in ten million. One difference stays: Lucene's averages count the documents that have
    the field, tantivy's count all, so scores of a field that many documents leave empty differ.
    """

    def __init__(self, root: Path, name: str, fields: Fields) -> None:
        """Open the generation that answers now.

        Raises:
            BadInputError: There is no such corpus.
            IndexUnavailableError: It cannot be used; the hint says what mends it.
        """
        self._name = name
        self._fields = fields
        generation = current_generation(root, name)
        manifest = read_manifest(generation, name)
        check(manifest, generation)
        self._mending = manifest.mending
        with self._answering():
            index = _open(generation / "tantivy")
            self._schema = index.schema
            self._searcher = index.searcher()
            with (generation / "documents.jsonl").open("rb") as text:
                self._text = mmap.mmap(text.fileno(), 0, access=mmap.ACCESS_READ)
            if self._searcher.num_docs != manifest.documents:
                raise ValueError(f"{self._searcher.num_docs:,} of {manifest.documents:,} documents are in the index")

    def search(self, query: ParsedQuery, depth: int) -> tuple[list[Hit], int]:
        """Rank the documents that match; equal scores in the order of the source.

        Returns:
            The first `depth` of them, and how many there are in all.
        """
        if not query.clauses:
            return [], 0
        with self._answering():
            wanted = max(depth, 1)
            while True:
                result = self._searcher.search(self._query(query), wanted)
                hits, total = self._hits(result.hits), int(result.count)  # type: ignore[attr-defined]
                # Between segments tantivy breaks ties by chance, so all that tie with the last are wanted.
                more = self._searcher.num_segments > 1 and len(hits) == wanted < total
                if not more or hits[depth - 1].score > hits[-1].score:
                    break
                wanted *= 2
            return sorted(hits, key=lambda hit: (-hit.score, hit.start))[:depth], total

    def read(self, hit: Hit) -> Document:
        """Read a document's text."""
        with reading(self._name, self._mending):
            return Document(**json.loads(self._text[hit.start : hit.start + hit.length]))

    def explain(self, query: ParsedQuery, id: str) -> Explanation | None:
        """Take apart the score of one document; None when it does not match or there is none."""
        hit = self.find(id)
        if not hit:
            return None
        with self._answering():
            parts = [self._explain_clause(clause, hit.address) for clause in query.clauses]
        return summed("sum of the parts of the query", parts)

    def find(self, id: str) -> Hit | None:
        """Find a document by its id."""
        hits, _ = self.search(ParsedQuery((Clause("id", ((0, id),)),), ()), 1)
        return hits[0] if hits else None

    def _hits(self, found: list[tuple[float, tantivy.DocAddress]]) -> list[Hit]:
        addresses = [address for _, address in found]
        starts = self._searcher.fast_field_values("offset", addresses)
        lengths = self._searcher.fast_field_values("length", addresses)
        places = zip(found, starts, lengths, strict=True)
        return [Hit(score, int(start or 0), int(length or 0), at) for (score, at), start, length in places]

    def _query(self, query: ParsedQuery) -> tantivy.Query:
        return _any_of([self._clause_query(clause) for clause in query.clauses])

    def _clause_query(self, clause: Clause) -> tantivy.Query:
        queries = [
            tantivy.Query.boost_query(_any_of([query for _, query in self._field_queries(clause, field)]), boost)
            for field, boost in self._searched(clause)
        ]
        return queries[0] if len(queries) == 1 else tantivy.Query.disjunction_max_query(queries, 0.0)

    def _searched(self, clause: Clause) -> Fields:
        return [pair for pair in self._fields if clause.field in (None, pair[0])] or [(str(clause.field), 1.0)]

    def _field_queries(self, clause: Clause, field: str) -> list[tuple[str, tantivy.Query]]:
        """What is looked for in one field, each with its name."""
        if clause.phrase and len(clause.terms) > 1:
            first = clause.terms[0][0]
            words: list[str | tuple[int, str]] = [(position - first, term) for position, term in clause.terms]
            name = f'{field}:"{" ".join(term for _, term in clause.terms)}"'
            return [(name, tantivy.Query.phrase_query(self._schema, field, words))]
        detail = "basic" if field == "id" else "freq"
        return [
            (f"{field}:{term}", tantivy.Query.term_query(self._schema, field, term, detail)) for _, term in clause.terms
        ]

    def _explain_clause(self, clause: Clause, address: tantivy.DocAddress) -> Explanation | None:
        fields = []
        for field, boost in self._searched(clause):
            terms = [self._explain_term(*named, boost, address) for named in self._field_queries(clause, field)]
            fields.append(summed(f"sum of the terms in {field}", terms))
        return highest("highest of the fields; the others do not count", fields)

    def _explain_term(
        self, name: str, query: tantivy.Query, boost: float, address: tantivy.DocAddress
    ) -> Explanation | None:
        try:
            return term_score(name, boost, query.explain(self._searcher, address).to_json())
        except ValueError as error:
            if "does not match" in str(error):
                return None
            raise

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            with reading(self._name):
                yield
        except BaseException as error:
            # What Rust code panics with is no Exception, and its class has no public name.
            if type(error).__name__ != "PanicException":
                raise
            raise damaged(self._name, str(error)) from error


def _open(folder: Path) -> tantivy.Index:
    """Open an index, also where nothing may be written."""
    try:
        try:
            return _unwatched(folder)
        except ValueError as error:
            if "Lockfile" not in str(error):
                raise
            # tantivy writes a lock to read. What it has open stays open when the links are gone.
            with TemporaryDirectory() as links:
                for file in folder.absolute().iterdir():
                    if file.suffix != ".lock":
                        (Path(links) / file.name).symlink_to(file)
                return _unwatched(Path(links))
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) or "PermissionDenied" in str(error):
            raise PermissionError(errno.EACCES, str(error), str(folder)) from error
        raise


def _unwatched(folder: Path) -> tantivy.Index:
    index = tantivy.Index.open(str(folder))
    index.config_reader("manual")
    return index


def _any_of(queries: list[tantivy.Query]) -> tantivy.Query:
    if len(queries) == 1:
        return queries[0]
    return tantivy.Query.boolean_query([(Occur.Should, query) for query in queries])

"""Searches one generation of an indexed corpus and reads its documents; synchronous, for one thread."""

import errno
import json
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import tantivy
from tantivy import Occur

from workbench.domain.documents import Document
from workbench.domain.ranking import Explanation
from workbench.domain.tuning import Boosts
from workbench.engines.corpus_layout import check, current_generation, damaged, read_manifest, reading
from workbench.engines.explanation import highest, summed, term_score
from workbench.engines.query_syntax import Clause, ParsedQuery
from workbench.engines.request import Node, described


@dataclass(frozen=True)
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

    def __init__(self, root: Path, name: str) -> None:
        """Open the generation that answers now.

        Raises:
            BadInputError: There is no such corpus.
            IndexUnavailableError: It cannot be used; the hint says what mends it.
        """
        self._name = name
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

    def search(self, query: ParsedQuery, depth: int, boosts: Boosts = ()) -> tuple[list[Hit], int]:
        """Rank the documents that match what was understood of a query; see `answer`."""
        return self.answer(described(query, boosts), depth)

    def answer(self, query: Node, depth: int) -> tuple[list[Hit], int]:
        """Rank the documents that match; equal scores in the order of the source.

        Returns:
            The first `depth` of them, and how many there are in all.
        """
        if "match_none" in query:
            return [], 0
        with self._answering():
            built, wanted = self._built(query), max(depth, 1)
            while True:
                result = self._searcher.search(built, wanted)
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

    def explain(self, query: ParsedQuery, id: str, boosts: Boosts) -> Explanation | None:
        """Take apart the score of one document; None when it does not match or there is none."""
        hit = self.find(id)
        if not hit or not query.clauses:
            return None
        with self._answering():
            return self._explained(described(query, boosts), hit.address, 1.0)

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

    def _built(self, node: Node) -> tantivy.Query:
        """What tantivy is asked."""
        ((kind, said),) = node.items()
        match kind:
            case "bool":
                parts = [self._built(part) for part in said["should"]]
                query = parts[0]
                if len(parts) > 1:
                    query = tantivy.Query.boolean_query([(Occur.Should, part) for part in parts])
                return tantivy.Query.boost_query(query, said["boost"]) if "boost" in said else query
            case "dis_max":
                fields = [self._built(part) for part in said["queries"]]
                return tantivy.Query.disjunction_max_query(fields, said["tie_breaker"])
            case "match_phrase":
                ((field, phrase),) = said.items()
                words: list[str | tuple[int, str]] = list(zip(phrase["positions"], phrase["terms"], strict=True))
                query = tantivy.Query.phrase_query(self._schema, field, words)
                return tantivy.Query.boost_query(query, phrase["boost"])
            case _:
                ((field, term),) = said.items()
                return tantivy.Query.term_query(self._schema, field, term, "basic" if field == "id" else "freq")

    def _explained(self, node: Node, address: tantivy.DocAddress, boost: float) -> Explanation | None:
        ((kind, said),) = node.items()
        match kind:
            case "bool":
                parts = (self._explained(part, address, said.get("boost", boost)) for part in said["should"])
                return summed(f"sum of the {_parts(said['should'])}", parts)
            case "dis_max":
                fields = (self._explained(part, address, boost) for part in said["queries"])
                return highest("highest of the fields; the others do not count", fields)
            case "match_phrase":
                ((field, phrase),) = said.items()
                name, boost = f'{field}:"{" ".join(phrase["terms"])}"', phrase["boost"]
            case _:
                ((field, term),) = said.items()
                name = f"{field}:{term}"
        try:
            return term_score(name, boost, self._built(node).explain(self._searcher, address).to_json())
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


def _parts(nodes: list[Node]) -> str:
    """What a sum adds up."""
    term = nodes[0].get("term")
    return f"terms in {next(iter(term))}" if term else "parts of the query"

"""Asks a cluster for the candidates of a query, and about one of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workbench.domain.documents import Document
from workbench.domain.exchange import Exchange, Finding
from workbench.domain.ranking import Explanation, Highlights, Retrieval
from workbench.domain.request_check import check_candidates
from workbench.domain.tuning import Boosts, Choice, Chosen
from workbench.engines.base import FIRST_STAGE
from workbench.engines.elasticsearch.connection import Answer, Connection
from workbench.engines.elasticsearch.explanation import read_explanation
from workbench.engines.elasticsearch.failures import ClusterError
from workbench.engines.elasticsearch.fields import Index, path_of
from workbench.engines.elasticsearch.first_stage import (
    BM25,
    FILTER,
    HYBRIDS,
    MEANING,
    OFF,
    FirstStage,
    FirstStages,
    Searched,
)
from workbench.engines.elasticsearch.hits import (
    CLOSE,
    OPEN,
    TEXT_LIMIT,
    Names,
    Read,
    cut_short,
    document_of,
    hits_of,
    marked_values,
    read_hits,
    spans_in,
    total_of,
)
from workbench.engines.elasticsearch.query import Node, Words, filtered, in_field, plain, understood
from workbench.engines.elasticsearch.snapshot import Snapshot, search_state
from workbench.engines.json_layout import laid_out

_UNKNOWN = re.compile(r"unknown[^\[]*\[([^\]]+)\]", re.IGNORECASE)
_DISPENSABLE = ("retriever", *HYBRIDS)
"""What a search can do without, when the server says that it does not know it."""
_NO_SNAPSHOT = Finding(
    "no-snapshot",
    "The server keeps no snapshot of the index, so the two lists may be of different states of it.",
    "It matters only while the index is written to.",
)


@dataclass(frozen=True)
class _Last:
    """The newest search."""

    asked: tuple[str, int, Boosts, dict[str, str]]
    """Query, depth, boosts and settings."""
    snapshot: str
    ranks: dict[str, int]
    """By document id."""


class ElasticRetriever:
    """A `Retriever` over an index, an alias or a data stream of a cluster.

    Errors are `ClusterError`, and `BadInputError` for a query template that cannot be used.
    """

    name = "elasticsearch"
    reads: tuple[str, ...] = ("body",)
    patience = 0.04

    def __init__(
        self,
        connection: Connection,
        index: Index,
        choices: tuple[Choice, ...] = (),
        templates: Mapping[str, Path] = MappingProxyType({}),
    ) -> None:
        """Nothing is asked yet.

        Args:
            connection: To the cluster; its profile has the filters.
            index: What is searched.
            choices: Settings to choose from, of which `first stage` and `filter` matter here.
            templates: Files of the query templates by name.
        """
        self.corpus = index.name
        self.fields = index.fields
        self.choices = choices
        self._connection = connection
        self._index = index
        self._stages = FirstStages(index, connection, templates)
        self._path = path_of(index.name)
        self._snapshot = Snapshot(connection, self._path)
        self._closed = False
        self._names = Names()
        self._last: _Last | None = None
        self._highlights: dict[tuple[str, str], Highlights] = {}

    async def search(self, query: str, depth: int, boosts: Boosts | None = None, chosen: Chosen = ()) -> Retrieval:
        """Rank the index and return the first `depth` candidates with their text.

        Raises:
            ClusterError: The cluster refused, or did not answer.
            BadInputError: A query template cannot be used.
        """
        boosts, settings = boosts or self.fields, self._settings(chosen)
        stage = self._stages.make(query, depth, boosts, settings)
        body = self._body(stage, depth)
        if not stage.words.clauses:
            return Retrieval((), 0, 0, 0, stage.words.notes, laid_out(body), stage.ranking)
        exchanges: list[Exchange] = []
        try:
            answer, snapshot = await self._ask("first stage", body, "", exchanges)
        except ClusterError as error:
            unknown = _UNKNOWN.search(error.reason) if error.status == 400 else None
            if not unknown or unknown[1] not in _DISPENSABLE or unknown[1] not in (*body, stage.ranking):
                raise
            with self._connection.without(unknown[1]):
                found = await self.search(query, depth, boosts, chosen)
            waited = found.retrieve_ms + _server_ms(exchanges)
            return replace(found, retrieve_ms=waited, exchanges=(*exchanges, *found.exchanges))
        read = read_hits(answer.body, self._index.title, self._index.field, self._names)
        asked = (query, depth, boosts, settings | {FIRST_STAGE: stage.ranking})
        self._last = _Last(asked, snapshot, {row.document.id: row.rank for row in read.candidates})
        self._highlights.clear()
        total, exact = total_of(answer.body)
        match = "document matches" if total == 1 else "documents match"
        more = () if exact else (f"At least {total:,} {match}; the server did not count further.",)
        return Retrieval(
            read.candidates[:depth],
            total,
            _server_ms(exchanges),
            0.0,
            (*stage.words.notes, *more),
            laid_out(body),
            stage.ranking,
            Searched(self._index, body, snapshot, self._names),
            tuple(exchanges),
            self._findings(answer.body, read, bool(snapshot), settings[FIRST_STAGE], stage.ranking),
        )

    async def document(self, id: str) -> Document | None:
        """Read one document, None when the index has no such id."""
        body = {"query": self._only(id), "size": 1, "_source": False, "fields": self._shown()}
        answer = await self._searched("document", body)
        for hit in hits_of(answer.body):
            return document_of(hit, id, self._index.title, self._index.field)
        return None

    async def highlight(self, query: str, document: Document) -> Highlights:
        """Find where the query matches in one document; nowhere in one that is not as it was."""
        if known := self._highlights.get((query, document.id)):
            return known
        marking = self._marking(understood(query, self._index), self._shown())
        if not marking:
            return Highlights()
        body = {"query": self._only(document.id), "size": 1, "_source": False, "highlight": marking}
        answer = await self._searched("highlight", body)
        found = Highlights()
        for hit in hits_of(answer.body):
            title, text = marked_values(hit, self._index.title), marked_values(hit, self._index.field)
            found = Highlights(spans_in(title, document.title), spans_in(text, document.body))
        self._highlights[query, document.id] = found
        return found

    async def explain(
        self, query: str, id: str, boosts: Boosts | None = None, chosen: Chosen = ()
    ) -> Explanation | None:
        """Take one document's first-stage score apart, None when it does not match.

        What mixes several lists is explained as the last search ran it, or over 100 candidates.
        """
        boosts, settings, last = boosts or self.fields, self._settings(chosen), self._last
        depth = last.asked[1] if last else 100
        stage = self._stages.make(query, depth, boosts, settings)
        asked = (query, depth, boosts, settings | {FIRST_STAGE: stage.ranking})
        if not stage.words.clauses:
            return None
        body: Node = {"_source": False, "explain": True}
        whole: Node = {"retriever": stage.retriever, "size": depth}
        tries = [whole]
        if only := plain(filtered(stage.retriever, self._only(id))):
            tries = [{"query": only, "size": 1}]
        elif last and last.asked == asked and id in last.ranks:
            # A filter would change the ranks that the score is made of.
            tries = [{**whole, "from": last.ranks[id] - 1, "size": 1}, whole]
        for more in tries:
            answer, snapshot = await self._ask("explanation", body | more, last.snapshot if last else "", [])
            if last and last is self._last:
                self._last = last = replace(last, snapshot=snapshot)
            hits = hits_of(answer.body)
            for hit, name in zip(hits, self._names.of(hits), strict=True):
                if name == id:
                    return read_explanation(hit.get("_explanation"), stage.lists)
        return None

    async def close(self) -> None:
        """Let the snapshot go, and ask nothing any more; the connection stays."""
        self._closed = True
        await self._snapshot.close()

    def _settings(self, chosen: Chosen) -> dict[str, str]:
        usual = {FIRST_STAGE: BM25 if self._index.lexical else MEANING, FILTER: OFF}
        return usual | {choice.name: choice.chosen for choice in self.choices} | dict(chosen)

    def _body(self, stage: FirstStage, depth: int) -> Node:
        """The search as it is sent, but for the snapshot."""
        bare = self._connection.lacks("retriever")
        ranked = {"query": plain(stage.retriever)} if bare else {"retriever": stage.retriever}
        marking = self._marking(stage.words, self._shown()[:1] if self._index.title else [])
        body: Node = {**ranked, "size": depth, "_source": False, "fields": self._shown(), "track_total_hits": True}
        return body | ({"highlight": marking} if marking else {})

    def _shown(self) -> list[str]:
        return [field for field in dict.fromkeys((self._index.title, self._index.field)) if field]

    def _marking(self, words: Words, fields: Sequence[str]) -> Node:
        """Ask for whole fields with the words of the query marked, whatever it is that ranks."""
        looked = {field: in_field(words, field, self._index.mapping) for field in fields}
        wanted = {field: {"highlight_query": query} for field, query in looked.items() if query}
        if not wanted:
            return {}
        limits = {"number_of_fragments": 0, "max_analyzed_offset": TEXT_LIMIT}
        return {**limits, "pre_tags": [OPEN], "post_tags": [CLOSE], "fields": wanted}

    def _only(self, id: str) -> Node:
        """The query for one document, by the id that the server knows it by."""
        place = self._names.place(id)
        ids: Node = {"ids": {"values": [place.id]}}
        known = (("_index", place.index), ("_routing", place.routing))
        further = [{"term": {field: value}} for field, value in known if value]
        return {"bool": {"filter": [ids, *further]}} if further else ids

    async def _ask(self, purpose: str, body: Node, snapshot: str, exchanges: list[Exchange]) -> tuple[Answer, str]:
        """Search a snapshot, a new one when it is gone; without any, the index as it is. Gives its latest name too.

        Whatever goes over the wire for it is added to `exchanges`.
        """

        async def state() -> str:
            name, took = await self._snapshot.id()
            exchanges.extend(took)
            return name

        snapshot = snapshot or await state()
        try:
            answer = await self._searched(purpose, body, snapshot)
        except ClusterError as error:
            exchanges.extend(filter(None, [error.exchange]))
            if not error.snapshot_gone:
                raise
            self._snapshot.forget(snapshot)
            snapshot = await state()
            answer = await self._searched(purpose, body, snapshot)
        exchanges.append(answer.exchange)
        return answer, self._snapshot.latest(snapshot, answer.body)

    async def _searched(self, purpose: str, body: Node, snapshot: str = "") -> Answer:
        if self._closed:
            raise ClusterError(f"{self.corpus} has been closed.", "Open it again.")
        return await search_state(self._connection, purpose, self._path, body, snapshot)

    def _findings(self, body: Any, read: Read, snapshot: bool, wanted: str, ranking: str) -> tuple[Finding, ...]:
        given = [replace(row, document=row.document.narrowed(self.reads)) for row in read.candidates]
        found = check_candidates(self._index.field, read.values, given)
        own: tuple[Finding, ...] = () if snapshot else (_NO_SNAPSHOT,)
        if ranking != wanted:
            said = f"{wanted} is not to be had of this server and index; {ranking} ranked instead."
            own += (Finding("stage-not-known", said, "Choose another first stage."),)
        return (*found, *cut_short(body), *read.findings, *own)


def _server_ms(exchanges: Sequence[Exchange]) -> float:
    """How long a server took; as long as it was waited for where it does not say."""
    return sum(one.wall_ms if one.took_ms is None else one.took_ms for one in exchanges)

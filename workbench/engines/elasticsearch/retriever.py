"""Asks a cluster for the candidates of a query, and about one of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workbench.domain.documents import Document
from workbench.domain.exchange import Finding
from workbench.domain.ranking import Explanation, Highlights, Retrieval
from workbench.domain.request_check import check_candidates
from workbench.domain.tuning import Boosts, Choice, Chosen
from workbench.engines.elasticsearch.connection import Answer, Connection
from workbench.engines.elasticsearch.explanation import read_explanation
from workbench.engines.elasticsearch.failures import ClusterError
from workbench.engines.elasticsearch.fields import Index, path_of
from workbench.engines.elasticsearch.first_stage import (
    BM25,
    FILTER,
    FIRST_STAGE,
    HYBRIDS,
    MEANING,
    OFF,
    FirstStage,
    FirstStages,
)
from workbench.engines.elasticsearch.hits import (
    CLOSE,
    OPEN,
    TEXT_LIMIT,
    Read,
    document_of,
    hits_of,
    marked_values,
    names_of,
    read_hits,
    require_hits,
    spans_in,
    total_of,
)
from workbench.engines.elasticsearch.query import Node, Words, filtered, in_field, plain, understood
from workbench.engines.elasticsearch.snapshot import KEEP, Snapshot
from workbench.engines.request import laid_out

_UNKNOWN = re.compile(r"unknown[^\[]*\[([^\]]+)\]", re.IGNORECASE)
_DISPENSABLE = ("retriever", *HYBRIDS, "pit", "highlight", "fields", "track_total_hits")
"""What a search can do without, when the server says that it does not know it."""
_NO_SNAPSHOT = Finding(
    "no-snapshot",
    "The server keeps no snapshot of the index, so the two lists may be of different states of it.",
    "It matters only while the index is written to.",
)


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
        self._asked: tuple[object, ...] = ()
        self._read = Read((), {}, {}, ())
        self._highlights: dict[tuple[str, str], Highlights] = {}

    async def search(self, query: str, depth: int, boosts: Boosts | None = None, chosen: Chosen = ()) -> Retrieval:
        """Rank the index and return the first `depth` candidates with their text.

        Raises:
            ClusterError: The cluster refused, or did not answer.
            BadInputError: A query template cannot be used.
        """
        boosts, settings = boosts or self.fields, self._settings(chosen)
        while True:
            stage = self._stages.make(query, depth, boosts, settings)
            used = settings | {FIRST_STAGE: stage.ranking}
            body = self._body(stage, depth)
            if not stage.words.clauses:
                return Retrieval((), 0, 0, 0, stage.words.notes, laid_out(body), stage.ranking, tuple(used.items()))
            try:
                answer, snapshot = await self._ask("first stage", body)
                break
            except ClusterError as error:
                if not self._can_do_without(error):
                    raise
        read = read_hits(answer.body, self._index.title, self._index.field)
        self._asked, self._read = (query, depth, boosts, used), read
        self._highlights.clear()
        total, exact = total_of(answer.body)
        more = () if exact else (f"At least {total:,} documents match; the server did not count further.",)
        took = answer.exchange.took_ms
        return Retrieval(
            read.candidates[:depth],
            total,
            answer.exchange.wall_ms if took is None else took,
            0.0,
            (*stage.words.notes, *more),
            laid_out(body),
            stage.ranking,
            tuple(used.items()),
            snapshot,
            answer.exchange,
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
        boosts, settings = boosts or self.fields, self._settings(chosen)
        depth = next((asked for asked in self._asked[1:2] if isinstance(asked, int)), 100)
        stage = self._stages.make(query, depth, boosts, settings)
        if not stage.words.clauses:
            return None
        body: Node = {"_source": False, "explain": True}
        ranks = {row.document.id: row.rank for row in self._read.candidates}
        if only := plain(filtered(stage.retriever, self._only(id))):
            body |= {"query": only, "size": 1}
        elif self._asked == (query, depth, boosts, settings | {FIRST_STAGE: stage.ranking}) and id in ranks:
            # A filter would change the ranks that the score is made of.
            body |= {"retriever": stage.retriever, "from": ranks[id] - 1, "size": 1}
        else:
            body |= {"retriever": stage.retriever, "size": depth}
        answer, _ = await self._ask("explanation", body)
        hits = hits_of(answer.body)
        for hit, name in zip(hits, names_of(hits, {id}), strict=True):
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
        lacks = self._connection.lacks
        ranked: Node = {"query": plain(stage.retriever)} if lacks("retriever") else {"retriever": stage.retriever}
        shown: Node = {"_source": True} if lacks("fields") else {"_source": False, "fields": self._shown()}
        marking = self._marking(stage.words, self._shown()[:1] if self._index.title else [])
        counted = {} if lacks("track_total_hits") else {"track_total_hits": True}
        return {**ranked, "size": depth, **shown, **({"highlight": marking} if marking else {}), **counted}

    def _shown(self) -> list[str]:
        return [field for field in dict.fromkeys((self._index.title, self._index.field)) if field]

    def _marking(self, words: Words, fields: Sequence[str]) -> Node:
        """Ask for whole fields with the words of the query marked, whatever it is that ranks."""
        looked = {field: in_field(words, field, self._index.mapping) for field in fields}
        wanted = {field: {"highlight_query": query} for field, query in looked.items() if query}
        if not wanted or self._connection.lacks("highlight"):
            return {}
        limits = {"number_of_fragments": 0, "max_analyzed_offset": TEXT_LIMIT}
        return {**limits, "pre_tags": [OPEN], "post_tags": [CLOSE], "fields": wanted}

    def _only(self, id: str) -> Node:
        """The query for one document, by the id that the server knows it by."""
        index, raw = self._read.places.get(id, ("", id))
        ids: Node = {"ids": {"values": [raw]}}
        return {"bool": {"filter": [ids, {"term": {"_index": index}}]}} if raw != id else ids

    async def _ask(self, purpose: str, body: Node) -> tuple[Answer, str]:
        """Search the snapshot, a new one when it is gone; without any, the index as it is."""
        snapshot = "" if self._closed else await self._snapshot.id()
        try:
            answer = await self._searched(purpose, body, snapshot)
        except ClusterError as error:
            if not snapshot or error.status != 404:
                raise
            self._snapshot.forget()
            snapshot = await self._snapshot.id()
            answer = await self._searched(purpose, body, snapshot)
        require_hits(answer, self._connection)
        return answer, snapshot

    async def _searched(self, purpose: str, body: Mapping[str, Any], snapshot: str = "") -> Answer:
        if self._closed:
            raise ClusterError(f"{self.corpus} has been closed.", "Open it again.")
        if not snapshot:
            return await self._connection.ask(purpose, "POST", f"/{self._path}/_search", body)
        pit = {"pit": {"id": snapshot, "keep_alive": KEEP}}
        answer = await self._connection.ask(purpose, "POST", "/_search", {**body, **pit})
        return replace(answer, exchange=replace(answer.exchange, index=self._path))

    def _can_do_without(self, error: ClusterError) -> bool:
        """Whether the server refused something that the next try leaves out."""
        unknown = _UNKNOWN.search(error.reason) if error.status == 400 else None
        if not unknown or unknown[1] not in _DISPENSABLE or self._connection.lacks(unknown[1]):
            return False
        self._connection.refused(unknown[1])
        return True

    def _findings(
        self, body: Mapping[str, Any], read: Read, snapshot: bool, wanted: str, ranking: str
    ) -> tuple[Finding, ...]:
        shards = body.get("_shards")
        failed = shards.get("failed") if isinstance(shards, dict) else 0
        given = [replace(row, document=row.document.narrowed(self.reads)) for row in read.candidates]
        found = check_candidates(
            self._index.field,
            read.values,
            given,
            failed if isinstance(failed, int) else 0,
            body.get("timed_out") is True,
        )
        own: tuple[Finding, ...] = () if snapshot else (_NO_SNAPSHOT,)
        if ranking != wanted:
            said = f"{wanted} is not to be had of this server and index; {ranking} ranked instead."
            own += (Finding("stage-not-known", said, "Choose another first stage."),)
        return (*found, *read.findings, *own)

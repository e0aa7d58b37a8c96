"""What ranks the candidates on a cluster: BM25, a mix of it with search by meaning, or a person's own template."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.domain.errors import BadInputError
from workbench.domain.text import sanitize
from workbench.domain.tuning import Boosts
from workbench.engines.base import FIRST_STAGE
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.fields import Index
from workbench.engines.elasticsearch.hits import Names
from workbench.engines.elasticsearch.query import (
    Node,
    Words,
    by_meaning,
    filtered,
    hybrid,
    lexical,
    plain,
    standard,
    understood,
)
from workbench.engines.elasticsearch.templates import BOOST, load_template

FILTER = "filter"
"""Name of the setting that lets through some documents only."""
OFF = "off"
BM25, MEANING, HYBRIDS = "bm25", "semantic", ("rrf", "linear")
TEMPLATE = "template "
"""What the name of a first stage begins with that is a query template."""


def first_stages(index: Index, connection: Connection, templates: Iterable[str]) -> tuple[str, ...]:
    """What can rank the candidates of an index, the usual one first.

    Args:
        index: The index.
        connection: To its cluster, whose `server` has been asked.
        templates: Names of the query templates.
    """
    stages = [BM25] if index.lexical else [MEANING]
    if index.lexical and index.semantic and not connection.lacks("retriever"):
        stages += [kind for kind in HYBRIDS if not connection.lacks(kind)]
    return (*stages, *(f"{TEMPLATE}{name}" for name in templates))


@dataclass(frozen=True)
class FirstStage:
    """One search's first stage, as it is sent."""

    retriever: Node
    ranking: str
    """What ranks; BM25 where the server does not know what was chosen."""
    words: Words

    @property
    def lists(self) -> tuple[str, ...]:
        """The lists that it mixes, in order; none when it is one list."""
        return (BM25, MEANING) if self.ranking in HYBRIDS else ()


@dataclass(frozen=True)
class Searched:
    """What a first stage searched, for a reranker that does so again."""

    index: Index
    body: Node
    """As it was sent, but for the snapshot."""
    snapshot: str
    """The state of the index; empty where the server keeps none."""
    names: Names


@dataclass(frozen=True)
class FirstStages:
    """Makes them for one index."""

    index: Index
    connection: Connection
    templates: Mapping[str, Path]
    """Files of the query templates by name; looked at by each search, so that what is edited counts at once."""

    def make(self, query: str, depth: int, boosts: Boosts, settings: Mapping[str, str]) -> FirstStage:
        """Write the retriever.

        Args:
            query: What a person typed.
            depth: How many candidates.
            boosts: Of the searched fields.
            settings: `first stage` and `filter`; others do not matter.

        Raises:
            BadInputError: A query template cannot be used.
        """
        words, ranking = understood(query, self.index), settings[FIRST_STAGE]
        if ranking.startswith(TEMPLATE):
            retriever = self._from_template(ranking.removeprefix(TEMPLATE), query, depth, boosts)
            words = replace(words, notes=() if words.clauses else words.notes)  # It gets the query as it is.
        else:
            retriever, ranking = self._built(ranking, words, depth, boosts)
        clause = self.connection.profile.filters.get(settings[FILTER])
        return FirstStage(filtered(retriever, clause) if clause else retriever, ranking, words)

    def _built(self, ranking: str, words: Words, depth: int, boosts: Boosts) -> tuple[Node, str]:
        bm25 = standard(lexical(words, boosts, self.index.mapping))
        if not self.index.semantic:
            return bm25, BM25
        meaning = standard(by_meaning(self.index.semantic[0], words.text))
        if not self.index.lexical:
            return meaning, MEANING
        lacks = self.connection.lacks
        if ranking not in HYBRIDS or lacks(ranking) or lacks("retriever"):
            return bm25, BM25
        return hybrid(ranking, (bm25, meaning), depth), ranking

    def _from_template(self, name: str, query: str, depth: int, boosts: Boosts) -> Node:
        if name not in self.templates:
            raise BadInputError(f"There is no query template {name}.", "Choose another first stage.")
        template = load_template(self.templates[name])
        title, field = self.index.title or self.index.field, self.index.field
        of = dict(boosts)
        usual = {"title": of.get(title, 1.0), "body": of.get(field, 1.0)}
        boosting = {f"{BOOST}{name}": boost for name, boost in (usual | of).items()}
        body = template.filled({"query": sanitize(query), "depth": depth, "title": title, "field": field, **boosting})
        retriever: Node = body["retriever"] if "retriever" in body else standard(body["query"])
        if self.connection.lacks("retriever") and plain(retriever) is None:
            raise BadInputError(
                f"The query template {template.file} is a retriever, and this server knows none.",
                "Choose another first stage, or write the template as a query.",
            )
        return retriever

"""What one profile leads to: the indices of its cluster, and what reranks there."""

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing, suppress
from pathlib import Path

from workbench.config.profile import Profile
from workbench.domain.deployment import ModelStatus
from workbench.domain.errors import BadInputError
from workbench.domain.tuning import Choice, Chosen
from workbench.engines.base import FIRST_STAGE, Opened, Reranker
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.endpoints import HIDDEN, Endpoint, endpoint_states, rerank_endpoints
from workbench.engines.elasticsearch.failures import ClusterError
from workbench.engines.elasticsearch.fields import Index, describe, targets
from workbench.engines.elasticsearch.first_stage import FILTER, OFF, TEMPLATE, first_stages
from workbench.engines.elasticsearch.rerankers import ElasticReranker, rerank_choices
from workbench.engines.elasticsearch.retriever import ElasticRetriever
from workbench.engines.elasticsearch.templates import SUFFIX, list_templates, named_template, starter
from workbench.engines.elasticsearch.token_counts import OpenReader, TokenCounts

OWN = "own"
"""Name of the template that a person begins with."""
NAMED = 8
"""Indices that a message names."""

Local = Callable[[], AsyncGenerator[ModelStatus | Reranker, None]]


class ClusterEngines:
    """The `Engines` of a cluster."""

    def __init__(
        self,
        profile: Profile,
        templates: Path,
        local_model: str,
        local: Local,
        open_reader: OpenReader | None = None,
        own_tokenizer: bool = True,
    ) -> None:
        """Nothing is asked yet.

        Args:
            profile: How to reach the cluster.
            templates: Folder of query templates.
            local_model: Id of this machine's model.
            local: Makes it ready, for a profile that is reranked here.
            open_reader: Opens how the endpoint's model reads; None where no tokenizer is named for it.
            own_tokenizer: Whether the profile itself names it.
        """
        self._profile = profile
        self._templates = templates
        self._local_model = local_model
        self._local = local
        self._counts = TokenCounts(open_reader, own_tokenizer)
        self._connection = Connection(profile)
        self._endpoints: tuple[Endpoint, ...] = ()

    @property
    def profile(self) -> str:
        """The profile's name."""
        return self._profile.name

    @property
    def model(self) -> str:
        """The inference endpoint, or the local model."""
        return self._local_model if self._reranks_here else self._profile.endpoint

    @property
    def marks(self) -> tuple[str, ...]:
        """That nobody checks the server's certificate, where it is so."""
        return () if self._profile.verify else ("TLS NOT VERIFIED",)

    @property
    def accent(self) -> str:
        """The profile's colour."""
        return self._profile.accent

    def template(self, chosen: Chosen) -> Path:
        """The file of the query template that is the first stage; else of one to begin with, made where there is none.

        Raises:
            BadInputError: It cannot be written.
        """
        stage = dict(chosen).get(FIRST_STAGE, "")
        name = stage.removeprefix(TEMPLATE) if stage.startswith(TEMPLATE) else OWN
        file = self._templates / f"{name}{SUFFIX}"
        try:
            self._templates.mkdir(parents=True, exist_ok=True)
            if not file.exists():
                file.write_text(starter(), encoding="utf-8")
        except OSError as error:
            raise BadInputError(f"{file} cannot be written: {error.strerror}.", "Mend its permissions.") from error
        return file

    @property
    def _reranks_here(self) -> bool:
        return self._profile.rerank == "local"

    async def open(self, name: str) -> Opened:
        """Open an index, alias or data stream; the profile's own, or the only one there is, where the name is empty.

        Raises:
            ClusterError: The cluster cannot be asked, or there is no such index.
            BadInputError: No index is named and there are several, or the profile's query template cannot be used.
        """
        if self._profile.template:
            named_template(self._templates, self._profile.template)
        await self._connection.meet()
        index = await describe(self._connection, name or self._profile.index or await self._only())
        if not self._reranks_here:
            with suppress(
                ClusterError
            ):  # The first stage needs none of them; what is wrong is said when they are used.
                await self._list_endpoints()
        templates = list_templates(self._templates)
        reranking = () if self._reranks_here else rerank_choices(self._connection, self._endpoints)
        choices = (*self._first_stage(index, templates), *self._filters(), *reranking)
        return Opened(ElasticRetriever(self._connection, index, choices, templates), index.documents, ())

    async def _only(self) -> str:
        names = await self.names()
        if len(names) == 1:
            return names[0]
        if not names:
            raise ClusterError(
                f"{self.profile}: there is no index to search.",
                f"`workbench index PATH --profile {self.profile} --index NAME` makes one.",
            )
        raise BadInputError(
            f"{self.profile}: which index? There are {', '.join(names[:NAMED])}{' …' if len(names) > NAMED else ''}.",
            'Name one with --corpus, or `index = "…"` in the profile.',
        )

    async def names(self) -> tuple[str, ...]:
        """Indices, aliases and data streams that can be searched."""
        return await targets(self._connection)

    async def rerankers(self, model: str = "") -> AsyncGenerator[ModelStatus | Reranker, None]:
        """Tell the state of an inference endpoint until it is ready, then give the reranker; never starts anything.

        One that failed is followed by the reranker too: another endpoint may be chosen.
        """
        if self._reranks_here:
            async with aclosing(self._local()) as items:
                async for item in items:
                    yield item
            return
        profile = self._profile
        endpoint = model or profile.endpoint
        async with aclosing(endpoint_states(self._connection, endpoint)) as states:
            async for status in states:
                yield status
        await self._list_endpoints()
        reranker = ElasticReranker(
            self._connection,
            endpoint,
            self._endpoints,
            profile.rerank,
            profile.min_score,
            profile.chunks,
            self._counts,
        )
        await reranker.load()
        yield reranker

    async def _list_endpoints(self) -> None:
        """Know the endpoints; without the privilege, the one that the profile names is used all the same."""
        if not self._endpoints:
            try:
                self._endpoints = await rerank_endpoints(self._connection)
            except ClusterError as error:
                if error.status not in HIDDEN:
                    raise

    async def close(self) -> None:
        """Let go of the connection."""
        await self._connection.close()

    # Settings of its own --------------------------------------------------------------------------

    def _first_stage(self, index: Index, templates: Mapping[str, Path]) -> Iterator[Choice]:
        stages = first_stages(index, self._connection, templates)
        wanted = f"{TEMPLATE}{self._profile.template}"
        yield Choice(FIRST_STAGE, stages, wanted if wanted in stages else stages[0])

    def _filters(self) -> Iterator[Choice]:
        if self._profile.filters:
            yield Choice(FILTER, (OFF, *self._profile.filters), OFF)

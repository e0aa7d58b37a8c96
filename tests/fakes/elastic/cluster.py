"""What the fake cluster holds; a test may change any of it while the server runs."""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from tests.fakes.elastic.refusals import Refusal, all_shards_failed, no_such_index
from tests.fakes.elastic.shard import Shard, Source
from tests.fakes.elastic.versions import Version, knows, version_of

MODEL = ".rerank-v1"
PRECONFIGURED = ".rerank-v1-elasticsearch"
ENGLISH = {"type": "text", "analyzer": "english"}
ARTICLES = {"properties": {"title": ENGLISH, "body": ENGLISH}}

STAGES = (
    *("absent", "downloading", "incomplete", "downloaded"),
    *("starting", "partial", "ready", "idle", "stopping", "failed"),
)
"""Of the model, as a user interface tells them apart: up to `downloaded` it is not deployed."""


class Index:
    """An index: what is written shows in a search after a refresh, or at once when a test writes it."""

    def __init__(
        self,
        name: str,
        documents: Mapping[str, Source] | None = None,
        mappings: Mapping[str, Any] = ARTICLES,
        *,
        aliases: Iterable[str] = (),
        data_stream: str = "",
    ) -> None:
        self.name = name
        self.documents: dict[str, Source] = dict(documents or {})
        self.versions = dict.fromkeys(self.documents, 1)
        self.mappings = dict(mappings)
        self.settings: dict[str, Any] = {}
        self.aliases = list(aliases)
        self.data_stream = data_stream
        """The data stream that this index stands behind; empty for none."""
        self.refresh()

    def refresh(self) -> None:
        self.shard = Shard(self.name, self.mappings, dict(self.documents))

    def put(self, id: str, source: Source) -> None:
        """Write a document and refresh."""
        self.write(id, source)
        self.refresh()

    def remove(self, id: str) -> None:
        """Delete a document and refresh."""
        del self.documents[id]
        self.refresh()

    def write(self, id: str, source: Source) -> None:
        self.documents[id] = source
        self.versions[id] = self.versions.get(id, 0) + 1
        properties = self.mappings.setdefault("properties", {})
        for key in source.keys() - properties.keys():
            properties[key] = {"type": "text", "fields": {"keyword": {"type": "keyword"}}}

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases, *filter(None, [self.data_stream]))


@dataclass
class Endpoint:
    """An inference endpoint that reranks."""

    id: str
    service: str = "elasticsearch"
    service_settings: dict[str, Any] = field(
        default_factory=lambda: {"model_id": MODEL, "num_threads": 1, "num_allocations": 1}
    )
    task_settings: dict[str, Any] = field(default_factory=lambda: {"return_documents": True})

    @property
    def deployment(self) -> str:
        return str(self.service_settings.get("deployment_id", self.id))


@dataclass
class Auth:
    """Credentials, any of which is accepted; without any, everybody is let in."""

    api_key: str = ""
    """Encoded, as a client sends it."""
    user: str = ""
    password: str = ""
    bearer: str = ""


@dataclass
class Pit:
    """A point in time: the documents as they were."""

    shards: list[Shard]
    until: float


@dataclass
class Cluster:
    """See the module."""

    version: str = "8.19.0"
    flavour: str = "default"
    """`default` or `serverless`."""
    licence: str = "trial"
    """`basic`, `trial`, `platinum`, `enterprise`…"""
    licence_status: str = "active"
    trial_used: bool = False
    auth: Auth | None = None
    forbidden: set[str] = field(default_factory=set)
    """Privileges that whoever asks does not have, such as `read` or `monitor_inference`."""
    refuses: set[str] = field(default_factory=set)
    """Keys, retrievers and parts of paths that this server says it does not know, whatever its version."""
    stage: str = "ready"
    """Of the model; see `STAGES`."""
    moves: bool = False
    """Whether the model's stage moves on each time somebody asks about it."""
    parts: tuple[int, int] = (120, 703)
    """Downloaded and total, while the model is `downloading`."""
    room: bool = True
    """Whether a machine learning node has memory for one more deployment."""
    took: int = 3
    """Milliseconds that every search says it took."""
    busy_items: int = 0
    """How many items of bulk requests to answer with 429, first of all."""
    indices: dict[str, Index] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    pits: dict[str, Pit] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    _later: float = 0.0
    _opened: int = 0

    @property
    def number(self) -> Version:
        return version_of(self.version)

    def knows(self, feature: str) -> bool:
        return knows(self.number, self.flavour, feature)

    def licensed(self, least: str = "enterprise") -> bool:
        """Whether the licence covers what needs at least this one."""
        order = ("basic", "standard", "gold", "platinum", "enterprise", "trial")
        return self.licence_status in ("active", "valid") and order.index(self.licence) >= order.index(least)

    @property
    def reranking_endpoints(self) -> dict[str, Endpoint]:
        """Those that people made, and the one that comes with the server."""
        if not self.knows("preconfigured endpoint"):
            return dict(self.endpoints)
        adaptive = {"enabled": True, "min_number_of_allocations": 0, "max_number_of_allocations": 32}
        settings = {"model_id": MODEL, "num_threads": 1, "adaptive_allocations": adaptive}
        return {PRECONFIGURED: Endpoint(PRECONFIGURED, service_settings=settings), **self.endpoints}

    def find(self, expression: str, *, lenient: bool = False) -> list[Index]:
        """Indices by name, alias, data stream, pattern or a list of these; a name that there is not is refused."""
        found: dict[str, Index] = {}
        for part in expression.split(","):
            pattern = "*" if part in ("", "_all") else part
            hidden = pattern.startswith(".")
            met = [
                index
                for index in self.indices.values()
                if any(fnmatchcase(name, pattern) and (hidden or name[0] != ".") for name in index.names)
                or pattern == index.name
            ]
            if not met and "*" not in pattern and not lenient:
                raise no_such_index(part)
            found.update((index.name, index) for index in met)
        return list(found.values())

    def clock(self) -> float:
        return time.monotonic() + self._later

    def advance(self, seconds: float) -> None:
        """Let time pass for what expires, such as points in time."""
        self._later += seconds

    def open_pit(self, indices: list[Index], seconds: float) -> str:
        self._opened += 1
        id = f"pit-{self._opened}"
        self.pits[id] = Pit([index.shard for index in indices], self.clock() + seconds)
        return id

    def pit(self, id: str, keep: float | None) -> tuple[Pit, str]:
        """Take up a point in time, keep it for longer when asked to, and give it one more name."""
        pit = self.pits.get(id)
        if pit is None or pit.until < self.clock():
            gone = Refusal(404, "search_context_missing_exception", f"No search context found for id [{id}]")
            raise all_shards_failed(gone, pit.shards[0].index if pit and pit.shards else "_na_")
        if keep is not None:
            pit.until = max(pit.until, self.clock() + keep)
        self._opened += 1
        latest = f"pit-{self._opened}"
        self.pits[latest] = pit
        return pit, latest

    def close_pit(self, id: str) -> bool:
        """Let a point in time go, by whatever name; whether there was one."""
        closed = self.pits.get(id)
        self.pits = {name: pit for name, pit in self.pits.items() if pit is not closed}
        return closed is not None

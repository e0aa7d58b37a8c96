"""How to reach clusters: what a person wrote in `profiles.toml`, checked before anything relies on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as late
from typing import Any

from workbench.domain.tuning import Boosts

DEFAULT_ENDPOINT = ".rerank-v1-elasticsearch"
"""What `text_similarity_reranker` uses when it is told none, from 8.18 on."""
WAYS = ("retriever", "inference", "local")
"""Who reranks: the search itself, the inference API with candidates that were fetched, or a model of this machine."""


@dataclass(frozen=True)
class Secret:
    """Where a credential comes from; its value is in no `repr`, and is fetched when it is needed."""

    source: str
    """For the person, such as `environment variable PROD_KEY`."""
    fetch: Callable[[], str] = late(repr=False, compare=False)
    """Blocks (a command, a keyring); raises `WorkbenchError` when there is none."""


@dataclass(frozen=True)
class Profile:
    """One way to reach one cluster."""

    name: str
    hosts: tuple[str, ...] = ()
    """URLs with scheme and port; empty with a cloud id."""
    cloud_id: str = ""
    api_key: Secret | None = None
    user: str = ""
    password: Secret | None = None
    bearer: Secret | None = None
    ca_file: str = ""
    client_cert: str = ""
    client_key: str = ""
    fingerprint: str = ""
    """SHA-256 of the server's certificate or of its CA's, in hexadecimal; colons do not matter."""
    verify: bool = True
    """False trusts any certificate."""
    timeout: float = 30.0
    """Seconds that a request may take."""
    index: str = ""
    """Index, alias or data stream; empty to choose from what exists."""
    fields: Boosts = ()
    """Searched fields with their boosts; empty to find out from the mapping."""
    title: str = ""
    """The field shown as a title; empty to find out."""
    field: str = ""
    """The field that is reranked and shown as the text; empty to find out."""
    endpoint: str = DEFAULT_ENDPOINT
    rerank: str = "retriever"
    """One of `WAYS`."""
    min_score: float | None = None
    """Logit below which the retriever drops a document."""
    chunks: int = 0
    """Best chunks per document that the retriever scores; 0 scores the whole text, cut to the window."""
    template: str = ""
    """Name of a query template; empty for a multi_match."""
    filters: Mapping[str, Any] = late(default_factory=dict, hash=False)
    """Query clauses by name, of which one at a time can be chosen."""
    accent: str = ""
    """A colour such as `#c2185b` by which the profile is known on the screen."""

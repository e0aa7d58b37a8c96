"""One way to reach one cluster: where it is, who asks, and what is searched there."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as late
from typing import Any

from workbench.config.secrets import Secret
from workbench.domain.capabilities import DEFAULT_ENDPOINT
from workbench.domain.tuning import Boosts

WAYS = ("retriever", "inference", "local")
"""Who reranks: the search itself, the inference API with candidates that were fetched, or a model of this machine."""


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
    """SHA-256 of the server's certificate or of its CA's, in hexadecimal; colons do not matter. See `tls.trust`."""
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
    tokenizer: str = ""
    """What counts tokens for the endpoint's model, as in the settings; empty for what stands there."""
    template: str = ""
    """Name of a query template; empty for a multi_match."""
    filters: Mapping[str, Any] = late(default_factory=dict, hash=False)
    """Query clauses by name, of which one at a time can be chosen."""
    accent: str = ""
    """A colour such as `#c2185b` by which the profile is known on the screen."""

    @property
    def credential(self) -> Secret | None:
        """The one that is used."""
        return self.api_key or self.password or self.bearer

    @property
    def asks_as(self) -> str:
        """Who asks, by source alone: for the person."""
        secret = self.credential
        if secret is None:
            return f"client certificate {self.client_cert}" if self.client_cert else "none"
        kind = "API key" if self.api_key else f"user {self.user}, password" if self.password else "bearer token"
        return f"{kind} from {secret.source}"

"""One connection to one cluster: a request in, JSON out, every failure in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.config.profiles import Profile
from workbench.domain.exchange import Exchange

if TYPE_CHECKING:
    from elasticsearch import AsyncElasticsearch


@dataclass(frozen=True)
class Server:
    """Who answers."""

    version: tuple[int, int, int]
    """Zeros when unknown."""
    flavour: str
    """`default`, or `serverless`, whose version says nothing."""
    name: str
    """Of the cluster."""

    def has(self, feature: str) -> bool:
        """Whether the version knows a feature; see `capabilities`."""
        raise NotImplementedError


@dataclass(frozen=True)
class Answer:
    """A 2xx reply."""

    body: Any
    """Parsed JSON."""
    exchange: Exchange


class Connection:
    """Asks a cluster; see the module."""

    def __init__(self, profile: Profile) -> None:
        """Nothing is opened yet, and no credential fetched."""
        self.profile = profile

    async def client(self) -> "AsyncElasticsearch":
        """The official client, for its helpers."""
        raise NotImplementedError

    async def server(self) -> Server:
        """Who answers; asked once."""
        raise NotImplementedError

    def lacks(self, feature: str) -> bool:
        """Whether the server is known not to have a feature, by its version or because it refused it."""
        raise NotImplementedError

    def refused(self, feature: str) -> None:
        """Remember that the server refused a feature."""
        raise NotImplementedError

    async def ask(
        self,
        purpose: str,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        patience: float | None = None,
        retry: bool = True,
    ) -> Answer:
        """Send one request.

        Args:
            purpose: What it is for, such as `first stage`.
            method: `GET`, `POST`, `PUT`, `DELETE` or `HEAD`.
            path: With its parameters; parts that come from a person are quoted by the caller.
            body: Sent as JSON.
            patience: Seconds for the whole of it; the profile's when None.
            retry: Whether to try again, with back-off, after failures that pass. Never for what creates things.

        Raises:
            ClusterError: It was refused, or there was no answer.
        """
        raise NotImplementedError

    async def close(self) -> None:
        """Let go of the sockets."""

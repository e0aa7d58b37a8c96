"""Where the time of one query went."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Latency:
    """Milliseconds of one query by stage; a stage that did not run is zero."""

    retrieve: float = 0.0
    fetch: float = 0.0
    tokenize: float = 0.0
    rerank: float = 0.0
    network: float = 0.0
    """Waiting for servers, less what they say they took."""
    total: float = 0.0
    """Wall time from the query to the last stage that is in."""

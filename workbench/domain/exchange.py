"""What was sent to a server, what came back, and what a person should know about it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, without credentials: they never get here."""

    purpose: str
    """What it was for, such as `first stage` or `rerank`; one line."""
    method: str
    path: str
    """Begins with a slash; parameters included."""
    body: str
    """As it was sent; empty for none. Sanitised."""
    status: int | None = None
    """None when there was no answer."""
    answer: str = ""
    """What came back, cut where it is long. Sanitised."""
    took_ms: float | None = None
    """What the server says it took; None when it does not say."""
    wall_ms: float = 0.0
    """From the first byte out to the last byte in."""

    @property
    def network_ms(self) -> float:
        """The part of the wait that the server does not account for; 0 when it does not say what it took."""
        return 0.0 if self.took_ms is None else max(self.wall_ms - self.took_ms, 0.0)


@dataclass(frozen=True)
class Finding:
    """One thing that is odd about a request or its answer, though both went through."""

    rule: str
    """Name of the rule that found it, such as `missing-field`."""
    message: str
    """What is odd; one sentence."""
    hint: str
    """What to do about it; one sentence."""
    ids: tuple[str, ...] = ()
    """The documents it is about; empty when it is about the request."""

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

"""What is searched: documents, the queries people ask of them, and the judgments they gave."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from workbench.domain.text import sanitize, single_line

Span = tuple[int, int]
"""Half-open range of character offsets."""


@dataclass(frozen=True)
class Document:
    """One document, already sanitised. Make it with `Document.of`."""

    id: str
    """Unique within its corpus."""
    title: str
    """One line; may be empty."""
    body: str
    """May hold newlines; may be empty."""

    @classmethod
    def of(cls, id: str, title: str, body: str) -> "Document":
        """Sanitise untrusted parts into a document."""
        return cls(single_line(id), single_line(title), sanitize(body).strip())

    @cached_property
    def text(self) -> str:
        """What a reranker reads: the title, an empty line, the body."""
        return f"{self.title}\n\n{self.body}" if self.title and self.body else self.title or self.body

    def narrowed(self, fields: Sequence[str]) -> "Document":
        """The same document with only some of its fields, as a reranker that is given these sees it."""
        return Document(self.id, self.title if "title" in fields else "", self.body if "body" in fields else "")

    @property
    def body_start(self) -> int:
        """Where the body begins in `text`, in characters."""
        return len(self.text) - len(self.body)

    @cached_property
    def digest(self) -> bytes:
        """16 bytes that identify `text`, for caches."""
        # A digest is wanted after the first list is out; OpenSSL takes milliseconds to load.
        from hashlib import blake2b

        return blake2b(self.text.encode(), digest_size=16).digest()


@dataclass(frozen=True)
class Query:
    """A query that came with a corpus."""

    id: str
    text: str


@dataclass(frozen=True)
class Judgment:
    """How well one document answers one query."""

    query_id: str
    document_id: str
    grade: int
    """0 (does not answer) to 3 (answers fully); some collections go higher."""

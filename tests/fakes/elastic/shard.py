"""The documents of one index as a search sees them: frozen, analysed, with the figures that BM25 wants."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from workbench.engines.analyzer import tokens

Source = Mapping[str, Any]
Token = tuple[str, int, int, int]
"""Term, start, end, position."""

METADATA = ("_id", "_index", "_source", "_ignored", "_seq_no")


def analysed(analyzer: str, text: str) -> list[Token]:
    """Terms of a text; `english` as Lucene has it, anything else as words in lower case."""
    if analyzer == "keyword":
        return [(text, 0, len(text), 0)]
    if analyzer == "english":
        return list(tokens(text))
    words = re.finditer(r"\w+", text)
    return [(word[0].lower(), *word.span(), position) for position, word in enumerate(words)]


def mapped_fields(mappings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every field of a mapping by its full name, `title.keyword` and `author.name` among them."""
    for name, said in mappings.get("properties", {}).items():
        yield prefix + name, {"type": "object", **said}
        yield from mapped_fields(said, f"{prefix}{name}.")
        yield from ((f"{prefix}{name}.{sub}", one) for sub, one in said.get("fields", {}).items())


def values_at(source: Any, path: str) -> list[Any]:
    """All values under a dotted name, lists flattened, nulls left out."""
    if isinstance(source, list):
        return [value for one in source for value in values_at(one, path)]
    if not path:
        return [] if source is None else [source]
    if not isinstance(source, Mapping):
        return []
    found = values_at(source[path], "") if path in source else []
    head, _, rest = path.partition(".")
    return found or (values_at(source[head], rest) if rest and head in source else [])


class Field:
    """One field over all documents."""

    def __init__(self, kind: str, texts: Sequence[Sequence[str]], analyzer: str) -> None:
        self.kind = kind
        self.postings: dict[str, dict[int, list[int]]] = {}
        self.lengths: dict[int, int] = {}
        for doc, several in enumerate(texts):
            start = 0
            for text in several:
                position = -1
                for term, _, _, position in analysed(analyzer, text):
                    self.postings.setdefault(term, {}).setdefault(doc, []).append(start + position)
                    self.lengths[doc] = self.lengths.get(doc, 0) + 1
                start += position + 100
            if several:
                self.lengths.setdefault(doc, 0)
        self.average = sum(self.lengths.values()) / len(self.lengths) if self.lengths else 1.0

    def stored_length(self, doc: int) -> int:
        """As Lucene keeps it, in one byte: exact up to 40, then four significant bits."""
        long = max(self.lengths[doc] - 24, 0)
        shift = max(long.bit_length() - 4, 0)
        return self.lengths[doc] - long + (long >> shift << shift)


class Shard:
    """Documents in the order in which they came; a document is known by its place."""

    def __init__(self, index: str, mappings: Mapping[str, Any], documents: Mapping[str, Source]) -> None:
        self.index = index
        self.ids = list(documents)
        self.sources = list(documents.values())
        self.places = {id: place for place, id in enumerate(self.ids)}
        self.mapped = dict(mapped_fields(mappings))
        self._fields: dict[str, Field] = {}

    def nested(self, field: str) -> str:
        """The outermost `nested` field that a field is below; empty for most."""
        parts = field.split(".")
        above = (".".join(parts[:at]) for at in range(1, len(parts)))
        return next((parent for parent in above if self.kind(parent) == "nested"), "")

    def kind(self, field: str) -> str:
        """The type of a field; empty when the mapping has none."""
        return str(self.mapped.get(field, {}).get("type", ""))

    def analyzer(self, field: str) -> str:
        said = self.mapped.get(field, {})
        return str(said.get("analyzer", "standard")) if said.get("type") in ("text", "semantic_text") else "keyword"

    def values(self, field: str, doc: int) -> list[Any]:
        """A document's values; those of a multi-field are its parent's. What is nested is in documents of its own."""
        if self.nested(field):
            return []
        if field in ("_id", "_index"):
            return [self.ids[doc] if field == "_id" else self.index]
        parent = field.rpartition(".")[0]
        of = parent if field in {f"{parent}.{sub}" for sub in self.mapped.get(parent, {}).get("fields", {})} else field
        return values_at(self.sources[doc], of)

    def field(self, name: str) -> Field:
        if name not in self._fields:
            texts = [[_text(value) for value in self.values(name, doc)] for doc in range(len(self.ids))]
            self._fields[name] = Field(self.kind(name), texts, self.analyzer(name))
        return self._fields[name]


@cache
def utf16_offset(text: str, offset: int) -> int:
    """Where Java, which counts UTF-16 units, sees a character."""
    return len(text[:offset].encode("utf-16-le")) // 2


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

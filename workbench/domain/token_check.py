"""What is odd about what a model read of a query and a document."""

from collections.abc import Iterator

from workbench.domain.exchange import Finding
from workbench.domain.text import single_line
from workbench.domain.tokens import Reading, Tokenized, Tokenizer

_UNKNOWN = ("[UNK]", "<unk>")
"""How vocabularies write what they lack."""
_EXAMPLES = 5
_LONGEST = 24
"""Characters of an example."""


def check(reading: Reading) -> list[Finding]:
    """Find blank sides, control tokens in the text, a query that was cut, and what the vocabulary lacks.

    Goes through every token, so not in an event loop when the text may be long.
    """
    return [*_blank(reading), *_query_cut(reading), *_control(reading), *_unknown(reading)]


def _sides(reading: Reading) -> tuple[tuple[str, Tokenized, int], ...]:
    return ("query", reading.query, reading.kept.query), ("document", reading.document, reading.kept.document)


def _blank(reading: Reading) -> Iterator[Finding]:
    for side, text, _ in _sides(reading):
        if not len(text):
            hint = "Elasticsearch would refuse such a pair; give it text, or leave the document out."
            yield Finding("blank-text", f"The {side} has no tokens.", hint)


def _query_cut(reading: Reading) -> Iterator[Finding]:
    count = reading.count
    if count.kept_query < count.query:
        about = "" if count.exact else "about "
        yield Finding(
            "query-cut",
            f"The model read {about}{count.kept_query} of the query's {count.query} tokens.",
            "Shorten the query: what was cut off it cannot be matched.",
        )


def _control(reading: Reading) -> Iterator[Finding]:
    for side, text, _ in _sides(reading):
        if text.control:
            names = sorted({_spelled(text, place) for place in text.control})
            times = "once" if len(text.control) == 1 else f"{len(text.control)} times"
            yield Finding(
                "control-token",
                f"The {side} spells out {', '.join(names)} {times}, which the model takes for its own signs.",
                "Take it out of the text: a literal [SEP] really ends a text for the model.",
            )


def _unknown(reading: Reading) -> Iterator[Finding]:
    for side, text, _ in _sides(reading):
        unknown = _unknown_places(text, reading.reader.tokenizer)
        if unknown:
            found = dict.fromkeys(_spelled(text, place) for place in unknown)
            shown = ", ".join(list(found)[:_EXAMPLES]) + (" …" if len(found) > _EXAMPLES else "")
            yield Finding(
                "unknown-characters",
                f"{len(unknown)} of the {side}'s {len(text)} tokens ({len(unknown) / len(text):.0%}) are unknown "
                f"to the vocabulary: {shown}",
                "The model cannot tell them from one another; a model for this language could.",
            )


def _spelled(text: Tokenized, place: int) -> str:
    start, end = text.spans[place]
    return single_line(text.text[start:end], _LONGEST)


def _unknown_places(text: Tokenized, tokenizer: Tokenizer) -> list[int]:
    unknown = {id for id in set(text.ids) if tokenizer.piece(id) in _UNKNOWN}
    control = set(text.control)
    return [place for place, id in enumerate(text.ids) if id in unknown and place not in control] if unknown else []

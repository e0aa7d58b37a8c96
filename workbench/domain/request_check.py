"""Rules that look at a search before it is sent and at what its first stage found, and say what is odd about it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from workbench.domain.capabilities import DEFAULT_ENDPOINT, Server
from workbench.domain.exchange import Finding
from workbench.domain.ranking import Candidate

DEEP = 100
"""Pairs that a model on CPUs still reads while a person waits."""
SPECIAL_TOKENS = ("[CLS]", "[SEP]", "[PAD]", "[MASK]", "[UNK]")
"""Words that the model's tokenizer takes for its own control tokens, wherever they stand."""
_TEXTS = {
    "text", "match_only_text", "semantic_text", "search_as_you_type", "annotated_text",
    "keyword", "constant_keyword", "counted_keyword", "wildcard",
}  # fmt: skip
_NAMED = 3
"""Documents that a message names; the finding holds all."""


@dataclass(frozen=True)
class Plan:
    """A search with reranking that is about to be sent."""

    query: str
    depth: int
    way: str
    """`retriever` or `inference`."""
    read: str
    """The field that is reranked."""
    mapping: Mapping[str, str] = field(default_factory=dict)
    """Every field of the index with its type; empty when that could not be found out."""
    endpoint: str = ""
    min_score: float | None = None
    chunks: int = 0
    server: Server = field(default_factory=Server)
    reads: tuple[str, ...] = ()
    """All fields that the model is asked to read; `read` is one of them."""
    logits: bool = True
    """Whether the model's own scores are logits; a hosted service's are not."""
    candidates: int | None = None
    """How many there are to rerank; as many as `depth` when None."""


def check_plan(plan: Plan) -> tuple[Finding, ...]:
    """Say what is odd before anything is sent."""
    rules = (
        special_tokens_in_query,
        read_field_no_text,
        several_fields_read,
        too_deep,
        endpoint_not_there,
        min_score_not_repaired,
        chunks_not_known,
        raw_negative_scores,
    )
    return tuple(finding for rule in rules if (finding := rule(plan)))


def check_candidates(read: str, values: Mapping[str, int], candidates: Sequence[Candidate]) -> tuple[Finding, ...]:
    """Say what is odd about what the first stage found.

    Args:
        read: The field that is reranked.
        values: How many values each candidate has in it, by document id; 0 or not named where it is missing.
        candidates: With the text that the model will read, and nothing else.
    """
    found = (
        candidates_without_field(read, values, candidates),
        several_values(read, values, candidates),
        blank_documents(read, values, candidates),
        special_tokens_in_documents(candidates),
    )
    return tuple(finding for finding in found if finding)


def special_tokens_in_query(plan: Plan) -> Finding | None:
    """A control token in a query really controls."""
    if not (tokens := _special(plan.query)):
        return None
    return Finding(
        "special-token-in-query",
        f"The query holds {_listed(tokens)}, which the model takes for its own control token, not for text.",
        "Leave it out, or put a space inside the brackets.",
    )


def read_field_no_text(plan: Plan) -> Finding | None:
    """What is read has to be words."""
    kind = plan.mapping.get(plan.read)
    if kind is None or kind in _TEXTS:
        return None
    return Finding(
        "read-field-no-text",
        f"The model is given {plan.read}, which is of type {kind}, not text.",
        f"Rerank {_instead(plan.read, plan.mapping)}: set `field` in the profile.",
    )


def several_fields_read(plan: Plan) -> Finding | None:
    """The retriever has one `field`."""
    if plan.way != "retriever" or len(plan.reads) < 2:
        return None
    return Finding(
        "one-field-read",
        f"The retriever way gives the model {plan.read} alone, not {_listed(plan.reads, 'and')}.",
        "Set `rerank` to inference to have all of them read, or read one.",
    )


def too_deep(plan: Plan) -> Finding | None:
    """Each pair is one inference."""
    each = plan.chunks if plan.chunks and plan.way == "retriever" and plan.server.has("chunk_rescorer") else 1
    count = plan.depth if plan.candidates is None else plan.candidates
    if count * each <= DEEP:
        return None
    pairs = f"{count:,} candidates" + (f" of {each} chunks" if each > 1 else "")
    return Finding(
        "too-deep",
        f"{pairs} are {count * each:,} inferences for each search, more than CPUs do while a person waits.",
        f"Lower the depth to {max(DEEP // each // 10 * 10, 10)} or less.",
    )


def endpoint_not_there(plan: Plan) -> Finding | None:
    """The preconfigured endpoint came with 8.18."""
    if plan.endpoint != DEFAULT_ENDPOINT or plan.server.has("default endpoint"):
        return None
    return Finding(
        "endpoint-not-there",
        f"A server of version {plan.server.number} has no endpoint {DEFAULT_ENDPOINT}.",
        "Create one with PUT _inference/rerank/NAME and set `endpoint` in the profile.",
    )


def min_score_not_repaired(plan: Plan) -> Finding | None:
    """Older servers let documents below the threshold through."""
    if plan.way != "retriever" or plan.min_score is None or plan.server.has("min_score"):
        return None
    return Finding(
        "min-score-not-repaired",
        f"On version {plan.server.number} min_score lets some documents through that are below it.",
        "They are left out here; searches of your own must leave them out themselves.",
    )


def chunks_not_known(plan: Plan) -> Finding | None:
    """Chunks are the retriever's, from 9.2 on."""
    if not plan.chunks:
        return None
    if plan.way == "inference":
        return Finding(
            "chunks-not-known",
            "Chunks are chosen by the retriever alone; the inference way reads each text from its start.",
            "Set `rerank` to retriever, or `chunks` to off.",
        )
    if plan.server.has("chunk_rescorer"):
        return None
    return Finding(
        "chunks-not-known",
        f"Version {plan.server.number} knows no chunk_rescorer, so each text is read from its start.",
        "Set `chunks` to off, or search a server of 9.2 or newer.",
    )


def raw_negative_scores(plan: Plan) -> Finding | None:
    """Before the mapping to positive numbers, negative scores broke searches and their order."""
    if plan.way != "retriever" or plan.server.has("mapped scores"):
        return None
    return Finding(
        "raw-scores",
        f"Version {plan.server.number} puts raw logits in hits; negative ones can fail a search or disorder it.",
        "Set `rerank` to inference, or upgrade to 8.17.2 or newer.",
    )


def candidates_without_field(read: str, values: Mapping[str, int], candidates: Sequence[Candidate]) -> Finding | None:
    """What has no text is dropped without a word."""
    ids = [row.document.id for row in candidates if not values.get(row.document.id)]
    if not read or not ids:
        return None
    return of_documents(
        "missing-field",
        ids,
        f"{share(len(ids), candidates)} no {read}, and reranking drops them",
        "Fill the field, rerank another one, or filter on its existence.",
    )


def several_values(read: str, values: Mapping[str, int], candidates: Sequence[Candidate]) -> Finding | None:
    """Only the first of several values is read."""
    ids = [row.document.id for row in candidates if values.get(row.document.id, 0) > 1]
    if not ids:
        return None
    return of_documents(
        "several-values",
        ids,
        f"{share(len(ids), candidates)} several values in {read}, of which the model reads the first alone",
        "Index what the model should read as one value.",
    )


def blank_documents(read: str, values: Mapping[str, int], candidates: Sequence[Candidate]) -> Finding | None:
    """The model refuses a document without a token, and the retriever with it the whole search."""
    ids = [row.document.id for row in candidates if values.get(row.document.id) and not row.document.text.strip()]
    if not ids:
        return None
    return of_documents(
        "blank-document",
        ids,
        f"{share(len(ids), candidates)} a blank {read}, which the model refuses",
        "Set `rerank` to inference, which leaves them out, or fill the field.",
    )


def special_tokens_in_documents(candidates: Sequence[Candidate]) -> Finding | None:
    """A control token in a document really controls."""
    held = {row.document.id: tokens for row in candidates if (tokens := _special(row.document.text))}
    if not held:
        return None
    tokens = sorted({token for tokens in held.values() for token in tokens}, key=SPECIAL_TOKENS.index)
    return of_documents(
        "special-token-in-document",
        list(held),
        f"{share(len(held), candidates)} {_listed(tokens)} in the text, which the model takes for a control token",
        "Their scores are not to be trusted; index them without it.",
    )


def shards_failed(failed: int) -> Finding | None:
    """Part of the index was not searched."""
    if not failed:
        return None
    shards = "1 shard" if failed == 1 else f"{failed:,} shards"
    return Finding(
        "shards-failed",
        f"{shards} did not answer, so documents may be missing from both lists.",
        "Look at GET _cluster/health and search again.",
    )


def search_timed_out(timed_out: bool) -> Finding | None:
    """The server gave what it had."""
    if not timed_out:
        return None
    return Finding(
        "timed-out",
        "The server stopped searching before it was through, so documents may be missing from both lists.",
        "Search again, or ask a simpler query.",
    )


def _special(text: str) -> list[str]:
    return [token for token in SPECIAL_TOKENS if token in text] if "[" in text else []


def _instead(missing: str, mapping: Mapping[str, str]) -> str:
    """Name text fields of the index that may be meant."""
    texts = sorted(name for name, kind in mapping.items() if kind in _TEXTS and not name.startswith("_"))
    lowered = {name.lower(): name for name in texts if name != missing}
    close = [lowered[name] for name in get_close_matches(missing.lower(), lowered, _NAMED, 0.5)]
    return _listed(close or list(lowered.values())[:_NAMED]) or "another index, for this one has no text field"


def _listed(words: Iterable[str], last: str = "or") -> str:
    *most, end = words = list(words) or [""]
    return f"{', '.join(most)} {last} {end}" if len(words) > 1 else end


def share(count: int, all_of: Collection[object], what: str = "candidates") -> str:
    """Begin a sentence about some of them, up to its verb."""
    return f"{count:,} of {len(all_of):,} {what} {'has' if count == 1 else 'have'}"


def of_documents(rule: str, ids: Sequence[str], message: str, hint: str) -> Finding:
    """A finding that names the first of the documents it is about."""
    named = ", ".join(ids[:_NAMED]) + (", …" if len(ids) > _NAMED else "")
    return Finding(rule, f"{message} ({named}).", hint, tuple(ids))

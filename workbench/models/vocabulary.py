"""Rules that the files of a tokenizer must keep, each by name, before anything relies on them."""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line
from workbench.domain.tokens import ELASTIC
from workbench.domain.truncation import Window
from workbench.domain.vocabulary import (
    LONGEST_PIECE,
    MOST_GROWTH,
    VocabularyError,
    check_charsmap,
    check_pieces,
    check_scores,
)

PACKAGE = "rerank-v1"
"""What Elastic calls the files of `.rerank-v1`."""
LIMIT = 20_000_000
"""Bytes that Elasticsearch takes of a vocabulary."""
METADATA_LIMIT = 1_000_000
BUDGETS = range(8, 1_000_001)
"""Tokens that a model may read at most."""
SPECIAL = ("[CLS]", "[SEP]", "[UNK]", "[PAD]")
"""Tokens that a vocabulary must have."""
_SHA256 = re.compile("[0-9a-fA-F]{64}")
_ANEW = "Fetch it anew from where it was published."
_EXPORT = "Export it anew, with the tool that Elastic publishes for it."


class RefusedError(BadInputError):
    """A file breaks a rule.

    Attributes:
        rule: The rule's name, such as `special-tokens`.
    """

    def __init__(self, rule: str, where: str, wrong: str, hint: str, detail: str = "") -> None:
        super().__init__(f"{single_line(where, 300)}: {single_line(wrong, 300)}", hint, detail)
        self.rule = rule


@dataclass(frozen=True)
class Package:
    """What the metadata of a packaged model says of its tokenizer."""

    vocabulary_file: str
    """Below the folder of the metadata, with forward slashes."""
    window: Window
    notes: tuple[str, ...] = ()


def check_package(raw: bytes, where: str) -> Package:
    """Read the metadata of Elastic's reranker as the server does, which ignores keys that it does not know.

    Args:
        raw: The file.
        where: Its name, for messages.

    Raises:
        RefusedError: The server would refuse it, or its vocabulary cannot be found by it.
    """
    metadata = json_object(raw, where, METADATA_LIMIT)
    package = metadata.get("packaged_model_id")
    if package != PACKAGE:
        hint = "Name the place that holds the files of .rerank-v1."
        raise RefusedError("package", where, f"packaged_model_id is {package!r}, not {PACKAGE!r}", hint)
    size = metadata.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or size <= 0:
        raise RefusedError("size-of-model", where, f"size is {size!r}, not a number above 0", _ANEW)
    sha256 = metadata.get("sha256")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise RefusedError("sha256", where, "sha256 has not 64 hexadecimal digits", _ANEW)
    name = metadata.get("vocabulary_file")
    if not isinstance(name, str) or not name:
        raise RefusedError("vocabulary-missing", where, "it names no vocabulary_file", _ANEW)
    if not _is_below(name):
        raise RefusedError("outside", where, f"vocabulary_file {name!r} leaves the folder of the metadata", _ANEW)
    check_name(name, where)
    return Package(name, *_window(metadata.get("inference_config"), where))


def check_name(name: str, where: str) -> None:
    """Hold the name of a vocabulary to the server's rule.

    Raises:
        RefusedError: It does not end as it must.
    """
    if not name.endswith(".json"):
        hint = "Elasticsearch takes a vocabulary by that ending only: rename it, also in the metadata."
        raise RefusedError("vocabulary-name", where, f"the name {name!r} does not end in .json", hint)


def check_vocabulary(lists: Mapping[str, Any], where: str) -> None:
    """Hold a DeBERTa vocabulary to the rules of Elasticsearch, and to what a Unigram tokenizer needs.

    Args:
        lists: What `json_object` read.
        where: The file's name, for messages.

    Raises:
        RefusedError: Names the rule that it breaks.
    """
    for key, value in lists.items():
        if not isinstance(value, list):
            raise RefusedError("arrays", where, f"{key!r} is not an array", _EXPORT)
    for key in ("vocabulary", "scores"):
        if key not in lists:
            raise RefusedError(key, where, f"there is no {key!r}", _EXPORT)
    vocabulary, scores = lists["vocabulary"], lists["scores"]
    if len(vocabulary) != len(scores):
        wrong = f"provided vocabulary [{len(vocabulary)}] and scores [{len(scores)}] must have the same size"
        raise RefusedError("equal-lengths", where, wrong, _EXPORT)
    try:
        places = check_pieces(vocabulary)
        check_scores(scores)
    except VocabularyError as error:
        raise RefusedError(error.rule, where, str(error), _EXPORT) from None
    if missing := [token for token in SPECIAL if token not in places]:
        wrong = f"stored vocabulary is missing required {', '.join(missing)}"
        raise RefusedError("special-tokens", where, wrong, _EXPORT)


def check_tokenizer(found: Mapping[str, Any], where: str) -> None:
    """See whether a file is a `tokenizer.json` that does the library no harm; opening it finds out the rest.

    Raises:
        RefusedError: It is not.
    """
    model = found.get("model")
    hint = "Name a tokenizer.json, a *.vocab.json or an spm.model."
    if not isinstance(model, Mapping) or not model:
        raise RefusedError("tokenizer", where, "it is neither a tokenizer.json nor a vocabulary", hint)
    pieces = model.get("vocab")
    for place, entry in enumerate(pieces if isinstance(pieces, list) else []):
        piece = entry[0] if isinstance(entry, list) and entry else ""
        if isinstance(piece, str) and len(piece.encode(errors="replace")) > LONGEST_PIECE:
            wrong = f"piece {place} has more than {LONGEST_PIECE:,} bytes"
            raise RefusedError("long-token", where, wrong, hint)
    growth = 1.0
    try:
        for step in _steps(found.get("normalizer")):
            growth *= _growth(step)
    except VocabularyError as error:
        raise RefusedError(error.rule, where, str(error), hint) from None
    if growth > MOST_GROWTH:
        wrong = f"its normaliser may make a text {growth:,.0f} times as long, more than {MOST_GROWTH}"
        raise RefusedError("growth", where, wrong, hint)


def _steps(normalizer: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every step of a normaliser, however deep in sequences it is."""
    waiting = [normalizer]
    while waiting:
        step = waiting.pop()
        if isinstance(step, list):
            waiting += step
        elif isinstance(step, dict):
            yield step
            waiting += step.values()


def _growth(step: Mapping[str, Any]) -> float:
    """How many times as long a step may make a text; told by its keys, as the library does without a type."""
    charsmap, content, pattern = step.get("precompiled_charsmap"), step.get("content"), step.get("pattern")
    if isinstance(charsmap, str):
        try:
            return max(check_charsmap(base64.b64decode(charsmap, validate=True)), 1)
        except binascii.Error:
            raise VocabularyError("charsmap", "its map of characters is broken") from None
    if isinstance(content, str) and content:
        literal = pattern.get("String") if isinstance(pattern, dict) else None
        # An expression may match nothing, between any two characters.
        return max(len(content) / len(literal), 1) if isinstance(literal, str) and literal else len(content) + 1
    prepended = step.get("prepend")
    return len(prepended) + 1 if isinstance(prepended, str) else 2 if step.get("type") == "ByteLevel" else 1


def check_sentencepiece(raw: bytes, where: str) -> None:
    """See whether a file begins as a SentencePiece model does; opening it finds out the rest.

    Raises:
        RefusedError: It does not.
    """
    _check_size(raw, where, LIMIT)
    _check_page(raw, where)
    if not raw.startswith(b"\n"):
        raise RefusedError("sentencepiece", where, "it is not a SentencePiece model", _ANEW)


def check_deberta(raw: bytes, where: str) -> None:
    """Make sure that a `tokenizer_config.json` is of a DeBERTa model that tells small letters from large.

    Raises:
        RefusedError: It is not.
    """
    config = json_object(raw, where, METADATA_LIMIT)
    named = str(config.get("tokenizer_class") or "")
    hint = "Name a tokenizer.json of this model instead."
    if named and "deberta" not in named.lower():
        raise RefusedError("deberta", where, f"its tokenizer is {named}, not that of a DeBERTa model", hint)
    if config.get("do_lower_case") not in (None, False):
        raise RefusedError("lower-case", where, "its tokenizer makes all letters small", hint)


def json_object(raw: bytes, where: str, limit: int) -> dict[str, Any]:
    """Read one JSON object from untrusted bytes.

    Raises:
        RefusedError: It is too large, no JSON object, or has a key twice.
    """
    _check_size(raw, where, limit)
    _check_page(raw, where)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Of a key that is there twice, whoever reads on may take the other one."""
        found = dict(pairs)
        if len(found) < len(pairs):
            raise RefusedError("keys", where, "it has a key twice", _ANEW)
        return found

    try:
        found = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=once)
    except RecursionError:
        raise RefusedError("depth", where, "it is nested too deeply", _ANEW) from None
    except ValueError as error:  # Of the encoding, too.
        raise RefusedError("json", where, "it is not JSON", _ANEW, single_line(str(error), 300)) from None
    if not isinstance(found, dict):
        raise RefusedError("object", where, "it is not one JSON object", _ANEW)
    return found


def _check_size(raw: bytes, where: str, limit: int) -> None:
    if len(raw) > limit:
        raise too_large(where, limit)
    if not raw:
        raise RefusedError("empty", where, "it is empty", _ANEW)


def too_large(where: str, limit: int) -> RefusedError:
    """Say that a file has more bytes than it may."""
    return RefusedError("size", where, f"it is larger than {limit / 1e6:g} MB", "Is it the right file?")


def _check_page(raw: bytes, where: str) -> None:
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        hint = "Is the address right? A proxy or a page to log in may have answered."
        raise RefusedError("web-page", where, "it is a web page, not a file of a model", hint)


def _is_below(name: str) -> bool:
    """Whether a relative path of a repository stays in it, however it is read."""
    plain = single_line(name) == name and not set(name) & set('\\:?#%*"<>|')
    return plain and all(part not in ("", ".", "..") for part in name.split("/"))


def _window(config: Any, where: str) -> tuple[Window, tuple[str, ...]]:
    """What the inference configuration says of truncation; Elastic Rerank's own where it is silent."""
    for task in _inner(config):
        for said in _inner(task.get("tokenization")):
            budget = said.get("max_sequence_length", ELASTIC.budget)
            if not isinstance(budget, int) or isinstance(budget, bool) or budget not in BUDGETS:
                raise RefusedError("budget", where, f"max_sequence_length is {budget!r}", _ANEW)
            truncate = said.get("truncate", ELASTIC.strategy)
            note = f"The metadata says truncate {truncate!r}; what is shown is {ELASTIC.strategy}, as for reranking."
            return Window(budget, ELASTIC.special, ELASTIC.strategy), () if truncate == ELASTIC.strategy else (note,)
    return ELASTIC, ()


def _inner(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value.values() if isinstance(one, dict)] if isinstance(value, dict) else []

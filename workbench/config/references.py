"""What a person may write where a tokenizer is wanted, as far as it can be told without looking."""

import re
from pathlib import Path

RERANK_V1 = ".rerank-v1"
"""The vocabulary that Elastic publishes with its reranker."""
_URL = re.compile("[A-Za-z][A-Za-z0-9+.-]+://")
_PATH = re.compile(r"[/\\~]|\.{1,2}(?:[/\\]|$)|[A-Za-z]:[/\\]")
_ENDINGS = (".json", ".model")


def is_url(reference: str) -> bool:
    """Whether it has a scheme."""
    return _URL.match(reference) is not None


def is_path(reference: str) -> bool:
    """Whether it can only be a file or a folder; what is like `owner/model` may be one, or an id of the hub."""
    return not is_url(reference) and bool(_PATH.match(reference) or reference.endswith(_ENDINGS))


def anchored(reference: str, folder: Path) -> str:
    """Make a path absolute that is relative to where it was written; anything else stays as it is."""
    return str(folder.absolute() / Path(reference).expanduser()) if is_path(reference) else reference

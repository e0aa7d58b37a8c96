"""What a person set in `config.toml`, checked before anything relies on it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from workbench.config.references import anchored
from workbench.domain.errors import BadInputError
from workbench.domain.tuning import DEPTH_LIMIT

THIS_MACHINE = "-"
"""Instead of a profile's name: no cluster."""


@dataclass(frozen=True)
class Settings:
    """Everything that can be set; the defaults are what runs without a file."""

    theme: str = ""
    """Empty for the one that was chosen in the app."""
    profile: str = ""
    """The profile to start with; empty for the default one, `THIS_MACHINE` for none."""
    corpus: str = "help-center"
    """A corpus, or an index of the profile."""
    model: str = "all-minilm-l6-v2"
    tokenizer: str = ""
    """What counts tokens for a cluster's model: a file, a folder, an address, `.rerank-v1`, or a model's id; empty for
    an estimate. A profile may have one of its own."""
    depth: int = 30
    """Candidates to rerank, 1 to 1000."""
    size: int = 10
    """Rows that are compared, 1 to `depth`."""
    mix_weight: float = 0.7
    """A bi-encoder's share in the mix with BM25, 0 to 1."""
    title_boost: float = 2.0
    body_boost: float = 1.0
    keys: Mapping[str, object] = field(default_factory=dict)
    """Keys by action id, as written; `config.keymap` checks them, and a wrong one keeps nobody from working."""

    @property
    def fields(self) -> tuple[tuple[str, float], ...]:
        """Searched fields with their boosts."""
        return (("title", self.title_boost), ("body", self.body_boost))


_RANGES: dict[str, tuple[float, float]] = {
    "depth": (1, DEPTH_LIMIT),
    "size": (1, DEPTH_LIMIT),
    "mix_weight": (0, 1),
    "title_boost": (0, 1000),
    "body_boost": (0, 1000),
}


def load_settings(path: Path) -> Settings:
    """Read the settings file.

    Args:
        path: `config.toml`; need not exist.

    Returns:
        The settings, defaults where the file is silent.

    Raises:
        BadInputError: The file cannot be read, or a key or value is wrong; names file and key.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInputError(
            f"{path} cannot be read: {error}", "Mend the file, or move it away to use the defaults."
        ) from error
    settings = parse_settings(raw, str(path))
    return replace(settings, tokenizer=anchored(settings.tokenizer, path.parent))


def parse_settings(raw: dict[str, Any], source: str) -> Settings:
    """Check names, types and ranges.

    Args:
        raw: Keys as in `Settings`.
        source: Where they came from, for messages.

    Raises:
        BadInputError: Names the source and the key.
    """
    known: dict[str, Any] = {one.name: one.default for one in fields(Settings)}
    if not isinstance(keys := raw.get("keys", {}), Mapping):
        raise BadInputError(f"{source}: keys = {keys!r} is not a table", 'Write a line [keys], then "list.next" = "j".')
    for key, value in raw.items():
        if key not in known:
            raise BadInputError(f"{source}: unknown setting {key!r}", f"Known settings: {', '.join(sorted(known))}.")
        if key == "keys":
            continue
        wanted = type(known[key])
        if isinstance(value, bool) or not isinstance(value, (int, float) if wanted is float else wanted):
            raise BadInputError(
                f"{source}: {key} = {value!r} is not a {_KIND[wanted]}", f"The default is {known[key]!r}."
            )
        if key in _RANGES:
            low, high = _RANGES[key]
            if not low <= value <= high:
                raise BadInputError(f"{source}: {key} = {value!r} is out of range", f"Use {low:g} to {high:g}.")
    if raw.get("title_boost", 1) == raw.get("body_boost", 1) == 0:
        raise BadInputError(f"{source}: title_boost and body_boost are both 0", "One field must be searched.")
    values: dict[str, Any] = {key: float(v) if isinstance(known[key], float) else v for key, v in raw.items()}
    return Settings(**values)


_KIND: dict[type, str] = {str: "text", int: "whole number", float: "number"}

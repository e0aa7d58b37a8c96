"""The models that can be fetched: what they are, what files they have, and where those come from."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

from workbench.domain.deployment import ModelKind
from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line
from workbench.models.folder import Folder
from workbench.models.hub import Hub
from workbench.models.source import Checksum, ModelFile, Source
from workbench.models.wheel import Wheel


@dataclass(frozen=True)
class ModelCard:
    """One model as the catalog describes it."""

    id: str
    kind: ModelKind
    licence: str
    """SPDX id."""
    summary: str
    """One line."""
    window: int
    """Tokens read at most, special tokens included."""
    prepare: str
    """How its files become a graph; a key of `prepare.STEPS`."""
    files: tuple[ModelFile, ...]
    sources: tuple[Source, ...]
    """In the order to try them."""
    default: bool = False


@dataclass(frozen=True)
class Catalog:
    """All known models, in the order to show them."""

    cards: tuple[ModelCard, ...]

    @classmethod
    def of(cls, text: str) -> "Catalog":
        """Read a catalog from TOML.

        Raises:
            KeyError, TypeError, ValueError: It is not a catalog; the bundled one always is.
        """
        return cls(tuple(_card(entry) for entry in tomllib.loads(text)["model"]))

    @property
    def default(self) -> ModelCard:
        """The model for those who did not choose: the one marked so, else the first."""
        return next((card for card in self.cards if card.default), self.cards[0])

    def card(self, id: str) -> ModelCard:
        """Find a model.

        Raises:
            BadInputError: No such id; the hint names the nearest.
        """
        ids = [card.id for card in self.cards]
        if id in ids:
            return self.cards[ids.index(id)]
        near = get_close_matches(id.lower(), ids, n=3, cutoff=0.4) or ids
        raise BadInputError(f"There is no model “{single_line(id, 60)}”.", f"Choose from: {', '.join(near)}.")


@cache
def bundled_catalog() -> Catalog:
    """Read the catalog that ships with the package."""
    return Catalog.of(files(__package__).joinpath("catalog.toml").read_text("utf-8"))


def _card(entry: Mapping[str, Any]) -> ModelCard:
    return ModelCard(
        id=entry["id"],
        kind=ModelKind(entry["kind"]),
        licence=entry["licence"],
        summary=entry["summary"],
        window=entry["window"],
        prepare=entry["prepare"],
        files=tuple(_file(file) for file in entry["file"]),
        sources=tuple(_source(**source) for source in entry["source"]),
        default=entry.get("default", False),
    )


def _file(entry: Mapping[str, Any]) -> ModelFile:
    checksum = Checksum("sha256", entry["sha256"]) if "sha256" in entry else None
    return ModelFile(entry["name"], entry.get("size"), checksum)


def _source(type: str, **options: str) -> Source:
    kinds: dict[str, Callable[..., Source]] = {"folder": Folder, "wheel": Wheel, "hub": Hub}
    return kinds[type](**options)

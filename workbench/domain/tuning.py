"""What a person tunes, how one step changes it, and how two settings of it differ."""

from dataclasses import dataclass, field, replace
from typing import TypeVar

from workbench.domain.errors import BadInputError

DEPTH_LIMIT = 1000
DEPTHS = (5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, DEPTH_LIMIT)
SIZES = (3, 5, 10, 15, 20, 30, 50, 100)
BOOSTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0, 50.0, 100.0, 1000.0)
WEIGHT_STEP = 0.1
READS = (("title", "body"), ("title",), ("body",))
BOOST = "boost "
"""What the name of a boost starts with; the field follows."""

_Number = TypeVar("_Number", int, float)

Boosts = tuple[tuple[str, float], ...]
"""Searched fields with their boosts; a boost of 0 leaves the field out."""


Chosen = tuple[tuple[str, str], ...]
"""Settings of an engine's own by name, with what is chosen."""


@dataclass(frozen=True)
class Choice:
    """A setting that only one engine knows: one of several words."""

    name: str
    """One line; none of the names that every engine has."""
    options: tuple[str, ...] = field(compare=False)
    """Holds `chosen`; two choices of the same word are the same whatever else there was."""
    chosen: str


@dataclass(frozen=True)
class Tuning:
    """Every setting that changes a ranking.

    A setting's name is `depth`, `size`, `mix`, `reads`, `boost FIELD` or that of one of the engine's own choices.
    """

    depth: int = 30
    """Candidates to rerank, 1 to `DEPTH_LIMIT`."""
    size: int = 10
    """Rows to compare; no more than `depth` are."""
    weight: float = 0.7
    """A bi-encoder's share in the mix with BM25, 0 to 1."""
    boosts: Boosts = (("title", 2.0), ("body", 1.0))
    reads: tuple[str, ...] = ("title", "body")
    """Fields that the reranker is given."""
    choices: tuple[Choice, ...] = ()
    """The engine's own settings."""

    @property
    def chosen(self) -> Chosen:
        """The engine's own settings by name."""
        return tuple((choice.name, choice.chosen) for choice in self.choices)

    def values(self) -> dict[str, str]:
        """Every setting's name and its value as it is shown, in the order of the form."""
        return {
            **{f"{BOOST}{field}": f"{boost:g}" for field, boost in self.boosts},
            "mix": f"{self.weight:g}",
            "depth": str(self.depth),
            "size": str(self.size),
            "reads": " + ".join(self.reads),
            **dict(self.chosen),
        }

    def stepped(self, name: str, step: int) -> "Tuning":
        """Change one setting by a step up (1) or down (−1); at its end, or with no other value, nothing changes."""
        if name == "depth":
            return replace(self, depth=_next(DEPTHS, self.depth, step))
        if name == "size":
            return replace(self, size=_next(SIZES, self.size, step))
        if name == "mix":
            return replace(self, weight=round(min(1.0, max(0.0, self.weight + step * WEIGHT_STEP)), 2))
        if name == "reads":
            at = READS.index(self.reads) if self.reads in READS else 0
            return replace(self, reads=READS[(at + step) % len(READS)])
        if choice := self._choice(name):
            at = choice.options.index(choice.chosen)
            return self.choosing(name, choice.options[(at + step) % len(choice.options)])
        field = name.removeprefix(BOOST)
        return self._boosted(field, _next(BOOSTS, dict(self.boosts)[field], step)) or self

    def given(self, name: str, value: float) -> "Tuning":
        """Set one number.

        Raises:
            BadInputError: It is out of range; the message names the range. Or it is a choice, not a number.
        """
        if self._choice(name):
            raise BadInputError(f"{name} is no number.", "Choose with ◂ and ▸.")
        low, high = (0.0, 1.0) if name == "mix" else (0.0, 1000.0) if name.startswith(BOOST) else (1.0, DEPTH_LIMIT)
        if name in ("depth", "size") and not float(value).is_integer():
            raise BadInputError(f"{name} is a whole number.", f"Use {low:g} to {high:g}.")
        if not low <= value <= high:
            raise BadInputError(f"{value:g} is out of range for {name}.", f"Use {low:g} to {high:g}.")
        if name == "depth":
            return replace(self, depth=int(value))
        if name == "size":
            return replace(self, size=int(value))
        if name == "mix":
            return replace(self, weight=value)
        boosted = self._boosted(name.removeprefix(BOOST), value)
        if boosted is None:
            raise BadInputError("One field must be searched.", "Raise another field's boost first.")
        return boosted

    def restored(self, name: str, start: "Tuning") -> "Tuning":
        """Set one setting back to what it is in `start`."""
        if name.startswith(BOOST):
            field = name.removeprefix(BOOST)
            return self._boosted(field, dict(start.boosts).get(field, 1.0)) or self
        if self._choice(name):
            return self.choosing(name, dict(start.chosen).get(name, ""))
        attribute = "weight" if name == "mix" else name
        return replace(self, **{attribute: getattr(start, attribute)})

    def choosing(self, name: str, option: str) -> "Tuning":
        """Choose another option of one of the engine's own settings; one that it does not have changes nothing."""
        choices = (
            replace(choice, chosen=option) if choice.name == name and option in choice.options else choice
            for choice in self.choices
        )
        return replace(self, choices=tuple(choices))

    def fitted(self, fields: Boosts, choices: tuple[Choice, ...] = ()) -> "Tuning":
        """Keep boosts and choices where they are those of a corpus; else take the corpus's own."""
        kept = [field for field, _ in self.boosts] == [field for field, _ in fields]
        fitted = replace(self, boosts=self.boosts if kept else fields, choices=choices)
        for name, option in self.chosen:
            fitted = fitted.choosing(name, option)
        return fitted

    def _choice(self, name: str) -> Choice | None:
        return next((choice for choice in self.choices if choice.name == name), None)

    def _boosted(self, field: str, value: float) -> "Tuning | None":
        boosts = tuple((name, value if name == field else boost) for name, boost in self.boosts)
        return replace(self, boosts=boosts) if any(boost for _, boost in boosts) else None


def differences(before: Tuning, after: Tuning) -> tuple[tuple[str, str, str], ...]:
    """Name each setting that differs, with its value before and after."""
    was = before.values()
    return tuple((name, was.get(name, "–"), value) for name, value in after.values().items() if was.get(name) != value)


def _next(choices: tuple[_Number, ...], now: _Number, step: int) -> _Number:
    further = [choice for choice in choices if (choice > now if step > 0 else choice < now)]
    if not further:
        return now
    return further[0] if step > 0 else further[-1]

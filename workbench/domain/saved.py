"""A state of the compare screen under a name, and the plain values that it and its settings are written as."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite

from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line
from workbench.domain.tuning import BOOST, READS, Choice, Tuning

NAME_LIMIT = 60
"""Characters of a name; longer ones are cut."""
FIELD_LIMIT = 200


@dataclass(frozen=True)
class State:
    """What the compare screen showed. Make it with `State.of`."""

    name: str
    """One line, not blank, at most `NAME_LIMIT` characters."""
    corpus: str
    query: str
    """One line; may be empty."""
    tuning: Tuning
    baseline: Tuning | None
    """The settings of the left list; None when it is BM25."""
    selected: str | None
    """Id of the document."""
    saved: datetime
    """When, in UTC, to the second."""

    @classmethod
    def of(
        cls,
        name: str,
        corpus: str,
        query: str,
        tuning: Tuning,
        baseline: Tuning | None,
        selected: str | None,
        saved: datetime,
    ) -> "State":
        """Sanitise untrusted parts into a state.

        Raises:
            BadInputError: Name or corpus is blank.
        """
        name, corpus = single_line(name, NAME_LIMIT), single_line(corpus)
        if not name or not corpus:
            raise BadInputError(f"The {'corpus' if name else 'name'} is blank.")
        chosen = None if selected is None else single_line(selected)
        return cls(name, corpus, single_line(query), tuning, baseline, chosen, in_utc(saved))

    @classmethod
    def read(cls, raw: object) -> "State":
        """Check plain values, as `record` gives them.

        Raises:
            BadInputError: Says which is wrong.
        """
        table = _table("The entry", raw)
        baseline, selected = table.get("baseline"), table.get("selected")
        return cls.of(
            text_of(table, "name"),
            text_of(table, "corpus"),
            text_of(table, "query"),
            tuning_of(table.get("tuning")),
            None if baseline is None else tuning_of(baseline),
            None if selected is None else text_of(table, "selected"),
            time_of(table, "saved"),
        )

    def record(self) -> dict[str, object]:
        """The plain values that are written."""
        return {
            "name": self.name,
            "saved": stamp(self.saved),
            "corpus": self.corpus,
            "query": self.query,
            "selected": self.selected,
            "tuning": tuning_record(self.tuning),
            "baseline": self.baseline and tuning_record(self.baseline),
        }


def tuning_record(tuning: Tuning) -> dict[str, object]:
    """Settings as plain values."""
    return {
        "depth": tuning.depth,
        "size": tuning.size,
        "mix": tuning.weight,
        "boosts": dict(tuning.boosts),
        "reads": list(tuning.reads),
        **({"choices": dict(tuning.chosen)} if tuning.choices else {}),
    }


def tuning_of(raw: object) -> Tuning:
    """Check settings, as `tuning_record` gives them; what is not among them is as in `Tuning()`.

    Raises:
        BadInputError: Says which is wrong.
    """
    table = tuning_record(Tuning()) | _table("tuning", raw)
    reads = table["reads"]
    if reads not in [list(choice) for choice in READS]:
        raise BadInputError("reads is not a list of fields.", f"Use one of {', '.join(map(repr, map(list, READS)))}.")
    boosts = {single_line(field, FIELD_LIMIT): value for field, value in _table("boosts", table["boosts"]).items()}
    if not boosts:
        raise BadInputError("boosts is empty.", "One field must be searched.")
    chosen = _table("choices", table.get("choices", {}))
    options = tuple(Choice(single_line(name, FIELD_LIMIT), (option,), option) for name, option in _texts(chosen))
    tuning = Tuning(boosts=tuple((field, 1.0) for field in boosts), reads=tuple(map(str, reads)), choices=options)
    numbers = {name: table[name] for name in ("depth", "size", "mix")}
    for name, value in (numbers | {f"{BOOST}{field}": value for field, value in boosts.items()}).items():
        tuning = tuning.given(name, _number(name, value))
    return tuning


def text_of(table: Mapping[str, object], key: str) -> str:
    """Get text from plain values.

    Raises:
        BadInputError: It is missing or no text.
    """
    value = table.get(key)
    if not isinstance(value, str):
        raise BadInputError(f"{key} is {'missing' if value is None else 'not text'}.")
    return value


def time_of(table: Mapping[str, object], key: str) -> datetime:
    """Get a time from plain values; one without a time zone is UTC.

    Raises:
        BadInputError: It is missing or no time.
    """
    try:
        moment = datetime.fromisoformat(text_of(table, key))
        return in_utc(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        raise BadInputError(f"{key} is not a time.", "Write it as 2031-05-24T16:30:00Z.") from error


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC, to the second."""
    return moment.astimezone(UTC).replace(microsecond=0)


def stamp(moment: datetime) -> str:
    """A moment in UTC as it is written."""
    return moment.isoformat().replace("+00:00", "Z")


def age(saved: datetime, now: datetime) -> str:
    """Say how long ago something was, such as `5 min ago`; after a month or from the future, its date."""
    seconds = int((now - saved).total_seconds())
    if not -60 < seconds < 30 * 86_400:
        return f"{saved:%Y-%m-%d}"
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "just now"


def _table(name: str, raw: object) -> dict[str, object]:
    if not isinstance(raw, dict):
        raise BadInputError(f"{name} is {'missing' if raw is None else 'not an object'}.")
    return raw


def _texts(table: Mapping[str, object]) -> list[tuple[str, str]]:
    return [(name, single_line(text_of(table, name), FIELD_LIMIT)) for name in table]


def _number(name: str, raw: object) -> float:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and abs(raw) < 1e9 and isfinite(raw):
        return raw
    raise BadInputError(f"{name} is not a number that it can be.")

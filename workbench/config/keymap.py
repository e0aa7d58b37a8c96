"""The user's own keys, checked before the screen takes them: what is wrong there later would only fall silent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from workbench.domain.text import single_line

MODIFIERS = ("alt", "ctrl", "hyper", "meta", "shift", "super")
SHOWN = 60
"""Characters of what the user wrote that a message repeats."""
_HABITS = {
    "bksp": "backspace", "del": "delete", "esc": "escape", "ins": "insert", "pgdn": "pagedown", "pgup": "pageup",
    "return": "enter", "cmd": "super", "command": "super", "control": "ctrl", "option": "alt",
}  # fmt: skip
"""What people call keys elsewhere."""


@dataclass(frozen=True)
class KeyScope:
    """A part of the screen, and the actions whose keys work there."""

    name: str
    actions: Mapping[str, tuple[str, ...]]
    """Default keys by action id."""
    inside: tuple[str, ...] = ()
    """Names of all scopes whose keys work at the same time, but are looked at after this one's."""
    typing: bool = False
    """Characters are text here and never reach an action."""
    taken: frozenset[str] = frozenset()
    """Keys that do something here that has no id, so that the scopes around it never see them."""


@dataclass(frozen=True)
class KeyNames:
    """What keys are called."""

    characters: Mapping[str, str]
    """Names of signs, such as `question_mark` by `?`; letters and digits are their own names."""
    special: frozenset[str]
    """Keys that type nothing, without modifiers."""
    sure: frozenset[str]
    """Keys other than characters, with modifiers, that an ordinary terminal can send."""
    reserved: Mapping[str, str]
    """Keys that must stay what they are, with what they do."""

    def canonical(self, key: str) -> str | None:
        """Name a key as the screen hears it, None when it never could.

        Args:
            key: Such as `?`, `question_mark`, `f2` or `shift+ctrl+left`.
        """
        if len(key) == 1:
            return self.characters.get(key) or (key if key.isalnum() else None)
        *modifiers, base = key.split("+")
        named = base in self.special or base in self.characters.values()
        if not named and not (modifiers and len(base) == 1 and base.isalnum() and base == base.lower()):
            return None
        if len({*modifiers} & {*MODIFIERS}) < len(modifiers):
            return None
        if modifiers == ["shift"] and base not in self.special and base != "space":
            return None  # What it types has a name of its own, such as `A`.
        return "+".join([*sorted(modifiers), base])

    def types(self, key: str) -> bool:
        """Whether a key, canonically named, writes a character into a line of text."""
        return "+" not in key and key not in self.special

    def nearest(self, key: str) -> str | None:
        """Find the key that somebody probably meant."""
        *modifiers, base = key.replace("^", "ctrl+").lower().split("+")
        if modifiers == ["shift"] and len(base) == 1:
            return self.canonical(base.upper())
        known = [*self.special, *self.characters.values()]
        parts = [*(_near(part, MODIFIERS) for part in modifiers), base if len(base) == 1 else _near(base, known)]
        return self.canonical("+".join(part or "" for part in parts))


@dataclass(frozen=True)
class KeyFinding:
    """What is wrong with the user's keys of one action."""

    id: str
    """As the user wrote it; untrusted."""
    value: object
    """As the user wrote it; untrusted."""
    problem: str

    def __str__(self) -> str:
        return f"{single_line(self.id, SHOWN)} = {single_line(repr(self.value), SHOWN)}: {self.problem}"


@dataclass(frozen=True)
class Keymap:
    """The user's keys as far as they hold, and why the others do not."""

    keys: Mapping[str, str]
    """Keys by action id, with commas between; only of actions that the user changed."""
    findings: tuple[KeyFinding, ...]

    @property
    def message(self) -> str:
        """All findings for a person, one to a line; empty when there are none."""
        said = [str(finding) for finding in self.findings]
        return "\n".join([*said, "These lines are left out; everything else holds."] if said else [])


@dataclass(frozen=True)
class Clash:
    """A key that means two things at one time."""

    key: str
    ids: tuple[str, ...]
    """The actions it belongs to; one when the other meaning has no id."""
    scope: str
    """Where the key is looked at first."""


def check_keymap(raw: Mapping[str, object], scopes: Sequence[KeyScope], names: KeyNames) -> Keymap:
    """Sort the user's keys into those that hold and findings.

    An entry holds or is refused as a whole; where two of the user's entries want one key, the first has it.

    Args:
        raw: Keys by action id, as they stand in the file; tables in it are read as dotted ids.
        scopes: All of them; their default keys do not clash.
        names: What keys are called.
    """
    homes = {id: scope for scope in scopes for id in scope.actions}
    entries = dict(_flat(raw))
    problems: dict[str, list[str]] = {id: [] for id in entries}
    chosen: dict[str, tuple[str, ...]] = {}
    for id, value in entries.items():
        problems[id] += _problems(id, value, homes, names)
        if not problems[id]:
            chosen[id] = tuple(dict.fromkeys(_canonical(str(value), names)))
    # The default keys of a refused entry come back and may clash with another one, so look again each time.
    while found := list(clashes(scopes, chosen)):
        plainest = min(found, key=lambda clash: len(chosen.keys() & clash.ids))
        refused = [id for id in chosen if id in plainest.ids][-1]
        problems[refused] += _clashing([clash for clash in found if refused in clash.ids], refused)
        del chosen[refused]
    return Keymap(
        {id: ",".join(keys) for id, keys in chosen.items()},
        tuple(KeyFinding(id, entries[id], "; ".join(wrong)) for id, wrong in problems.items() if wrong),
    )


def clashes(scopes: Sequence[KeyScope], chosen: Mapping[str, tuple[str, ...]]) -> Iterator[Clash]:
    """Find keys that mean two things at one time.

    Args:
        scopes: All of them.
        chosen: Keys by id, where they are not the default.
    """
    by_name = {scope.name: scope for scope in scopes}
    for scope in scopes:
        usual = {key for keys in scope.actions.values() for key in keys}
        seen: dict[str, str] = {}
        for part in (scope, *(by_name[name] for name in scope.inside)):
            for id, default in part.actions.items():
                for key in chosen.get(id, default):
                    if key in scope.taken - usual:
                        yield Clash(key, (id,), scope.name)
                    if seen.setdefault(key, id) != id:
                        yield Clash(key, (seen[key], id), scope.name)


def _flat(raw: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    for key, value in raw.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _problems(id: str, value: object, homes: Mapping[str, KeyScope], names: KeyNames) -> Iterator[str]:
    if id not in homes:
        near = get_close_matches(id, list(homes), n=1)
        yield f"there is no such action{f', did you mean {near[0]}?' if near else ''}"
        return
    if not isinstance(value, str):
        yield f'{single_line(repr(value), SHOWN)} is no text; write keys as "{",".join(homes[id].actions[id])}"'
        return
    if not value.strip():
        yield "no key; leave the line out to keep the usual ones"
        return
    keys = [names.canonical(written.strip()) for written in value.split(",")]
    for written, key in zip(value.split(","), keys, strict=True):
        if not written.strip():
            yield "an empty key between commas; the comma itself is called comma"
        elif key is None:
            near_key = names.nearest(written.strip())
            yield f"there is no key {single_line(written, SHOWN)}{f', did you mean {near_key}?' if near_key else ''}"
        elif key in names.reserved:
            yield f"{key} is not free, it {names.reserved[key]}"
        elif homes[id].typing and names.types(key):
            yield f"{key} is typed as text where this action works"
    known = {*names.sure, *names.reserved, None}
    if not any(key in known or names.types(key or "") for key in keys):
        yield "many terminals cannot send this; add a key that all can"


def _canonical(value: str, names: KeyNames) -> Iterator[str]:
    for written in value.split(","):
        if key := names.canonical(written.strip()):
            yield key


def _clashing(found: Sequence[Clash], refused: str) -> Iterator[str]:
    others = dict.fromkeys((clash.key, id) for clash in found for id in clash.ids if id != refused)
    yield from (f"{key} is a key of {id}" for key, id in others)
    for key in dict.fromkeys(clash.key for clash in found if clash.ids == (refused,)):
        scopes = dict.fromkeys(clash.scope for clash in found if clash.ids == (refused,) and clash.key == key)
        yield f"{key} has another use in: {', '.join(scopes)}"


def _near(part: str, known: Sequence[str]) -> str | None:
    near = get_close_matches(part, known, n=1)
    return _HABITS.get(part) or (near[0] if near else None)

"""The keys of one profile: what each may hold, and the profile that they make."""

import datetime
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from workbench.config.cluster_address import is_loopback, read_address
from workbench.config.profile import WAYS, Profile
from workbench.config.references import anchored
from workbench.config.secrets import KINDS, SOURCES, Refuse, Secret, in_clear, secret_of
from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line
from workbench.domain.tuning import Boosts

COLOURS = (
    "aqua", "black", "blue", "brown", "coral", "crimson", "cyan", "fuchsia", "gold", "gray", "green", "indigo", "lime",
    "magenta", "maroon", "navy", "olive", "orange", "pink", "purple", "red", "salmon", "silver", "teal", "tomato",
    "turquoise", "violet", "white", "yellow",
)  # fmt: skip
_TEXTS = (
    "cloud_id", "user", "ca_file", "client_cert", "client_key", "fingerprint", "index", "title", "field", "endpoint",
    "rerank", "template", "tokenizer", "accent",
)  # fmt: skip
_RANGES: dict[str, tuple[float, float]] = {"timeout": (1, 3600), "min_score": (-1000, 1000), "chunks": (0, 100)}
SECRETS = tuple(kind + ending for kind in KINDS for ending in SOURCES)
KEYS = (*sorted(("hosts", *_TEXTS, *_RANGES, "fields", "filters", "verify")), *sorted(SECRETS))
_PATHS = ("ca_file", "client_cert", "client_key")
_HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_FINGERPRINT = re.compile(r"[0-9a-fA-F]{64}")
_TEMPLATE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
BOOST_LIMIT = 1000.0


def read_profile(
    name: str, raw: Mapping[str, Any], path: Path, environ: Mapping[str, str], private: bool
) -> tuple[Profile, list[str]]:
    """Check names, types and ranges of one profile's keys.

    Args:
        name: The profile's.
        raw: Its table.
        path: The file it stands in, for messages and for paths that are relative.
        environ: Read when a secret is fetched.
        private: Whether nobody else can read the file.

    Returns:
        The profile, and what a person should know about it.

    Raises:
        BadInputError: Names the file, the profile, the key and what is allowed.
    """

    def refuse(wrong: str, hint: str) -> BadInputError:
        return BadInputError(f"{path}: profile {name}: {single_line(wrong, 200)}", hint)

    for key in raw:
        if key not in KEYS:
            raise refuse(f"unknown key {key!r}", _unknown(key, name, raw))
    values: dict[str, Any] = {key: _text(key, raw[key], refuse) for key in _TEXTS if key in raw}
    values |= {key: _number(key, raw[key], refuse) for key in _RANGES if key in raw}
    values |= {key: str(path.parent / Path(values[key]).expanduser()) for key in _PATHS if values.get(key)}
    if "tokenizer" in values:
        values["tokenizer"] = anchored(values["tokenizer"], path.parent)
    if not isinstance(verify := raw.get("verify", True), bool):
        raise refuse(f"verify = {verify!r} is neither true nor false", "Write verify = false to trust any certificate.")
    _check_texts(values, refuse)
    hosts, user, password = _hosts(raw.get("hosts", []), refuse)
    if bool(hosts) == bool(values.get("cloud_id")):
        wrong = "hosts and cloud_id are given at once" if hosts else "neither hosts nor cloud_id is given"
        raise refuse(wrong, 'Write hosts = ["https://NAME:9200"], or cloud_id = "…".')
    secrets: dict[str, Secret | None] = {kind: secret_of(kind, raw, environ, refuse) for kind in KINDS}
    clear = [kind for kind in KINDS if kind in raw]
    if password:
        if secrets["password"]:
            raise refuse("there is a password in hosts and another one", "Take it out of the address.")
        secrets["password"] = in_clear("password", password, f"the address in {path.name}")
        clear.append("hosts")
    if user and values.get("user", user) != user:
        raise refuse("hosts and user name two users", "Take the user out of the address.")
    values["user"] = values.get("user") or user
    _check_credentials(values["user"], secrets, refuse)
    if clear and not private:
        raise refuse(
            f"{clear[0]} holds a credential in clear, and others can read the file",
            f"Type: chmod 600 {path}   Better: {_instead(clear[0])}.",
        )
    profile = Profile(
        name,
        hosts,
        verify=verify,
        fields=_fields(raw.get("fields", []), refuse),
        filters=_filters(raw.get("filters", {}), refuse),
        api_key=secrets["api_key"],
        password=secrets["password"],
        bearer=secrets["bearer"],
        **values,
    )
    return profile, [f"{path}: profile {name}: {key} is in clear; better: {_instead(key)}." for key in clear]


def _unknown(key: str, name: str, raw: Mapping[str, Any]) -> str:
    if isinstance(raw[key], dict):
        return f'A name with a dot stands in quotes: ["{name}.{single_line(key, 60)}"]. Filters: [{name}.filters.NAME].'
    if key == "host":
        return "It is called hosts."
    near = "".join(f"Did you mean {one}? " for one in get_close_matches(key, KEYS, 1))
    return f"{near}Known: {', '.join(KEYS)}."


def _instead(key: str) -> str:
    kind = "password" if key == "hosts" else key
    return f"{kind}_env, {kind}_command or {kind}_keyring"


def _text(key: str, value: Any, refuse: Refuse) -> str:
    if not isinstance(value, str) or single_line(value) != value:
        raise refuse(f"{key} is not one line of text", f'Write {key} = "…".')
    return value


def _number(key: str, value: Any, refuse: Refuse) -> float:
    low, high = _RANGES[key]
    kind, wanted = ("whole number", int) if key == "chunks" else ("number", (int, float))
    if isinstance(value, bool) or not isinstance(value, wanted) or not low <= value <= high:
        raise refuse(f"{key} = {value!r} is no {kind} from {low:g} to {high:g}", f"Write {key} = {max(low, 1):g}.")
    return value if key == "chunks" else float(value)


def _check_texts(values: dict[str, Any], refuse: Refuse) -> None:
    if values.get("rerank", WAYS[0]) not in WAYS:
        raise refuse(f"rerank = {values['rerank']!r} is no way to rerank", f"Use {', '.join(WAYS)}.")
    accent = values.get("accent", "")
    if accent and not _HEX.fullmatch(accent) and accent not in COLOURS:
        raise refuse(f"accent = {accent!r} is not a colour", f"Write #rgb, #rrggbb, or one of {', '.join(COLOURS)}.")
    if (mark := values.get("fingerprint", "").replace(":", "")) and not _FINGERPRINT.fullmatch(mark):
        raise refuse("fingerprint is not a SHA-256", "Write its 64 hexadecimal digits, with or without colons.")
    if (template := values.get("template")) and not _TEMPLATE.fullmatch(template):
        raise refuse(f"template = {template!r} is not a template's name", "Write its file's name without the ending.")
    if values.get("client_key") and not values.get("client_cert"):
        raise refuse("client_key is given without client_cert", "Add client_cert, the certificate's file.")
    if (cloud_id := values.get("cloud_id")) and ":" not in cloud_id:
        raise refuse("cloud_id is not a cloud id", "Copy it from the deployment's page; it is NAME:LETTERS.")


def _hosts(raw: Any, refuse: Refuse) -> tuple[tuple[str, ...], str, str]:
    given = [raw] if isinstance(raw, str) else raw
    if not isinstance(given, list) or not all(isinstance(host, str) for host in given):
        raise refuse("hosts is not a list of addresses", 'Write hosts = ["https://NAME:9200"].')
    addresses = [read_address(host, refuse) for host in given]
    logins = {(address.user, address.password) for address in addresses if address.user or address.password}
    if len(logins) > 1:
        raise refuse("hosts hold several credentials", "One profile has one: use user and password_env.")
    return tuple(address.url for address in addresses), *(logins.pop() if logins else ("", ""))


def _check_credentials(user: str, secrets: Mapping[str, Secret | None], refuse: Refuse) -> None:
    given = [KINDS[kind] for kind in KINDS if secrets[kind]]
    if len(given) > 1 or (user and given and not secrets["password"]):
        named = " and ".join([*given, *["user"] * (user != "" and "password" not in given)])
        raise refuse(f"{named} are given at once", "Keep one: an API key, a user with a password, or a bearer token.")
    if bool(user) != bool(secrets["password"]):
        wrong = "user has no password" if user else "password has no user"
        raise refuse(wrong, 'Write user = "NAME" and password_env = "VARIABLE".')


def _fields(raw: Any, refuse: Refuse) -> Boosts:
    wanted = 'Write fields = ["title^2", "body"]; boosts are 0 to 1000.'
    if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
        raise refuse("fields is not a list of texts", wanted)
    boosts: dict[str, float] = {}
    for one in raw:
        name, _, said = one.strip().partition("^")
        try:
            boost = float(said or 1)
        except ValueError:
            boost = -1.0
        if not name or single_line(name) != name or "*" in name or name in boosts or not 0 <= boost <= BOOST_LIMIT:
            raise refuse(f"fields: {one!r} is not a field of its own with a boost", wanted)
        boosts[name] = boost
    if boosts and not any(boosts.values()):
        raise refuse("fields: every boost is 0", "One field must be searched.")
    return tuple(boosts.items())


def _filters(raw: Any, refuse: Refuse) -> dict[str, Any]:
    wanted = 'Write one query clause: [NAME.filters.english], below it term = { lang = "en" }.'
    if not isinstance(raw, dict):
        raise refuse("filters is not a table", wanted)
    for name, clause in raw.items():
        if name == "off" or not name or single_line(name, 40) != name:
            raise refuse(f"filters: {name!r} cannot be a filter's name", "Use a short word; “off” is taken.")
        if not isinstance(clause, dict) or len(clause) != 1 or not isinstance(next(iter(clause.values())), dict):
            raise refuse(f"filters.{name} is not one query clause", wanted)
    return {name: _as_json(clause) for name, clause in raw.items()}


def _as_json(value: Any) -> Any:
    """Dates become text, as a query has them."""
    if isinstance(value, dict):
        return {key: _as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_json(inner) for inner in value]
    return value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else value


def sent_in_clear(profile: Profile) -> bool:
    """Whether a credential of the profile goes over the network where others can read it."""
    return profile.credential is not None and any(
        host.startswith("http://") and not is_loopback(urlsplit(host).hostname or "") for host in profile.hosts
    )

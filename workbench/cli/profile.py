"""`workbench profile`: say how to reach clusters, choose one, and check that it can be reached."""

import asyncio
import os
import shlex
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.cli.checks import show
from workbench.cli.formats import json_text
from workbench.cli.main import say
from workbench.cli.progress import noun
from workbench.config.paths import user_paths
from workbench.config.profile import Profile
from workbench.config.profile_keys import SECRETS
from workbench.config.profiles import Profiles, load_profiles
from workbench.config.references import anchored
from workbench.config.settings import THIS_MACHINE
from workbench.domain.check import Check, Verdict
from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line
from workbench.services.profile_file import add_profile, use_profile

FLAGS = (
    "cloud_id", "index", "field", "title", "endpoint", "rerank", "ca_file", "fingerprint", "client_cert", "client_key",
    "accent", "user", "tokenizer",
)  # fmt: skip
"""Flags that are keys of a profile as they are."""


def add(arguments: Namespace) -> int:
    """Write a profile into the profiles file."""
    path = user_paths().profiles
    profiles = add_profile(path, arguments.name, _values(arguments), arguments.replace)
    profile = profiles.named(arguments.name)
    sys.stdout.write(f"{profile.name}: {_where(profile)}, credentials: {profile.asks_as}\nWritten to {path}\n")
    if not profile.verify:
        say("The certificate of the server is NOT checked: anybody in between can read along.")
    sys.stdout.write(f"Check it: workbench profile test {profile.name}\n")
    return 0


def _values(arguments: Namespace) -> dict[str, Any]:
    hosts = arguments.host or []
    if any("@" in host for host in hosts):
        raise BadInputError(
            "--host holds credentials, which would stand in the profiles file in clear.",
            "Use --user NAME with --password-env VARIABLE, --password-command or --password-keyring.",
        )
    values: dict[str, Any] = {"hosts": hosts} if hosts else {}
    for key in (*FLAGS, *SECRETS):
        if value := getattr(arguments, key, None):
            values[key] = shlex.split(value) if key.endswith("_command") else value
    for key in ("ca_file", "client_cert", "client_key"):
        if key in values:
            values[key] = str(Path(values[key]).expanduser().absolute())
    if "tokenizer" in values:
        values["tokenizer"] = anchored(values["tokenizer"], Path.cwd())
    if arguments.fields:
        values["fields"] = [field.strip() for field in arguments.fields.split(",") if field.strip()]
    if arguments.insecure:
        values["verify"] = False
    return values


def list_all(arguments: Namespace) -> int:
    """Print one line per profile, and this machine."""
    profiles = _load()
    rows: list[tuple[str, ...]] = [(THIS_MACHINE, "this machine")]
    for profile in profiles.profiles.values():
        loud = () if profile.verify else ("TLS NOT VERIFIED",)
        rows.append((profile.name, _where(profile), profile.index or "no index", profile.asks_as, *loud))
    for row in rows:
        mark = "*" if row[0] == (profiles.default or THIS_MACHINE) else " "
        sys.stdout.write("\t".join((f"{mark} {row[0]}", *row[1:])) + "\n")
    return 0


def use(arguments: Namespace) -> int:
    """Choose the profile that is used when none is named."""
    name = "" if arguments.name == THIS_MACHINE else arguments.name
    use_profile(user_paths().profiles, name)
    sys.stdout.write(f"The default is {name or 'this machine'}.\n")
    return 0


def test(arguments: Namespace) -> int:
    """Check everything from the address to the endpoint; 1 when a check failed, 3 when nobody answers."""
    profiles = _load()
    profile = profiles.named(_chosen(arguments, profiles))
    checks = asyncio.run(examine(profile, show=None if arguments.format == "json" else show))
    ok = all(check.ok for check in checks)
    if arguments.format == "json":
        rows = [
            {"check": check.name, "ok": check.ok, "verdict": check.verdict, "message": check.says, "hint": check.next}
            for check in checks
        ]
        sys.stdout.write(json_text({"profile": profile.name, "ok": ok, "checks": rows}))
    elif ok:
        remarks = sum(check.verdict is Verdict.REMARK for check in checks)
        seen = f"Nothing keeps {profile.name} from being used, but see the {noun(remarks, 'remark')} above"
        says = seen if remarks else f"{profile.name} can be used"
        sys.stdout.write(f"\n{says}: workbench --profile {profile.name}\n")
    return 0 if ok else 3 if checks[-1].unreachable else 1


async def examine(profile: Profile, show: Callable[[Check], None] | None = None) -> list[Check]:
    """Walk through the checks of a profile.

    Args:
        profile: Which one.
        show: Called with each check as it is made.
    """
    from workbench.engines.elasticsearch.checkup import checkup
    from workbench.engines.elasticsearch.connection import Connection

    connection = Connection(profile)
    checks = []
    try:
        async for check in checkup(connection, user_paths().templates):
            checks.append(check)
            if show:
                show(check)
    finally:
        await connection.close()
    return checks


def _load() -> Profiles:
    profiles = load_profiles(user_paths().profiles, os.environ)
    for warning in profiles.warnings:
        say(warning)
    return profiles


def _chosen(arguments: Namespace, profiles: Profiles) -> str:
    name = arguments.name or getattr(arguments, "profile", "") or profiles.default
    if not name and len(profiles.profiles) == 1:
        return next(iter(profiles.profiles))
    if name in ("", THIS_MACHINE):
        known = f"There are: {', '.join(profiles.profiles)}." if profiles.profiles else "There is none yet."
        raise BadInputError("No profile is named, and the default is this machine.", f"{known} Try: workbench doctor")
    return name


def _where(profile: Profile) -> str:
    return single_line(", ".join(profile.hosts) or f"cloud id {profile.cloud_id.partition(':')[0]}", 200)

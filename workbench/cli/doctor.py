"""`workbench doctor`: checks everything that can be checked, and says what to do about each finding."""

import asyncio
import os
import shutil
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from workbench import __version__
from workbench.cli.checks import show
from workbench.cli.progress import noun
from workbench.cli.wiring import model_store, reader_of, tokenizer_files
from workbench.config.paths import Paths, bundled, user_paths
from workbench.config.settings import THIS_MACHINE, Settings, load_settings
from workbench.config.themes import load_themes
from workbench.domain.check import Check, Verdict, failed, ok, remark
from workbench.domain.deployment import ModelState
from workbench.domain.errors import WorkbenchError
from workbench.domain.text import single_line

ROOM_NEEDED = 400_000_000
"""Bytes that fetching and preparing the default model takes at its peak, rounded up."""


def run(arguments: Namespace) -> int:
    """Print every check; 1 when one has a finding."""
    findings = 0
    for check in checks(user_paths(), getattr(arguments, "profile", "")):
        findings += not check.ok
        show(check)
    sys.stdout.write(f"\n{findings} {noun(findings, 'finding')}\n")
    return 1 if findings else 0


def checks(paths: Paths, profile: str = "") -> Iterator[Check]:
    """Look at everything, one after another; a check that fails does not stop the next.

    Args:
        paths: The user's folders.
        profile: Whose cluster is looked at too; by default, the one that the app would start with.
    """
    yield ok("version", f"workbench {__version__}, Python {sys.version.split()[0]}, {sys.platform}")
    yield _terminal()
    for name in ("config", "data", "cache"):
        yield _folder(name, getattr(paths, name))
    try:
        settings = load_settings(paths.settings)
        yield ok("settings", str(paths.settings) if paths.settings.exists() else "defaults, no file")
    except WorkbenchError as error:
        settings = Settings()
        yield failed("settings", error.message, error.hint)
    yield from _themes(paths, settings)
    yield from _corpora(paths, settings)
    yield from _models(paths, settings)
    yield from _tokenizer(paths, settings.tokenizer)
    yield from _profiles(paths, profile or settings.profile)


def _terminal() -> Check:
    if not sys.stdout.isatty():
        return ok("terminal", "standard output is no terminal; the app needs one, commands do not")
    size = shutil.get_terminal_size()
    if size.columns < 80 or size.lines < 24:
        return failed("terminal", f"{size.columns}×{size.lines}", "Make it at least 80×24.")
    if "utf" not in (sys.stdout.encoding or "").lower():
        return failed("terminal", f"encoding {sys.stdout.encoding}", "Set a UTF-8 locale, such as LANG=C.UTF-8.")
    return ok("terminal", f"{size.columns}×{size.lines}, {os.environ.get('TERM', 'no TERM')}")


def _folder(name: str, folder: Path) -> Check:
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not os.access(nearest, os.W_OK):
        return failed(name, f"{folder} cannot be written", "Mend its permissions, or set WORKBENCH_HOME.")
    free = shutil.disk_usage(nearest).free
    if name == "cache" and free < ROOM_NEEDED:
        return failed(name, f"{folder}: {free / 1e6:.0f} MB free", f"Free {ROOM_NEEDED / 1e6:.0f} MB for a model.")
    return ok(name, f"{folder}, {free / 1e9:.1f} GB free")


def _themes(paths: Paths, settings: Settings) -> Iterator[Check]:
    themes, refused = load_themes([bundled("themes"), paths.themes])
    for error in refused:
        yield failed("theme", error.message, error.hint)
    if themes:
        yield ok("themes", ", ".join(theme.name for theme in themes))
    else:
        yield failed("themes", "none found", "Install workbench anew.")


def _corpora(paths: Paths, settings: Settings) -> Iterator[Check]:
    from workbench.engines.corpora import BrokenCorpus, list_corpora

    found = list_corpora(paths.corpora)
    for corpus in found:
        if isinstance(corpus, BrokenCorpus):
            yield failed("corpus", f"{corpus.name}: {corpus.error.message}", corpus.error.hint)
        else:
            yield ok("corpus", f"{corpus.name}: {corpus.documents:,} {noun(corpus.documents, 'document')}")
    if not found:
        yield ok("corpus", "none yet; the bundled help-center is indexed when it is first opened")


def _models(paths: Paths, settings: Settings) -> Iterator[Check]:
    store = model_store(paths)
    for card in store.cards():
        status = store.status(card.id)
        wanted = card.id == settings.model
        says = f"{card.id}: {status.state}{f', {status.reason}' if status.reason else ''}"
        if wanted and status.state is ModelState.ABSENT:
            says += "; it is fetched when it is first needed"
        verdict = Verdict.FAILED if status.state is ModelState.FAILED else Verdict.OK
        yield Check("model", verdict, single_line(says), single_line(status.next or "" if wanted else ""))


def _tokenizer(paths: Paths, reference: str, profile: str = "") -> Iterator[Check]:
    """Whether what counts tokens for a cluster's model can be opened; nothing is fetched for it."""
    whose = f"{profile}: " if profile else ""
    if not reference:
        if not profile:
            yield ok("tokenizer", "none is named; tokens of a cluster's model are estimated")
        return
    try:
        found = tokenizer_files(paths).cached(reference)
        if found is None:
            yield ok("tokenizer", f"{whose}{reference} counts; it is fetched when it is first needed")
            return
        reader = reader_of(found)
    except WorkbenchError as error:
        yield failed("tokenizer", f"{whose}{error.message}", error.hint)
        return
    reads = f"{reader.window.budget:,} tokens, {reader.window.strategy}"
    yield ok("tokenizer", f"{whose}{reference} counts; {reads}")


def _profiles(paths: Paths, name: str) -> Iterator[Check]:
    from workbench.cli.profile import examine
    from workbench.config.profiles import load_profiles

    try:
        found = load_profiles(paths.profiles, os.environ)
        names = ", ".join(found.profiles) or "none; the embedded engine needs none"
        yield ok("profiles", names)
        for warning in found.warnings:
            yield remark("profiles", warning)
        name = name or found.default
        if name in ("", THIS_MACHINE):
            return
        profile = found.named(name)
    except WorkbenchError as error:
        yield failed("profiles", error.message, error.hint)
        return
    yield from _tokenizer(paths, profile.tokenizer, profile.name)
    yield from asyncio.run(examine(profile))

"""`workbench index`: the one command that writes to a cluster; it names the target and asks first."""

import asyncio
import os
import shlex
import sys
from argparse import Namespace
from collections.abc import Iterator
from itertools import chain

from workbench.cli.left_out import tell_ignored, tell_left_out
from workbench.cli.main import say
from workbench.cli.progress import DocumentProgress, noun
from workbench.config.paths import user_paths
from workbench.config.profiles import load_profiles
from workbench.corpora.base import Columns, Reader
from workbench.corpora.judgments import read_judged
from workbench.corpora.open import open_corpus
from workbench.domain.documents import Document
from workbench.domain.errors import BadInputError, StoppedError
from workbench.domain.text import single_line
from workbench.engines.elasticsearch.bulk import EMBEDDING, PLAIN, BulkLoad
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.failures import ClusterError
from workbench.engines.elasticsearch.target import (
    Target,
    check_endpoint,
    check_fits,
    check_name,
    create_target,
    delete_target,
    find_target,
    visible_documents,
)
from workbench.services.intake import Intake


def run(arguments: Namespace) -> int:
    """Write documents into an index; 1 when some were left out or refused, or the index holds another number."""
    check_name(arguments.index)
    if arguments.shards is not None and arguments.shards < 1:
        raise BadInputError(f"--shards {arguments.shards}: an index has one shard or more.")
    connection = Connection(load_profiles(user_paths().profiles, os.environ).named(arguments.profile))
    intake = Intake(open_corpus(arguments.path, _columns(arguments)))
    documents = _readable(arguments, intake)
    # The loop stands still while the person is asked, so that Ctrl-C ends the question.
    with asyncio.Runner() as runner:
        try:
            found = runner.run(_look(arguments, connection))
            _ask(arguments, found, runner.run(_lines(arguments, connection, found, intake.reader)))
            return runner.run(_write(arguments, connection, found, intake, documents))
        finally:
            runner.run(connection.close())


def _columns(arguments: Namespace) -> Columns:
    return Columns(arguments.id, arguments.title, arguments.body)


def _readable(arguments: Namespace, intake: Intake) -> Iterator[Document]:
    """The documents, of which there is one at least; when told to be strict, all have been read once."""
    if arguments.strict:
        for _ in Intake(open_corpus(arguments.path, _columns(arguments)), strict=True).documents():
            pass
    documents = intake.documents()
    first = next(documents, None)
    if first is None:
        tell_left_out(intake.named, intake.skipped)
        raise BadInputError(f"{_source(arguments)} holds no documents that can be read.", "Nothing was written.")
    return chain([first], documents)


async def _look(arguments: Namespace, connection: Connection) -> Target | None:
    """Find what has the index's name, and refuse what must not be written to."""
    server = await connection.server()
    found = await find_target(connection, arguments.index)
    if found and not (arguments.append or arguments.recreate):
        raise BadInputError(
            f"{arguments.index} exists on {single_line(server.name, 80)} and holds {_documents(found.documents)}.",
            "--append adds to it and overwrites what has the same id; --recreate deletes it first.",
        )
    if found and arguments.append:
        if arguments.shards:
            raise BadInputError(f"{arguments.index} exists; its number of shards stays.", "Leave out --shards.")
        check_fits(found, arguments.semantic)
    if arguments.semantic:
        await check_endpoint(connection, arguments.semantic)
    return found


async def _lines(arguments: Namespace, connection: Connection, found: Target | None, reader: Reader) -> list[str]:
    """Where it would be written, what happens there, and what is written."""
    server, profile = await connection.server(), connection.profile
    where = " ".join(profile.hosts[:1]) or f"cloud id {profile.cloud_id.partition(':')[0]}"
    version = server.flavour if server.flavour == "serverless" else ".".join(map(str, server.version))
    if not found:
        what = "new"
    elif arguments.append:
        what = f"holds {_documents(found.documents)}; what has the same id is overwritten"
    else:
        what = f"IS DELETED with {_documents(found.documents)}, and made anew"
    semantic = f"; {arguments.semantic} reads every document" if arguments.semantic else ""
    size = "" if reader.total_bytes is None else f", {reader.total_bytes / 1e6:,.1f} MB"
    unchecked = "" if profile.verify else " — TLS NOT VERIFIED"
    return [
        f"cluster  {single_line(server.name, 80)} ({version}) at {where}, profile {profile.name}{unchecked}",
        f"index    {arguments.index}: {what}{semantic}",
        f"source   {_source(arguments)} ({reader.kind}{size})",
    ]


def _ask(arguments: Namespace, found: Target | None, lines: list[str]) -> None:
    """Show the target and wait for a yes; to delete an index takes its name."""
    for line in lines:
        say(line)
    if arguments.yes:
        return
    if not sys.stdin.isatty():
        raise BadInputError("This writes to a cluster, and there is no terminal to ask on.", "Add --yes to go ahead.")
    deletes = found and arguments.recreate
    question = "Type the name of the index to delete it: " if deletes else "Write to it? [y/N] "
    sys.stderr.write(question)
    sys.stderr.flush()
    answer = sys.stdin.readline().strip()
    if not (answer == arguments.index if deletes else answer.lower() in ("y", "yes")):
        raise StoppedError("Nothing was written.")


async def _write(
    arguments: Namespace, connection: Connection, found: Target | None, intake: Intake, documents: Iterator[Document]
) -> int:
    name = arguments.index
    kept = found if arguments.append else None
    if found and not kept:
        await delete_target(connection, name)
    if not kept:
        aliases = found.aliases if found else {}
        try:
            await create_target(connection, name, shards=arguments.shards, endpoint=arguments.semantic, aliases=aliases)
        except ClusterError:
            if found:
                say(f"{name} is deleted, and was not made anew:")
            raise
    before = await visible_documents(connection, name) if kept else 0
    slow = arguments.semantic or (kept and kept.semantic)
    load = BulkLoad(connection, name, existing=kept is not None, pace=EMBEDDING if slow else PLAIN)
    place = f"{connection.profile.name}:{name}"
    try:
        with DocumentProgress(place, intake.reader.total_bytes) as bar:
            await load.run(documents, lambda done: bar.show(done, intake.reader.bytes_read))
    except BaseException:
        instead = " instead of --recreate" if arguments.recreate else ""
        say(f"{place}: {_documents(load.present)} of these so far. To go on from there, use --append{instead}.")
        raise
    after = await visible_documents(connection, name)
    _report(arguments, place, load, after)
    tell_left_out(intake.named, intake.skipped)
    tell_ignored(intake.reader)
    _tell_judged(arguments, intake.reader)
    whole = _tell_count(load, before, after)
    sys.stdout.write(f"Search it: workbench --profile {connection.profile.name} --corpus {name}\n")
    return 1 if intake.skipped or load.refused or not whole else 0


def _report(arguments: Namespace, place: str, load: BulkLoad, after: int | None) -> None:
    tally = {"added": load.added, "replaced": load.replaced, "there already": load.unchanged, "refused": load.refused}
    parts = ", ".join(f"{number:,} {word}" for word, number in tally.items() if number)
    total = "" if after is None else f"{_documents(after)}; "
    sys.stdout.write(f"{place}: {total}{parts}\n")
    for refused in load.named:
        say(f"refused: {refused}")
    if load.refused > len(load.named):
        say(f"refused: {load.refused - len(load.named):,} more")


def _tell_count(load: BulkLoad, before: int | None, after: int | None) -> bool:
    """Compare what the index holds with what was written; true when it is right, or nobody can tell."""
    if before is None or after is None:
        say("How many documents the index holds is not verified: this user may not refresh it.")
        return True
    expected = before + load.added
    if after != expected:
        say(f"The index holds {_documents(after)}, not {expected:,}: somebody else writes to it or deletes from it.")
    return after == expected


def _tell_judged(arguments: Namespace, reader: Reader) -> None:
    judged = read_judged(reader.judged_root) if reader.judged_root else None
    if judged and judged.queries:
        queries = f"{len(judged.queries):,} {noun(len(judged.queries), 'query', 'queries')}"
        judgments = f"{len(judged.judgments):,} {noun(len(judged.judgments), 'judgment')}"
        say(f"{queries} and {judgments} stay behind, as a cluster keeps documents alone.")
        say(f"To have them on this machine: workbench corpus add {shlex.quote(_source(arguments))}")


def _source(arguments: Namespace) -> str:
    return single_line(arguments.path, 200)


def _documents(number: int) -> str:
    return f"{number:,} {noun(number, 'document')}"

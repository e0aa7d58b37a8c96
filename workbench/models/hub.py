"""Takes models from the Hugging Face hub, or any server that speaks its layout, and resumes what was interrupted."""

import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit

from workbench.domain.deployment import Progress
from workbench.domain.errors import ModelUnavailableError
from workbench.models.source import AbsentFileError, Checksum, ModelFile, Report, check_stop, digest, total_size
from workbench.models.web import clear_errors, host_of, open_client

if TYPE_CHECKING:
    import httpx

PUBLIC = "https://huggingface.co"
ATTEMPTS = 4
"""Tries per file after the connection broke; each resumes."""
PAUSE = 0.5
"""Seconds before the second try, twice as long before the third, and so on."""
REDIRECTS = 5
_HASHES = {40: "git-blob", 64: "sha256"}
"""What the hub's ETag is, by its length in hex digits."""
_HEX = re.compile("[0-9a-f]+")
_VISIBLE = re.compile("[!-~]+")
_WEB = re.compile("https?://[^/]")
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_REASONS = {
    401: "wants a token for {repository} or does not have it; set HF_TOKEN",
    403: "refuses access to {repository}; its terms may have to be accepted, and HF_TOKEN set",
    404: "has no {file} in {repository}",
    429: "has had too many requests; try again later",
}


@dataclass(frozen=True)
class Hub:
    """A repository on the hub that `HF_ENDPOINT` names, else on the public one."""

    repository: str
    """Such as `owner/model`."""
    revision: str = "main"

    @property
    def name(self) -> str:
        """The server and the repository."""
        return f"{host_of(_endpoint())}/{self.repository}"

    def fetch(
        self, model: str, files: Sequence[ModelFile], folder: Path, report: Report, stop: threading.Event
    ) -> Sequence[ModelFile] | None:
        """Download the files; see `Source.fetch`."""
        if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "on", "yes", "true"):
            raise ModelUnavailableError("HF_HUB_OFFLINE is set")
        if not _WEB.match(_endpoint()):
            raise ModelUnavailableError("HF_ENDPOINT is not a web address")
        report(None)
        with open_client() as client, clear_errors():
            server = _Server(client, _endpoint(), _token(), self, stop)
            known = [_within_limit(server.describe(file)) for file in files]
            total, done = total_size(known), 0
            for file in known:
                target = folder / file.name
                server.download(file, target, _shifted(report, done, total))
                done += target.stat().st_size
        return known


@dataclass(frozen=True)
class _Server:
    client: "httpx.Client"
    endpoint: str
    token: str
    hub: Hub
    stop: threading.Event

    def describe(self, file: ModelFile) -> ModelFile:
        """Fill in what the hub itself declares, without following the way to its storage."""
        url, is_hub = self._url(file), False
        for _ in range(REDIRECTS):
            check_stop(self.stop)
            answer = self.client.head(url, headers=self._authorization(url))
            self._check(answer, file)
            is_hub = is_hub or "x-repo-commit" in answer.headers
            onward = urljoin(url, answer.headers["location"]) if answer.has_redirect_location else ""
            if not onward or "x-linked-etag" in answer.headers or not self._ours(onward):
                break
            url = onward
        size = answer.headers.get("x-linked-size") or (not onward and answer.headers.get("content-length")) or ""
        return replace(
            file,
            size=file.size if file.size is not None else int(size) if size.isdecimal() else None,
            checksum=file.checksum or _declared(answer, is_hub),
        )

    def download(self, file: ModelFile, target: Path, report: Callable[[int], None]) -> None:
        """Bring one file, going on where an earlier call was interrupted if the content is known to be the same."""
        import httpx

        if self._is_here(file, target):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.{file.checksum.short if file.checksum else 'unknown'}.part")
        for attempt in range(1, ATTEMPTS + 1):
            if not file.checksum:
                part.unlink(missing_ok=True)
            try:
                self._stream(file, part, report)
                break
            except httpx.TransportError:
                if attempt == ATTEMPTS:
                    raise
                self.stop.wait(attempt * PAUSE)
        part.replace(target)

    def _is_here(self, file: ModelFile, target: Path) -> bool:
        if not file.checksum or not target.is_file():
            return False
        return digest(target, file.checksum.algorithm, self.stop) == file.checksum.value

    def _stream(self, file: ModelFile, part: Path, report: Callable[[int], None]) -> None:
        import httpx

        done = part.stat().st_size if part.is_file() else 0
        if file.size is not None and done == file.size:
            return
        if file.size is not None and done > file.size:
            done = 0
        with self._open(file, done) as answer:
            status = answer.status_code
            misplaced = status == httpx.codes.PARTIAL_CONTENT and not _goes_on(answer, done, file.size)
            if misplaced or status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.unlink(missing_ok=True)
                raise httpx.RemoteProtocolError("The server could not resume.")
            self._check(answer, file)
            if status != httpx.codes.PARTIAL_CONTENT:
                done = 0
            with part.open("ab" if done else "wb") as writer:
                for chunk in answer.iter_raw():
                    check_stop(self.stop)
                    writer.write(chunk)
                    done += len(chunk)
                    if file.size is not None and done > file.size:
                        break
                    _within_limit(replace(file, size=done))
                    report(done)
        if file.size is not None and done != file.size:
            if done > file.size:
                part.unlink()
            raise httpx.RemoteProtocolError(f"Received {done} bytes of {file.size}.")

    @contextmanager
    def _open(self, file: ModelFile, start: int) -> "Iterator[httpx.Response]":
        """Follow redirects by hand, so that the token stays with the host it belongs to."""
        import httpx

        url = self._url(file)
        wanted = {"Range": f"bytes={start}-"} if start else {}
        for _ in range(REDIRECTS):
            check_stop(self.stop)
            with self.client.stream("GET", url, headers={**wanted, **self._authorization(url)}) as answer:
                if not answer.has_redirect_location:
                    yield answer
                    return
                url = urljoin(url, answer.headers["location"])
        raise httpx.TooManyRedirects("Too many redirects.")

    def _url(self, file: ModelFile) -> str:
        revision = quote(self.hub.revision, safe="")
        return f"{self.endpoint}/{quote(self.hub.repository)}/resolve/{revision}/{quote(file.name)}"

    def _ours(self, url: str) -> bool:
        return urlsplit(url)[:2] == urlsplit(self.endpoint)[:2]

    def _authorization(self, url: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token and self._ours(url) else {}

    def _check(self, answer: "httpx.Response", file: ModelFile) -> None:
        if answer.is_success or answer.has_redirect_location:
            return
        status = answer.status_code
        reason = _REASONS.get(status, "answers {status}").format(
            repository=self.hub.repository, file=file.name, status=status
        )
        kind = AbsentFileError if status == 404 else ModelUnavailableError
        raise kind(f"{host_of(str(answer.url))} {reason}", detail=f"HTTP {status}")


def _endpoint() -> str:
    return (os.environ.get("HF_ENDPOINT", "").strip() or PUBLIC).rstrip("/")


def _token() -> str:
    token = os.environ.get("HF_TOKEN", "").strip()
    # Said here, because the network library would quote it in its complaint.
    if token and not _VISIBLE.fullmatch(token):
        raise ModelUnavailableError("HF_TOKEN holds characters that no token has")
    return token


def _within_limit(file: ModelFile) -> ModelFile:
    if file.limit is not None and (file.size or 0) > file.limit:
        raise ModelUnavailableError(f"{file.name} is larger than {file.limit / 1e6:g} MB")
    return file


def _shifted(report: Report, before: int, total: int) -> Callable[[int], None]:
    return lambda done: report(Progress(before + done, total, "bytes") if total else None)


def _declared(answer: "httpx.Response", is_hub: bool) -> Checksum | None:
    """The hash that the hub names a file by; other servers' ETags mean other things."""
    etag = answer.headers.get("x-linked-etag") or (answer.headers.get("etag", "") if is_hub else "")
    etag = etag.removeprefix("W/").strip('"').lower()
    algorithm = _HASHES.get(len(etag)) if _HEX.fullmatch(etag) else None
    return Checksum(algorithm, etag) if algorithm else None


def _goes_on(answer: "httpx.Response", done: int, size: int | None) -> bool:
    """Whether the body starts where ours ends, in a file that is still `size` bytes long."""
    match = _CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))
    return match is not None and int(match[1]) == done and (size is None or match[2] in ("*", str(size)))

"""A file as a stream of UTF-8 bytes, whatever Unicode encoding it was written in."""

import codecs
import io
from collections.abc import Callable
from pathlib import Path

from workbench.corpora.base import RECORD_LIMIT

_SNIFFED = 8 * 1024
_PIECE = 256 * 1024
TOO_LARGE = f"over the limit of {RECORD_LIMIT // 1024**2} MiB"


class UnreadableError(Exception):
    """A file cannot be read; the text is the reason."""


class _Utf8(io.RawIOBase):
    """Reads a file, counting its bytes and turning UTF-16 into UTF-8 on the way."""

    def __init__(
        self, file: io.FileIO, decoder: codecs.IncrementalDecoder | None, count: Callable[[int], None]
    ) -> None:
        self._file = file
        self._decoder = decoder
        self._count = count
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        if self._decoder is None:
            size = self._file.readinto(buffer) or 0
            self._count(size)
            return size
        more = True
        while more and not self._ready:
            piece = self._file.read(_PIECE) or b""
            self._count(len(piece))
            more = bool(piece)
            self._ready = self._decoder.decode(piece, not more).encode()
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


def open_utf8(path: Path, count: Callable[[int], None] = lambda _: None) -> tuple[io.BufferedReader, int]:
    """Open a text file as UTF-8, without its byte order mark.

    UTF-16 needs a byte order mark; its unpaired surrogates become U+FFFD. UTF-8 is not checked here.

    Args:
        path: The file.
        count: Told the number of bytes each time some were read.

    Returns:
        The stream, and how many bytes of the file come before it.

    Raises:
        UnreadableError: It is binary, or in UTF-32.
        OSError: It cannot be opened.
    """
    file = io.FileIO(path)
    try:
        head = file.read(_SNIFFED) or b""
        if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
            raise UnreadableError("in UTF-32; only UTF-8 and UTF-16 are read (byte 0)")
        start, decoder = 0, None
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            decoder = codecs.getincrementaldecoder("utf-16")("replace")
        elif b"\0" in head:
            raise UnreadableError(f"a binary file (NUL at byte {head.index(0)})")
        elif head.startswith(codecs.BOM_UTF8):
            start = len(codecs.BOM_UTF8)
        file.seek(start)
    except BaseException:
        file.close()
        raise
    return io.BufferedReader(_Utf8(file, decoder, count), _PIECE), start


def read_text(path: Path) -> str:
    """Read a whole file of at most `RECORD_LIMIT` bytes.

    Raises:
        UnreadableError: It is larger, binary, or not in a Unicode encoding.
        OSError: It cannot be read.
    """
    stream, start = open_utf8(path)
    with stream:
        data = stream.read(RECORD_LIMIT + 1)
    if len(data) > RECORD_LIMIT:
        raise UnreadableError(TOO_LARGE)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UnreadableError(not_utf8(start + error.start)) from None


def reason(error: OSError | UnreadableError) -> str:
    """Say in a few words why a file cannot be read."""
    return (error.strerror or "cannot be read").lower() if isinstance(error, OSError) else str(error)


def not_utf8(offset: int) -> str:
    """Say where a file stops being UTF-8; `offset` is in bytes from its start."""
    return f"not UTF-8 at byte {offset}"

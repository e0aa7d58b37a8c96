"""The gate that untrusted text passes before anything else sees it.

Documents, titles, file names and error bodies can hold terminal escape sequences, direction
overrides and invisible characters.
"""

import re

_LINE_ENDS = re.compile("\r\n|[\r\x85\u2028\u2029]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200e\u200f\u202a-\u202e\u2061-\u206f\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def sanitize(text: str) -> str:
    """Make text safe to print on any terminal.

    Line ends of every kind become a newline. Soft hyphens, zero-width characters and byte order marks
    go. Any other control character (C0, C1, bidirectional, tag, surrogate) becomes U+FFFD, so that it
    shows that something was there. Tab and newline stay. Doing it twice changes nothing.
    """
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text))
    return _UNSAFE.sub(_REPLACEMENT, text)


def single_line(text: str, limit: int = 0) -> str:
    """Sanitise and fold to one line, for list rows, table cells and messages.

    Args:
        text: Any text.
        limit: Greatest number of characters; longer text ends in an ellipsis. 0 means no limit.

    Returns:
        One line without tabs.
    """
    if limit:
        text = text[: 4 * limit + 64]
    line = " ".join(sanitize(text).split())
    return line if not limit or len(line) <= limit else line[: limit - 1].rstrip() + "…"

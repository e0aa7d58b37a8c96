"""The title and the readable text of an HTML page.

The standard library's tokenizer, because a tree takes memory without bound on crafted pages: formatting
elements that are never closed are repeated in every paragraph that follows.
"""

import re
from html.parser import HTMLParser

from workbench.corpora.stream import UnreadableError

_HIDDEN = {"script", "style", "template"}
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_PARAGRAPHS = "address article aside blockquote dl figure footer form header hr main nav ol p pre section table ul"
_LINES = "body br caption dd details div dt fieldset figcaption legend li option summary title tr"
_BREAKS = {
    tag: gap for gap, tags in (("\n\n", _PARAGRAPHS), ("\n", _LINES), (" ", "td th")) for tag in tags.split()
} | dict.fromkeys(_HEADINGS, "\n\n")
"""What comes before and after an element; within a line, nothing."""
_SPACE = re.compile(r"[ \t\n\r\f]+")
_GAP = re.compile(r"\n{3,}")


def web_page(text: str) -> tuple[str, str]:
    """Read a page.

    Returns:
        The first `h1`, else the `title`, else the first heading, else nothing; and the text without that heading.

    Raises:
        UnreadableError: It has a declaration that makes no sense.
    """
    page = _Page()
    try:
        # Never closed: at the end of a page the tokenizer may go over unfinished tags again and again.
        page.feed(text + "\n")
    except AssertionError as error:
        raise UnreadableError(f"broken HTML: {error}") from error
    return page.title_and_body()


class _Page(HTMLParser):
    """Collects text with line breaks between blocks, and remembers where headings stand in it."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[str] = ["\n"]
        self._title: list[str] = []
        self._headings: dict[str, slice] = {}
        """The first heading of each level, in order, as a range of parts."""
        self._heading = ""
        self._heading_start = 0
        self._hidden = ""
        self._in_title = False
        self._preformatted = False

    def title_and_body(self) -> tuple[str, str]:
        """Choose the title and leave it out of the body."""
        self._end_heading()
        headings = {level: " ".join("".join(self._parts[place]).split()) for level, place in self._headings.items()}
        named = [level for level, text in headings.items() if text]
        title = " ".join("".join(self._title).split())
        if "h1" in named or (named and not title):
            level = "h1" if "h1" in named else named[0]
            title = headings[level]
            del self._parts[self._headings[level]]
        lines = (line.rstrip() for line in "".join(self._parts).split("\n"))
        return title, _GAP.sub("\n\n", "\n".join(lines)).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden = self._hidden or tag
        elif tag == "title":
            self._in_title = not self._title
        self._break(tag)
        if tag in _HEADINGS:
            self._heading, self._heading_start = tag, len(self._parts)
        elif tag == "pre":
            self._preformatted = True

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = ""
        elif tag == "title":
            self._in_title = False
        elif tag == "pre":
            self._preformatted = False
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._in_title:
            self._title.append(data)
            return
        if not self._preformatted:
            data = _SPACE.sub(" ", data)
            if self._parts[-1].endswith((" ", "\n")):
                data = data.removeprefix(" ")
        if data:
            self._parts.append(data)

    def _break(self, tag: str) -> None:
        gap = _BREAKS.get(tag)
        if gap is None or (gap == " " and self._parts[-1].endswith((" ", "\n"))):
            return
        self._parts.append(gap)
        if gap != " " and tag != "br":
            self._end_heading()

    def _end_heading(self) -> None:
        if self._heading:
            self._headings.setdefault(self._heading, slice(self._heading_start, len(self._parts)))
            self._heading = ""

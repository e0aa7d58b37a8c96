"""Documents that try to take over the terminal, the screen, the clipboard, a spreadsheet or a reader.

Everything that shows or stores text is tested with them. No character that `workbench.domain.text` calls unsafe
may come out anywhere, and no document may be lost on the way.
"""

import csv
import html
import json
from pathlib import Path

from workbench.domain.documents import Document

ESC, BEL = "\x1b", "\x07"

HOSTILE: list[tuple[str, str, str]] = [
    # name, title, body; a title is one line, and every body says something that can be read
    ("osc-title", f"Set {ESC}]0;owned{BEL} title", f"window {ESC}]0;owned{BEL} and {ESC}]2;owned{ESC}\\ title"),
    ("osc-link", f"A {ESC}]8;;https://evil.example/{ESC}\\link{ESC}]8;;{ESC}\\", f"{ESC}]8;id=1;file:///etc{BEL}click"),
    ("osc-clipboard", "Clipboard", f"before {ESC}]52;c;cm0gLXJmIH4K{BEL} after, unclosed {ESC}]52;c;cm0"),
    ("csi", f"{ESC}[31mRed{ESC}[0m", f"clear {ESC}[2J{ESC}[H home {ESC}[?1049h {ESC}[6n {ESC}P+q544e{ESC}\\ {ESC}c"),
    ("c1", "C1 \x9b31m title", "csi \x9b2J osc \x9d0;owned\x9c dcs \x90 nel \x85 end"),
    (
        "del",
        "Del\x7fete",
        "backspace \x08\x08\x08 and \x7f\x7f, bell \x07, form feed \x0c, vertical tab \x0b, shift \x0e",
    ),
    # Far from the beginning, where a NUL says that a file is binary.
    ("nul", "A NUL far in", "far " * 2500 + "nul \x00 and then more"),
    ("carriage-return", "Overwritten", "this line is hidden\rshown instead\r\nnext\rlast"),
    (
        "bidi-override",
        "gnp.\u202eexe.photo\u202c",
        "\u202dleft\u202c \u202aembed\u202c \u202bembed\u202c \u200emark\u200f \u061c",
    ),
    (
        "bidi-isolate",
        "\u2066isolate\u2069",
        "access \u2067level\u2069 != \u2068user\u2069 and one that is never closed \u2067",
    ),
    (
        "zero-width",
        "zero\u200bwidth\u200c title",
        "in\u200bvis\u200cib\u200dle \u2060joiner \ufeffmark soft\u00adhyphen \u180e",
    ),
    ("tags", "Tag characters", "hidden \U000e0041\U000e0042\U000e007f text \ufff9base\ufffaruby\ufffb"),
    ("line-separators", "Lines", "one\u2028two\u2029three\x85four"),
    (
        "textual-markup",
        "[/x] [red]title[/] [bold",
        "[/x] [red] [@click=app.quit]quit[/] [link=https://evil.example]x[/link] [/]",
    ),
    ("textual-variables", "[$primary]title", "[on $error]x[/] \\[escaped] [[double]] [@click=app.copy('x')] ] [ [] [/"),
    (
        "rich-markup",
        "[bold red]Rich[/bold red]",
        ":smile: [blink]x[/blink] [link=file:///etc/passwd]x[/link] [/not-open] [b][i]",
    ),
    (
        "markdown",
        "*Title* with [link](https://evil.example) `code`",
        "![x](file:///etc/passwd) | a | b |\n\n---\n```\nopen fence",
    ),
    (
        "html",
        "<b>Bold</b> & <script>alert(1)</script>",
        "</p></body><img src=x onerror=alert(1)> <!-- open &lt; &#27; &amp",
    ),
    ("template", "${x} {{ x }} %s {0}", "{self.__class__} %(x)s $(id) `id` ; rm -rf ~ && \\n \\x1b[31m"),
    ("formula", "=1+1", "=cmd|' /C calc'!A0"),
    ("formula-at", "@SUM(1+1)", '+1,-1\t"=HYPERLINK(""https://evil.example"")"'),
    ("long-line", "A line of a million characters", "word " * 200_000),
    ("long-word", "A word of 100,000 characters", "x" * 100_000),
    ("long-title", "title " * 1_666 + "end!", "The title has 10,000 characters."),
    ("combining", "Z" + "\u0351\u0323\u0489" * 40, "a" + "\u0300" * 2_000 + " stacked"),
    ("lone-surrogates", "Half \ud83d of a pair", "high \ud800 low \udfff reversed \udc00\ud800 end"),
    ("emoji", "Family 👨‍👩‍👧‍👦 flag 🏴‍☠️ 🇺🇳", "thumbs 👍🏽 keycap 1️⃣ wide 漢字 ﷽ 𒐫 ⸻ text ☎\ufe0e emoji ☎\ufe0f"),
    ("right-to-left", "שלום עולם", "مرحبا بالعالم mixed with English 123 and עברית (brackets)"),
    ("private-use", "Private \ue000 \uf8ff", "noncharacters \ufffe \uffff \U0010ffff unassigned \u0378"),
]


def hostile_documents() -> list[Document]:
    """Make the documents as a reader would, with their names as ids."""
    return [Document.of(name, title, body) for name, title, body in HOSTILE]


def write_hostile(folder: Path) -> dict[str, Path]:
    """Write the documents below `folder` in every format; the keys are `markdown`, `html`, `jsonl` and so on.

    A lone surrogate exists in JSON alone; the others get a question mark in its place.
    """
    rows = [{"_id": name, "title": title, "text": body} for name, title, body in HOSTILE]
    places = {kind: folder / kind for kind in ("markdown", "html", "beir")}
    places |= {kind: folder / f"hostile.{kind}" for kind in ("jsonl", "json", "csv", "tsv")}
    for kind in ("markdown", "html", "beir/qrels"):
        (folder / kind).mkdir(parents=True)
    for name, title, body in HOSTILE:
        _write(folder / "markdown" / f"{name}.md", f"# {title}\n\n{body}\n")
        page = f"<title>site</title><h1>{html.escape(title)}</h1><pre>{html.escape(body)}</pre>"
        _write(folder / "html" / f"{name}.html", page)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    _write(places["jsonl"], lines)
    _write(places["json"], json.dumps(rows, indent=1))
    _write(folder / "beir" / "corpus.jsonl", lines)
    _write(folder / "beir" / "queries.jsonl", json.dumps({"_id": "q\x1b[31m1", "text": HOSTILE[0][1]}) + "\n")
    _write(folder / "beir" / "qrels" / "test.tsv", "query-id\tcorpus-id\tscore\nq\x1b[31m1\tosc-title\t1\n")
    for kind, delimiter in (("csv", ","), ("tsv", "\t")):
        with places[kind].open("w", encoding="utf-8", errors="replace", newline="") as file:
            table = csv.DictWriter(file, ["_id", "title", "text"], delimiter=delimiter, lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
    return places


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "replace"))

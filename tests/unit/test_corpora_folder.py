"""A folder of texts becomes documents."""

import os
from pathlib import Path

import pytest

from workbench.corpora.base import Record, Skipped
from workbench.corpora.open import open_corpus
from workbench.domain.documents import Document
from workbench.domain.errors import BadInputError


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def read(path: Path) -> list[Record]:
    return list(open_corpus(str(path)).records())


def only(tmp_path: Path, name: str, text: str | bytes) -> Document:
    (record,) = read(write(tmp_path, {name: text}) / name)
    assert isinstance(record, Document), record
    return record


def test_every_text_below_the_folder_is_a_document_in_the_order_of_paths(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "b.md": "# B\n\nb",
            "a/deep/er/x.rst": "X\n=\n\nx",
            "a.txt": "plain",
            "a/y.html": "<h1>Y</h1>y",
            "a/z.HTM": "<p>z",
            "c.markdown": "c",
            "logo.png": b"\x89PNG",
            "notes.jsonl": "{}",
            ".hidden.md": "no",
            ".git/x.md": "no",
            "queries.jsonl": "{}",
            "qrels/readme.txt": "no",
        },
    )
    reader = open_corpus(str(root))

    assert [(r.id, r.title, r.body) for r in reader.records() if isinstance(r, Document)] == [
        ("a", "a", "plain"),
        ("a/deep/er/x", "X", "x"),
        ("a/y", "Y", "y"),
        ("a/z", "z", "z"),
        ("b", "B", "b"),
        ("c", "c", "c"),
    ]
    assert (reader.kind, reader.ignored, reader.judged_root) == ("folder", 2, root)
    assert reader.bytes_read == reader.total_bytes


def test_ids_keep_the_suffix_only_where_two_would_collide(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.md": "one", "a.html": "two", "b.md": "three", "d/a.md": "four"})
    assert [r.id for r in read(root) if isinstance(r, Document)] == ["a.html", "a.md", "b", "d/a"]


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("# Title #\n\nBody *as* `written`.\n\n- x", "Title", "Body *as* `written`.\n\n- x"),
        ("intro\n\n## Later\nrest", "Later", "intro\n\nrest"),
        ("Underlined\n==========\n\ntext", "Underlined", "text"),
        ("```sh\n# a comment\n```\n# Real\n", "Real", "```sh\n# a comment\n```"),
        ("~~~\n```\n# still code\n~~~~\n# Real", "Real", "~~~\n```\n# still code\n~~~~"),
        ("#hashtag, not a heading", "name", "#hashtag, not a heading"),
        ("a paragraph\nof two lines\n---\nend", "name", "a paragraph\nof two lines\n---\nend"),
        ('---\ntitle: "Front"\ntags: x\n---\n# Front\n\ntext', "Front", "text"),
        ("---\ntitle: Front\n---\n# Other\n\ntext", "Front", "# Other\n\ntext"),
        ("---\n\na rule, not front matter", "name", "---\n\na rule, not front matter"),
        ("# Windows\r\n\r\nline one\r\nline two", "Windows", "line one\nline two"),
        ("# C#\n\nsharp", "C#", "sharp"),
        ("#\n\nno words in the heading", "name", "#\n\nno words in the heading"),
    ],
)
def test_the_title_is_the_first_heading_and_the_rest_stays_as_written(
    tmp_path: Path, text: str, title: str, body: str
) -> None:
    document = only(tmp_path, "name.md", text)
    assert (document.title, document.body) == (title, body)


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("=====\nTitle\n=====\n\nText.", "Title", "Text."),
        ("Title\n-----\nText.", "Title", "Text."),
        (".. note:: x\n\nSection\n~~~~~~~\n\ntext", "Section", ".. note:: x\n\n\ntext"),
        ("no title here", "name", "no title here"),
        ("text\n\n----\n\nmore", "name", "text\n\n----\n\nmore"),
    ],
)
def test_restructured_text_titles(tmp_path: Path, text: str, title: str, body: str) -> None:
    document = only(tmp_path, "name.rst", text)
    assert (document.title, document.body) == (title, body)


@pytest.mark.parametrize(
    ("page", "title", "body"),
    [
        ("<title>T</title><h1>Big <i>one</i></h1><p>a <b>b</b>c<p>d", "Big one", "a bc\n\nd"),
        ("<title>T</title><h2>Sub</h2>text", "T", "Sub\n\ntext"),
        ("<h2>Sub</h2>text<h2>Next</h2>more", "Sub", "text\n\nNext\n\nmore"),
        ("<p>none", "name", "none"),
        ("<h1>H</h1><script>var a='<p>';</script><style>p{}</style><p>x", "H", "x"),
        ("<h1>H</h1><ul><li>one<li>two</ul>a<br>b", "H", "one\ntwo\n\na\nb"),
        ("<h1>H</h1><table><tr><td>1<td>2<tr><td>3<td>4</table>", "H", "1 2\n3 4"),
        ("<h1>H</h1><pre>def f():\n    pass</pre>", "H", "def f():\n    pass"),
        ("<h1>H</h1>a   lot\n  of\tspace &amp; &lt;entities&gt; &#233;", "H", "a lot of space & <entities> é"),
        ("<h1>never closed<p>text", "never closed", "text"),
        ("<h1><img src=logo.png></h1><title>T</title>text", "T", "text"),
        ("<h1>H</h1>text <!-- comment --> more <![if x]>odd<![endif]> &bar", "H", "text more odd &bar"),
    ],
)
def test_pages_become_readable_text(tmp_path: Path, page: str, title: str, body: str) -> None:
    document = only(tmp_path, "name.html", page)
    assert (document.title, document.body) == (title, body)


def test_unclosed_formatting_in_a_page_does_not_multiply(tmp_path: Path) -> None:
    page = "".join(f"<p><b id={number}>x" for number in range(20_000))
    assert only(tmp_path, "name.html", page).body.count("x") == 20_000


def test_a_hundred_thousand_nested_elements_are_only_text(tmp_path: Path) -> None:
    assert only(tmp_path, "name.html", "<div>" * 100_000 + "deep").body == "deep"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_with_and_without_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    document = only(tmp_path, "name.md", "# Ťitle 漢\n\nbödy 😀".encode(encoding))
    assert (document.title, document.body) == ("Ťitle 漢", "bödy 😀")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"caf\xe9", "not UTF-8 at byte 3"),
        (b"\xef\xbb\xbfcaf\xe9", "not UTF-8 at byte 6"),
        ("text".encode("utf-32"), "in UTF-32; only UTF-8 and UTF-16 are read (byte 0)"),
        (b"GIF\x00\x01", "a binary file (NUL at byte 3)"),
        (b" \n\t\n", "empty document"),
        (b"", "empty document"),
        (b"x" * (16 * 1024 * 1024 + 1), "over the limit of 16 MiB"),
    ],
)
def test_a_file_that_cannot_be_read_is_skipped_with_the_reason(tmp_path: Path, data: bytes, reason: str) -> None:
    root = write(tmp_path, {"a/bad.md": data, "good.md": "good"})
    bad, good = read(root)
    assert str(bad) == f"a/bad.md: {reason}"
    assert isinstance(good, Document)


def test_a_file_that_vanishes_meanwhile_is_skipped(tmp_path: Path) -> None:
    records = open_corpus(str(write(tmp_path, {"a.md": "a", "b.md": "b", "c.md": "c"}))).records()
    next(records)
    (tmp_path / "b.md").unlink()
    assert [str(r) if isinstance(r, Skipped) else r.id for r in records] == ["b.md: no such file or directory", "c"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user may read everything")
def test_files_and_folders_without_permission_are_skipped(tmp_path: Path) -> None:
    write(tmp_path, {"a.md": "a", "closed/x.md": "x", "ok.md": "ok"})
    (tmp_path / "a.md").chmod(0)
    (tmp_path / "closed").chmod(0)
    try:
        shown = [str(r) if isinstance(r, Skipped) else r.id for r in read(tmp_path)]
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert shown == ["a.md: permission denied", "closed: permission denied", "ok"]


def test_links_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    write(tmp_path, {"secret.md": "secret", "outside/x.md": "secret", "in/a.md": "a", "in/sub/b.md": "b"})
    (tmp_path / "in" / "link-in.md").symlink_to("a.md")
    (tmp_path / "in" / "link-out.md").symlink_to("../secret.md")
    (tmp_path / "in" / "link-broken.md").symlink_to("../in/nothing.md")
    (tmp_path / "in" / "folder").symlink_to("../outside", target_is_directory=True)
    (tmp_path / "in" / "sub" / "loop").symlink_to("..", target_is_directory=True)

    assert [str(r) if isinstance(r, Skipped) else (r.id, r.body) for r in read(tmp_path / "in")] == [
        ("a", "a"),
        "link-broken.md: no such file or directory",
        ("link-in", "a"),
        "link-out.md: a link that leads out of the folder",
        ("sub/b", "b"),
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    assert len(read(write(tmp_path, {"a.md": "a"}))) == 1


def test_a_folder_without_a_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="it is empty"):
        open_corpus(str(tmp_path))
    write(tmp_path, {"b.png": ""})
    with pytest.raises(BadInputError, match="its one file is no text"):
        open_corpus(str(tmp_path))
    write(tmp_path, {"notes.jsonl": '{"text": "x"}'})
    with pytest.raises(BadInputError, match="none of its 2 files is a text") as caught:
        open_corpus(str(tmp_path))
    assert ".md" in caught.value.hint


def test_a_single_text_is_a_corpus_of_one(tmp_path: Path) -> None:
    reader = open_corpus(str(write(tmp_path, {"guide.md": "# Guide\n\ntext"}) / "guide.md"))
    assert [r.id for r in reader.records() if isinstance(r, Document)] == ["guide"]
    assert (reader.kind, reader.judged_root, reader.bytes_read) == ("text", None, reader.total_bytes)

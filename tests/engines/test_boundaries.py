"""Sentences and words are ICU's, at character offsets."""

import json
import subprocess
import sys
from itertools import pairwise

import pytest

from workbench.engines.boundaries import IcuBoundaries

ICU = IcuBoundaries()


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in ICU.words(text)]


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in ICU.sentences(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("foo != bar", ["foo", "bar"]),
        ("foo & bar", ["foo", "bar"]),
        ("m&s", ["m", "s"]),
        ("Won't you chunk 3,000.5 pig-sties?", ["Won't", "you", "chunk", "3,000.5", "pig", "sties"]),
        ("x² is ⅛ of © ㈱ or ①", ["x", "is", "of", "or"]),
        ("_ __ _a foo_bar", ["__", "_a", "foo_bar"]),
        ("ª º Ⅳ ⓐ 〇 ゛ １", ["ª", "º", "Ⅳ", "ⓐ", "〇", "゛", "１"]),
        ("e\u0301te\u0301 a\u00adb a\u200db", ["e\u0301te\u0301", "a\u00adb", "a\u200db"]),
        (" \u0301 \u200b ་ …—\r\n", []),
        ("👍🏽 🇩🇪 👨\u200d👩\u200d👧 1\ufe0f\u20e3", ["1\ufe0f\u20e3"]),
        ("हिन्दी עברית מ״ם ٣٤ 한국어", ["हिन्दी", "עברית", "מ״ם", "٣٤", "한국어"]),
        ("ภาษาไทย ខ្មែរ", ["ภาษา", "ไทย", "ខ្មែរ"]),
        ("カタカナ、漢字", ["カタカナ", "漢字"]),
    ],
)
def test_a_word_is_what_icu_gives_a_status(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_sentences_leave_no_gap() -> None:
    assert sentences("Heading\nNext one. It cost 3.50! 文です。次です。") == [
        "Heading\n",
        "Next one. ",
        "It cost 3.50! ",
        "文です。",
        "次です。",
    ]


def test_offsets_are_in_characters_whatever_icu_counts_in() -> None:
    text = "😀 One 𝐀 two. 🙂🙂 Three 𠀀. Four."
    assert sentences(text) == ["😀 One 𝐀 two. ", "🙂🙂 Three 𠀀. ", "Four."]
    assert words(text) == ["One", "𝐀", "two", "Three", "𠀀", "Four"]


@pytest.mark.parametrize("text", ["", " ", "x", "a\0b", "a \ud800 b \udc00", "\U0010ffff", "word " * 1000])
def test_segments_cover_any_text_and_agree_with_words(text: str) -> None:
    segments = ICU.segments(text)
    ends = [0, *(end for end, _ in segments)]
    assert ends[-1] == len(text)
    assert all(start < end for start, end in pairwise(ends))
    assert ICU.words(text) == [
        (start, end) for (start, end), (_, is_word) in zip(pairwise(ends), segments, strict=True) if is_word
    ]


def test_rules_are_those_of_the_root_locale_on_a_machine_of_any_other() -> None:
    script = (
        "import json; from workbench.engines.boundaries import IcuBoundaries;"
        "text = 'a:b c.d'; print(json.dumps([text[slice(*word)] for word in IcuBoundaries().words(text)]))"
    )
    posix = subprocess.run(
        [sys.executable, "-c", script], env={"LC_ALL": "en_US_POSIX"}, capture_output=True, text=True, check=True
    )
    assert json.loads(posix.stdout) == ["a:b", "c.d"]


def test_icu_is_read_when_it_is_used() -> None:
    script = "import sys, workbench.engines.boundaries; print('icu4py' in sys.modules, 'regex' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], env={}, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]

"""Turns text into search terms exactly as Elasticsearch's `english` analyzer does.

Lucene's chain: words by UAX #29, possessive 's off, lower case, 33 stop words off, Porter's stemmer.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import Stemmer

ANALYZER_VERSION = 1
"""Goes up when any text gives other terms than before; an index remembers it."""

GAP = "."
"""Stands for a stop word in `terms`; no term looks like it."""

Token = tuple[str, int, int, int]
"""Term, start and end in characters of the text (half-open), position. Stop words leave gaps in positions."""

_STOP_WORDS = (
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this "
    "to was will with"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())

_JOINERS = "_\u200d\u202f‿⁀⁔︳︴﹍﹎﹏＿"
_LONGEST_WORD = 255
_MOST_KNOWN = 400_000


def terms(text: str) -> str:
    """Analyse text for an index.

    Returns:
        Terms and gaps in order, with spaces between them; an item's place is its position.
    """
    text = _lower(text)
    return " ".join(map(_known.__getitem__, _words(text).findall(text)))


def tokens(text: str) -> Iterator[Token]:
    """Analyse text, keeping where each term came from."""
    text = _lower(text)
    words = _words(text)
    position = -1
    for match in words.finditer(text):
        for word in (match,) if len(match[0]) <= _LONGEST_WORD else _pieces(words, text, *match.span()):
            if term := _known[word[0]]:
                position += 1
                if term != GAP:
                    yield term, *word.span(), position


def plain_terms(text: str) -> list[str]:
    """Analyse text as Lucene's standard analyzer does: words in lower case, with stop words, not stemmed."""
    text = _lower(text)
    words = _words(text)
    found = []
    for match in words.finditer(text):
        pieces = (match,) if len(match[0]) <= _LONGEST_WORD else _pieces(words, text, *match.span())
        found += [piece[0] for piece in pieces if piece[0][0] not in _JOINERS or any(map(str.isalnum, piece[0]))]
    return found


def _lower(text: str) -> str:
    # Java lowers letter by letter: no final sigma, and İ stays one letter; so offsets hold in the lowered text.
    return text.replace("İ", "i").replace("Σ", "σ").lower()


def _words(text: str) -> Any:
    """Choose the compiled pattern for a text; it finds words and runs of underscores, which are none."""
    return _PLAIN_WORD if text.isascii() or not _NOT_PLAIN.search(text) else _any_word()


def _pieces(words: Any, text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """Cut an overlong word as Lucene does."""
    while piece := words.search(text, start, min(start + _LONGEST_WORD, end)):
        yield piece
        start = piece.end()


class _Terms(dict[str, str]):
    """Lower-case word to its term, `GAP` for a stop word, empty for what is no word; bounded."""

    def __missing__(self, word: str) -> str:
        if len(word) > _LONGEST_WORD:
            return " ".join(self[piece[0]] for piece in _pieces(_words(word), word, 0, len(word)))
        bare = word[:-2] if word.endswith(("'s", "’s", "＇s")) else word
        no_word = word[0] in _JOINERS and not any(map(str.isalnum, word))
        term = "" if no_word else GAP if bare in STOP_WORDS else _stem(bare)
        if len(self) >= _MOST_KNOWN:
            self.clear()
        self[word] = term
        return term


_known = _Terms()

_porter = Stemmer.Stemmer("porter", 0).stemWord

# Lucene's Porter stemmer departs from the published one in three rules: any doubled consonant is undone (trekking),
# -bli becomes -ble (possibly) and -logi becomes -log (technology). Each pattern leads a word with one of the endings
# to another word that the published rules stem as Lucene stems the first.
_VOWEL = "(?:[aeiou]|[^aeiou]y)"
_VERBAL = ("ed", "eds", "ing", "ings")
_ADVERBIAL = ("i", "is", "ies", "y", "ys", *(letter + ending for letter in "iy" for ending in _VERBAL))
_DEPARTURES = tuple(
    (tuple(base + ending for ending in endings), f"{stem}(?:{'|'.join(endings)})", replacement)
    for base, endings, stem, replacement in (
        ("", _VERBAL, rf"(.*{_VOWEL}.*([^aeiouybdfglmnprstz]))\2", r"\1"),
        ("bl", _ADVERBIAL, rf"(.*{_VOWEL}[^aeiou].*(?<!a)bl)", r"\1e"),
        ("log", _ADVERBIAL, rf"(.*{_VOWEL}[^aeiou].*log)", r"\1"),
    )
)


def _stem(word: str) -> str:
    if len(word) <= 2:
        return word
    for endings, pattern, replacement in _DEPARTURES:
        # Compiled, and kept by `re`, when a word needs it: that takes milliseconds of the start.
        if word.endswith(endings) and (match := re.fullmatch(pattern, word)):
            word = match.expand(replacement)
    return str(_porter(word))


# UAX #29 for the characters that nearly all Western text is made of. (Possessive quantifiers of `re` are not to be
# trusted before Python 3.11.5; here nothing needs them.)
_LETTER = "a-zªµºß-öø-ɏ"
_PLAIN_WORD = re.compile(
    rf"_*[{_LETTER}0-9][{_LETTER}0-9_]*"
    rf"(?:(?:(?<=[{_LETTER}])[:.'·‘’․‧](?=[{_LETTER}])|(?<=[0-9])[,;.'‘’․](?=[0-9]))[{_LETTER}0-9_]+)*|_+"
)
_NOT_PLAIN = re.compile("[^\x00-\xa8\xaa-\xac\xaf-\u024f‐-‧‰-›€←-↓∀-⋿─-▩▬-▵▷-▿◁-◺]")


@cache
def _any_word() -> Any:
    """UAX #29 for every script, with Lucene's additions: emoji, Southeast Asian runs, single ideographs."""
    import regex  # type: ignore[import-untyped]

    tone = "\U0001f3fb-\U0001f3ff"
    marks = rf"[[\p{{WB=Format}}\p{{WB=Extend}}\p{{WB=ZWJ}}]--[{tone}]]"

    def each(kind: str) -> str:
        return rf"(?:{kind}{marks}*+)"

    joiner = each(r"\p{WB=ExtendNumLet}")
    hebrew = each(r"\p{WB=Hebrew_Letter}")
    letter = each(r"[\p{WB=ALetter}\p{WB=Hebrew_Letter}]")
    digit = each(r"\p{WB=Numeric}")
    katakana = each(r"\p{WB=Katakana}")
    between_letters = each(r"[\p{WB=MidLetter}\p{WB=MidNumLet}']")
    between_digits = each(r"[\p{WB=MidNum}\p{WB=MidNumLet}']")
    after_hebrew = each(rf"(?:'(?<={hebrew}')|\"(?<={hebrew}\")(?={hebrew}))")
    run = (
        rf"(?:{katakana}(?:{joiner}*+{katakana})*+"
        rf"|(?:{digit}(?:(?:{joiner}*+|{between_digits}){digit})*+"
        rf"|{letter}(?:(?:{joiner}*+|{between_letters}){letter})*+|{after_hebrew})++)"
    )
    # A presentation selector ends a picture, so that it does not count among its marks.
    picture_marks = rf"[{marks}--[\uFE0E\uFE0F]]*+"
    toned = rf"[{tone}]{picture_marks}"
    picture = (
        rf"(?:\u200D*+\p{{Emoji_Modifier_Base}}{picture_marks}{toned}"
        rf"|\u200D*+\p{{Extended_Pictographic}}{picture_marks}\uFE0F?|{toned})"
    )
    flag = each(r"\p{WB=Regional_Indicator}")
    asian = each(r"\p{LB=SA}"), each(r"\p{Script=Han}"), each(r"\p{Script=Hiragana}")
    return regex.compile(
        rf"{joiner}*+{run}(?:{joiner}++{run})*+{joiner}*+"
        rf"|{picture}(?:(?:\u200D|(?<=\u200D)){picture})*|[0-9#*]{picture_marks}\uFE0F?\u20E3{picture_marks}|{flag}{flag}"
        rf"|{asian[0]}++|{asian[1]}|{asian[2]}|{joiner}++|\u200D++",
        regex.VERSION1,
    )

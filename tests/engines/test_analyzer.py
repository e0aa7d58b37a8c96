import pytest
import Stemmer

from workbench.engines.analyzer import GAP, plain_terms, terms, tokens


def found(text: str) -> list[str]:
    return [term for term, *_ in tokens(text)]


def test_a_token_says_where_it_came_from() -> None:
    assert list(tokens("The  Foxes’ den isn't the fox's.")) == [
        ("fox", 5, 10, 1),
        ("den", 12, 15, 2),
        ("isn't", 16, 21, 3),
        ("fox", 26, 31, 5),
    ]


def test_an_index_gets_the_same_terms_with_gaps_for_stop_words() -> None:
    text = "The quick ___ fox's and 日本語 of œuvres, 3.5 𝐛old"
    places = dict(enumerate(item for item in terms(text).split(" ") if item))
    assert {place: term for place, term in places.items() if term != GAP} == {
        position: term for term, _, _, position in tokens(text)
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("u.s.a isn't 3.5 1,000 foo:bar a_b", ["u.s.a", "isn't", "3.5", "1,000", "foo:bar", "a_b"]),
        ("E-417 HA-0065-EU x.1 1.x", ["e", "417", "ha", "0065", "eu", "x", "1", "1", "x"]),
        ("İSTANBUL ΣΊΣΥΦΟΣ ISPARTA", ["istanbul", "σίσυφοσ", "isparta"]),
        ("日本語 ひら カタカナ 한국어 สวัสดี", ["日", "本", "語", "ひ", "ら", "カタカナ", "한국어", "สวัสดี"]),
        ("#️⃣ 👩‍🚀👍🏽 🇩🇪🇫🇷 ☺︎ ©", ["#️⃣", "👩‍🚀", "👍🏽", "🇩🇪", "🇫🇷", "☺", "©"]),
        ("Ⅷ 〆 ・", ["ⅷ"]),
        ('צה"ל ג\'ירפה "שלום"', ['צה"ל', "ג'ירפה", "שלום"]),
        ("___ ‿ \u200d", []),
    ],
)
def test_words_are_those_of_uax_29_as_lucene_reads_it(text: str, expected: list[str]) -> None:
    assert found(text) == expected


def test_stems_are_the_published_ones_but_for_lucenes_three_departures() -> None:
    published = Stemmer.Stemmer("porter").stemWord
    same = "caresses ponies relational hopping agreed electricity adjustable generously stably falling"
    assert found(same) == [published(word) for word in same.split()]
    assert found("possibly terribly trekking revved technologies apologizing us os geology") == [
        "possibl",
        "terribl",
        "trek",
        "rev",
        "technolog",
        "apolog",
        "us",
        "os",
        "geologi",
    ]


def test_a_very_long_word_is_cut_every_255_characters() -> None:
    assert [(start, end, position) for _, start, end, position in tokens("x" * 600 + " y")] == [
        (0, 255, 0),
        (255, 510, 1),
        (510, 600, 2),
        (601, 602, 3),
    ]
    assert len(terms("x" * 600).split()) == 3
    assert [position for *_, position in tokens("x" * 255 + "the y")] == [0, 2]


@pytest.mark.parametrize(
    "unit", ["_", "a.", "_.", "\u200d", "👨\u200d", "é_", "語_", "\u0301", 'א"', "x'", "_\u0301", "יּ\u0301'"]
)
def test_hostile_text_is_read_in_one_pass(unit: str) -> None:
    assert terms(unit * 200_000 + " 語").endswith("語")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The dog's walks, Dogs play!", ["the", "dog's", "walks", "dogs", "play"]),
        ("foo_bar __ 3.5 漢字 😀", ["foo_bar", "3.5", "漢", "字", "😀"]),
        ("a" * 300, ["a" * 255, "a" * 45]),
        (" \n", []),
    ],
)
def test_plain_terms_are_those_of_lucenes_standard_analyzer(text: str, expected: list[str]) -> None:
    assert plain_terms(text) == expected

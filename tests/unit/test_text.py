"""The gate for untrusted text."""

import unicodedata

import pytest

from workbench.domain.text import sanitize, single_line


def dangerous(text: str) -> set[str]:
    """Characters that could act on a terminal or hide text."""
    return {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in "\t\n"}


def test_no_character_of_any_plane_gets_through_that_could_act_on_a_terminal() -> None:
    everything = "".join(map(chr, range(0x110000)))
    # Format characters that only shape their own script's letters stay: Arabic number signs and the like.
    shaping = {c for c in dangerous(everything) if 0x600 <= ord(c) <= 0x8E2 or ord(c) in (0x110BD, 0x110CD)}
    shaping |= {c for c in dangerous(everything) if 0x13430 <= ord(c) <= 0x1345F or 0x1BCA0 <= ord(c) <= 0x1D17A}
    assert dangerous(sanitize(everything)) - shaping == set()


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b]0;owned\x07x", "\ufffd]0;owned\ufffdx"),
        ("\x9b31mred", "\ufffd31mred"),
        ("a\u202eb", "a\ufffdb"),
        ("hy\u00adphen\u200bated", "hyphenated"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("tab\tand\nnewline", "tab\tand\nnewline"),
        ("\ud800", "\ufffd"),
    ],
)
def test_what_a_terminal_would_obey_is_replaced_and_what_a_person_reads_stays(hostile: str, shown: str) -> None:
    assert sanitize(hostile) == shown
    assert sanitize(shown) == shown


def test_a_line_has_no_breaks_and_no_tabs_and_keeps_to_its_limit() -> None:
    assert single_line(" a\n\tb\r\nc ") == "a b c"
    assert single_line("word " * 1000, limit=12) == "word word w…"
    assert single_line("x" * 1_000_000, limit=5) == "xxxx…"

"""Texts that no tokenizer expects: every script, emoji, marks, right-to-left, and long words."""

import random
import sys
import unicodedata
from functools import cache

SEQUENCES = [
    "",
    " ",
    "\n\t \u00a0\u3000",
    "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇵🇱🇯🇵",
    "e\u0301e\u0323\u0302o\u0302\u0323 a\u0300\u0301\u0302\u0303\u0304\u0305",
    "\u0301 leading mark",
    "שלום עולם مرحبا بالعالم \u202eabc\u202c",
    "각 \u1100\u1161\u11a8 한국어",
    "ﬁne ﷺ ㍿ ﷽ Å Ⅷ ½ ① ｆｕｌｌ ﾊﾝｶｸ",
    "İstanbul ıI ßẞ ǅ",
    "zero\u200bwidth\u200djoin\ufeffer\u00adsoft",
    "x" * 5000,
    "漢" * 3000,
    "🙂" * 500,
    "a\u0301" * 500,
    "don't 3.5% C++ a_b@c.de https://x.y/z?q=1",
]


@cache
def scripts() -> list[str]:
    """A line of every block of 256 code points that has letters, marks or symbols."""
    lines = []
    for start in range(0, sys.maxunicode, 256):
        chars = [chr(code) for code in range(start, start + 256) if unicodedata.category(chr(code))[0] in "LMNPSZ"]
        if chars and not 0x20000 <= start < 0x40000:  # Ideographs by the ten thousand, all alike.
            dice = random.Random(start)
            lines.append("".join(char + dice.choice(["", "", " "]) for char in dice.sample(chars, len(chars))))
    return lines


def mixtures(number: int, seed: int = 1) -> list[str]:
    """Words of the bundled kind among characters of any script."""
    dice = random.Random(seed)
    parts = [
        "laptop",
        "battery",
        "déjà",
        "e\u0301",
        "漢字",
        "한국어",
        "हिन्दी",
        "👩‍👧",
        "ﬁne",
        "don't",
        "3.5%",
        "\u00a0",
        "  ",
    ]
    parts += ["\n", "ß", "\u0301", "…", "㍿", "[SEP", "<0x0", "▁", "مرحبا", "ไทย", "𝔘𝔫𝔦", "𓀀", "\u200b"]
    return [dice.choice(["", " "]).join(dice.choices(parts, k=dice.randrange(1, 40))) for _ in range(number)]

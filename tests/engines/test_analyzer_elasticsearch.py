import random

import httpx

from workbench.engines.analyzer import Token, tokens

TEXT = """
the The THE there they're it's isn't isn’t don't won’t o'clock rock'n'roll 'quoted' ‘quoted’ dogs' dog's DOG'S dog’s
James's I'm I'd we've y'all 'tis ain't fox＇s its 's x's
$19.99 €1.299,00 £5 1,000,000 3.14 -5° 50% 1/2 1:30 12:45:10 2024-05-17 17.05.2024 v2.10.3 3.11.0rc1 0x8C01 E-417 W-22
HA-0065-EU HN-1690P 1e-5 1.2.3.4 192.168.0.1 +49-30-1234 1;2 1,a a,1 1.a a.1 a1b2 4K 65W 2nd
user@example.com first.last+tag@mail.example.org https://example.com/a_b?q=1&r=2#top www.example.com ftp://x.y/z
snake_case __init__ _private trailing_ a__b ___ _1_ CamelCase kebab-case C++ C# .NET node.js a.b.c U.S.A. u.s.a
e.g. Ph.D.
foo:bar title:word a::b :a a: x=y a/b a\\b [x] {y} <b>bold</b> &amp; "double" (paren) … — – • → #tag @name ~/path
running ran runs easily fairly possibly terribly visibly stably technology technologies geology apology trekking revving
hopping hoping agreed feed caresses ponies ties cats relational conditional rational valency hesitancy digitizer
conformably radically differently vileness analogously vietnamization predication operator feudalism decisiveness
hopefulness callousness formality sensitivity sensibility triplicate formative formalize electrical goodness revival
allowance inference airliner gyroscopic adjustable defensible irritant replacement adjustment dependent adoption
communism activate homologous effective bowdlerize probate rate cease controlling rolling us os gas by sky skies
Straße straße GROẞ Übergröße Äpfel naïve café cafés résumé l'été aujourd'hui qu'il œuvre Ærøskøbing señor ¿qué? ¡hola!
Łódź Zażółć gęślą jaźń žluťoučký Ñandú ĳs ǆ ﬁne ª º µ ² ½
Ελληνικά ΣΊΣΥΦΟΣ σίσυφος Ὀδυσσεύς ΆΣΟΣ Русский ЁЖИК ёжик объект Київ п'ять м’який Ђорђе
ısı ISPARTA ılık Iğdır çocuk ŞİŞLİ' مرحبا بالعالم كتاب٬ ٣٫١٤ ١٢٣ קול צה"ל ג'ירפה מה' שלום! हिन्दी क्षत्रिय ४५ தமிழ் বাংলা
สวัสดีครับ ภาษาไทย ລາວ ភាសាខ្មែរ မြန်မာ 日本語 東京都 中文字符 々々 時々刻々
ひらがな カタカナ ｶﾀｶﾅ コーヒー カナ_カナ 〆切 ゝ 한국어 안녕하세요
대한민국 １２３ ａｂｃ ＡＢＣ 𠮷野家 𝐛old Ⅷ ⅷ ℃ № ℹ Ⓜ
😀 😀😀 👍🏽 👩‍🚀 👨‍👩‍👧 ❤️ ❤ ☎️ ☎ © ® ™ ⌚ 🇩🇪 🇩🇪🇫🇷 1️⃣ ☺︎ 🏴‍☠️ ‼ ↔ a😀b 😀’s
e\u0301te\u0301 a\u0308pfel n\u0303 \u0301 co\u00adop a\u2060b Zo\u0308e\u0301's x\u0300\u0301y ١\u0301
l·l x‧y a․b a﹒b 1٬000 1⁄2 10\u202f000 a\u00a0b ‿ a‿b 、。！？「引用」 ・ ー ｰ
"""
FRAGMENTS = TEXT.split()

# Where the server departs from Lucene's own grammar and filters, so that it cannot be the judge.
DEPARTURES = {
    "İ": "Java lowers it to i; the server leaves it",
    "#️⃣": "a keycap is one emoji in Lucene; the server drops it",
    "\ufe0e": "the text selector is no part of an emoji in Lucene; the server keeps it",
    "Ⅷ": "number letters are letters in UAX #29; the server drops them",
    "ⅷ": "as above",
    "〆": "is of no script and no letter in UAX #29; the server takes it for an ideograph",
    "・": "a katakana full stop is no katakana in UAX #29; the server takes it for one",
}


def texts() -> list[str]:
    rng = random.Random(20)
    made = [" ".join(rng.choices(FRAGMENTS, k=rng.randint(3, 14))) for _ in range(450)]
    glued = ["".join(rng.choices(FRAGMENTS, k=2)) for _ in range(100)]
    return [text for text in (*FRAGMENTS, *made, *glued) if not any(mark in text for mark in DEPARTURES)]


def elasticsearch(server: httpx.Client, text: str) -> list[Token]:
    answer = server.post("/_analyze", json={"analyzer": "english", "text": text}).raise_for_status().json()
    # Its offsets count UTF-16 units, as Java's do.
    place = {}
    units = 0
    for index, character in enumerate(text + "."):
        place[units] = index
        units += 1 + (character > "\uffff")
    return [
        (row["token"], place[row["start_offset"]], place[row["end_offset"]], row["position"])
        for row in answer["tokens"]
    ]


def test_every_token_is_elasticsearchs(server: httpx.Client) -> None:
    assert len(texts()) >= 500
    different = [
        (text, ours, theirs)
        for text in texts()
        if (ours := list(tokens(text))) != (theirs := elasticsearch(server, text))
    ]
    assert different == []

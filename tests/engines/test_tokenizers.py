"""What is said to be kept is what is read, for every kind of tokenizer and any text."""

import random
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer as Library
from tokenizers import models, pre_tokenizers, processors

from tests.fakes import full_vocabularies
from tests.fakes.default_model import default_model
from tests.fakes.odd_texts import SEQUENCES, mixtures, scripts
from tests.fakes.tiny_models import VOCABULARY, prepared, tiny_bi_encoder
from tests.fakes.trained_vocabulary import sentences, trained, vocabulary_json
from workbench.domain.deployment import ModelKind, PreparedModel, TokenizerFile, TokenizerKind, window_of
from workbench.domain.documents import Document
from workbench.domain.ranking import Candidate, Retrieval
from workbench.domain.tokens import ELASTIC, Reader, Tokenized
from workbench.domain.truncation import Strategy, Window
from workbench.engines.library_tokenizer import LibraryTokenizer
from workbench.engines.onnx_reranker import OnnxReranker
from workbench.engines.tokenizer import open_reader, open_tokenizer

_BYTE = re.compile("<0x([0-9A-F]{2})>")
_CONTROL = re.compile(r"(\[(?:PAD|UNK|CLS|SEP|MASK)\])")
KINDS = ["tokenizer.json", "elastic", "elastic-bytes", "spm", "spm-bytes"]
_MARKED = re.compile(r"[\u0300-\u036f]{2}")
LITERAL = ["[SEP]", "a [SEP] b[CLS]漢[UNK] [PAD][MASK]é", "[SEP][SEP] \u0301[SEP", "[sep] ﬁ[SEP]ﬁ 🙂[MASK]🙂"]
LONG = ["x" * 1_000_000, "漢字" * 50_000, "a\u0301" * 100_000, "laptop battery é 漢 🙂 " * 8_000]
LONG.append(" ".join(sentences()) * 9)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tokenizers")


@pytest.fixture(params=KINDS)
def tokenizer(request: pytest.FixtureRequest, folder: Path) -> LibraryTokenizer:
    """One with a small vocabulary, which lacks most characters."""
    return small(request.param, folder)


@pytest.fixture(params=["tokenizer.json", "elastic", "spm"], scope="module")
def knowing(request: pytest.FixtureRequest, folder: Path) -> LibraryTokenizer:
    """One whose vocabulary has every character that occurs."""
    of_few = small(request.param, folder)
    written = "".join(map(of_few._tokenizer.normalizer.normalize_str, odd()))
    characters = sorted(each for each in set(written) if not each.isspace())
    if request.param == "tokenizer.json":
        return opened(folder, request.param, full_vocabularies.wordpiece(_wordpiece(folder), characters))
    model = full_vocabularies.unigram(trained(), characters)
    return opened(folder, request.param, model if request.param == "spm" else vocabulary_json(model))


def odd() -> list[str]:
    return [*SEQUENCES, *scripts(), *mixtures(200), *LITERAL]


def small(name: str, folder: Path) -> LibraryTokenizer:
    if name == "tokenizer.json":
        return opened(folder, name, _wordpiece(folder))
    model = trained(name.endswith("bytes"))
    return opened(folder, name, vocabulary_json(model) if name.startswith("elastic") else model)


def opened(folder: Path, name: str, content: bytes) -> LibraryTokenizer:
    kinds = {"tokenizer.json": TokenizerKind.HUGGING_FACE, "elastic": TokenizerKind.ELASTIC}
    (folder / name).write_bytes(content)
    kind = kinds.get(name.removesuffix("-bytes"), TokenizerKind.SENTENCEPIECE)
    return open_tokenizer(TokenizerFile(name, kind, folder / name, ELASTIC))


def _wordpiece(folder: Path) -> bytes:
    return (tiny_bi_encoder(folder / "tiny") / "tokenizer.json").read_bytes()


def described(model: PreparedModel) -> TokenizerFile:
    return TokenizerFile(model.id, TokenizerKind.HUGGING_FACE, model.tokenizer, window_of(model.kind, model.window))


def normalised(tokenizer: LibraryTokenizer, text: str) -> bytes:
    """A text as the vocabulary spells it, without blanks: they are no part of any piece's content."""
    normalize = tokenizer._tokenizer.normalizer.normalize_str
    parts = (part if _CONTROL.fullmatch(part) else normalize(part) for part in _CONTROL.split(text))
    return "".join("".join(parts).replace("▁", "").split()).encode()


def excepted(tokenizer: LibraryTokenizer, text: str) -> bool:
    """Whether SentencePiece's map spells a character with its marks otherwise: the library misplaces that.

    Of several marks, the map's result depends on how many there are.
    """
    pairs = ((first, second) for first, second in pairwise(text) if unicodedata.category(second)[0] == "M")
    mapped = any(normalised(tokenizer, one) != one.strip().encode() for one, _ in pairs)
    return tokenizer.id.startswith("spm") and (mapped or _MARKED.search(text) is not None)


def clusters(text: Tokenized) -> Iterator[tuple[range, tuple[int, int]]]:
    """Places of tokens that have characters in common, and those characters."""
    first, start, end = 0, 0, 0
    for place, span in enumerate(text.spans):
        if place and span[0] >= end:
            yield range(first, place), (start, end)
            first = place
        start, end = (span[0] if first == place else start), max(end, span[1])
    if len(text):
        yield range(first, len(text)), (start, end)


def spelling(tokenizer: LibraryTokenizer, text: Tokenized) -> tuple[list[bytes], list[str]]:
    """What each token spells, and the words in which a token is unknown; their last token spells all of the word."""
    spelt: list[bytes] = []
    unknown = []
    for places, (start, end) in clusters(text):
        pieces = [tokenizer.piece(text.ids[place]) for place in places]
        if "[UNK]" in pieces and places[0] not in text.control:
            unknown.append(text.text[start:end])
            spelt += [*[b""] * (len(pieces) - 1), normalised(tokenizer, unknown[-1])]
            continue
        inner = "##" if tokenizer.id == "tokenizer.json" else "▁"
        spelt += [
            bytes([int(byte[1], 16)])
            if (byte := _BYTE.fullmatch(piece))
            else piece.removeprefix(inner).replace("▁", "").encode()
            for piece in pieces
        ]
    return spelt, unknown


def misread(tokenizer: LibraryTokenizer, text: Tokenized, spelt: list[bytes], cuts: Iterable[int]) -> list[object]:
    """Cuts at which the kept tokens do not spell the text that is said to be kept."""
    bad: list[object] = []
    for kept in cuts:
        said, read = b"".join(spelt[:kept]), normalised(tokenizer, text.text[: text.end(kept)])
        if 0 < kept < len(text) and text.spans[kept][0] < text.spans[kept - 1][1]:
            # Inside a character: some of it is kept, and it is not read.
            whole = normalised(tokenizer, text.text[: text.spans[kept - 1][1]])
            good = said.startswith(read) and whole.startswith(said)
        else:
            good = said == read
        if not good:
            bad.append(
                (
                    text.text[:40],
                    kept,
                    text.end(kept),
                    said[-20:].decode(errors="replace"),
                    read[-20:].decode(errors="replace"),
                )
            )
    return bad


def sample(tokens: int, number: int) -> list[int]:
    """All cuts of a short text; the first, the last, and some of a longer one."""
    every = range(tokens + 1)
    return [*every] if tokens < number else [0, 1, *random.Random(tokens).sample(every, number), tokens - 1, tokens]


def test_spans_are_in_order_and_within_the_text(tokenizer: LibraryTokenizer) -> None:
    for text in tokenizer.tokenize([*SEQUENCES, *scripts(), *mixtures(300)]):
        spans = list(text.spans)
        assert len(text.ids) == len(spans) == len(text)
        assert all(0 <= start <= end <= len(text.text) for start, end in spans)
        assert all(one[0] <= two[0] and one[1] <= two[1] for one, two in pairwise(spans)), text.text
        ends = [text.end(kept) for kept in range(len(text) + 1)]
        assert ends == sorted(ends)


def test_counting_agrees_with_cutting(tokenizer: LibraryTokenizer) -> None:
    texts = [*SEQUENCES, *scripts(), *mixtures(300)]
    assert tokenizer.count(texts) == [len(text) for text in tokenizer.tokenize(texts)]


# Elastic's without bytes gives each byte of an unknown run the same piece; its spans are those of the one with bytes.
@pytest.mark.parametrize("tokenizer", [kind for kind in KINDS if kind != "elastic"], indirect=True)
def test_what_is_kept_spells_what_is_marked_as_kept(tokenizer: LibraryTokenizer) -> None:
    bad = []
    for text in tokenizer.tokenize([text for text in odd() if not excepted(tokenizer, text)]):
        bad += misread(tokenizer, text, spelling(tokenizer, text)[0], sample(len(text), 12))
    assert bad == []


def test_where_every_character_is_known_what_is_kept_spells_what_is_marked_as_kept(knowing: LibraryTokenizer) -> None:
    kept = [text for text in odd() if not excepted(knowing, text)]
    assert len(kept) > 0.9 * len(odd())
    bad: list[object] = []
    for text in knowing.tokenize(kept):
        spelt, unknown = spelling(knowing, text)
        bad += misread(knowing, text, spelt, sample(len(text), 40))
        # WordPiece takes no word of more than 100 characters apart.
        bad += [word for word in unknown if knowing.id != "tokenizer.json" or len(word) <= 100]
    assert bad == []


@pytest.mark.parametrize("number", range(len(LONG)))
def test_what_is_kept_of_a_long_text_spells_what_is_marked_as_kept(knowing: LibraryTokenizer, number: int) -> None:
    [text] = knowing.tokenize([LONG[number]])
    spelt, unknown = spelling(knowing, text)
    assert misread(knowing, text, spelt, sample(len(text), 3)) == []
    assert len(unknown) <= (knowing.id == "tokenizer.json"), "WordPiece alone takes a long word for an unknown one"


def test_special_tokens_in_a_text_are_kept_as_they_are_spelt(knowing: LibraryTokenizer) -> None:
    for text in knowing.tokenize(LITERAL):
        assert [text.text[slice(*text.spans[place])] for place in text.control] == _CONTROL.findall(text.text)


@pytest.mark.parametrize("number", range(len(LONG)))
def test_a_long_text_is_cut_into_the_same_tokens_as_its_head(tokenizer: LibraryTokenizer, number: int) -> None:
    [text] = tokenizer.tokenize([LONG[number]])
    assert [len(text)] == tokenizer.count([LONG[number]])
    if len(text) > 1000:
        [head] = tokenizer.tokenize([text.text[: text.end(1000)]])
        # The last tokens before a cut within a word may be others.
        assert list(head.ids[:900]) == list(text.ids[:900])
        assert head.spans[:900] == text.spans[:900]


def test_a_long_text_in_blocks_has_the_tokens_of_the_whole(tokenizer: LibraryTokenizer) -> None:
    lines = [*mixtures(400, seed=9), *(line for line in scripts() if " " in line)]
    text = " ".join(lines) + "  [SEP] the\n end "
    assert tokenizer._splits_at_blanks and len(tokenizer._blocks(text)) > 2
    [in_blocks], starts = tokenizer.tokenize([text]), {start for start, _ in tokenizer._blocks(text)}
    tokenizer._splits_at_blanks = False
    [whole] = tokenizer.tokenize([text])
    assert list(in_blocks.ids) == list(whole.ids)
    # A blank that begins a block is part of no token; within a block, SentencePiece's piece has it.
    differ = [one for one, two in zip(in_blocks.spans, whole.spans, strict=True) if one != two]
    assert {start - 1 for start, _ in differ} <= starts, differ[:5]
    assert in_blocks.control == whole.control != ()
    places = [0, 1, -1, len(whole) // 2]
    assert [in_blocks.ids[n] for n in places] == [whole.ids[n] for n in places]
    assert in_blocks.spans[500:510] == whole.spans[500:510]


def test_spans_say_where_they_end(tokenizer: LibraryTokenizer) -> None:
    [text] = tokenizer.tokenize(["the battery"])
    for sequence in (text.ids, text.spans):
        assert sequence[-1] == list(sequence)[-1]
        with pytest.raises(IndexError):
            sequence[len(sequence)]


def template(pair: str) -> processors.TemplateProcessing:
    return processors.TemplateProcessing("<s> $A </s>", pair, [("<s>", 2), ("</s>", 3)])


@pytest.mark.parametrize(
    ("processor", "single", "pair", "types"),
    [
        (None, (7,), (7, 8), [0, 0]),
        # As the default model's.
        (template("<s> $A </s> $B:1 </s>:1"), (2, 7, 3), (2, 7, 3, 8, 3), [0, 0, 0, 1, 1]),
        (processors.BertProcessing(("</s>", 3), ("<s>", 2)), (2, 7, 3), (2, 7, 3, 8, 3), [0, 0, 0, 1, 1]),
        (template("<s> $A </s> </s> $B </s>"), (2, 7, 3), (2, 7, 3, 3, 8, 3), [0] * 6),
        (processors.RobertaProcessing(("</s>", 3), ("<s>", 2)), (2, 7, 3), (2, 7, 3, 3, 8, 3), [0] * 6),
        (template("$A:1 </s>:1 <s>:0 $B:0"), (2, 7, 3), (7, 3, 2, 8), [1, 1, 0, 0]),
    ],
)
def test_special_tokens_are_read_off_the_tokenizer(
    tmp_path: Path, processor: Any, single: tuple[int, ...], pair: tuple[int, ...], types: list[int]
) -> None:
    library = Library(models.WordLevel({"a": 0, "[UNK]": 1, "<s>": 2, "</s>": 3}, unk_token="[UNK]"))
    library.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if processor:
        library.post_processor = processor
    library.enable_truncation(5)
    library.enable_padding(length=9)
    library.save(str(tmp_path / "tokenizer.json"))
    for kind, framed in ((ModelKind.BI_ENCODER, single), (ModelKind.CROSS_ENCODER, pair)):
        file = TokenizerFile("words", TokenizerKind.HUGGING_FACE, tmp_path / "tokenizer.json", window_of(kind, 64))
        reader, of_pair = open_reader(file), kind is ModelKind.CROSS_ENCODER
        texts = ([7], [8]) if of_pair else ([7],)
        assert reader.tokenizer.framing(of_pair).around(*texts) == framed
        assert reader.window.special == len(framed) - len(texts)
        ids = {7: 0, 8: 1}
        assert reader.read("a", "b").inputs[0] == tuple(ids.get(id, id) for id in framed)
    assert open_tokenizer(file).types(1, 1) == types


ROOMS = range(3, 24)
LENGTHS = range(23)


def test_a_pair_is_cut_as_the_library_cuts_it(tmp_path: Path) -> None:
    library = Library.from_file(str(prepared(tmp_path, ModelKind.CROSS_ENCODER).tokenizer))
    library.no_truncation()
    library.no_padding()
    short = [(query, document) for query in LENGTHS for document in LENGTHS]
    dice = random.Random(5)
    long = [(dice.choice([250, 254, 255, dice.randrange(600)]), dice.randrange(600)) for _ in range(500)]
    cases = [(window, *pair) for window in ROOMS for pair in short] + [(512, *pair) for pair in long]
    assert len(cases) > 10_000
    of_length = library.encode_batch(["w " * length for length in range(600)], add_special_tokens=False)
    for window, query, document in cases:
        library.enable_truncation(window, strategy="longest_first")
        cut = library.post_process(of_length[query], of_length[document])
        kept = Window(window, 3, Strategy.LONGEST_FIRST).kept(query, document)
        # The document's type is 1, and that of the last special token.
        assert (len(cut) - sum(cut.type_ids) - 2, sum(cut.type_ids) - 1) == kept, (window, query, document)


def test_a_tokenizer_that_puts_the_document_first_is_refused() -> None:
    library = Library(models.WordLevel({"a": 0, "[UNK]": 1, "1": 2}, unk_token="[UNK]"))
    library.post_processor = processors.TemplateProcessing("$A", "$A $B $A", [])
    with pytest.raises(ValueError, match="before, between and after"):
        LibraryTokenizer("words", library)


class Fed:
    """What a session was given, one list of ids per run, in order; it computes as before."""

    def __init__(self, reranker: OnnxReranker) -> None:
        model = reranker._network
        assert model is not None
        self.runs: list[dict[str, Any]] = []
        self._session, model._session = model._session, self

    def run(self, outputs: list[str], feeds: dict[str, np.ndarray]) -> Any:
        self.runs.append({name: values[0].tolist() for name, values in feeds.items()})
        return self._session.run(outputs, feeds)

    @property
    def ids(self) -> list[tuple[int, ...]]:
        return [tuple(run["input_ids"]) for run in self.runs]


def texts() -> list[str]:
    return [text for text in [*SEQUENCES, *mixtures(40), *scripts()[:60:5], "laptop hot [SEP] " * 3000] if text.strip()]


async def fed_and_said(reranker: OnnxReranker, query: str) -> None:
    """Compare what every run was given with what the reader says, id by id."""
    model = reranker._prepared
    reader = await reranker.reader()
    library = Library.from_file(str(model.tokenizer))
    library.no_padding()
    library.enable_truncation(model.window, strategy="longest_first")
    fed = Fed(reranker)
    documents = [Document(str(n), "", text) for n, text in enumerate(texts())]
    found = Retrieval(tuple(Candidate(1, each, 1.0) for each in documents), len(documents), 0.0, 0.0)
    pairs = [pair async for pair in reranker.score(query, found)]
    readings = [reader.read(query, each.text) for each in documents]
    assert [pair.tokens for pair in pairs] == [reading.count for reading in readings]
    if model.kind is ModelKind.BI_ENCODER:
        assert fed.ids == [readings[0].inputs[0], *(reading.inputs[1] for reading in readings)]
        expected = [library.encode(query), *(library.encode(each.text) for each in documents)]
    else:
        assert fed.ids == [reading.inputs[0] for reading in readings]
        expected = [library.encode(query, each.text) for each in documents]
    for run, encoding in zip(fed.runs, expected, strict=True):
        assert run["input_ids"] == encoding.ids
        assert run["attention_mask"] == encoding.attention_mask
        assert run.get("token_type_ids", encoding.type_ids) == encoding.type_ids
    await reranker.close()


@pytest.mark.parametrize("query", ["laptop gets hot", "why " * 90])
@pytest.mark.parametrize("window", [16, 33, 256])
@pytest.mark.parametrize("kind", ModelKind)
async def test_what_is_said_to_be_read_is_what_the_model_was_fed(
    tmp_path: Path, kind: ModelKind, window: int, query: str
) -> None:
    await fed_and_said(OnnxReranker(prepared(tmp_path, kind, window), threads=1), query)


@pytest.mark.parametrize("query", ["laptop gets hot", "why " * 300])
async def test_what_is_said_to_be_read_is_what_the_default_model_was_fed(query: str) -> None:
    await fed_and_said(default_model(), query)


@pytest.mark.parametrize("kind", ModelKind)
async def test_the_tokenizer_of_a_model_reads_as_the_model_says(tmp_path: Path, kind: ModelKind) -> None:
    model = prepared(tmp_path, kind)
    reranker = OnnxReranker(model, threads=1)
    ours, theirs = open_reader(described(model)), await reranker.reader()
    apart = kind is ModelKind.BI_ENCODER
    strategy = Strategy.HEAD_ONLY if apart else Strategy.LONGEST_FIRST
    assert ours.window == theirs.window == Window(256, 2 if apart else 3, strategy)
    assert ours.read("a query", "text " * 400).inputs == theirs.read("a query", "text " * 400).inputs
    await reranker.close()


def test_a_special_token_in_the_text_is_told_from_an_unknown_word(tmp_path: Path) -> None:
    reader: Reader = open_reader(described(prepared(tmp_path, ModelKind.CROSS_ENCODER)))
    [text] = reader.tokenizer.tokenize(["漢 [SEP] [UNK] é[CLS]"])
    assert [text.text[slice(*text.spans[place])] for place in text.control] == ["[SEP]", "[UNK]", "[CLS]"]
    assert reader.tokenizer.piece(text.ids[text.control[0]]) == "[SEP]"
    assert (reader.tokenizer.piece(10**7), reader.tokenizer.piece(len(VOCABULARY))) == ("", "")


def test_importing_it_loads_no_native_library() -> None:
    code = "import sys, workbench.engines.tokenizer; assert not {'numpy', 'tokenizers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)

"""Measures how fast texts are cut into tokens, and for how long that holds the interpreter up."""

import argparse
import os
import random
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep
from types import SimpleNamespace

from tests.benchmarks.rerank import MODEL, machine
from tests.fakes.tiny_models import tiny_bi_encoder
from tests.fakes.trained_vocabulary import sentences, trained, vocabulary_json
from workbench.config.paths import user_paths
from workbench.domain.deployment import TokenizerFile, TokenizerKind
from workbench.domain.tokens import ELASTIC, ESTIMATE, Tokenizer
from workbench.engines.tokenizer import open_tokenizer
from workbench.models.store import ModelStore

TOKENS = 512
LONG = 200_000
FIRST = 2_000
ROUNDS = 5


def kinds(folder: Path, models: Path) -> Iterator[tuple[str, Tokenizer]]:
    if model := ModelStore(models).prepared(MODEL):
        yield MODEL, open_tokenizer(TokenizerFile(MODEL, TokenizerKind.HUGGING_FACE, model.tokenizer, ELASTIC))
    tiny_bi_encoder(folder)
    (folder / "bare.vocab.json").write_bytes(vocabulary_json(trained(size=3000)))
    (folder / "bytes.vocab.json").write_bytes(vocabulary_json(trained(byte_fallback=True, size=3000)))
    (folder / "spm.model").write_bytes(trained(size=3000))
    for name, kind, file in (
        ("tiny tokenizer.json", TokenizerKind.HUGGING_FACE, "tokenizer.json"),
        ("elastic", TokenizerKind.ELASTIC, "bare.vocab.json"),
        ("elastic with bytes", TokenizerKind.ELASTIC, "bytes.vocab.json"),
        ("sentencepiece", TokenizerKind.SENTENCEPIECE, "spm.model"),
    ):
        yield name, open_tokenizer(TokenizerFile(name, kind, folder / file, ELASTIC))
    yield "estimate", ESTIMATE.tokenizer


@contextmanager
def held() -> Iterator[SimpleNamespace]:
    """Measure the longest time, in ms, for which another thread did not get its turn."""
    worst, stop = SimpleNamespace(ms=0.0), threading.Event()

    def tick() -> None:
        last = perf_counter()
        while not stop.is_set():
            sleep(0.0005)
            now = perf_counter()
            worst.ms, last = max(worst.ms, (now - last) * 1000), now

    thread = threading.Thread(target=tick)
    thread.start()
    yield worst
    stop.set()
    thread.join()


def best(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Milliseconds of the fastest of some rounds."""
    times = []
    for _ in range(rounds):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return min(times) * 1000


def text_of(tokenizer: Tokenizer, tokens: int) -> str:
    """Lines of the corpus that come to about so many tokens."""
    dice, lines, written = random.Random(tokens), list(sentences()), ""
    while (missing := tokens - len(tokenizer.tokenize([written])[0])) > 0:
        written += " ".join(dice.choices(lines, k=max(missing // 60, 1))) + " "
    return written[: tokenizer.tokenize([written])[0].end(tokens)]


def row(name: str, tokenizer: Tokenizer, count: int) -> str:
    """Measure one tokenizer and write it down."""
    documents, text = [text_of(tokenizer, TOKENS)] * count, text_of(tokenizer, LONG)
    cut = best(lambda: [each.ids[:TOKENS] for each in tokenizer.tokenize(documents)])
    counted = best(lambda: tokenizer.count(documents))
    # A token is seldom more than ten characters long.
    first = best(lambda: tokenizer.tokenize([text[: 10 * FIRST]])[0].spans[:FIRST])
    with held() as cutting:
        whole = best(lambda: tokenizer.tokenize([text]), 2)
    [tokens] = tokenizer.tokenize([text])
    with held() as walking:
        walk = best(lambda: (list(tokens.ids), list(tokens.spans)), 1)
    per_second = "".join(f"{1000 * count / each:11,.0f}" for each in (cut, counted))
    return f"{name:20}{per_second}{first:10.1f}{whole:9.0f}{cutting.ms:9.1f}{walk:11.0f}{walking.ms:9.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, help="folder of prepared models (default: the user's)")
    parser.add_argument("--documents", type=int, default=100)
    options = parser.parse_args()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    print(f"best of {ROUNDS}; {machine()}\n")
    names = f"{'cut/s':>11}{'counted/s':>11}{'first ms':>10}{'all ms':>9}{'held ms':>9}{'walked ms':>11}{'held ms':>9}"
    print(f"{'kind':20}{names}")
    with tempfile.TemporaryDirectory() as folder:
        for name, tokenizer in kinds(Path(folder), options.models or user_paths().models):
            print(row(name, tokenizer, options.documents))


if __name__ == "__main__":
    warnings.simplefilter("error")
    main()

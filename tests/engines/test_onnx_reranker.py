import asyncio
import gc
import random
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import pytest
from tokenizers import Tokenizer

from tests.fakes.tiny_models import VOCABULARY, prepared, tiny_cross_encoder
from workbench.domain.deployment import ModelKind, PreparedModel
from workbench.domain.documents import Document
from workbench.domain.errors import ModelUnavailableError
from workbench.domain.ranking import Candidate, PairScore, Retrieval
from workbench.domain.scores import ScoreSpace
from workbench.engines.onnx_reranker import OnnxReranker
from workbench.engines.vector_cache import RULES, CachedVector, VectorCache, cache_file

BI, CROSS = ModelKind.BI_ENCODER, ModelKind.CROSS_ENCODER
QUERY = "laptop gets hot"
TEXTS = ["A laptop gets hot", "Rain in Spain", "", "hot soup " * 300, "Zażółć 漢字 e\u0301 🙂", "laptop " * 90]


def found(*texts: str) -> Retrieval:
    rows = [Candidate(rank, Document.of(f"d{rank}", "", text), 1.0) for rank, text in enumerate(texts, 1)]
    return Retrieval(tuple(rows), len(rows), 0.0, 0.0)


async def scores(reranker: OnnxReranker, query: str, *texts: str) -> list[PairScore]:
    return [pair async for pair in reranker.score(query, found(*texts))]


async def values(reranker: OnnxReranker, query: str, *texts: str) -> list[float]:
    return [pair.score for pair in await scores(reranker, query, *texts)]


@pytest.fixture(params=[BI, CROSS])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> PreparedModel:
    return prepared(tmp_path / "model", request.param)


@pytest.fixture
async def reranker(model: PreparedModel) -> AsyncIterator[OnnxReranker]:
    reranker = OnnxReranker(model, threads=1)
    yield reranker
    await reranker.close()


@pytest.fixture
def bi_encoder(tmp_path: Path) -> PreparedModel:
    return prepared(tmp_path / "model", BI)


async def test_a_score_per_candidate_in_the_given_order(reranker: OnnxReranker) -> None:
    pairs = await scores(reranker, QUERY, *TEXTS)
    assert [pair.id for pair in pairs] == ["d1", "d2", "d3", "d4", "d5", "d6"]
    assert pairs[0].score > pairs[1].score


async def test_it_says_in_which_space_its_scores_are(tmp_path: Path) -> None:
    assert OnnxReranker(prepared(tmp_path, BI)).space is ScoreSpace.COSINE
    assert OnnxReranker(prepared(tmp_path, CROSS)).space is ScoreSpace.LOGIT


async def test_no_candidates_give_no_scores(reranker: OnnxReranker) -> None:
    assert await scores(reranker, QUERY) == []


async def test_a_score_depends_on_its_own_pair_alone(reranker: OnnxReranker) -> None:
    together = await values(reranker, QUERY, *TEXTS)
    backwards = await values(reranker, QUERY, *reversed(TEXTS))
    alone = [(await values(reranker, QUERY, text))[0] for text in TEXTS]
    assert together == backwards[::-1] == alone


async def test_a_document_has_cosine_one_with_itself(bi_encoder: PreparedModel) -> None:
    reranker = OnnxReranker(bi_encoder)
    assert await values(reranker, QUERY, QUERY) == [pytest.approx(1.0, abs=1e-15)]
    await reranker.close()


async def test_a_cached_score_equals_a_fresh_one(bi_encoder: PreparedModel, tmp_path: Path) -> None:
    uncached = OnnxReranker(bi_encoder)
    expected = [replace(pair, tokenize_ms=0, infer_ms=0) for pair in await scores(uncached, QUERY, *TEXTS)]
    await uncached.close()
    first, second = (OnnxReranker(bi_encoder, tmp_path / "vectors") for _ in range(2))
    for reranker in (first, first, second):
        pairs = await scores(reranker, QUERY, *TEXTS)
        assert [replace(pair, tokenize_ms=0, infer_ms=0) for pair in pairs] == expected
    # The trial on loading, the query, and what was not yet in the cache.
    assert (first.inferences, second.inferences) == (2 + len(TEXTS), 2)
    await first.close()
    await second.close()


async def test_any_text_scores_as_a_document_with_this_text(reranker: OnnxReranker) -> None:
    expected = await scores(reranker, QUERY, *TEXTS)
    pairs = [pair async for pair in reranker.score_texts(QUERY, TEXTS)]
    assert [pair.id for pair in pairs] == [str(place) for place in range(len(TEXTS))]
    assert [pair.score for pair in pairs] == [pair.score for pair in expected]
    assert [pair async for pair in reranker.score_texts(QUERY, [])] == []


async def test_texts_and_documents_share_the_cache(bi_encoder: PreparedModel, tmp_path: Path) -> None:
    reranker = OnnxReranker(bi_encoder, tmp_path)
    expected = await values(reranker, QUERY, *TEXTS)
    runs = reranker.inferences
    # Documents are stripped, texts are not.
    texts = [text.strip() for text in TEXTS]
    assert [pair.score async for pair in reranker.score_texts(QUERY, texts)] == expected
    assert reranker.inferences == runs
    await reranker.close()


async def test_closing_texts_stops_between_two(reranker: OnnxReranker) -> None:
    async with aclosing(reranker.score_texts(QUERY, [f"text {number}" for number in range(300)])) as pairs:
        await anext(pairs)
    await reranker.load()
    assert reranker.inferences <= 6


async def test_a_closed_reranker_tells_no_reader(reranker: OnnxReranker) -> None:
    assert (await reranker.reader()).tokenizer.exact
    await reranker.close()
    with pytest.raises(ModelUnavailableError, match="closed"):
        await reranker.reader()


async def test_the_reader_is_told_while_the_model_is_loading(reranker: OnnxReranker) -> None:
    loading, scoring = asyncio.create_task(reranker.load()), asyncio.create_task(scores(reranker, QUERY, *TEXTS * 50))
    await asyncio.sleep(0)
    assert (await reranker.reader()).read(QUERY, TEXTS[0]).count.exact
    assert not scoring.done()
    await loading
    await scoring


async def test_the_reader_is_told_while_a_document_is_scored(reranker: OnnxReranker) -> None:
    await reranker.load()
    model, begun, go_on = reranker._network, threading.Event(), threading.Event()
    assert model is not None

    class Slow:
        def run(self, *arguments: Any) -> Any:
            begun.set()
            go_on.wait()
            return session.run(*arguments)

    session, model._session = model._session, Slow()
    scoring = asyncio.create_task(scores(reranker, QUERY, *TEXTS))
    try:
        await asyncio.to_thread(begun.wait)
        assert (await asyncio.wait_for(reranker.reader(), 30)).tokenizer.exact
    finally:
        go_on.set()
    assert len(await scoring) == len(TEXTS)


async def test_a_query_is_read_once(bi_encoder: PreparedModel, tmp_path: Path) -> None:
    reranker = OnnxReranker(bi_encoder, tmp_path)
    for query in ("one", "two", "one", "two"):
        await scores(reranker, query, "text")
    assert reranker.inferences == 1 + 2 + 1
    await reranker.close()


async def test_a_vector_of_another_size_is_not_used(bi_encoder: PreparedModel, tmp_path: Path) -> None:
    cross = prepared(tmp_path / "cross", CROSS)
    reranker = OnnxReranker(bi_encoder, tmp_path)
    for _ in range(2):
        expected = await values(reranker, QUERY, *TEXTS)
    await reranker.close()
    wider = _widened(bi_encoder, cross.onnx.with_name("wide.onnx"))
    reranker = OnnxReranker(wider, tmp_path)
    assert await values(reranker, QUERY, *TEXTS) == pytest.approx(expected, abs=1e-3)
    assert reranker.inferences == 2 + len(TEXTS)
    await reranker.close()


def _widened(model: PreparedModel, path: Path) -> PreparedModel:
    """The same model with every number of its vectors given twice."""
    graph = onnx.load(model.onnx)
    graph.graph.node[0].output[0] = "half"
    twice = onnx.helper.make_node("Concat", ["half", "half"], ["last_hidden_state"], axis=2)
    graph.graph.node.append(twice)
    graph.graph.output[0].type.tensor_type.shape.dim[2].dim_value *= 2
    onnx.save(graph, path)
    return replace(model, onnx=path)


async def test_a_broken_cache_is_begun_anew(bi_encoder: PreparedModel, tmp_path: Path) -> None:
    cache_file(tmp_path, bi_encoder.fingerprint).write_bytes(b"junk" * 1000)
    reranker = OnnxReranker(bi_encoder, tmp_path)
    first = await values(reranker, QUERY, *TEXTS)
    runs = reranker.inferences
    assert await values(reranker, QUERY, *TEXTS) == first
    assert (reranker.inferences, reranker.warnings) == (runs, ())
    await reranker.close()


async def test_what_was_reckoned_by_older_rules_is_not_believed(bi_encoder: PreparedModel, tmp_path: Path) -> None:
    expected = [pair.tokens for pair in await scores(OnnxReranker(bi_encoder), QUERY, *TEXTS)]
    for older in (f"{bi_encoder.fingerprint}.sqlite", f"{bi_encoder.fingerprint}-{RULES - 1}.sqlite"):
        cache = VectorCache(tmp_path / older)
        for row in found(*TEXTS).candidates:
            cache.add(row.document.digest, CachedVector(bytes(64), 1, 1, 7_777))
        cache.close()
    reranker = OnnxReranker(bi_encoder, tmp_path)
    assert [pair.tokens for pair in await scores(reranker, QUERY, *TEXTS)] == expected
    await reranker.close()


async def test_a_cache_that_cannot_be_written_is_a_warning(bi_encoder: PreparedModel, tmp_path: Path) -> None:
    (tmp_path / "vectors").write_text("a file where the folder should be")
    reranker = OnnxReranker(bi_encoder, tmp_path / "vectors")
    assert len(await scores(reranker, QUERY, *TEXTS)) == len(TEXTS)
    assert len(reranker.warnings) == 1
    await reranker.close()


async def test_closing_stops_between_two_documents(reranker: OnnxReranker) -> None:
    async with aclosing(reranker.score(QUERY, found(*TEXTS * 50))) as pairs:
        async for pair in pairs:
            if pair.id == "d3":
                break
    before = reranker.inferences
    assert len(await scores(reranker, "another", "text")) == 1
    # The trial, the query, three documents and two ahead of them; then the other query and its text.
    assert before <= 7
    assert reranker.inferences <= 9


async def test_a_cancelled_query_stops_and_the_next_is_answered(reranker: OnnxReranker) -> None:
    started = asyncio.Event()

    async def consume() -> None:
        async for _ in reranker.score(QUERY, found(*TEXTS * 50)):
            started.set()

    task = asyncio.create_task(consume())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(await scores(reranker, "another", *TEXTS)) == len(TEXTS)
    assert reranker.inferences < 50


async def test_what_a_stopped_query_read_is_kept(bi_encoder: PreparedModel, tmp_path: Path) -> None:
    reranker = OnnxReranker(bi_encoder, tmp_path)
    documents = found(*TEXTS)
    async with aclosing(reranker.score(QUERY, documents)) as pairs:
        await anext(pairs)
    await scores(reranker, QUERY, "what was read before is written by now")
    cache = VectorCache(cache_file(tmp_path, bi_encoder.fingerprint))
    assert cache.get(documents.candidates[0].document.digest)
    cache.close()
    await reranker.close()


async def test_a_newer_query_takes_turns_with_an_older_one(reranker: OnnxReranker) -> None:
    older = reranker.score(QUERY, found(*TEXTS))
    await anext(older)
    newer = reranker.score("another", found("text"))
    await anext(newer)
    # The trial, both queries, three documents of the older and one of the newer.
    assert reranker.inferences <= 7
    assert len([pair async for pair in older]) == len(TEXTS) - 1
    assert [pair async for pair in newer] == []


async def test_the_event_loop_runs_on_while_a_long_document_is_read(reranker: OnnxReranker) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    await reranker.load()
    ticker = asyncio.create_task(tick())
    pairs = await scores(reranker, QUERY, "lorem ipsum dolor " * 10_000)
    ticker.cancel()
    assert pairs[0].tokens.document == 90_000
    assert ticks > 100


async def test_a_closed_reranker_refuses(reranker: OnnxReranker) -> None:
    pairs = reranker.score(QUERY, found(*TEXTS))
    await anext(pairs)
    await reranker.close()
    await reranker.close()
    with pytest.raises(ModelUnavailableError, match="closed"):
        await anext(pairs)
    with pytest.raises(ModelUnavailableError, match="closed"):
        await reranker.load()


async def test_the_truncation_of_the_tokenizer_file_is_not_obeyed(tmp_path: Path) -> None:
    model = prepared(tmp_path, BI, window=200)
    assert len(Tokenizer.from_file(str(model.tokenizer)).encode("w " * 300)) == 128
    reranker = OnnxReranker(model)
    [pair] = await scores(reranker, "q", "w " * 300)
    assert (pair.tokens.document, pair.tokens.kept_document, pair.tokens.budget) == (300, 198, 200)
    await reranker.close()


async def test_a_bi_encoder_cuts_query_and_document_apart(tmp_path: Path) -> None:
    reranker = OnnxReranker(prepared(tmp_path, BI, window=32))
    [pair] = await scores(reranker, "q " * 50, "w " * 40)
    assert (pair.tokens.query, pair.tokens.kept_query) == (50, 30)
    assert (pair.tokens.document, pair.tokens.kept_document) == (40, 30)
    assert pair.tokens.kept_text_end == len("w " * 30) - 1
    await reranker.close()


async def test_a_cross_encoder_counts_what_is_left_of_the_pair(tmp_path: Path) -> None:
    reranker = OnnxReranker(prepared(tmp_path, CROSS, window=33))
    [pair] = await scores(reranker, "q " * 10, "w " * 40)
    assert (pair.tokens.kept_query, pair.tokens.kept_document) == (10, 20)
    [pair] = await scores(reranker, "q " * 50, "w " * 40)
    assert (pair.tokens.query, pair.tokens.document) == (50, 40)
    assert (pair.tokens.kept_query, pair.tokens.kept_document) == (15, 15)
    await reranker.close()


async def test_two_columns_give_their_difference(tmp_path: Path) -> None:
    one, two = prepared(tmp_path / "one", CROSS), prepared(tmp_path / "two", CROSS)
    tiny_cross_encoder(tmp_path / "two", columns=2)
    rerankers = OnnxReranker(one), OnnxReranker(two)
    assert await values(rerankers[0], QUERY, *TEXTS) == pytest.approx(await values(rerankers[1], QUERY, *TEXTS))
    for reranker in rerankers:
        await reranker.close()


def texts(seed: int, length: int) -> list[str]:
    """Words of every script, accents of both kinds, emoji, long words, odd spaces and literal special tokens."""
    dice = random.Random(seed)
    parts = ["laptop", "déjà", "e\u0301te\u0301", "漢字", "한국어", "हिन्दी", "🙂👩‍👧", "İstanbul", "ﬁne", "x" * 130]
    parts += ["[CLS]", "[SEP", "don't", "3.5%", "\t", "\n\n", "\u00a0", "ß", "\u0301", "…", "Ünïcödé"]
    return [dice.choice(["", " "]).join(dice.choices(parts, k=length)) for _ in range(40)]


@pytest.mark.parametrize("length", [3, 30, 3000])
async def test_the_text_before_the_cut_holds_the_tokens_that_were_kept(tmp_path: Path, length: int) -> None:
    model = prepared(tmp_path, BI, window=32)
    tokenizer = Tokenizer.from_file(str(model.tokenizer))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    documents = found(*texts(length, length)[: 40 if length < 100 else 4])
    reranker = OnnxReranker(model)
    async for pair in reranker.score(QUERY, documents):
        text, tokens = documents.candidates[int(pair.id[1:]) - 1].document.text, pair.tokens
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        head = tokenizer.encode(text[: tokens.kept_text_end], add_special_tokens=False).ids
        assert (tokens.document, tokens.kept_document) == (len(ids), min(len(ids), 30))
        assert head[:30] == ids[:30]
        assert tokens.truncated or tokens.kept_text_end == len(text)
    await reranker.close()


async def test_a_long_document_scores_as_the_part_of_it_that_was_read(reranker: OnnxReranker) -> None:
    text = "laptop battery charging " * 2000
    [whole] = await scores(reranker, QUERY, text)
    [part] = await scores(reranker, QUERY, text[: whole.tokens.kept_text_end])
    assert whole.score == part.score
    assert (whole.tokens.truncated, part.tokens.truncated) == (True, False)


async def test_loading_ahead_leaves_nothing_to_load(reranker: OnnxReranker) -> None:
    await reranker.load()
    await reranker.load()
    assert reranker.inferences == 1


async def refusal(model: PreparedModel) -> ModelUnavailableError:
    reranker = OnnxReranker(model)
    with pytest.raises(ModelUnavailableError) as scoring:
        await scores(reranker, QUERY, *TEXTS)
    with pytest.raises(ModelUnavailableError) as loading:
        await reranker.load()
    await reranker.close()
    assert scoring.value.message == loading.value.message
    return loading.value


@pytest.mark.parametrize("file", ["onnx", "tokenizer"])
async def test_a_missing_file_is_to_be_downloaded(model: PreparedModel, file: str) -> None:
    getattr(model, file).unlink()
    error = await refusal(model)
    assert "is missing" in error.message
    assert f"workbench models download {model.id}" in error.hint


def spoil(path: Path, content: bytes | None) -> None:
    """Replace what a file holds, None cuts it in half."""
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content is None else content)


@pytest.mark.parametrize("file", ["onnx", "tokenizer"])
@pytest.mark.parametrize("content", [b"", b"<html>Sign in</html>", None])
async def test_a_broken_file_is_to_be_removed(model: PreparedModel, file: str, content: bytes | None) -> None:
    path: Path = getattr(model, file)
    spoil(path, content)
    error = await refusal(model)
    assert error.message.startswith(f"Model {model.id} cannot be loaded")
    assert f"workbench models remove {model.id}" in error.hint
    assert error.detail


async def test_a_model_is_loaded_after_it_was_mended(model: PreparedModel) -> None:
    reranker, whole = OnnxReranker(model), model.onnx.read_bytes()
    model.onnx.write_bytes(b"")
    with pytest.raises(ModelUnavailableError):
        await reranker.load()
    model.onnx.write_bytes(whole)
    assert len(await scores(reranker, QUERY, *TEXTS)) == len(TEXTS)
    await reranker.close()


async def test_a_graph_with_other_inputs_is_refused(model: PreparedModel) -> None:
    graph = onnx.load(model.onnx)
    graph.graph.input.append(onnx.helper.make_tensor_value_info("pixels", onnx.TensorProto.FLOAT, [1]))
    onnx.save(graph, model.onnx)
    assert "wants the input `pixels`" in (await refusal(model)).message


async def test_a_graph_with_three_scores_is_refused(tmp_path: Path) -> None:
    model = prepared(tmp_path, CROSS)
    tiny_cross_encoder(tmp_path, columns=3)
    assert "shape [1, 3]" in (await refusal(model)).message


def poison(model: PreparedModel, piece: str) -> None:
    """Make a model give no number for any text that holds a piece."""
    graph = onnx.load(model.onnx)
    words = onnx.numpy_helper.to_array(graph.graph.initializer[0]).copy()
    words[VOCABULARY.index(piece)] = float("nan")
    graph.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(words, "words"))
    onnx.save(graph, model.onnx)


async def test_a_score_that_is_not_a_number_is_refused(model: PreparedModel) -> None:
    poison(model, "zz")
    reranker = OnnxReranker(model)
    pairs = reranker.score(QUERY, found("fine", "zz", "fine"))
    assert (await anext(pairs)).id == "d1"
    with pytest.raises(ModelUnavailableError, match="not a number"):
        await anext(pairs)
    await reranker.close()


async def test_a_failure_that_nobody_waits_for_is_not_reported(model: PreparedModel) -> None:
    reports: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context))
    poison(model, "zz")
    reranker = OnnxReranker(model)
    pairs = reranker.score(QUERY, found("fine", "zz", "fine"))
    await anext(pairs)
    await reranker.load()  # In line behind the second document.
    await pairs.aclose()
    await reranker.close()
    gc.collect()
    assert reports == []


async def test_a_cross_encoder_that_is_called_a_bi_encoder_is_refused(tmp_path: Path) -> None:
    model = prepared(tmp_path, CROSS)
    assert "not one vector per token" in (await refusal(replace(model, kind=BI))).message
    assert "not one or two numbers" in (await refusal(replace(prepared(tmp_path, BI), kind=CROSS))).message


def test_importing_it_loads_no_native_library() -> None:
    heavy = "{'numpy', 'onnxruntime', 'tokenizers'}"
    code = f"import sys, workbench.engines.onnx_reranker; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)

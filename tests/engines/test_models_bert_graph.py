"""The encoder written from its weights gives what the mathematics of BERT gives."""

import math
from pathlib import Path

import numpy as np
import pytest
from onnx import checker
from safetensors.numpy import save_file

from tests.fakes.published_models import HEADS, HIDDEN, LAYERS, PLACES, WORDS, Weights, bert_weights
from workbench.models.bert_graph import bert_graph, read_weights
from workbench.models.quantize import open_session, quantize


def forward(weights: Weights, ids: np.ndarray, mask: np.ndarray, types: np.ndarray) -> np.ndarray:
    """BERT in double precision, [batch, n] to [batch, n, HIDDEN]."""
    double = {name: tensor.astype(np.float64) for name, tensor in weights.items()}
    erf = np.vectorize(math.erf)

    def linear(name: str, x: np.ndarray) -> np.ndarray:
        return x @ double[f"{name}.weight"].T + double[f"{name}.bias"]

    def norm(name: str, x: np.ndarray) -> np.ndarray:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return scaled * double[f"{name}.weight"] + double[f"{name}.bias"]

    def split(x: np.ndarray) -> np.ndarray:
        return x.reshape(*ids.shape, HEADS, HIDDEN // HEADS).transpose(0, 2, 1, 3)

    x = double["embeddings.word_embeddings.weight"][ids]
    x = x + double["embeddings.position_embeddings.weight"][: ids.shape[1]]
    x = norm("embeddings.LayerNorm", x + double["embeddings.token_type_embeddings.weight"][types])
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        q, k, v = (split(linear(f"{prefix}.attention.self.{role}", x)) for role in ("query", "key", "value"))
        scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(HIDDEN // HEADS)
        scores = np.where(mask[:, None, None, :] == 1, scores, -np.inf)
        powers = np.exp(scores - scores.max(-1, keepdims=True))
        context = (powers / powers.sum(-1, keepdims=True)) @ v
        context = context.transpose(0, 2, 1, 3).reshape(x.shape)
        x = norm(f"{prefix}.attention.output.LayerNorm", x + linear(f"{prefix}.attention.output.dense", context))
        wide = linear(f"{prefix}.intermediate.dense", x)
        wide = wide * 0.5 * (1 + erf(wide / math.sqrt(2)))
        x = norm(f"{prefix}.output.LayerNorm", x + linear(f"{prefix}.output.dense", wide))
    return x


@pytest.fixture
def weights() -> Weights:
    return bert_weights()


@pytest.fixture
def graph(tmp_path: Path, weights: Weights) -> Path:
    model = bert_graph(weights)
    checker.check_model(model, full_check=True)
    path = tmp_path / "exact.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def run(graph: Path, ids: np.ndarray, mask: np.ndarray, types: np.ndarray) -> np.ndarray:
    feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
    (output,) = open_session(graph).run(None, feeds)
    return output


def test_it_computes_bert(graph: Path, weights: Weights) -> None:
    random = np.random.default_rng(1)
    ids = random.integers(0, WORDS, (3, 9))
    types = random.integers(0, 2, (3, 9))
    mask = np.array([[1] * 9, [1] * 5 + [0] * 4, [1] * 2 + [0] * 7])
    ours, theirs = run(graph, ids, mask, types), forward(weights, ids, mask, types)
    seen = mask.astype(bool)
    assert np.abs(ours - theirs)[seen].max() < 1e-4


@pytest.mark.parametrize("length", [1, PLACES])
def test_it_reads_from_one_token_to_all_positions(graph: Path, weights: Weights, length: int) -> None:
    ids = np.arange(length)[None] % WORDS
    mask, types = np.ones_like(ids), np.zeros_like(ids)
    assert np.abs(run(graph, ids, mask, types) - forward(weights, ids, mask, types)).max() < 1e-4


def test_int8_stays_close_and_quiet(graph: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    small = tmp_path / "int8.onnx"
    quantize(graph, small)
    ids = np.arange(12)[None]
    mask, types = np.ones_like(ids), np.zeros_like(ids)
    exact, rounded = (run(path, ids, mask, types)[0].mean(0) for path in (graph, small))
    assert exact @ rounded / np.linalg.norm(exact) / np.linalg.norm(rounded) > 0.99
    assert not np.array_equal(exact, rounded)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("prefix", ["", "bert."])
def test_weights_are_read_under_the_names_that_people_publish(tmp_path: Path, weights: Weights, prefix: str) -> None:
    halves = {prefix + name: tensor.astype(np.float16) for name, tensor in weights.items()}
    save_file(halves, tmp_path / "model.safetensors")
    read = read_weights(tmp_path / "model.safetensors")
    assert read.keys() == weights.keys()
    assert bert_graph(read).graph.output[0].type.tensor_type.shape.dim[2].dim_value == HIDDEN


def test_what_is_no_encoder_is_refused(tmp_path: Path, weights: Weights) -> None:
    save_file({"something": np.zeros(3, np.float32)}, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="holds no BERT encoder"):
        read_weights(tmp_path / "model.safetensors")
    del weights["encoder.layer.1.output.dense.bias"]
    with pytest.raises(ValueError, match=r"no encoder\.layer\.1\.output\.dense\.bias"):
        bert_graph(weights)


def test_heads_must_divide_the_hidden_size(weights: Weights) -> None:
    with pytest.raises(ValueError, match="5 heads"):
        bert_graph(weights, heads=5)

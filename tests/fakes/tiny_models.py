"""Rerankers of a few kilobytes, real graphs and real tokenizers, whose scores rise with shared letters."""

from hashlib import sha256
from itertools import product
from pathlib import Path
from string import ascii_lowercase, digits, punctuation

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper, save
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from workbench.domain.deployment import ModelKind, PreparedModel

HIDDEN = 32
_SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_PIECES = [*ascii_lowercase, *digits, *map("".join, product(ascii_lowercase, repeat=2))]
VOCABULARY = [*_SPECIALS, *punctuation, *_PIECES, *(f"##{piece}" for piece in _PIECES)]
"""Words are spelt in pieces of one or two letters, so that any text has tokens."""


def tiny_bi_encoder(folder: Path) -> Path:
    """Write `model.onnx` (output `last_hidden_state` [batch, n, HIDDEN]) and `tokenizer.json`; return the folder."""
    nodes = [helper.make_node("Gather", ["words", "input_ids"], ["last_hidden_state"])]
    _write(folder, folder / "model.onnx", nodes, "last_hidden_state", "batch", "n", HIDDEN)
    return folder


def tiny_cross_encoder(folder: Path, columns: int = 1) -> Path:
    """Write `onnx/model.onnx` (output `logits` [batch, columns]) and `tokenizer.json`; return the folder."""
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["hidden"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["token_type_ids"], ["segment"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["mask", "segment"], ["document_mask"]),
        helper.make_node("Sub", ["mask", "document_mask"], ["query_mask"]),
        *_mean("query"),
        *_mean("document"),
        helper.make_node("Mul", ["query_mean", "document_mean"], ["product"]),
        helper.make_node("MatMul", ["product", "head"], ["logits"]),
    ]
    _write(folder, folder / "onnx" / "model.onnx", nodes, "logits", "batch", columns)
    return folder


def prepared(folder: Path, kind: ModelKind, window: int = 256) -> PreparedModel:
    """Write a tiny model of one kind and describe it as ready to load."""
    if kind is ModelKind.BI_ENCODER:
        onnx = tiny_bi_encoder(folder) / "model.onnx"
    else:
        onnx = tiny_cross_encoder(folder) / "onnx" / "model.onnx"
    tokenizer = folder / "tokenizer.json"
    fingerprint = sha256(onnx.read_bytes() + tokenizer.read_bytes() + str(window).encode()).hexdigest()
    return PreparedModel(f"tiny-{kind}", kind, onnx, tokenizer, window, fingerprint)


def _mean(side: str) -> list[NodeProto]:
    """Nodes from `hidden` and a side's mask [batch, n] to its mean vector [batch, HIDDEN]."""
    return [
        helper.make_node("Unsqueeze", [f"{side}_mask", "last"], [f"{side}_weights"]),
        helper.make_node("Mul", ["hidden", f"{side}_weights"], [f"{side}_hidden"]),
        helper.make_node("ReduceSum", [f"{side}_hidden", "middle"], [f"{side}_sum"], keepdims=0),
        helper.make_node("ReduceSum", [f"{side}_mask", "middle"], [f"{side}_count"], keepdims=1),
        helper.make_node("Div", [f"{side}_sum", f"{side}_count"], [f"{side}_mean"]),
    ]


def _write(folder: Path, path: Path, nodes: list[NodeProto], output: str, *shape: str | int) -> None:
    random = np.random.default_rng(7)
    words = random.standard_normal((len(VOCABULARY), HIDDEN)).astype(np.float32)
    words[: len(_SPECIALS)] *= 0.1
    columns = int(shape[-1])
    weights: dict[str, np.ndarray] = {
        "words": words,
        "head": np.ones((HIDDEN, 1), np.float32) * np.arange(1, columns + 1, dtype=np.float32),
        "last": np.array([2], np.int64),
        "middle": np.array([1], np.int64),
    }
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "n"])
            for name in ("input_ids", "attention_mask", "token_type_ids")
        ],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(array, name) for name, array in weights.items() if name in used],
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    _tokenizer().save(str(folder / "tokenizer.json"))


def _tokenizer() -> Tokenizer:
    """BERT's way from text to ids, with the truncation at 128 that published files come with."""
    tokenizer = Tokenizer(models.WordPiece({piece: id for id, piece in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(piece, VOCABULARY.index(piece)) for piece in ("[CLS]", "[SEP]")],
    )
    tokenizer.add_special_tokens(_SPECIALS)
    tokenizer.enable_truncation(128)
    tokenizer.enable_padding(length=128)
    return tokenizer

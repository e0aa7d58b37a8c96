"""Writes the ONNX graph of a BERT encoder straight from its weights, so that no training framework is needed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

Tensors = Mapping[str, NDArray[np.generic]]

OPSET = 17
"""The first with `LayerNormalization`."""
IR_VERSION = 8
"""What OPSET came with; a newer one would shut out older runtimes for nothing."""
READY_TO_QUANTIZE = {"onnx.quant.pre_process": "onnxruntime.quant"}
"""Tells the quantiser that there is nothing left to fold, else it warns on stderr."""
EPSILON = 1e-12
PREFIXES = ("", "bert.", "model.")
"""Before `embeddings.…` in the files people publish."""
_WORDS = "embeddings.word_embeddings.weight"


def read_weights(path: Path) -> dict[str, NDArray[np.generic]]:
    """Read a safetensors file with names as the bare encoder has them.

    Raises:
        ValueError: The file does not hold a BERT encoder.
    """
    tensors = load_file(path)
    for prefix in PREFIXES:
        if prefix + _WORDS in tensors:
            return {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    raise ValueError(f"{path.name} holds no BERT encoder")


def bert_graph(tensors: Tensors, heads: int = 12) -> ModelProto:
    """Build the encoder: post-norm layers, learned positions, exact gelu.

    Inputs are `input_ids`, `attention_mask` and `token_type_ids`, int64 [batch, n]; the output is
    `last_hidden_state`, float32 [batch, n, hidden]. Layers and sizes are read from the tensors.

    Args:
        tensors: Weights by name, such as `encoder.layer.0.attention.self.query.weight` [out, in].
        heads: Attention heads, the one size that no tensor tells.

    Raises:
        ValueError: A tensor is missing, or `heads` does not divide the hidden size.
    """
    graph = _Graph(tensors)
    hidden = graph.weight(_WORDS).shape[1]
    if hidden % heads:
        raise ValueError(f"{heads} heads do not divide a hidden size of {hidden}")
    mask = _attention_bias(graph)
    states = _embeddings(graph)
    layers = {name.split(".")[2] for name in tensors if name.startswith("encoder.layer.")}
    for layer in range(len(layers)):
        states = _layer(graph, f"encoder.layer.{layer}", states, mask, heads, hidden)
    graph.nodes.append(helper.make_node("Identity", [states], ["last_hidden_state"], name="last_hidden_state"))
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "n"])
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "n", hidden])
    model = helper.make_model(
        helper.make_graph(graph.nodes, "bert", inputs, [output], graph.initializers),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="workbench",
    )
    helper.set_model_props(model, READY_TO_QUANTIZE)
    return model


class _Graph:
    """Nodes and constants as they are written, each value named after the node that makes it."""

    def __init__(self, tensors: Tensors) -> None:
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []
        self._tensors = tensors

    def weight(self, name: str) -> NDArray[np.float32]:
        if name not in self._tensors:
            raise ValueError(f"the weights have no {name}")
        return self._tensors[name].astype(np.float32)

    def constant(self, name: str, array: NDArray[np.generic]) -> str:
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def integers(self, name: str, *values: int) -> str:
        return self.constant(name, np.array(values, np.int64))

    def scalar(self, name: str, value: float) -> str:
        return self.constant(name, np.array(value, np.float32))

    def add(self, operator: str, name: str, *inputs: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def linear(self, name: str, value: str) -> str:
        weight = self.constant(f"{name}.weight", self.weight(f"{name}.weight").T)
        bias = self.constant(f"{name}.bias", self.weight(f"{name}.bias"))
        return self.add("Add", name, self.add("MatMul", f"{name}.product", value, weight), bias)

    def norm(self, name: str, value: str) -> str:
        weight = self.constant(f"{name}.weight", self.weight(f"{name}.weight"))
        bias = self.constant(f"{name}.bias", self.weight(f"{name}.bias"))
        return self.add("LayerNormalization", name, value, weight, bias, axis=-1, epsilon=EPSILON)


def _attention_bias(graph: _Graph) -> str:
    """[batch, 1, 1, n]: zero where there is a token, the lowest float where there is padding."""
    mask = graph.add("Cast", "mask.float", "attention_mask", to=TensorProto.FLOAT)
    mask = graph.add("Unsqueeze", "mask.wide", mask, graph.integers("mask.axes", 1, 2))
    padding = graph.add("Sub", "mask.padding", graph.scalar("mask.one", 1), mask)
    return graph.add("Mul", "mask.bias", padding, graph.scalar("mask.low", float(np.finfo(np.float32).min)))


def _embeddings(graph: _Graph) -> str:
    """[batch, n, hidden]: words, positions and segments, added and normalised."""
    names = ("word", "token_type", "position")
    word, segment, position = (
        graph.constant(f"embeddings.{name}", graph.weight(f"embeddings.{name}_embeddings.weight")) for name in names
    )
    words = graph.add("Gather", "embeddings.words", word, "input_ids")
    segments = graph.add("Gather", "embeddings.segments", segment, "token_type_ids")
    # A Gather over a Range would be rewritten by the runtime's optimiser into a Slice that fails.
    length = graph.add("Shape", "embeddings.length", "input_ids", start=1, end=2)
    start, axis = graph.integers("embeddings.start", 0), graph.integers("embeddings.axis", 0)
    positions = graph.add("Slice", "embeddings.positions", position, start, length, axis)
    total = graph.add("Add", "embeddings.typed", words, segments)
    total = graph.add("Add", "embeddings.placed", total, positions)
    return graph.norm("embeddings.LayerNorm", total)


def _layer(graph: _Graph, name: str, states: str, mask: str, heads: int, hidden: int) -> str:
    """One encoder layer, [batch, n, hidden] to the same shape."""
    attention = _attention(graph, f"{name}.attention", states, mask, heads, hidden)
    attention = graph.linear(f"{name}.attention.output.dense", attention)
    attention = graph.add("Add", f"{name}.attention.residual", attention, states)
    attention = graph.norm(f"{name}.attention.output.LayerNorm", attention)
    wide = _gelu(graph, f"{name}.gelu", graph.linear(f"{name}.intermediate.dense", attention))
    narrow = graph.linear(f"{name}.output.dense", wide)
    return graph.norm(f"{name}.output.LayerNorm", graph.add("Add", f"{name}.residual", narrow, attention))


def _attention(graph: _Graph, name: str, states: str, mask: str, heads: int, hidden: int) -> str:
    split = graph.integers(f"{name}.split", 0, 0, heads, hidden // heads)
    join = graph.integers(f"{name}.join", 0, 0, hidden)

    def part(role: str, order: list[int]) -> str:
        value = graph.linear(f"{name}.self.{role}", states)
        value = graph.add("Reshape", f"{name}.{role}.heads", value, split)
        return graph.add("Transpose", f"{name}.{role}", value, perm=order)

    query, key, value = part("query", [0, 2, 1, 3]), part("key", [0, 2, 3, 1]), part("value", [0, 2, 1, 3])
    scores = graph.add("MatMul", f"{name}.product", query, key)
    scores = graph.add("Div", f"{name}.scaled", scores, graph.scalar(f"{name}.scale", (hidden // heads) ** 0.5))
    scores = graph.add("Add", f"{name}.masked", scores, mask)
    weights = graph.add("Softmax", f"{name}.weights", scores, axis=-1)
    context = graph.add("MatMul", f"{name}.context", weights, value)
    context = graph.add("Transpose", f"{name}.context.heads", context, perm=[0, 2, 1, 3])
    return graph.add("Reshape", f"{name}.context.joined", context, join)


def _gelu(graph: _Graph, name: str, value: str) -> str:
    """Exact: x / 2 × (1 + erf(x / √2))."""
    root = graph.add("Div", f"{name}.root", value, graph.scalar(f"{name}.sqrt2", 2**0.5))
    erf = graph.add("Erf", f"{name}.erf", root)
    grown = graph.add("Add", f"{name}.grown", erf, graph.scalar(f"{name}.one", 1))
    half = graph.add("Mul", f"{name}.half", value, graph.scalar(f"{name}.factor", 0.5))
    return graph.add("Mul", name, half, grown)

"""Two tiny models as a hub would publish them, with the catalog that lists them."""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from tests.fakes.tiny_models import VOCABULARY, tiny_cross_encoder

CROSS, BI = "tiny-cross", "tiny-bi"
GRAPH, WEIGHTS = "owner/cross/onnx/model.onnx", "owner/bi/model.safetensors"
HIDDEN, WIDE, LAYERS, HEADS, WORDS, PLACES = 24, 40, 2, 12, 50, 16
Weights = dict[str, np.ndarray]


def bert_weights(seed: int = 3) -> Weights:
    random = np.random.default_rng(seed)
    sizes = {
        "embeddings.word_embeddings.weight": (WORDS, HIDDEN),
        "embeddings.position_embeddings.weight": (PLACES, HIDDEN),
        "embeddings.token_type_embeddings.weight": (2, HIDDEN),
        "embeddings.LayerNorm.weight": (HIDDEN,),
        "embeddings.LayerNorm.bias": (HIDDEN,),
    }
    linears = {
        "attention.self.query": (HIDDEN, HIDDEN),
        "attention.self.key": (HIDDEN, HIDDEN),
        "attention.self.value": (HIDDEN, HIDDEN),
        "attention.output.dense": (HIDDEN, HIDDEN),
        "intermediate.dense": (WIDE, HIDDEN),
        "output.dense": (HIDDEN, WIDE),
    }
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        for name, size in linears.items():
            sizes |= {f"{prefix}.{name}.weight": size, f"{prefix}.{name}.bias": size[:1]}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            sizes |= {f"{prefix}.{name}.weight": (HIDDEN,), f"{prefix}.{name}.bias": (HIDDEN,)}
    return {name: (0.5 * random.standard_normal(size)).astype(np.float32) for name, size in sizes.items()}


def bert_download(folder: Path, spoil: bool = False) -> Path:
    """A tiny BERT as it is published; `spoil` gives it weights that eight bits cannot hold."""
    tiny_cross_encoder(folder)
    weights = bert_weights()
    random = np.random.default_rng(2)
    words = random.standard_normal((len(VOCABULARY), 24)).astype(np.float32)
    if spoil:
        for layer in ("encoder.layer.0", "encoder.layer.1"):
            # A huge activation that nothing reads: exact arithmetic ignores it, one scale for all cannot.
            weights[f"{layer}.intermediate.dense.bias"][0] = 1e5
            weights[f"{layer}.output.dense.weight"][:, 0] = 0
    weights["embeddings.word_embeddings.weight"] = words
    weights["embeddings.position_embeddings.weight"] = random.standard_normal((256, 24)).astype(np.float32) / 10
    save_file(weights, folder / "model.safetensors")
    return folder


def published_files(folder: Path) -> dict[str, bytes]:
    """Both models' files under their names on the hub."""
    cross, bi = tiny_cross_encoder(folder / "cross"), bert_download(folder / "bi")
    return {
        GRAPH: (cross / "onnx/model.onnx").read_bytes(),
        "owner/cross/tokenizer.json": (cross / "tokenizer.json").read_bytes(),
        WEIGHTS: (bi / "model.safetensors").read_bytes(),
        "owner/bi/tokenizer.json": (bi / "tokenizer.json").read_bytes(),
    }


def catalog_text(sha256: str = "") -> str:
    checked = f'sha256 = "{sha256}"' if sha256 else ""
    return f"""
[[model]]
id = "{CROSS}"
kind = "cross-encoder"
licence = "Apache-2.0"
summary = "Tiny."
window = 64
prepare = "as-is"
file = [{{name = "onnx/model.onnx"}}, {{name = "tokenizer.json"}}]
source = [{{type = "folder"}}, {{type = "hub", repository = "owner/cross"}}]

[[model]]
id = "{BI}"
kind = "bi-encoder"
licence = "Apache-2.0"
summary = "Tiny."
window = 64
prepare = "bert-int8"
source = [{{type = "folder"}}, {{type = "hub", repository = "owner/bi"}}]
[[model.file]]
name = "model.safetensors"
{checked}
[[model.file]]
name = "tokenizer.json"
"""

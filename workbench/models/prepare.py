"""Turns downloaded files into a graph and a tokenizer that are ready to load.

Runs as a program of its own (`python -m workbench.models.prepare STEP DOWNLOAD TARGET WINDOW`): it takes seconds and a
few hundred megabytes, both of which a screen would feel, and it can be killed at any moment.
"""

import json
import os
import shutil
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from workbench.domain.errors import ModelUnavailableError
from workbench.domain.text import sanitize, single_line
from workbench.models.child import run_module

VERSION = 1
"""Raised when a step's result changes, so that what older versions prepared is made anew."""
ONNX = "model.onnx"
TOKENIZER = "tokenizer.json"
_MARK = "prepared "


def prepare(step: str, download: Path, target: Path, window: int, stop: threading.Event) -> dict[str, Any]:
    """Run one step in a program of its own.

    Args:
        step: A key of `STEPS`.
        download: The folder of verified files.
        target: An existing folder, which gets `ONNX` and `TOKENIZER`.
        window: Tokens the model reads at most.
        stop: Ends the program at once.

    Returns:
        What to remember about the result, such as its precision.

    Raises:
        ModelUnavailableError: The files are not what the step expects.
        StoppedError: `stop` was set.
    """
    # A new interpreter does not know by which paths this one found its packages.
    known = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    ended = run_module(__name__, (step, str(download), str(target), str(window)), stop, environment=known)
    last = ended.output.rpartition("\n")[2]
    if ended.code or not last.startswith(_MARK):
        raise ModelUnavailableError(
            f"The files could not be prepared: {single_line(last, 200) or f'exit code {ended.code}'}.",
            detail=sanitize(ended.output),
        )
    notes: dict[str, Any] = json.loads(last.removeprefix(_MARK))
    return notes


def _as_is(download: Path, target: Path, window: int) -> Mapping[str, Any]:
    """Take the published graph; prove that it loads."""
    from workbench.models.quantize import open_session

    graph = next(path for path in download.rglob("*.onnx"))
    names = {each.name for each in open_session(graph).get_inputs()}
    if not {"input_ids", "attention_mask"} <= names:
        raise ValueError(f"the graph asks for {', '.join(sorted(names))}")
    shutil.copyfile(graph, target / ONNX)
    shutil.copyfile(download / TOKENIZER, target / TOKENIZER)
    return {"precision": "as published"}


def _bert_int8(download: Path, target: Path, window: int) -> Mapping[str, Any]:
    """Write the graph from the weights, quantise it, and keep the float graph where int8 strays from it."""
    import onnx

    from workbench.models.bert_graph import bert_graph, read_weights
    from workbench.models.quantize import LEAST_COSINE, fidelity, quantize

    exact, graph, tokenizer = target / "exact.onnx", target / ONNX, target / TOKENIZER
    shutil.copyfile(download / TOKENIZER, tokenizer)
    onnx.save(bert_graph(read_weights(download / "model.safetensors")), exact)
    quantize(exact, graph)
    cosine = fidelity(exact, graph, tokenizer, window)
    if cosine < LEAST_COSINE:
        exact.replace(graph)
        note = f"int8 strays from float on this processor (cosine {cosine:.3f}), so the float graph is used"
        return {"precision": "fp32", "cosine": round(cosine, 4), "note": note}
    exact.unlink()
    return {"precision": "int8", "cosine": round(cosine, 4)}


STEPS: Mapping[str, Callable[[Path, Path, int], Mapping[str, Any]]] = {"as-is": _as_is, "bert-int8": _bert_int8}


def main(step: str, download: str, target: str, window: str) -> None:
    """Run one step and print what to remember on the last line; a failure is one line and exit code 1."""
    try:
        notes = STEPS[step](Path(download), Path(target), int(window))
    except Exception as error:
        sys.exit(single_line(f"{type(error).__name__}: {error}"))
    sys.stdout.write(_MARK + json.dumps(notes) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

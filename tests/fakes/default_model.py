"""The real default model, where it is prepared on this machine."""

import os
from pathlib import Path

import pytest

from workbench.engines.onnx_reranker import OnnxReranker
from workbench.models.catalog import bundled_catalog
from workbench.models.store import ModelStore


def default_model() -> OnnxReranker:
    """Open it without a cache; skips the test where it is not there."""
    root = os.environ.get("WORKBENCH_TEST_MODEL_ROOT")
    if not root:
        pytest.skip("WORKBENCH_TEST_MODEL_ROOT names no folder of prepared models")
    model = ModelStore(Path(root)).prepared(bundled_catalog().default.id)
    if not model:
        pytest.skip(f"the default model is not prepared in {root}")
    return OnnxReranker(model)

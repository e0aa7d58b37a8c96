"""Preparing: downloaded files become a graph that loads, in a program that can be stopped and says nothing."""

import threading
from pathlib import Path

import pytest

from tests.fakes.published_models import bert_download
from tests.fakes.tiny_models import tiny_cross_encoder
from workbench.domain.errors import ModelUnavailableError, StoppedError
from workbench.models.prepare import prepare
from workbench.models.quantize import open_session


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def test_a_bi_encoder_is_written_and_quantised(tmp_path: Path, target: Path, capfd: pytest.CaptureFixture[str]) -> None:
    notes = prepare("bert-int8", bert_download(tmp_path / "raw"), target, 256, threading.Event())
    assert notes["precision"] == "int8"
    assert notes["cosine"] > 0.97
    assert sorted(path.name for path in target.iterdir()) == ["model.onnx", "tokenizer.json"]
    assert open_session(target / "model.onnx").get_outputs()[0].name == "last_hidden_state"
    assert capfd.readouterr() == ("", "")


def test_the_float_graph_stays_where_int8_strays(tmp_path: Path, target: Path) -> None:
    notes = prepare("bert-int8", bert_download(tmp_path / "raw", spoil=True), target, 256, threading.Event())
    assert notes["precision"] == "fp32"
    assert "int8 strays" in notes["note"]
    assert sorted(path.name for path in target.iterdir()) == ["model.onnx", "tokenizer.json"]


def test_a_published_graph_is_taken_as_it_is(tmp_path: Path, target: Path) -> None:
    raw = tiny_cross_encoder(tmp_path / "raw")
    prepare("as-is", raw, target, 512, threading.Event())
    assert (target / "model.onnx").read_bytes() == (raw / "onnx/model.onnx").read_bytes()
    assert (target / "tokenizer.json").read_bytes() == (raw / "tokenizer.json").read_bytes()


def test_a_graph_that_does_not_load_is_refused(tmp_path: Path, target: Path, capfd: pytest.CaptureFixture[str]) -> None:
    raw = tiny_cross_encoder(tmp_path / "raw")
    (raw / "onnx/model.onnx").write_bytes(b"\x1b[31m<html>sign in</html>")
    with pytest.raises(ModelUnavailableError, match="could not be prepared") as caught:
        prepare("as-is", raw, target, 512, threading.Event())
    assert "\x1b" not in caught.value.message + caught.value.detail
    assert capfd.readouterr() == ("", "")


def test_a_stop_ends_it(tmp_path: Path, target: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        prepare("bert-int8", bert_download(tmp_path / "raw"), target, 256, stop)

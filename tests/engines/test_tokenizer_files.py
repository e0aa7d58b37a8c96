"""Where tokenizers come from: files, folders, repositories, the hub; what is kept of them, and what is refused."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.hub import FakeHub, fake_hub
from tests.fakes.model_repository import (
    METADATA,
    VOCABULARY,
    FakeRepository,
    fake_repository,
    metadata,
    package,
    vocabulary,
    write_package,
)
from tests.fakes.tiny_models import tiny_bi_encoder
from workbench.domain.deployment import Progress, TokenizerFile, TokenizerKind
from workbench.domain.errors import BadInputError, ModelUnavailableError, StoppedError, WorkbenchError
from workbench.domain.tokens import ELASTIC
from workbench.domain.truncation import Strategy, Window
from workbench.engines.tokenizer import open_reader
from workbench.models.store import ModelStore
from workbench.models.tokenizers import TokenizerFiles
from workbench.models.vocabulary import LIMIT, RefusedError

PIECES = b"\n\x0e\n\x05[PAD]\x15\x00\x00\x00\x00\x18\x03"
DEBERTA = "microsoft/deberta-v3-base"


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("workbench.models.hub.PAUSE", 0)
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def files(tmp_path: Path) -> TokenizerFiles:
    return TokenizerFiles(tmp_path / "cache", ModelStore(tmp_path / "models"))


@pytest.fixture
def repository() -> Iterator[FakeRepository]:
    with fake_repository(package()) as server:
        yield server


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    config = b'{"do_lower_case": false, "vocab_type": "spm"}'
    with fake_hub({f"{DEBERTA}/spm.model": PIECES, f"{DEBERTA}/tokenizer_config.json": config}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


def published(tmp_path: Path) -> bytes:
    """A real `tokenizer.json`."""
    return (tiny_bi_encoder(tmp_path / "published") / "tokenizer.json").read_bytes()


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


# Found on this machine.


@pytest.mark.parametrize("how", ["folder", "file:// address", "vocabulary"])
def test_elastics_vocabulary_is_found_where_it_lies(files: TokenizerFiles, tmp_path: Path, how: str) -> None:
    folder = write_package(tmp_path / "artifacts")
    named = {"folder": str(folder), "file:// address": folder.as_uri(), "vocabulary": str(folder / VOCABULARY)}
    found = files.find(named[how])
    assert found == files.cached(named[how])
    assert (found.kind, found.path, found.window) == (TokenizerKind.ELASTIC, folder / VOCABULARY, ELASTIC)
    assert found.id == (VOCABULARY if how == "vocabulary" else ".rerank-v1")
    assert not (tmp_path / "cache").exists(), "nothing is copied"
    assert len(open_reader(found).tokenizer.tokenize(["laptop gets hot"])[0]) == 3


def test_a_tokenizer_json_is_found_by_its_path_or_its_folder_and_its_window_is_said_to_be_a_guess(
    files: TokenizerFiles, tmp_path: Path
) -> None:
    path = tmp_path / "model" / "tokenizer.json"
    path.parent.mkdir()
    path.write_bytes(published(tmp_path))
    by_path, by_folder = files.find(str(path)), files.find(str(path.parent))
    assert (by_path.id, by_folder.id) == ("tokenizer.json", "model")
    assert by_path.window == by_folder.window == Window(512, 3, Strategy.LONGEST_FIRST)
    assert "not known how the model of this tokenizer reads" in by_folder.notes[0]
    assert open_reader(by_folder).window.special == 3


def test_a_tokenizer_json_that_the_catalog_knows_has_that_models_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hashlib import sha256

    from workbench.models.catalog import Catalog

    raw = published(tmp_path)
    entry = '[[model]]\nid = "m"\nkind = "bi-encoder"\nlicence = "MIT"\nsummary = "s"\nwindow = 64\nprepare = "as-is"\n'
    file = f'[[model.file]]\nname = "tokenizer.json"\nsha256 = "{sha256(raw).hexdigest()}"\n'
    source = '[[model.source]]\ntype = "hub"\nrepository = "owner/known"\n'
    store = ModelStore(tmp_path / "models", Catalog.of(entry + file + source))
    found = TokenizerFiles(tmp_path / "cache", store).find(str(tmp_path / "published"))
    assert (found.window, found.notes) == (Window(64, 2, Strategy.HEAD_ONLY), ())
    with fake_hub({"owner/known/tokenizer.json": raw + b"\n"}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        found = TokenizerFiles(tmp_path / "cache", store).find("owner/known")
    assert (found.window, found.notes) == (Window(64, 2, Strategy.HEAD_ONLY), ())


def test_a_deberta_folder_is_found(files: TokenizerFiles, tmp_path: Path) -> None:
    (tmp_path / "spm.model").write_bytes(PIECES)
    assert files.find(str(tmp_path)) == TokenizerFile(
        tmp_path.name, TokenizerKind.SENTENCEPIECE, tmp_path / "spm.model", ELASTIC
    )
    (tmp_path / "tokenizer_config.json").write_bytes(b'{"tokenizer_class": "T5Tokenizer"}')
    with pytest.raises(RefusedError, match="T5Tokenizer"):
        files.find(str(tmp_path))


def test_a_local_model_that_is_not_fetched_says_how(files: TokenizerFiles) -> None:
    with pytest.raises(ModelUnavailableError) as caught:
        files.find("ms-marco-minilm-l6")
    assert "workbench models download ms-marco-minilm-l6" in caught.value.hint


@pytest.mark.parametrize("reference", ["", "nonsense", "a/b/c", "~nobody-here/x", "/nowhere\0", "../" + "x" * 5000])
def test_what_means_nothing_says_what_could_be_meant(files: TokenizerFiles, reference: str) -> None:
    for find in (files.cached, files.find):
        with pytest.raises(WorkbenchError) as caught:
            find(reference)
        assert caught.value.hint


# Refused by name.

BROKEN_VOCABULARIES: dict[str, tuple[bytes, str]] = {
    "too large": (b'{"vocabulary": ["' + b"x" * LIMIT + b'"]}', "size"),
    "empty": (b"", "empty"),
    "no JSON": (b"vocabulary", "json"),
    "no UTF-8": (b'{"vocabulary": ["\xff"]}', "json"),
    "a number of 5,000 digits": (b'{"scores": [' + b"1" * 5000 + b"]}", "json"),
    "nested deeply": (b'{"vocabulary": ' + b"[" * 200_000, "depth"),
    "a web page": (b"\n<!doctype html><html>", "web-page"),
    "a list": (b"[]", "object"),
    "no arrays": (dumped(vocabulary(merges={})), "arrays"),
    "no vocabulary": (dumped({"scores": []}), "vocabulary"),
    "no scores": (dumped({"vocabulary": []}), "scores"),
    "lengths": (dumped(vocabulary(scores=[0.0])), "equal-lengths"),
    "no separator": (dumped({"vocabulary": ["[CLS]", "[UNK]", "[PAD]"], "scores": [0, 0, 0]}), "special-tokens"),
    "a number as a token": (dumped({"vocabulary": [1], "scores": [0]}), "tokens"),
    "an empty token": (dumped({"vocabulary": [""], "scores": [0]}), "tokens"),
    "half a character": (b'{"vocabulary": ["\\ud800"], "scores": [0]}', "tokens"),
    "twice": (dumped({"vocabulary": ["a", "a"], "scores": [0, 0]}), "duplicates"),
    "NaN": (b'{"vocabulary": ["a"], "scores": [NaN]}', "scores"),
    "infinite": (b'{"vocabulary": ["a"], "scores": [1e999]}', "scores"),
    "beyond floats": (b'{"vocabulary": ["a"], "scores": [1' + b"0" * 400 + b"]}", "scores"),
    "true": (b'{"vocabulary": ["a"], "scores": [true]}', "scores"),
}


@pytest.mark.parametrize("name", BROKEN_VOCABULARIES)
def test_a_malformed_vocabulary_is_refused_by_name(
    files: TokenizerFiles, repository: FakeRepository, name: str
) -> None:
    raw, rule = BROKEN_VOCABULARIES[name]
    repository.files[VOCABULARY] = raw
    with pytest.raises(RefusedError) as caught:
        files.find(repository.url)
    assert caught.value.rule == rule
    assert VOCABULARY in caught.value.message and caught.value.hint
    assert files.cached(repository.url) is None


BROKEN_METADATA: dict[str, tuple[bytes, str]] = {
    "another package": (dumped(metadata(packaged_model_id="elser_model_2")), "package"),
    "no package": (dumped(metadata(packaged_model_id=None)), "package"),
    "no size": (dumped(metadata(size=0)), "size-of-model"),
    "a short hash": (dumped(metadata(sha256="ab" * 31)), "sha256"),
    "no vocabulary": (dumped(metadata(vocabulary_file=None)), "vocabulary-missing"),
    "another ending": (dumped(metadata(vocabulary_file="vocab.txt")), "vocabulary-name"),
    "upwards": (dumped(metadata(vocabulary_file="../vocab.json")), "outside"),
    "absolute": (dumped(metadata(vocabulary_file="/etc/vocab.json")), "outside"),
    "another place": (dumped(metadata(vocabulary_file="http://evil/vocab.json")), "outside"),
    "backslashes": (dumped(metadata(vocabulary_file="..\\vocab.json")), "outside"),
    "written around": (dumped(metadata(vocabulary_file="%2e%2e/vocab.json")), "outside"),
    "a query": (dumped(metadata(vocabulary_file="vocab.json?x=.json")), "outside"),
    "a window": (
        dumped(metadata(inference_config={"x": {"tokenization": {"deberta_v2": {"max_sequence_length": -1}}}})),
        "budget",
    ),
    "a log-in page": (b"<html>", "web-page"),
    "too large": (b" " * 1_000_001, "size"),
}


@pytest.mark.parametrize("name", BROKEN_METADATA)
@pytest.mark.parametrize("place", ["web", "folder"])
def test_malformed_metadata_is_refused_by_name(
    files: TokenizerFiles, repository: FakeRepository, tmp_path: Path, name: str, place: str
) -> None:
    raw, rule = BROKEN_METADATA[name]
    repository.files[METADATA] = raw
    reference = repository.url if place == "web" else str(write_package(tmp_path / "artifacts", metadata=raw))
    with pytest.raises(RefusedError) as caught:
        files.find(reference)
    assert caught.value.rule == rule
    assert METADATA in caught.value.message and caught.value.hint
    assert VOCABULARY not in repository.asked


def test_lengths_that_differ_are_said_in_the_servers_words(files: TokenizerFiles, tmp_path: Path) -> None:
    (tmp_path / "x.vocab.json").write_bytes(dumped({"vocabulary": ["a", "b"], "scores": [0]}))
    with pytest.raises(RefusedError, match=r"provided vocabulary \[2\] and scores \[1\] must have the same size"):
        files.find(str(tmp_path / "x.vocab.json"))


def test_a_vocabulary_of_another_ending_is_refused(files: TokenizerFiles, tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_bytes(dumped(vocabulary()))
    with pytest.raises(RefusedError, match=r"does not end in \.json"):
        files.find(str(tmp_path / "../" / tmp_path.name / "vocab.txt"))


def test_a_link_out_of_the_folder_is_refused(files: TokenizerFiles, tmp_path: Path) -> None:
    folder = write_package(tmp_path / "artifacts")
    (folder / VOCABULARY).rename(tmp_path / "elsewhere.json")
    (folder / VOCABULARY).symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(RefusedError, match="leaves the folder"):
        files.find(str(folder))
    (folder / VOCABULARY).unlink()
    (folder / VOCABULARY).symlink_to(VOCABULARY)
    with pytest.raises(WorkbenchError):
        files.find(str(folder))


def test_what_is_no_file_is_not_read(files: TokenizerFiles, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "tokenizer.json")
    for reference in (str(tmp_path / "tokenizer.json"), "/dev/zero"):
        with pytest.raises(RefusedError, match="not a file"):
            files.find(reference)


def test_missing_files_are_named(files: TokenizerFiles, repository: FakeRepository, tmp_path: Path) -> None:
    folder = write_package(tmp_path / "artifacts")
    (folder / VOCABULARY).unlink()
    del repository.files[VOCABULARY]
    for reference in (str(folder), repository.url):
        with pytest.raises(ModelUnavailableError, match=VOCABULARY):
            files.find(reference)
    (tmp_path / "bare").mkdir()
    with pytest.raises(BadInputError, match=r"tokenizer\.json or spm\.model"):
        files.find(str(tmp_path / "bare"))
    with pytest.raises(ModelUnavailableError, match="There is no"):
        files.find(str(tmp_path / "gone.json"))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ftp://es.example/models", "no address"),
        ("https://me:secret@es.example/models", "holds a user"),
        ("https://es.example/models?key=secret", "query"),
        ("https:///models", "names no server"),
        ("file://es.example/models", "leads nowhere"),
        ("http://[::1", "no address"),
    ],
)
def test_an_address_that_the_server_would_not_take_is_refused(files: TokenizerFiles, url: str, says: str) -> None:
    with pytest.raises(BadInputError, match=says) as caught:
        files.cached(url)
    assert "secret" not in str(caught.value.message) + caught.value.hint


# Fetched from a repository.


def test_a_package_is_fetched_once_and_then_only_its_metadata_is_looked_at(
    files: TokenizerFiles, repository: FakeRepository
) -> None:
    reports: list[Progress | None] = []
    assert files.cached(repository.url) is None
    found = files.find(repository.url, reports.append)
    assert (found.id, found.kind, found.window) == (".rerank-v1", TokenizerKind.ELASTIC, ELASTIC)
    assert reports[-1] and reports[-1].done == reports[-1].total == len(repository.files[VOCABULARY])
    assert files.cached(repository.url) == files.find(repository.url) == found
    assert repository.asked == [METADATA, VOCABULARY, METADATA]
    assert open_reader(found).tokenizer.count(["laptop gets hot"]) == [3]


def test_a_new_package_replaces_the_old_one(files: TokenizerFiles, repository: FakeRepository) -> None:
    files.find(repository.url)
    half = {"deberta_v2": {"max_sequence_length": 256, "truncate": "second"}}
    said = metadata(sha256="cd" * 32, inference_config={"text_similarity": {"tokenization": half}})
    repository.files[METADATA] = dumped(said)
    repository.files[VOCABULARY] += b"\n"
    found = files.find(repository.url)
    assert found.window == Window(256, 3, Strategy.BALANCED)
    assert "'second'" in found.notes[0]
    assert found.path.read_bytes() == repository.files[VOCABULARY]
    assert files.cached(repository.url) == found


def test_without_the_network_what_was_fetched_is_used(files: TokenizerFiles, repository: FakeRepository) -> None:
    found = files.find(repository.url)
    repository.status = 503
    assert files.find(repository.url) == found
    repository.files[METADATA] = b"<html>"
    repository.status = 200
    with pytest.raises(RefusedError, match="web page"):
        files.find(repository.url)
    assert files.cached(repository.url) == found, "what was good stays"


def test_a_file_that_was_changed_behind_our_back_is_fetched_again(
    files: TokenizerFiles, repository: FakeRepository
) -> None:
    found = files.find(repository.url)
    found.path.write_bytes(b"{}")
    assert files.cached(repository.url) is None
    assert files.find(repository.url).path.read_bytes() == repository.files[VOCABULARY]


@pytest.mark.parametrize("place", ["repository", "hub"])
def test_a_file_that_went_bad_is_fetched_again_though_it_is_as_long_as_before(
    files: TokenizerFiles, repository: FakeRepository, hub: FakeHub, place: str
) -> None:
    reference = repository.url if place == "repository" else DEBERTA
    found = files.find(reference)
    good = found.path.read_bytes()
    found.path.write_bytes(b"x" * len(good))
    assert files.cached(reference) is None
    assert files.find(reference) == found and found.path.read_bytes() == good


def test_a_redirect_is_refused_as_the_server_refuses_it(files: TokenizerFiles, repository: FakeRepository) -> None:
    repository.status, repository.headers = 302, {"Location": f"{repository.url}/elsewhere"}
    with pytest.raises(RefusedError, match="elsewhere") as caught:
        files.find(repository.url)
    assert caught.value.rule == "redirect"
    assert repository.asked == [METADATA]


@pytest.mark.parametrize(("status", "says"), [(404, "has no /rerank-v1.metadata.json"), (500, "answers 500")])
def test_a_repository_that_does_not_answer_well_says_so(
    files: TokenizerFiles, repository: FakeRepository, status: int, says: str
) -> None:
    repository.status = status
    with pytest.raises(ModelUnavailableError, match=says) as caught:
        files.find(repository.url)
    assert repository.url in caught.value.message and caught.value.hint


def test_a_server_that_is_not_there_or_breaks_off_says_so(files: TokenizerFiles, repository: FakeRepository) -> None:
    with pytest.raises(ModelUnavailableError, match="cannot be reached"):
        files.find("http://127.0.0.1:9/models")
    repository.drop_after = 10
    with pytest.raises(ModelUnavailableError, match="broke"):
        files.find(repository.url)


def test_a_server_that_drips_is_given_up(
    files: TokenizerFiles, repository: FakeRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.models.repository.START", 0.1)
    repository.drip = True
    with pytest.raises(ModelUnavailableError, match="is too slow: fewer than 10 kB a second"):
        files.find(repository.url)


def test_a_body_without_an_end_is_not_read_to_it(files: TokenizerFiles, repository: FakeRepository) -> None:
    repository.length = False
    repository.files[VOCABULARY] = b" " * (LIMIT + 1_000_000)
    with pytest.raises(RefusedError, match="larger than 20 MB"):
        files.find(repository.url)


def test_a_stop_ends_it_and_leaves_nothing(files: TokenizerFiles, repository: FakeRepository, tmp_path: Path) -> None:
    stop = threading.Event()
    with pytest.raises(StoppedError):
        files.find(repository.url, lambda progress: stop.set(), stop)
    assert files.cached(repository.url) is None


def test_a_cache_that_cannot_be_written_says_so(
    files: TokenizerFiles, repository: FakeRepository, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(ModelUnavailableError, match="cannot be kept") as caught:
        files.find(repository.url)
    assert "WORKBENCH_HOME" in caught.value.hint


# Fetched from the hub.


def test_a_model_of_the_hub_is_known_by_its_pieces_where_it_has_no_tokenizer_json(
    files: TokenizerFiles, hub: FakeHub
) -> None:
    found = files.find(DEBERTA)
    assert (found.id, found.kind, found.window) == (DEBERTA, TokenizerKind.SENTENCEPIECE, ELASTIC)
    assert found.path.read_bytes() == PIECES
    asked = len(hub.bodies(f"{DEBERTA}/spm.model"))
    assert files.find(DEBERTA) == files.cached(DEBERTA) == found
    assert len(hub.bodies(f"{DEBERTA}/spm.model")) == asked, "its hash is known"
    hub.status = 503
    assert files.find(DEBERTA) == found


def test_a_tokenizer_json_of_the_hub_is_preferred(files: TokenizerFiles, hub: FakeHub, tmp_path: Path) -> None:
    hub.files[f"{DEBERTA}/tokenizer.json"] = published(tmp_path)
    found = files.find(DEBERTA)
    assert (found.kind, found.path.name) == (TokenizerKind.HUGGING_FACE, "tokenizer.json")
    assert "not known" in found.notes[0]
    assert open_reader(found).tokenizer.count(["ab"]) == [1]


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("spm.model", b"<html>log in</html>", "web-page"),
        ("spm.model", b"GIF89a", "sentencepiece"),
        ("tokenizer_config.json", b'{"tokenizer_class": "XLMRobertaTokenizer"}', "deberta"),
        ("tokenizer_config.json", b'{"do_lower_case": true}', "lower-case"),
        ("tokenizer.json", b'{"version": "1.0"}', "tokenizer"),
        ("tokenizer.json", b"<html>", "web-page"),
    ],
)
def test_what_the_hub_has_is_refused_by_name(
    files: TokenizerFiles, hub: FakeHub, name: str, content: bytes, rule: str
) -> None:
    known = files.find(DEBERTA)
    hub.files[f"{DEBERTA}/{name}"] = content
    with pytest.raises(RefusedError) as caught:
        files.find(DEBERTA)
    assert caught.value.rule == rule
    assert known.path.name == "spm.model" and files.cached(DEBERTA) is None


def test_a_file_of_the_hub_may_not_be_larger_than_a_tokenizer_is(
    files: TokenizerFiles, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.models.tokenizers.TOKENIZER_LIMIT", 5000)
    hub.files[f"{DEBERTA}/tokenizer.json"] = b" " * 20_000
    for hub.length in (True, False):
        hub.declare = hub.length
        with pytest.raises(ModelUnavailableError, match="larger than"):
            files.find(DEBERTA)


def test_a_model_that_the_hub_does_not_have_is_named(files: TokenizerFiles, hub: FakeHub) -> None:
    with pytest.raises(ModelUnavailableError, match=r"owner/none could not be fetched: .* has no spm\.model"):
        files.find("owner/none")

"""What the app and the commands get for experiments: boundaries, terms, and readers by their names."""

import json
from pathlib import Path

import pytest

from tests.fakes.elastic import Endpoint, fake_elastic
from tests.fakes.model_repository import METADATA, VOCABULARY, fake_repository, metadata, package, write_package
from workbench.cli.doctor import checks
from workbench.cli.wiring import open_session
from workbench.config.paths import user_paths
from workbench.config.settings import Settings
from workbench.domain.comparison import StageError
from workbench.domain.errors import WorkbenchError
from workbench.domain.tokens import ESTIMATE
from workbench.models.store import ModelStore
from workbench.models.tokenizers import TokenizerFiles
from workbench.services.laboratory import Laboratory


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ELASTICSEARCH_URL", "ES_URL", "ELASTIC_CLOUD_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def laboratory(tokenizer: str = "") -> Laboratory:
    return open_session(Settings(tokenizer=tokenizer)).laboratory


def test_text_is_cut_and_analysed_as_the_engines_do() -> None:
    assert laboratory().boundaries().sentences("One. Two.") == [(0, 5), (5, 9)]
    assert laboratory().terms("The laptops") == ["the", "laptops"]


def test_with_nothing_named_and_nothing_fetched_there_is_the_estimate_alone() -> None:
    assert laboratory().readers() == ("estimate",)
    assert laboratory().reader("estimate") is ESTIMATE


def test_what_is_named_and_what_was_fetched_can_be_opened_by_name(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(write_package(tmp_path / "artifacts"))
    path = tmp_path / "artifacts" / VOCABULARY
    (home / "config").mkdir(parents=True)
    (home / "config" / "profiles.toml").write_text(f'[a]\nhosts = "http://es:9200"\ntokenizer = "{path}"\n')
    with fake_repository(package()) as repository:
        monkeypatch.setattr("workbench.models.tokenizers.ELASTIC_REPOSITORY", repository.url)
        assert laboratory().reader(".rerank-v1").tokenizer.id == ".rerank-v1"
        found = laboratory(folder)
        assert found.readers() == (folder, str(path), ".rerank-v1", "estimate")
        for name in found.readers():
            assert found.reader(name).window.special == 3
        assert len(repository.asked) == 2, "what was fetched is not looked for again"


def test_what_is_assumed_of_a_tokenizer_is_among_its_notes(tmp_path: Path) -> None:
    from tests.fakes.tiny_models import tiny_bi_encoder

    reader = laboratory().reader(str(tiny_bi_encoder(tmp_path / "m")))
    assert "not known" in reader.tokenizer.notes[-1]


def test_broken_profiles_keep_nobody_from_a_tokenizer_and_a_broken_tokenizer_is_said(
    home: Path, tmp_path: Path
) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "profiles.toml").write_text("[")
    assert laboratory().readers() == ("estimate",)
    with pytest.raises(WorkbenchError, match="nothing-of-the-kind"):
        laboratory().reader("nothing-of-the-kind")


def test_a_package_that_was_replaced_is_noticed_by_the_next_start_and_looked_at_once(home: Path) -> None:
    with fake_repository(package()) as repository:
        before = TokenizerFiles(home / "cache" / "tokenizers", ModelStore(home / "cache" / "models"))
        assert before.find(repository.url).window.budget == 512
        half = {"deberta_v2": {"max_sequence_length": 256, "truncate": "balanced"}}
        said = metadata(sha256="cd" * 32, inference_config={"text_similarity": {"tokenization": half}})
        repository.files[METADATA] = json.dumps(said).encode()
        repository.asked.clear()
        for _ in range(2):
            assert laboratory().reader(repository.url).window.budget == 256
        assert repository.asked == [METADATA, VOCABULARY]


def test_without_the_network_what_was_fetched_counts(home: Path) -> None:
    with fake_repository(package()) as repository:
        before = TokenizerFiles(home / "cache" / "tokenizers", ModelStore(home / "cache" / "models"))
        before.find(repository.url)
        repository.status = 503
        assert laboratory().reader(repository.url).tokenizer.exact


@pytest.mark.parametrize("place", ["settings", "profile"])
async def test_a_tokenizer_for_all_clusters_is_not_taken_for_that_of_an_endpoint_with_another_model(
    home: Path, tmp_path: Path, place: str
) -> None:
    path = str(write_package(tmp_path / "artifacts"))
    with fake_elastic({"1": {"title": "a", "body": "b"}}, version="9.2.0") as server:
        settings = {"model_id": "ms-marco", "num_threads": 1, "num_allocations": 1}
        server.cluster.endpoints["deployed"] = Endpoint("deployed", service_settings=settings)
        own = f'tokenizer = "{path}"' if place == "profile" else ""
        (home / "config").mkdir(parents=True)
        (home / "config" / "profiles.toml").write_text(
            f'[a]\nhosts = "{server.url}"\nendpoint = "deployed"\nindex = "articles"\n{own}\n'
        )
        session = open_session(Settings(tokenizer=path if place == "settings" else ""))
        await session.open("a:")
        async for status in session.ready_model():
            last = status
        assert not isinstance(session.reranker, StageError), last
        reader = await session.reranker.reader()
        await session.close()
    assert reader.tokenizer.id == ("estimate" if place == "settings" else ".rerank-v1")
    assert not reader.tokenizer.exact


def test_the_doctor_opens_what_was_fetched_and_asks_nobody(home: Path) -> None:
    with fake_repository(package()) as repository:
        (home / "config").mkdir(parents=True)
        (home / "config" / "config.toml").write_text(f'tokenizer = "{repository.url}"\n')

        def said() -> str:
            return next(check.says for check in checks(user_paths()) if check.name == "tokenizer")

        assert "fetched when it is first needed" in said()
        laboratory().reader(repository.url)
        repository.asked.clear()
        assert said() == f"{repository.url} counts; 512 tokens, balanced"
        assert repository.asked == []

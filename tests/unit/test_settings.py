"""The settings file: what it may say, and what is said of it when it is wrong."""

from pathlib import Path

import pytest

from workbench.config.paths import bundled, user_paths
from workbench.config.settings import Settings, load_settings
from workbench.domain.errors import BadInputError


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "config.toml") == Settings()


def test_a_file_sets_what_it_names_and_a_whole_number_will_do_for_a_share(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('corpus = "notes"\ndepth = 50\nmix_weight = 1\n')
    settings = load_settings(path)
    assert (settings.corpus, settings.depth, settings.mix_weight) == ("notes", 50, 1.0)
    assert settings.size == Settings().size


def test_keys_are_handed_on_as_written_so_that_a_wrong_one_keeps_nobody_from_working(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('depth = 5\n[keys]\n"list.next" = "n"\nnonsense = 3\n')
    settings = load_settings(path)
    assert settings.depth == 5
    assert settings.keys == {"list.next": "n", "nonsense": 3}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("depht = 3", "depht"),
        ("depth = '3'", "depth"),
        ("depth = true", "depth"),
        ("depth = 0", "depth"),
        ("mix_weight = 1.5", "mix_weight"),
        ("corpus = 3", "corpus"),
        ("tokenizer = 3", "tokenizer"),
        ("title_boost = 0\nbody_boost = 0", "title_boost"),
        ("depth = ", "config.toml"),
        ("keys = 'j'", "keys"),
        ("\xff", "config.toml"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(tmp_path: Path, text: str, names: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(BadInputError, match=names) as caught:
        load_settings(path)
    assert "config.toml" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("rerank-v1.vocab.json", "{folder}/rerank-v1.vocab.json"),
        ("./artifacts", "{folder}/artifacts"),
        ("../x/spm.model", "{folder}/../x/spm.model"),
        ("/srv/artifacts", "/srv/artifacts"),
        ("~/artifacts", "{home}/artifacts"),
        (".rerank-v1", ".rerank-v1"),
        ("microsoft/deberta-v3-base", "microsoft/deberta-v3-base"),
        ("https://models.example/x.json", "https://models.example/x.json"),
        ("all-minilm-l6-v2", "all-minilm-l6-v2"),
    ],
)
def test_a_tokenizers_path_is_relative_to_the_file_and_its_name_stays(tmp_path: Path, written: str, read: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'tokenizer = "{written}"\n')
    assert load_settings(path).tokenizer == read.format(folder=tmp_path, home=Path.home())
    assert Settings().tokenizer == ""


def test_one_variable_moves_every_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))
    paths = user_paths()
    for folder in (paths.config, paths.data, paths.cache, paths.logs, paths.corpora, paths.models, paths.themes):
        assert folder.is_relative_to(tmp_path)
    assert not any(tmp_path.iterdir()), "looking creates nothing"


def test_the_bundled_folders_are_found() -> None:
    assert (bundled("themes") / "workbench-dark.toml").is_file()
    assert (bundled("fixtures") / "help-center" / "queries.jsonl").is_file()

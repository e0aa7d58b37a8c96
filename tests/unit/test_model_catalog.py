"""The catalog: what ships is complete, and a misspelt model is met with the nearest names."""

import re

import pytest

from workbench.domain.deployment import ModelKind
from workbench.domain.errors import BadInputError
from workbench.models.catalog import bundled_catalog
from workbench.models.prepare import STEPS
from workbench.models.wheel import Wheel


def test_the_default_is_a_bi_encoder_that_needs_no_hub() -> None:
    card = bundled_catalog().default
    assert (card.id, card.kind, card.window) == ("all-minilm-l6-v2", ModelKind.BI_ENCODER, 256)
    assert any(isinstance(source, Wheel) for source in card.sources)


def test_every_model_says_what_it_is_and_can_be_prepared() -> None:
    cards = bundled_catalog().cards
    assert len({card.id for card in cards}) == len(cards) >= 2
    for card in cards:
        assert card.licence == "Apache-2.0"
        assert "\n" not in card.summary and len(card.summary) < 100
        assert card.prepare in STEPS
        assert card.files and card.sources
        assert any(file.name == "tokenizer.json" for file in card.files)


def test_hashes_are_whole_and_wheels_never_go_unchecked() -> None:
    for card in bundled_catalog().cards:
        for file in card.files:
            assert not file.checksum or re.fullmatch("[0-9a-f]{64}", file.checksum.value)
        if any(isinstance(source, Wheel) for source in card.sources):
            assert all(file.checksum and file.size for file in card.files)


@pytest.mark.parametrize("typed", ["all-minilm", "All-MiniLM-L6-v2", "all-mini-lm-l6"])
def test_a_misspelt_model_gets_the_nearest_name(typed: str) -> None:
    with pytest.raises(BadInputError) as caught:
        bundled_catalog().card(typed)
    assert "all-minilm-l6-v2" in caught.value.hint


def test_a_model_unlike_any_gets_all_names_and_no_control_characters() -> None:
    with pytest.raises(BadInputError) as caught:
        bundled_catalog().card("\x1b[31m§§§")
    assert all(card.id in caught.value.hint for card in bundled_catalog().cards)
    assert "\x1b" not in caught.value.message

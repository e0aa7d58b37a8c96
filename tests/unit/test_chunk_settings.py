"""What Elasticsearch refuses as chunking settings is refused in its own words."""

import pytest

from workbench.domain.chunk_settings import (
    OLD_SEMANTIC_TEXT,
    SEMANTIC_TEXT,
    check_settings,
    check_way,
    read_settings,
    ways_of,
)
from workbench.domain.chunks import MARKDOWN, PLAINTEXT, ChunkSettings, ChunkStrategy, ChunkUse, Way
from workbench.domain.errors import BadInputError


def test_no_settings_are_the_default() -> None:
    assert read_settings({}) == SEMANTIC_TEXT
    assert SEMANTIC_TEXT.label == "sentence 250/1"


@pytest.mark.parametrize(
    ("given", "label"),
    [
        ({"strategy": "none"}, "none"),
        ({"strategy": "SENTENCE", "max_chunk_size": 20}, "sentence 20/1"),
        ({"strategy": "sentence", "max_chunk_size": 300, "sentence_overlap": 0}, "sentence 300/0"),
        ({"strategy": "word", "max_chunk_size": 10, "overlap": 5}, "word 10/5"),
        ({"strategy": "recursive", "max_chunk_size": 10}, "recursive 10 plaintext"),
        ({"strategy": "recursive", "max_chunk_size": 99, "separator_group": "markdown"}, "recursive 99 markdown"),
        ({"strategy": "recursive", "max_chunk_size": 99, "separators": ["\n"]}, "recursive 99 own separators"),
    ],
)
def test_settings_are_read_as_the_server_reads_them(given: dict[str, object], label: str) -> None:
    assert read_settings(given).label == label


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"max_chunk_size": 100}, "Can't generate Chunker without ChunkingStrategy provided"),
        ({"strategy": "page"}, "Invalid chunkingStrategy page"),
        ({"strategy": "sentence"}, "[chunking_settings] does not contain the required setting [max_chunk_size]"),
        ({"strategy": "sentence", "max_chunk_size": "250"}, "The value [250] cannot be converted to a [Integer]"),
        ({"strategy": "sentence", "max_chunk_size": 19}, "[max_chunk_size] must be greater than or equal to [20]"),
        (
            {"strategy": "sentence", "max_chunk_size": 20, "sentence_overlap": 2},
            "sentence_overlap[2] must be either 0 or 1",
        ),
        (
            {"strategy": "sentence", "max_chunk_size": 20, "overlap": 1},
            "Sentence based chunking settings can not have the following settings: [overlap]",
        ),
        (
            {"strategy": "word", "max_chunk_size": 9, "overlap": 1},
            "[max_chunk_size] must be greater than or equal to [10]",
        ),
        ({"strategy": "word", "max_chunk_size": 10}, "does not contain the required setting [overlap]"),
        ({"strategy": "word", "max_chunk_size": 10, "overlap": 0}, "[overlap] must be a positive integer"),
        ({"strategy": "word", "max_chunk_size": 11, "overlap": 6}, "[overlap] must be less than or equal to [5]"),
        ({"strategy": "recursive", "max_chunk_size": 10, "separators": []}, "can not have an empty list of separators"),
        (
            {"strategy": "recursive", "max_chunk_size": 10, "separators": ["\n"] * 51},
            "list size [51] must not exceed [50]",
        ),
        (
            {"strategy": "recursive", "max_chunk_size": 10, "separators": ["\n"], "separator_group": "markdown"},
            "can not have both separators and separator_set",
        ),
        (
            {"strategy": "recursive", "max_chunk_size": 10, "separator_group": "html"},
            "[separator_group] must be one of [markdown, plaintext]",
        ),
        ({"strategy": "recursive", "max_chunk_size": 10, "separators": ["("]}, "not a regular expression"),
    ],
)
def test_what_the_server_refuses_is_refused_in_its_words(given: dict[str, object], reason: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read_settings(given)
    assert reason in caught.value.message
    assert caught.value.hint


def test_settings_made_by_hand_are_held_against_the_same_limits() -> None:
    for settings in (SEMANTIC_TEXT, OLD_SEMANTIC_TEXT, ChunkSettings(ChunkStrategy.NONE, 0)):
        check_settings(settings)
    with pytest.raises(BadInputError, match="must be greater than or equal to"):
        check_settings(ChunkSettings(ChunkStrategy.RECURSIVE, 9, separators=MARKDOWN))
    with pytest.raises(BadInputError, match="empty list"):
        check_settings(ChunkSettings(ChunkStrategy.RECURSIVE, 10))
    assert len(MARKDOWN) == 8 and len(PLAINTEXT) == 2


def test_a_number_of_chunks_is_at_least_one() -> None:
    check_way(Way(ChunkUse.RESCORER, most=1))
    with pytest.raises(BadInputError, match="size must be greater than 0, was: 0"):
        check_way(Way(ChunkUse.RESCORER, most=0))
    with pytest.raises(BadInputError, match=r"\[max_chunks_per_doc\] must be a positive integer"):
        check_way(Way(ChunkUse.LONG_DOCUMENT, most=-1))


def test_settings_are_tried_for_what_is_embedded_and_for_what_is_rescored() -> None:
    embedded, rescored = ways_of({"strategy": "word", "max_chunk_size": 10, "overlap": 5})
    assert (embedded.use, rescored.use, rescored.most) == (ChunkUse.SEMANTIC_TEXT, ChunkUse.RESCORER, 1)
    assert embedded.settings == rescored.settings == ChunkSettings(ChunkStrategy.WORD, 10, 5)
    assert ways_of(None) == ()

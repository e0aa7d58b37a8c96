"""What Elasticsearch takes as `chunking_settings`, what it refuses, and what it makes up itself."""

from collections.abc import Mapping
from math import ceil

from workbench.domain.chunks import MARKDOWN, PLAINTEXT, ChunkSettings, ChunkStrategy, ChunkUse, Way
from workbench.domain.errors import BadInputError
from workbench.domain.tokens import ELASTIC, WORDS_PER_TOKEN

SEMANTIC_TEXT = ChunkSettings(ChunkStrategy.SENTENCE, 250, 1)
"""The default of endpoints that were made in 8.16 or later."""
OLD_SEMANTIC_TEXT = ChunkSettings(ChunkStrategy.WORD, 250, 100)
"""The default of endpoints that were made before 8.16."""
RESCORER = ChunkSettings(ChunkStrategy.SENTENCE, 300, 0)
"""The default of `chunk_rescorer` for models that read 512 tokens."""
NONE = ChunkSettings(ChunkStrategy.NONE)

_SMALLEST = {ChunkStrategy.SENTENCE: 20, ChunkStrategy.WORD: 10, ChunkStrategy.RECURSIVE: 10}
_KEYS = {
    ChunkStrategy.SENTENCE: ("max_chunk_size", "sentence_overlap"),
    ChunkStrategy.WORD: ("max_chunk_size", "overlap"),
    ChunkStrategy.RECURSIVE: ("max_chunk_size", "separators", "separator_group"),
}
_MOST_SEPARATORS = 50
_GROUPS = {"markdown": MARKDOWN, "plaintext": PLAINTEXT}


def long_document(query_words: int) -> ChunkSettings:
    """The settings of an endpoint with `long_document_strategy: chunk`.

    Args:
        query_words: Of the query; the longer it is, the smaller the chunks.
    """
    query = ceil(query_words / WORDS_PER_TOKEN)
    budget = max(ELASTIC.budget // 2, ELASTIC.room - query)
    return ChunkSettings(ChunkStrategy.SENTENCE, int(budget * WORDS_PER_TOKEN), 1)


def check_settings(settings: ChunkSettings) -> None:
    """Hold settings against the limits of the server.

    Raises:
        BadInputError: It would refuse them; says what it would say.
    """
    strategy, size, overlap = settings.strategy, settings.max_chunk_size, settings.overlap
    if strategy is ChunkStrategy.NONE:
        return
    if size < _SMALLEST[strategy]:
        raise _invalid("max_chunk_size", size, f"greater than or equal to [{_SMALLEST[strategy]}]")
    if strategy is ChunkStrategy.SENTENCE and overlap not in (0, 1):
        raise _refused(f"sentence_overlap[{overlap}] must be either 0 or 1")
    if strategy is ChunkStrategy.WORD and overlap < 1:
        raise _invalid("overlap", overlap, "a positive integer")
    if strategy is ChunkStrategy.WORD and overlap > size // 2:
        raise _invalid("overlap", overlap, f"less than or equal to [{size // 2}]")
    if strategy is ChunkStrategy.RECURSIVE:
        _check_separators(settings.separators)


def check_way(way: Way) -> None:
    """Hold all that is set in a way against the limits of the server.

    Raises:
        BadInputError: It would refuse it; says what it would say.
    """
    if way.settings:
        check_settings(way.settings)
    if way.most is not None and way.most < 1:
        if way.use is ChunkUse.RESCORER:
            raise _refused(f"size must be greater than 0, was: {way.most}")
        raise _refused(
            f"[service_settings] Invalid value [{way.most}]. [max_chunks_per_doc] must be a positive integer"
        )


def read_settings(given: Mapping[str, object]) -> ChunkSettings:
    """Read `chunking_settings` as they are written for the server; nothing at all is its default.

    Raises:
        BadInputError: The server would refuse them; says what it would say.
    """
    if not given:
        return SEMANTIC_TEXT
    if "strategy" not in given:
        raise _refused("Can't generate Chunker without ChunkingStrategy provided")
    name = str(given["strategy"]).strip().lower()
    if name not in list(ChunkStrategy):
        raise _refused(f"Invalid chunkingStrategy {given['strategy']}")
    strategy = ChunkStrategy(name)
    if strategy is ChunkStrategy.NONE:
        return NONE
    if foreign := [key for key in given if key not in ("strategy", *_KEYS[strategy])]:
        listed = ", ".join(foreign)
        raise _refused(
            f"{strategy.capitalize()} based chunking settings can not have the following settings: [{listed}]"
        )
    size = _number(given, "max_chunk_size")
    if strategy is ChunkStrategy.RECURSIVE:
        settings = ChunkSettings(strategy, size, separators=_separators(given))
    elif strategy is ChunkStrategy.WORD:
        settings = ChunkSettings(strategy, size, _number(given, "overlap"))
    else:
        settings = ChunkSettings(strategy, size, _number(given, "sentence_overlap", 1))
    check_settings(settings)
    return settings


def ways_of(given: Mapping[str, object] | None) -> tuple[Way, ...]:
    """The ways in which the server would use `chunking_settings`: for what is embedded, and for what is rescored.

    Args:
        given: As they are written for the server; None for no way.

    Raises:
        BadInputError: The server would refuse them; says what it would say.
    """
    if given is None:
        return ()
    settings = read_settings(given)
    return Way(ChunkUse.SEMANTIC_TEXT, settings), Way(ChunkUse.RESCORER, settings, most=1)


def _number(given: Mapping[str, object], key: str, default: int | None = None) -> int:
    value = given.get(key, default)
    if value is None:
        raise _refused(f"[chunking_settings] does not contain the required setting [{key}]")
    if not isinstance(value, int) or isinstance(value, bool):
        raise _refused(
            f"field [{key}] is not of the expected type. The value [{value}] cannot be converted to a [Integer]"
        )
    return value


def _separators(given: Mapping[str, object]) -> tuple[str, ...]:
    separators, group = given.get("separators"), given.get("separator_group")
    if separators is not None and group is not None:
        raise _refused("Recursive chunking settings can not have both separators and separator_set")
    if separators is None:
        name = "plaintext" if group is None else str(group).strip().lower()
        if name not in _GROUPS:
            listed = ", ".join(sorted(_GROUPS))
            raise _refused(
                f"[chunking_settings] Invalid value [{group}] received. [separator_group] must be one of [{listed}]"
            )
        return _GROUPS[name]
    if not isinstance(separators, list) or not all(isinstance(one, str) for one in separators):
        raise _refused("field [separators] is not of the expected type. It must be a list of strings")
    return tuple(separators)


def _check_separators(separators: tuple[str, ...]) -> None:
    if not separators:
        raise _refused("Recursive chunking settings can not have an empty list of separators")
    if len(separators) > _MOST_SEPARATORS:
        raise _refused(f"separators list size [{len(separators)}] must not exceed [{_MOST_SEPARATORS}]")
    import regex  # type: ignore[import-untyped]

    for separator in separators:
        try:
            regex.compile(separator)
        except regex.error as error:
            raise BadInputError(
                f"The separator {separator} is not a regular expression: {error}.",
                "Write it as the server would take it.",
            ) from None


def _invalid(key: str, value: int, bound: str) -> BadInputError:
    return _refused(f"[chunking_settings] Invalid value [{value}]. [{key}] must be {bound}")


def _refused(reason: str) -> BadInputError:
    return BadInputError(f"Elasticsearch would refuse these chunking settings: {reason}.", "Change the settings.")

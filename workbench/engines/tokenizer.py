"""Opens tokenizers: a model's own, Elastic Rerank's, and a published DeBERTa's."""

from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.config.references import RERANK_V1
from workbench.domain.deployment import TokenizerFile, TokenizerKind
from workbench.domain.errors import BadInputError, UnavailableError
from workbench.domain.text import single_line
from workbench.domain.tokens import Reader
from workbench.domain.truncation import Strategy
from workbench.domain.vocabulary import VocabularyError

if TYPE_CHECKING:
    from workbench.engines.library_tokenizer import LibraryTokenizer


def open_tokenizer(file: TokenizerFile) -> "LibraryTokenizer":
    """Read a tokenizer from disk; blocks.

    Raises:
        BadInputError: The file is missing, cannot be read, or is not of its kind.
        UnavailableError: The library that cuts texts cannot be loaded.
    """
    try:
        from workbench.engines.library_tokenizer import from_json, is_panic
        from workbench.engines.unigram import elastic_tokenizer, sentencepiece_tokenizer
    except ImportError as error:
        raise UnavailableError(
            "The library that cuts texts into tokens cannot be loaded on this machine.",
            hint="Run `pip install --force-reinstall tokenizers`.",
            detail=repr(error),
        ) from error

    build = {
        TokenizerKind.HUGGING_FACE: from_json,
        TokenizerKind.ELASTIC: elastic_tokenizer,
        TokenizerKind.SENTENCEPIECE: sentencepiece_tokenizer,
    }[file.kind]
    try:
        return build(file.id, file.path.read_bytes())
    except OSError as error:
        raise BadInputError(f"{file.path} cannot be read.", hint="Check the path.", detail=repr(error)) from error
    except VocabularyError as error:
        hint = "Fetch it again, or name another tokenizer."
        raise BadInputError(f"{file.path}: {single_line(str(error), 300)}.", hint, error.rule) from error
    except BaseException as error:
        if not isinstance(error, Exception) and not is_panic(error):
            raise
        raise BadInputError(
            f"{file.path} cannot be opened as a {file.kind}: it is broken or something else.",
            hint="Fetch it again, or name another tokenizer.",
            detail=getattr(error, "detail", "") or repr(error),
        ) from error


def open_reader(file: TokenizerFile) -> Reader:
    """Read from disk how a model reads; special tokens are counted as the tokenizer puts them, not as `file` says.

    Raises:
        BadInputError: As `open_tokenizer`.
        UnavailableError: As `open_tokenizer`.
    """
    tokenizer = open_tokenizer(file)
    pair = file.window.strategy is not Strategy.HEAD_ONLY
    of = RERANK_V1 if file.kind is TokenizerKind.ELASTIC else ""
    return Reader(tokenizer, replace(file.window, special=len(tokenizer.framing(pair))), of)

"""Has texts scored one by one, and takes nothing for a score that is none."""

import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from workbench.domain.errors import ModelUnavailableError, UnavailableError
from workbench.domain.tokens import Reader
from workbench.engines.base import Reranker


async def head_reader(reranker: Reranker) -> Reader:
    """How a model reads, for an experiment on what it did not read.

    Raises:
        UnavailableError: It does not read a text from its start until its budget is spent; or it cannot be used.
    """
    reader = await reranker.reader()
    if reader.picks:
        raise UnavailableError("Nobody knows what the model did not read.", reader.picks)
    return reader


async def scores_of(reranker: Reranker, query: str, texts: Sequence[str]) -> AsyncGenerator[tuple[int, float], None]:
    """Yield each text's place and its score, in the reranker's own score space, as they are computed.

    Closing the iterator stops the work.

    Args:
        reranker: Scores them.
        query: What a person typed.
        texts: None of them blank.

    Raises:
        UnavailableError: The reranker failed, or a text has no score that is a finite number.
    """
    if not texts:
        return
    scored = 0
    async with aclosing(reranker.score_texts(query, texts)) as scores:
        async for pair in scores:
            if not math.isfinite(pair.score):
                raise ModelUnavailableError(
                    f"{reranker.model} gave a score that is no finite number.",
                    "It can be compared with no other. Try another model, or another query.",
                )
            scored += 1
            yield int(pair.id), pair.score
    if scored < len(texts):
        raise ModelUnavailableError(
            f"{reranker.model} scored {scored:,} of {len(texts):,} texts.",
            "What it scored is shown. Try again, or another model.",
        )

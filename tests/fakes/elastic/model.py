"""Stands for the reranking model: a number for a query and a text, the same every time, below and above zero."""

from hashlib import blake2b

from workbench.engines.analyzer import tokens

WINDOW = 384
"""Words that the model reads of a text; 512 tokens are about as many."""


def logit(query: str, text: str) -> float:
    """Score a pair: the share of the query's terms that the text has counts most, and no two texts score alike.

    Returns:
        About −7 to 7, with no more digits than the server's 32 bits have.
    """
    wanted = {term for term, *_ in tokens(query)}
    read = {term for term, *_ in tokens(" ".join(text.split()[:WINDOW]))}
    share = len(wanted & read) / len(wanted) if wanted else 0.0
    taste = int.from_bytes(blake2b(f"{query}\0{text}".encode(), digest_size=4).digest(), "big") / 2**32
    return round(10 * share - 6 + 3 * taste, 4)

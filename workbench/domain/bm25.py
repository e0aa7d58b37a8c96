"""Scores a few texts against a query as Lucene does it in an index of these texts alone."""

from collections import Counter
from collections.abc import Sequence
from math import log

K1, B = 1.2, 0.75
"""Elasticsearch's, and Lucene's."""
_EXACT_LENGTHS = 24
_BITS_KEPT = 4


def bm25(query: Sequence[str], texts: Sequence[Sequence[str]]) -> list[float]:
    """Score texts; 0 where no term of the query occurs.

    Args:
        query: Its terms; one that is repeated counts as often as it is there.
        texts: Terms of each text. Those without any count neither as texts nor in the average length.
    """
    counts = [Counter(text) for text in texts]
    filled = sum(1 for text in texts if text)
    average = sum(map(len, texts)) / filled if filled else 1.0
    weights = {}
    for term, times in Counter(query).items():
        having = sum(1 for count in counts if term in count)
        weights[term] = times * log(1 + (filled - having + 0.5) / (having + 0.5))
    norms = [K1 * (1 - B + B * _stored(len(text)) / average) for text in texts]
    return [
        sum(weight * count[term] / (count[term] + norm) for term, weight in weights.items())
        for count, norm in zip(counts, norms, strict=True)
    ]


def best(scores: Sequence[float], most: int) -> list[int]:
    """Places of the best scores, best first; of equal ones the first. Where all are 0, the first places."""
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    return [place for place in order[:most] if scores[place] > 0] or order[:most]


def _stored(length: int) -> int:
    """A text's length as Lucene keeps it: in one byte, so that the first four bits of a long one must do."""
    if length < _EXACT_LENGTHS:
        return length
    rest = length - _EXACT_LENGTHS
    shift = max(rest.bit_length() - _BITS_KEPT, 0)
    return _EXACT_LENGTHS + (rest >> shift << shift)

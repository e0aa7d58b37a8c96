"""Cuts a text into chunks exactly where Elasticsearch's chunkers do."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise

from workbench.domain.chunks import Boundaries, ChunkSettings, ChunkStrategy, Segment
from workbench.domain.documents import Span
from workbench.domain.errors import BadInputError
from workbench.domain.text import single_line

_LONGEST_OVERLAP = 20
"""Words of a sentence that are repeated at most where it does not fit as a whole."""
_PATIENCE = 2
"""Seconds that a separator may take to find a stretch of text's parts."""


def cut_up(text: str, settings: ChunkSettings, boundaries: Boundaries) -> list[Span]:
    """Cut a text into chunks; blocks for as long as finding its boundaries takes.

    Together they hold every word. By words, the punctuation behind the last one may be left out, as on the server.

    Args:
        text: Any; one that is blank is one chunk.
        settings: As `check_settings` lets them pass.
        boundaries: ICU's, for what the server does.

    Raises:
        BadInputError: A separator takes forever on this text.
    """
    size = settings.max_chunk_size
    if settings.strategy is ChunkStrategy.WORD:
        return [span for span, _ in _windows(boundaries.segments(text), len(text), size, settings.overlap)]
    if settings.strategy is ChunkStrategy.SENTENCE:
        return _by_sentences(text, size, settings.overlap > 0, boundaries)
    if settings.strategy is ChunkStrategy.RECURSIVE:
        words = _Words(boundaries.segments(text))
        return _by_separators(text, (0, len(text)), size, settings.separators, words, boundaries)
    return [(0, len(text))]


class _Words:
    """Words of a text, counted as the server does it.

    It counts from the boundary *before* the place it is asked for, so that a word which ends there, or at the place
    itself, counts too: the last word of a line before the next line, or before a full stop without a blank after it.
    """

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._ends, self._counts = [0], [0]
        count = 0
        for end, is_word in segments:
            count += is_word
            self._ends.append(end)
            self._counts.append(count)

    def count(self, start: int, end: int) -> int:
        """How many words the server finds in a stretch of text."""
        return self._counts[bisect_right(self._ends, end) - 1] - self._counts_before(self._before(start))

    def skip(self, start: int, words: int) -> int:
        """Where the server goes on when it leaves out the first words after a place."""
        before = self._before(start)
        if not words:
            return self._ends[before]
        last = bisect_left(self._counts, self._counts_before(before) + words, before)
        return self._ends[min(last + 1, len(self._ends) - 1)]

    def _before(self, start: int) -> int:
        return max(bisect_left(self._ends, start) - 1, 0)

    def _counts_before(self, boundary: int) -> int:
        return self._counts[max(boundary - 1, 0)]


def _windows(segments: Sequence[Segment], length: int, size: int, overlap: int) -> list[tuple[Span, int]]:
    """Windows over the words of a text, and how many words each holds; only the last may hold fewer than `size`."""
    ends = [0, *(end for end, is_word in segments if is_word)]
    words, stride = len(ends) - 1, size - overlap
    full = (words - size) // stride + 1 if words >= size else 0
    windows = [((ends[n * stride], ends[n * stride + size]), size) for n in range(full)]
    if not full or words > (full - 1) * stride + size:
        windows.append(((ends[full * stride], length), words - full * stride))
    return windows


def _by_sentences(text: str, size: int, overlap: bool, boundaries: Boundaries) -> list[Span]:
    """As many sentences as fit; with overlap, the last one opens the next chunk."""
    words = _Words(boundaries.segments(text))
    chunks: list[Span] = []
    start = end = count = 0
    last_start = last_words = 0
    for sentence_start, sentence_end in boundaries.sentences(text):
        here = words.count(sentence_start, sentence_end)
        if count + here <= size:
            count += here
        else:
            repeated = 0
            if count:
                chunks.append((start, end))
                start = end
                if overlap:
                    start, repeated = last_start, last_words
                    if repeated + here > size:
                        skipped = max(repeated - min(size // 2, _LONGEST_OVERLAP), 0)
                        start, repeated = words.skip(start, skipped), repeated - skipped
            count = repeated + here
            if count > size:
                *split, ((last, _), count) = _split(text[start:sentence_end], size, boundaries)
                chunks += [(start + first, start + behind) for (first, behind), _ in split]
                start += last
        if overlap:
            last_start, last_words = sentence_start, here
        end = sentence_end
    return [*chunks, (start, len(text))] if count or not chunks else chunks


def _split(sentence: str, size: int, boundaries: Boundaries) -> list[tuple[Span, int]]:
    overlap = min((size - 1) // 2, _LONGEST_OVERLAP)
    return _windows(boundaries.segments(sentence), len(sentence), size, overlap)


def _by_separators(
    text: str, span: Span, size: int, separators: Sequence[str], words: _Words, boundaries: Boundaries
) -> list[Span]:
    """Parts between matches of the first separator, put together where they fit, cut by the next one where not."""
    start, end = span
    if start == end or words.count(start, end) <= size:
        return [span]
    if not separators:
        return [
            (start + first, start + last) for first, last in _by_sentences(text[start:end], size, False, boundaries)
        ]
    chunks: list[Span] = []
    for part, count in _merged(_parts(text, span, separators[0]), size, words):
        chunks += [part] if count <= size else _by_separators(text, part, size, separators[1:], words, boundaries)
    return chunks


def _parts(text: str, span: Span, separator: str) -> list[Span]:
    """Each part but the first begins with its separator, which sees nothing outside of the span."""
    import regex  # type: ignore[import-untyped]

    start, end = span
    found = regex.finditer(separator, text[start:end], regex.MULTILINE | regex.ASCII, timeout=_PATIENCE)
    try:
        cuts = [start, *(start + match.start() for match in found), end]
    except TimeoutError:
        raise BadInputError(
            f"The separator {single_line(separator, 80)} takes more than {_PATIENCE} s on this text.",
            "Write it without repetitions inside repetitions.",
        ) from None
    return [(first, last) for first, last in pairwise(cuts) if first < last]


def _merged(parts: Sequence[Span], size: int, words: _Words) -> list[tuple[Span, int]]:
    merged: list[tuple[Span, int]] = []
    for start, end in parts:
        count = words.count(start, end)
        if merged and merged[-1][1] + count <= size:
            (first, _), before = merged.pop()
            merged.append(((first, end), before + count))
        else:
            merged.append(((start, end), count))
    return merged

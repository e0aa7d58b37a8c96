"""How long all documents of a corpus are, counted while they stream by."""

from array import array
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from functools import partial

from workbench.domain.documents import Document
from workbench.domain.lengths import Lengths
from workbench.domain.tokens import Reader
from workbench.engines.threads import in_thread

_DOCUMENTS = 256
_CHARACTERS = 1_000_000
"""What is counted at once, at most; a longer document is counted by itself."""


async def measure(
    documents: Iterable[Document], query: str, reader: Reader, reads: Sequence[str]
) -> AsyncGenerator[int | Lengths, None]:
    """Count the tokens of every document, off the event loop.

    Closing the iterator stops the work between two batches. What is kept is a number per length, and at the end
    four bytes per document.

    Args:
        documents: A stream; it is read in threads, by one at a time.
        query: Takes room from the documents; may be empty.
        reader: Counts, and says how much room there is.
        reads: Fields that the model is given.

    Yields:
        How many documents are counted so far, and last their lengths.
    """
    of_query = (await in_thread(partial(reader.tokenizer.count, [query]), "tokens"))[0]
    found: Counter[int] = Counter()
    texts = (document.narrowed(reads).text for document in documents)
    while lengths := await in_thread(lambda: reader.tokenizer.count(_batch(texts)), "tokens"):
        found.update(lengths)
        yield found.total()
    yield Lengths(_spread(found), of_query, reader.window)


def _batch(texts: Iterator[str]) -> list[str]:
    batch, characters = [], 0
    for text in texts:
        batch.append(text)
        characters += len(text)
        if len(batch) == _DOCUMENTS or characters >= _CHARACTERS:
            break
    return batch


def _spread(found: Counter[int]) -> Sequence[int]:
    """Each length as often as it was found, ascending."""
    tokens = array("I")
    for length in sorted(found):
        tokens.extend(array("I", [length]) * found[length])
    return tokens

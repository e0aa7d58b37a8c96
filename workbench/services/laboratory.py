"""What experiments on truncation need and what is heavy; functions, so that nothing is imported before it is used."""

from collections.abc import Callable
from dataclasses import dataclass

from workbench.domain.chunks import Boundaries
from workbench.domain.tokens import ESTIMATE, Reader


def _no_boundaries() -> Boundaries:
    raise NotImplementedError("no boundaries were given")


@dataclass(frozen=True)
class Laboratory:
    """Tools for experiments; every function blocks, so call it in a thread."""

    boundaries: Callable[[], Boundaries] = _no_boundaries
    """Finds sentences and words."""
    terms: Callable[[str], list[str]] = str.split
    """Analyses text for BM25 over chunks, as Elasticsearch does: by Lucene's standard analyzer."""
    readers: Callable[[], tuple[str, ...]] = tuple
    """Names what `reader` can open: local models that are ready, tokenizers that are configured, the estimate."""
    reader: Callable[[str], Reader] = lambda name: ESTIMATE
    """Opens how a model reads, by its name, fetching its tokenizer where it has to; raises `WorkbenchError`."""


NO_LABORATORY = Laboratory()
"""Where no experiment is wanted."""

"""Scores candidates with a model on this machine, one document at a time and off the event loop."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

from workbench.domain.deployment import ModelKind, PreparedModel
from workbench.domain.documents import Document
from workbench.domain.errors import ModelUnavailableError
from workbench.domain.ranking import PairScore, Retrieval
from workbench.domain.scores import ScoreSpace
from workbench.domain.tokens import Reader, TokenCount
from workbench.domain.tuning import Chosen
from workbench.engines.vector_cache import CachedVector, VectorCache, cache_file

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.engines.onnx_model import OnnxModel, Share, Timing

_Result = TypeVar("_Result")

_QUERIES = 256
"""Query vectors kept in memory."""


class OnnxReranker:
    """A `Reranker` in onnxruntime.

    Native work happens in one thread of its own, a document per task: a newer query waits for the
    document that is being scored, and takes turns with older ones that were not closed. The model is
    loaded there too, on the first score or by `load`.

    Args:
        model: A model on disk.
        vectors: Folder of document vectors, for a bi-encoder; None keeps none.
        threads: How many threads the model may use; 0 takes the physical cores this process may use.
    """

    way = ""

    def __init__(self, model: PreparedModel, vectors: Path | None = None, threads: int = 0) -> None:
        self.model = model.id
        self.kind = model.kind
        self.space = ScoreSpace.COSINE if model.kind is ModelKind.BI_ENCODER else ScoreSpace.LOGIT
        self._prepared = model
        self._threads = threads
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"reranker-{model.id}")
        self._closed = False
        self._network: OnnxModel | None = None
        self._query_vector = lru_cache(_QUERIES)(lambda query: self._loaded().vector(query))
        self._cache: VectorCache | None = None
        if vectors is not None and model.kind is ModelKind.BI_ENCODER:
            self._cache = VectorCache(cache_file(vectors, model.fingerprint))

    @property
    def inferences(self) -> int:
        """How often the loaded model has run."""
        return self._network.runs if self._network else 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know, such as a vector cache that cannot be written."""
        return (self._cache.warning,) if self._cache and self._cache.warning else ()

    async def load(self) -> None:
        """Load the model now and try it once.

        Raises:
            ModelUnavailableError: It is missing, broken, or not a reranker.
        """
        await self._submit(self._loaded)

    def by(self, chosen: Chosen) -> "OnnxReranker":
        """Itself; there is one way only."""
        return self

    def score(self, query: str, found: Retrieval) -> AsyncGenerator[PairScore, None]:
        """Yield a score per candidate, in rank order, as they are computed.

        A score depends on its own pair alone. Closing the iterator stops the work between two documents.

        Raises:
            ModelUnavailableError: The model is missing, broken, or not a reranker.
        """
        return self._scores(query, [candidate.document for candidate in found.candidates])

    def score_texts(self, query: str, texts: Sequence[str]) -> AsyncGenerator[PairScore, None]:
        """Yield a score per text, in order; the id of a score is the text's place.

        A text gets the score that a document with this text gets, from the same cache. Closing the iterator stops the
        work between two texts.

        Raises:
            ModelUnavailableError: The model is missing, broken, or not a reranker.
        """
        # Not sanitised again: what is scored is the text as it was given.
        return self._scores(query, [Document(str(place), "", text) for place, text in enumerate(texts)])

    async def reader(self) -> Reader:
        """How the model reads, exactly as it is fed; waits for no document once the model is loaded.

        Raises:
            ModelUnavailableError: It is missing, broken, or not a reranker.
        """
        if self._network and not self._closed:
            return self._network.reader
        return (await self._submit(self._loaded)).reader

    async def _scores(self, query: str, documents: Sequence[Document]) -> AsyncGenerator[PairScore, None]:
        if not documents:
            return
        score = self._cosines if self.kind is ModelKind.BI_ENCODER else self._logits
        pairs = score(query, documents)
        # Two steps are in line, so that the thread goes on while the caller shows a score.
        upcoming = deque([self._submit(self._step, pairs), self._submit(self._step, pairs)])
        try:
            while step := await upcoming.popleft():
                upcoming.append(self._submit(self._step, pairs))
                for pair in step:
                    yield pair
        finally:
            for future in upcoming:
                future.cancel()
            if self._cache:
                with suppress(RuntimeError):  # Closed meanwhile, which flushes too.
                    self._pool.submit(self._cache.flush)

    async def close(self) -> None:
        """Let go of the model; never waits for a document that is being scored."""
        if not self._closed:
            self._closed = True
            self._pool.submit(self._release)
            self._pool.shutdown(wait=False)

    def _submit(self, work: Callable[..., _Result], *arguments: object) -> asyncio.Future[_Result]:
        if self._closed:
            raise ModelUnavailableError(f"Model {self.model} was closed.", hint="Run the query again.")
        return asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)

    # What follows runs in the reranker's own thread.

    def _step(self, pairs: Iterator[PairScore]) -> list[PairScore]:
        """Go on to the next document that the model has to read; none are left when nothing comes back."""
        step, runs = [], self.inferences
        try:
            for pair in pairs:
                step.append(pair)
                if self.inferences > runs:
                    break
            return step
        except ModelUnavailableError:
            raise
        except Exception as error:
            raise self._broken("failed while it was scoring", error) from error

    def _logits(self, query: str, documents: Sequence[Document]) -> Iterator[PairScore]:
        model = self._loaded()
        for document in documents:
            logit, tokens, timing = model.logit(query, document.text)
            yield PairScore(document.id, logit, tokens, timing.tokenize, timing.infer)

    def _cosines(self, query: str, documents: Sequence[Document]) -> Iterator[PairScore]:
        from workbench.engines.onnx_model import cosine

        model = self._loaded()
        start = perf_counter()
        query_vector, of_query, _ = self._query_vector(query)
        query_ms = (perf_counter() - start) * 1000
        for document in documents:
            vector, of_document, timing = self._document_vector(model, document, query_vector.nbytes)
            tokens = self._tokens(of_query, of_document)
            # The first document's time holds the query's.
            yield PairScore(document.id, cosine(query_vector, vector), tokens, timing.tokenize, timing.infer + query_ms)
            query_ms = 0.0

    def _document_vector(
        self, model: "OnnxModel", document: Document, size: int
    ) -> "tuple[NDArray[np.float16], Share, Timing]":
        """Take a vector of `size` bytes from the cache, else from the model."""
        import numpy as np

        from workbench.engines.onnx_model import Share, Timing

        cached = self._cache.get(document.digest) if self._cache else None
        if cached is not None and len(cached.vector) == size:
            share = Share(cached.tokens, cached.kept, cached.kept_text_end)
            return np.frombuffer(cached.vector, "<f2"), share, Timing(0.0, 0.0)
        vector, share, timing = model.vector(document.text)
        if self._cache:
            fresh = CachedVector(vector.tobytes(), share.tokens, share.kept, share.text_end)
            self._cache.add(document.digest, fresh)
        return vector, share, timing

    def _tokens(self, query: "Share", document: "Share") -> TokenCount:
        return TokenCount(
            query=query.tokens,
            document=document.tokens,
            kept_query=query.kept,
            kept_document=document.kept,
            budget=self._prepared.window,
            kept_text_end=document.text_end,
        )

    def _loaded(self) -> "OnnxModel":
        if self._network is None:
            for path in (self._prepared.onnx, self._prepared.tokenizer):
                if not path.is_file():
                    raise ModelUnavailableError(
                        f"Model {self.model} is not complete: {path} is missing.",
                        hint=f"Run `workbench models download {self.model}`.",
                    )
            try:
                from workbench.engines.onnx_model import OnnxModel

                network = OnnxModel(self._prepared, self._threads)
                network.logit("", "") if self.kind is ModelKind.CROSS_ENCODER else network.vector("")
            except ModelUnavailableError:
                raise
            except ImportError as error:
                raise ModelUnavailableError(
                    "onnxruntime, which runs models, cannot be loaded on this machine.",
                    hint="Run `pip install --force-reinstall onnxruntime tokenizers numpy`.",
                    detail=repr(error),
                ) from error
            except Exception as error:
                raise self._broken("cannot be loaded", error) from error
            self._network = network
        return self._network

    def _broken(self, what: str, error: Exception) -> ModelUnavailableError:
        return ModelUnavailableError(
            f"Model {self.model} {what}: its files are broken or no reranker's.",
            hint=f"Run `workbench models remove {self.model}`, then `workbench models download {self.model}`.",
            detail=repr(error),
        )

    def _release(self) -> None:
        self._network = None
        self._query_vector.cache_clear()
        if self._cache:
            self._cache.close()

"""A terminal workbench that shows BM25 and reranked results side by side."""

__version__ = "0.1.0"

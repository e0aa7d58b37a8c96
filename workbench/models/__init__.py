"""Where a local reranking model comes from and what state it is in."""

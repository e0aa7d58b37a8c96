"""The engine for those who outgrow one machine: a cluster that is searched and reranked over HTTP."""

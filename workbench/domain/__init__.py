"""Pure data and functions of search relevance; standard library only."""

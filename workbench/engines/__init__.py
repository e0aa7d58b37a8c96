"""Input and output behind small protocols; each module importable without the others."""

"""Readers: what a person points at becomes a stream of documents."""

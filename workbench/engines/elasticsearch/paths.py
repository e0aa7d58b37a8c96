"""A name that comes from a person or a cluster, as one part of a request's path."""

from urllib.parse import quote


def segment(name: str) -> str:
    """Quote a name whole, slashes too."""
    return quote(name, safe="")

"""Lays JSON out for people; on its own, so that a cluster is reached without what the embedded engine needs."""

import json

LINE = 100
"""Characters up to which a part stays on one line."""

_flat = json.JSONEncoder(ensure_ascii=False).encode


def laid_out(value: object, depth: int = 0) -> str:
    """Write JSON two spaces deeper per level, what is short on one line."""
    flat = _flat(value)
    if len(flat) + 2 * depth <= LINE or not isinstance(value, (dict, list)):
        return flat
    inner, outer = "\n" + "  " * (depth + 1), "\n" + "  " * depth
    if isinstance(value, list):
        return "[" + inner + f",{inner}".join(laid_out(item, depth + 1) for item in value) + outer + "]"
    items = (f"{_flat(key)}: {laid_out(item, depth + 1)}" for key, item in value.items())
    return "{" + inner + f",{inner}".join(items) + outer + "}"

"""Reads answers in which anything may stand anywhere: what is not of the kind that is looked for counts as nothing."""

from typing import Any


def members(value: Any) -> dict[str, Any]:
    """Those of an object; of anything else, none."""
    return value if isinstance(value, dict) else {}


def elements(value: Any) -> list[Any]:
    """Those of an array; of anything else, none."""
    return value if isinstance(value, list) else []


def objects(value: Any) -> list[dict[str, Any]]:
    """The elements of an array that are objects."""
    return [element for element in elements(value) if isinstance(element, dict)]


def integer(value: Any) -> int | None:
    """A whole number; None for anything else."""
    return value if isinstance(value, int) else None

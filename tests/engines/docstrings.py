"""Real English text that every machine has: the standard library's docstrings, as documents."""

import ast
import os
from functools import cache
from pathlib import Path

from workbench.domain.documents import Document


@cache
def docstrings(count: int) -> tuple[Document, ...]:
    """The first docstrings that have a heading line and a text of some length, in a fixed order."""
    documents = []
    for path in sorted(Path(os.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                title, _, body = (ast.get_docstring(node) or "").partition("\n")
                if title.strip() and len(body) > 80:
                    documents.append(Document.of(f"{path.stem}-{len(documents)}", title, body))
                    if len(documents) == count:
                        return tuple(documents)
    raise AssertionError(f"only {len(documents)} docstrings")

"""A tokenizer that a test can follow by eye, and an app to mount what draws its tokens."""

import re
from collections.abc import Sequence

from textual.app import App

from workbench.domain.tokens import Framing, Reader, Tokenized
from workbench.domain.truncation import Strategy, Window
from workbench.ui.themes import fallback_tokens

PIECE = 4
CLS, SEP = 1, 2


class Pieces:
    """Four letters to a token, a token to each byte of any other character; a literal [SEP] is one."""

    exact = True

    def __init__(self, id: str = "pieces", notes: tuple[str, ...] = ()) -> None:
        self.id, self.notes = id, notes
        self._names = ["[PAD]", "[CLS]", "[SEP]"]
        self._ids = {name: id for id, name in enumerate(self._names)}

    def framing(self, pair: bool) -> Framing:
        return Framing((CLS,), (SEP,), (SEP,) if pair else ())

    def tokenize(self, texts: Sequence[str]) -> list[Tokenized]:
        return [self._cut(text) for text in texts]

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(tokenized) for tokenized in self.tokenize(texts)]

    def piece(self, id: int) -> str:
        return self._names[id] if 0 <= id < len(self._names) else ""

    def _cut(self, text: str) -> Tokenized:
        ids, spans, control = [], [], []
        for match in re.finditer(r"\[SEP\]|[!-~]{1,4}|\S", text):
            name = match.group()
            if name == "[SEP]":
                control.append(len(ids))
            names = [name] if name.isascii() else [f"<0x{byte:02X}>" for byte in name.encode(errors="replace")]
            for each in names:
                ids.append(self._id(each))
                spans.append(match.span())
        return Tokenized(text, ids, spans, tuple(control))

    def _id(self, name: str) -> int:
        if name not in self._ids:
            self._ids[name] = len(self._names)
            self._names.append(name)
        return self._ids[name]


def reader(budget: int, strategy: Strategy = Strategy.BALANCED, tokenizer: Pieces | None = None) -> Reader:
    """How a model reads with these tokens."""
    tokenizer = tokenizer or Pieces()
    return Reader(tokenizer, Window(budget, len(tokenizer.framing(strategy is not Strategy.HEAD_ONLY)), strategy))


class Stage(App[None]):
    """An app that knows our colours."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return fallback_tokens(self.current_theme)

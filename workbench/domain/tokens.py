"""How many tokens a model was given and how many of them it read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TokenCount:
    """Tokens of one query and document pair, special tokens not counted."""

    query: int
    document: int
    kept_query: int
    kept_document: int
    budget: int
    """The model's window in tokens, special tokens included; for a bi-encoder, each side's own."""
    kept_text_end: int
    """Character offset into the text that the model was given where reading stopped."""
    exact: bool = True
    """False when no tokenizer counted: an estimate from the number of words."""

    @property
    def truncated(self) -> bool:
        """Whether the model missed a part of either side."""
        return self.kept_query < self.query or self.kept_document < self.document

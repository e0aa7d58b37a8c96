"""Collections in the BEIR layout: a folder with corpus.jsonl, queries.jsonl and qrels/."""

from pathlib import Path

from workbench.corpora.base import Columns
from workbench.corpora.jsonl import JsonlReader

_CORPUS = "corpus.jsonl"


class BeirReader(JsonlReader):
    """Reads the documents of a BEIR folder."""

    kind = "beir"

    def __init__(self, folder: Path, columns: Columns) -> None:
        super().__init__(folder / _CORPUS, columns)
        self.judged_root = folder


def is_beir(folder: Path) -> bool:
    """Whether a folder has the BEIR layout."""
    return (folder / _CORPUS).is_file()

"""The documents of the bundled corpus, read as they are when it is indexed."""

from functools import cache
from pathlib import Path

from workbench.corpora.open import open_corpus
from workbench.domain.documents import Document
from workbench.services.intake import Intake

FOLDER = Path(__file__).parents[2] / "fixtures" / "help-center"


@cache
def help_center() -> dict[str, Document]:
    return {document.id: document for document in Intake(open_corpus(str(FOLDER))).documents()}

"""Documents on their way into an index, with a tally of what had to be left out."""

from collections.abc import Iterator

from workbench.corpora.base import Reader, Skipped
from workbench.corpora.checks import checked
from workbench.domain.documents import Document
from workbench.domain.errors import BadInputError

NAMED = 10


class Intake:
    """One pass over a reader.

    Attributes:
        reader: Where the documents come from.
        skipped: How many records were left out so far.
        named: The first ten of them.
    """

    def __init__(self, reader: Reader, strict: bool = False) -> None:
        """Prepare the pass.

        Args:
            reader: Where the documents come from.
            strict: Stop at the first record that has to be left out.
        """
        self.reader = reader
        self.strict = strict
        self.skipped = 0
        self.named: list[Skipped] = []

    def documents(self) -> Iterator[Document]:
        """Yield the good documents.

        Raises:
            BadInputError: In strict mode, at the first record that is left out.
        """
        for record in checked(self.reader.records(), self.reader):
            if isinstance(record, Document):
                yield record
            else:
                self._leave_out(record)

    def _leave_out(self, record: Skipped) -> None:
        if self.strict:
            raise refusal(record)
        self.skipped += 1
        if len(self.named) < NAMED:
            self.named.append(record)


def refusal(record: Skipped) -> BadInputError:
    """The error that ends a strict reading."""
    return BadInputError(f"{record}", "Nothing was indexed. Without --strict such records are left out.")

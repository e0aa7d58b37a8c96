"""What can go wrong between us and a cluster, in words that a person can act on."""

from workbench.domain.errors import UnavailableError


class ClusterError(UnavailableError):
    """A cluster could not be asked, or refused.

    Attributes:
        status: The HTTP status; None when there was no answer.
        kind: The server's own type of the deepest error, such as `resource_not_found_exception`; empty when unknown.
        reason: The server's own words for it, sanitised; empty when it gave none.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        detail: str = "",
        *,
        status: int | None = None,
        kind: str = "",
        reason: str = "",
    ) -> None:
        super().__init__(message, hint, detail)
        self.status = status
        self.kind = kind
        self.reason = reason

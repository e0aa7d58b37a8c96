"""The one error tree: what happened, what to do next, and what belongs in the log."""

from workbench.domain.exchange import Exchange


class WorkbenchError(Exception):
    """A failure that a person can act on.

    Attributes:
        message: What happened, for the person; one sentence, no traceback, no secret.
        hint: The next step, often a command. Empty when there is none.
        detail: What the log wants to know (a cause, a response body).
        exit_code: What a command ends with when this reaches it.
        lasting: Whether trying again is in vain until somebody has done something about it.
        exchange: What was sent to a server and what came back, without credentials; None when nothing was.
    """

    exit_code = 1
    lasting = False
    exchange: Exchange | None = None

    def __init__(self, message: str, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail


class BadInputError(WorkbenchError):
    """Wrong usage, or input that cannot be read; the message names the file, line or flag."""

    exit_code = 2


class UnavailableError(WorkbenchError):
    """An engine, a model or the network cannot be used now."""

    exit_code = 3


class IndexUnavailableError(UnavailableError):
    """An index is missing, half written, of another version, or locked."""


class ModelUnavailableError(UnavailableError):
    """A model is missing, broken or could not be fetched."""


class StoppedError(WorkbenchError):
    """The person stopped the work; nothing that was there before has changed."""

    exit_code = 130

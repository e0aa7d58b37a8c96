"""What was found when one thing was looked at."""

from dataclasses import dataclass
from enum import StrEnum

from workbench.domain.text import single_line


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    REMARK = "remark"
    """Worth knowing; nothing is kept from working."""
    FAILED = "failed"


@dataclass(frozen=True)
class Check:
    """One thing looked at; what it says is safe to print."""

    name: str
    verdict: Verdict
    says: str
    next: str = ""
    """What to do; empty when there is nothing."""
    unreachable: bool = False
    """It failed because nobody answered."""

    @property
    def ok(self) -> bool:
        """Whether the next check makes sense."""
        return self.verdict is not Verdict.FAILED


def ok(name: str, says: str) -> Check:
    """All is well."""
    return Check(name, Verdict.OK, single_line(says))


def remark(name: str, says: str, next: str = "") -> Check:
    """Something is worth knowing."""
    return Check(name, Verdict.REMARK, single_line(says), single_line(next))


def failed(name: str, says: str, next: str, unreachable: bool = False) -> Check:
    """Something must be mended first."""
    return Check(name, Verdict.FAILED, single_line(says), single_line(next), unreachable)

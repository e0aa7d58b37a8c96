"""How checks are printed."""

import sys

from workbench.domain.check import Check, Verdict

SIGNS = {Verdict.OK: "ok", Verdict.REMARK: "··", Verdict.FAILED: "!!"}


def show(check: Check) -> None:
    """Print one check, and below it what to do."""
    sys.stdout.write(f"{SIGNS[check.verdict]}  {check.name:<11} {check.says}\n")
    if check.next:
        sys.stdout.write(f"    {'':<11} → {check.next}\n")
    sys.stdout.flush()

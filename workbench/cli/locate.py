"""`workbench locate`: where files live."""

import sys
from argparse import Namespace

from workbench.config.paths import user_paths


def run(arguments: Namespace) -> int:
    """Print one folder."""
    sys.stdout.write(f"{getattr(user_paths(), arguments.what)}\n")
    return 0

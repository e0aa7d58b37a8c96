"""What a native library writes does not land on the app's screen."""

import subprocess
import sys

CODE = """
import os, sys
from workbench.cli.open import _screen_to_itself
with _screen_to_itself():
    os.write(2, b"a panic\\n")
    sys.__stderr__.write("the screen\\n")
    print("a crash of the app", file=sys.stderr)
os.write(2, b"afterwards\\n")
print("and Python's", file=sys.stderr)
assert sys.stderr is sys.__stderr__
"""


def test_the_app_has_the_screen_to_itself() -> None:
    told = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=60)
    assert told.stderr.splitlines() == ["the screen", "a crash of the app", "afterwards", "and Python's"]

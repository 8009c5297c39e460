"""The command line, called as a user does."""

import subprocess
import sys


def paretide(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "paretide", *map(str, arguments)],
        check=False, capture_output=True, text=True, cwd=cwd, timeout=300,
    )  # fmt: skip

"""What all tests share: problems that workers can import, and one Ray for the session."""

import atexit
import os
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import pytest

HELPERS = str(Path(__file__).parent / "helpers")
sys.path.insert(0, HELPERS)
os.environ["PYTHONPATH"] = os.pathsep.join(p for p in (HELPERS, os.environ.get("PYTHONPATH")) if p)

# A shell that starts us in the background has Ctrl-C ignored, and nohup has SIGHUP ignored, by us
# and by all that we start.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Before anything imports Ray, which reads these once: a token of our own, so that no test depends
# on what Ray left in a home folder. The path is short: Ray's sockets must fit into 107 characters.
_RAY_FOLDER = tempfile.mkdtemp(prefix="ray-")
atexit.register(shutil.rmtree, _RAY_FOLDER, ignore_errors=True)
_TOKEN = Path(_RAY_FOLDER) / "token"
_TOKEN.write_text(secrets.token_hex(32))
os.environ.update(
    RAY_AUTH_MODE="token", RAY_AUTH_TOKEN_PATH=str(_TOKEN), RAY_USAGE_STATS_ENABLED="0"
)


@pytest.fixture(scope="session")
def ray_cluster():
    """A local Ray with four slots for the whole session."""
    ray = pytest.importorskip("ray")
    # "local": not whatever cluster another program on this machine has started.
    ray.init(
        "local", num_cpus=4, include_dashboard=False, log_to_driver=False, logging_level="ERROR"
    )
    yield ray
    ray.shutdown()

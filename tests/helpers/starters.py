"""Problems whose candidates start processes, and what is left of those."""

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import paretide as pt

SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(100)"]


def note(folder, pid, what):
    (Path(folder) / f"{what}.pid").write_text(str(pid))


def background(folder):
    """Start a process in each of the ways in which they escape from their starter."""
    note(folder, subprocess.Popen(SLEEP).pid, "command")
    note(folder, subprocess.Popen(SLEEP, start_new_session=True).pid, "session")
    subprocess.run(
        f"nohup sleep 100 >/dev/null 2>&1 & echo $! > {folder}/nohup.pid", shell=True, check=True
    )
    if (child := os.fork()) == 0:
        os.setsid()
        if (daemon := os.fork()) == 0:
            os.close(1)
            time.sleep(100)
        note(folder, daemon, "daemon")
        os._exit(0)
    os.waitpid(child, 0)
    if (child := os.fork()) == 0:
        time.sleep(100)
        os._exit(0)
    note(folder, child, "fork")


def living(folder):
    """Names of the processes that were noted and have not ended."""
    found = []
    for path in Path(folder).glob("*.pid"):
        try:
            stat = Path("/proc", path.read_text().strip(), "stat").read_text()
        except OSError:
            continue
        if stat.rpartition(")")[2].split()[0] not in "ZX":
            found.append(path.stem)
    return sorted(found)


def wait_until(condition, seconds=10.0):
    """True as soon as it holds; False if it does not within so many seconds."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


class Starter(pt.Problem):
    """Candidate 3 starts processes and then waits, or returns at once."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def __init__(self, folder, waits=True):
        self.folder = folder
        self.waits = waits

    def evaluate(self, x, ctx):
        if ctx.id == 3:
            background(self.folder)
            if self.waits:
                time.sleep(100)
        return {"f": float(x[0]), "g": float(1 - x[0] + x[1])}


class Server(Starter):
    """Has a server from ``setup``, a command and a pool that it keeps, and uses them all along."""

    def setup(self, ctx):
        self.server = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        daemon = subprocess.run("sleep 100 >/dev/null & echo $!", shell=True, stdout=-1, check=True)
        self.daemon = int(daemon.stdout)
        self.pool = None

    def evaluate(self, x, ctx):
        if self.pool is None:
            self.pool = multiprocessing.get_context("fork").Pool(1)
            self.kept = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        time.sleep(0.01)
        for server in (self.server, self.kept):
            server.stdin.write(b"x\n")
            server.stdin.flush()
            assert server.stdout.readline() == b"x\n"
        os.kill(self.daemon, 0)
        assert self.pool.apply(abs, (-3,)) == 3
        return {"f": float(x[0]), "g": float(1 - x[0] + x[1])}

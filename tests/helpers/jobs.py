"""A Ray cluster of a test's own, to which jobs are submitted as a user does."""

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen

import psutil

RAY = [sys.executable, "-m", "ray.scripts.scripts"]
PARETIDE = [sys.executable, "-m", "paretide"]

PORTS = (
    "port", "dashboard-port", "dashboard-agent-listen-port", "dashboard-agent-grpc-port",
    "ray-client-server-port", "metrics-export-port",
)  # fmt: skip


class Head:
    """A head node in processes of its own, with a token of its own.

    Every port is one that is free, so that other clusters of this machine are neither met nor
    disturbed. All its processes, jobs and actors included, inherit the token's path, by which they
    are found.

    Args:
        folder: For its token and its session; a short path, since Ray's sockets lie there.
        cpus: That it has to give away.
    """

    def __init__(self, folder, cpus=2):
        self.token = Path(folder) / "token"
        self.token.write_text(secrets.token_hex(32))
        self.environment = {
            **{k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "RAY_ADDRESS")},
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(self.token),
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        self.log = Path(folder) / "head.log"
        ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self.dashboard = f"http://127.0.0.1:{ports['dashboard-port']}"
        command = [
            *RAY, "start", "--head", "--block", "--dashboard-host=127.0.0.1", f"--num-cpus={cpus}",
            f"--temp-dir={folder}/ray", "--include-log-monitor=false",
            *(f"--{name}={port}" for name, port in ports.items()),
        ]  # fmt: skip
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        try:
            while "Ray runtime started" not in self.log.read_text():
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.1)
        except BaseException:
            self.kill()
            raise

    def submit(self, *command):
        """Call ``ray job submit`` as a user of this cluster; returns the job's id."""
        done = subprocess.run(
            [*RAY, "job", "submit", "--no-wait", "--address", self.dashboard, "--",
             *map(str, command)],
            check=False, capture_output=True, text=True, env=self.environment, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return re.search(r"ray job status (\w+)", done.stdout).group(1)

    def status(self, job):
        """A job's status, and what there is to say about it."""
        request = Request(
            f"{self.dashboard}/api/jobs/{job}",
            headers={"Authorization": f"Bearer {self.token.read_text()}"},
        )
        with urlopen(request, timeout=30) as answer:
            found = json.load(answer)
        return found["status"], found["message"]

    def outcome(self, job):
        """Wait until a job has ended; its status then."""
        while (found := self.status(job))[0] in ("PENDING", "RUNNING"):
            time.sleep(0.2)
        return found

    def workers(self):
        """Actors that evaluate, or could."""
        return self.processes("ActorWorker")

    def processes(self, name=""):
        """Those that run, with ``name`` in their own."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):  # it has just ended, or is another user's
                if (
                    process.environ().get("RAY_AUTH_TOKEN_PATH") == str(self.token)
                    and process.status() != psutil.STATUS_ZOMBIE
                    and name in process.name()
                ):
                    found.append(process)
        return found

    def kill(self):
        """End everything at once, as when its machine is lost."""
        while found := self.processes():  # again: one that was killed may have made another
            for process in found:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(found, timeout=1)
        self.process.wait()

    def end(self):
        """End it as its user does, and return what is left of it after ten seconds."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        return remaining(self.processes)


def remaining(find, seconds=10):
    """What ``find`` still finds after a while; nothing as soon as it finds nothing."""
    patience = time.monotonic() + seconds
    while (found := find()) and time.monotonic() < patience:
        time.sleep(0.1)
    return found


def free_ports(count):
    """Ports that nobody listens to, all of them different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()

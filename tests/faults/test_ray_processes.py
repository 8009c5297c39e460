"""After any end of a run no process of the Ray that it started is left; clusters may grow."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("ray")
psutil = pytest.importorskip("psutil")

from paretide.engine.executors.ray_cluster import Connection  # noqa: E402  # only with psutil
from paretide.engine.executors.ray_guard import MARK  # noqa: E402  # the same

PATIENCE = 10.0  # seconds until nothing may be left

RUN = """
import sys, time
import toy
import paretide as pt

def say(progress):
    print("generation", progress.generation, flush=True)

pt.minimize(
    toy.Slow(), pt.NSGA2(size=20), budget=int(sys.argv[1]), seed=1,
    executor=pt.RayExecutor(workers=2), callbacks=[say],
)
print("finished", flush=True)
"""


def marked(value):
    """Processes of this program's Ray: those with this value of a variable of our own."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("PARETIDE_TEST") == value and MARK in process.environ():
                found.append((process.pid, " ".join(process.cmdline())[:60]))
        except psutil.Error:
            continue
    return found


class Clusters:
    """Ray, as far as it is joined or started."""

    def __init__(self):
        self.addresses = []

    def is_initialized(self):
        return bool(self.addresses)

    def init(self, address, **options):
        self.addresses.append(address)

    def shutdown(self):
        pass


@pytest.mark.parametrize(("address", "asked"), [(None, "local"), ("auto", "auto")])
def test_a_cluster_of_this_machine_is_joined_only_if_asked(address, asked, monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    ray = Clusters()
    connection = Connection(ray, address, 2)
    assert connection.is_of_this_machine == (address is None)
    connection.close()
    assert ray.addresses == [asked]


@pytest.mark.ray
@pytest.mark.parametrize("end", ["finished", "SIGINT", "SIGTERM", "SIGKILL"])
def test_no_process_of_ours_is_left_after_any_end(end, tmp_path):
    value = f"{os.getpid()}-{end}"
    environment = {**os.environ, "PARETIDE_TEST": value}
    budget = "60" if end == "finished" else "1000000"
    program = subprocess.Popen(
        [sys.executable, "-c", RUN, budget], env=environment, cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        lines = []
        while "generation 1\n" not in lines:
            lines.append(program.stdout.readline())
            assert lines[-1], "".join(lines)
        assert len(marked(value)) >= 4  # its store of states, its scheduler, two actors
        if end != "finished":
            program.send_signal(getattr(signal, end))
        rest, _ = program.communicate(timeout=200)
        assert ("finished" in rest) == (end == "finished"), rest
    finally:
        program.kill()
    ended = time.monotonic()
    while (left := marked(value)) and time.monotonic() < ended + PATIENCE:
        time.sleep(0.2)
    assert left == []


GROWING = """
import json, sys, threading, time
import toy
import paretide as pt
import ray
from ray.cluster_utils import Cluster

cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
class Watch:
    grown = False
    sizes = []
    def __call__(self, progress):
        if not self.grown:
            self.grown = True
            cluster.add_node(num_cpus=2)
        a = executor.activity()
        self.sizes.append(a.busy + a.idle + a.starting)
        self.ready = a.busy + a.idle
executor = pt.RayExecutor()
watch = Watch()
result = pt.minimize(
    toy.Sleepy(), pt.NSGA2(size=10), budget=4000, seed=1, executor=executor, callbacks=[watch],
    stop=lambda progress: max(watch.sizes) >= 3 and watch.ready >= 3,
)
names = sorted(set(result.run.evaluations.worker.astype(str)))
print(json.dumps({"sizes": watch.sizes, "workers": names, "by": result.stopped_by}))
ray.shutdown()
cluster.shutdown()
"""


@pytest.mark.ray
def test_workers_join_when_the_cluster_grows(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", GROWING], cwd=tmp_path, check=False, capture_output=True, text=True,
        timeout=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    import json

    told = json.loads(done.stdout.splitlines()[-1])
    assert told["by"] == "stop"
    assert told["sizes"][0] == 1
    assert told["sizes"][-1] == 3


@pytest.mark.ray
def test_the_guard_ends_only_what_carries_its_mark():
    from paretide.engine.executors.ray_guard import Guard

    guard = Guard()
    sleeping = [sys.executable, "-c", "import time; time.sleep(60)"]
    ours = subprocess.Popen(sleeping, env={**os.environ, **guard.environment})
    other = subprocess.Popen(sleeping, env={**os.environ, MARK: "another"})
    try:
        guard.dismiss()
        assert ours.wait(timeout=5) == -signal.SIGKILL
        assert other.poll() is None
    finally:
        ours.kill()
        other.kill()
        other.wait()


def test_the_guard_is_a_file_of_its_own():
    from paretide.engine.executors import ray_guard

    source = Path(ray_guard.__file__).read_text(encoding="utf-8")
    assert "import paretide" not in source
    assert "from ." not in source

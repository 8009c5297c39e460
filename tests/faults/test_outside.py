"""What users write in files of their own is killed with its run, and goes on by the run's file.

The files are those of tests/helpers/own, copied to where nobody knows them.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torture

import paretide as pt

FILES = Path(torture.__file__).parent / "own"
KILLED_AT, BUDGET = 40, 160
SECONDS = "0.01"
"""An evaluation takes, in a run that is to be killed."""

RUN = ["-m", "paretide", "run"]
COMMANDS = {
    "random_search.py": [*RUN, "problem.py:Slow", "--algorithm", "random_search.py:RandomSearch"],
    "sms_emoa.py": ["sms_emoa.py"],
    "differential.py": [*RUN, "problem.py:Slow", "--set", "crossover=differential.py:differential"],
    "permutations.py": [*RUN, "tour.py:Tour"],
    "threads.py": [*RUN, "problem.py:Slow", "--executor", "threads.py:Threads"],
}
ON_RAY = [name for name in COMMANDS if name != "threads.py"]


def command_of(name, store, executor):
    """Starts a run of a file's part; SMS-EMOA is a script, the others are named on a command."""
    command = [sys.executable, *COMMANDS[name]]
    if name == "sms_emoa.py":
        return [*command, store, str(BUDGET), executor]
    more = ["--executor", executor] if executor != "serial" else []
    more += ["--workers", "2"] if executor != "serial" or name == "threads.py" else []
    settings = [] if "--algorithm" in command else ["--set", "size=12"]
    return [
        *command, *settings, *more, "--budget", str(BUDGET), "--seed", "3", "--store", store,
        "--no-progress",
    ]  # fmt: skip


def facts(path):
    """All that must be the same, whoever evaluated what and when."""
    run = pt.open_run(path)
    rows = run.evaluations.take(np.argsort(run.evaluations.ids))
    names = ("ids", "X", "F", "parents", "generation", "status", "seed")
    return (
        run.stopped_by,
        [getattr(rows, name).tobytes() for name in names],
        list(rows.operator),
        [ids.tolist() for ids in run.populations],
        run.population().ids.tolist(),
        run.front().F.tobytes(),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The files, and a run of each that nobody killed."""
    folder = tmp_path_factory.mktemp("outside")
    for file in FILES.glob("*.py"):
        shutil.copy(file, folder)
    return folder


def environment(seconds, **more):
    """Without the folders that the tests import from."""
    known = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return {**known, "SECONDS": seconds, **more}


def whole(name, folder):
    path = folder / f"{name}.whole.h5"
    if not path.exists():
        command = command_of(name, path.name, "serial")
        subprocess.run(command, cwd=folder, env=environment("0"), check=True, timeout=120)
    return facts(path)


def killed_and_resumed(name, folder, executor, **more):
    path = folder / f"{name}.{executor}.h5"
    process = subprocess.Popen(
        command_of(name, path.name, executor), cwd=folder, env=environment(SECONDS, **more)
    )
    while torture.evaluations_in(path) < KILLED_AT:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -9
    assert KILLED_AT <= torture.evaluations_in(path) < BUDGET
    command = [sys.executable, "-m", "paretide", "resume", path.name, "--no-progress"]
    subprocess.run(command, cwd=folder, env=environment("0", **more), check=True, timeout=120)
    return facts(path)


@pytest.mark.parametrize("name", COMMANDS)
def test_killed_it_goes_on_by_its_file_to_the_same_bits(name, folder):
    if name == "sms_emoa.py":
        pytest.importorskip("moocore")
    assert killed_and_resumed(name, folder, "serial") == whole(name, folder)


@pytest.mark.ray
@pytest.mark.parametrize("name", ON_RAY)
def test_killed_on_ray_it_goes_on_there_to_the_same_bits(name, folder, ray_cluster):
    address = ray_cluster.get_runtime_context().gcs_address
    found = killed_and_resumed(name, folder, "ray", RAY_ADDRESS=address)
    assert found == whole(name, folder)


@pytest.mark.parametrize("name", COMMANDS)
def test_it_is_written_in_less_than_forty_lines_without_a_private_name(name):
    source = (FILES / name).read_text(encoding="utf-8")
    assert len(source.splitlines()) < 40
    assert "._" not in source
    assert "paretide." not in source
    assert "from paretide" not in source

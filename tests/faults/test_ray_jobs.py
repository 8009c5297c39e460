"""Runs that are submitted to a cluster as Ray jobs, whose head is lost and replaced."""

import shutil
import tempfile
import time

import pytest

pytest.importorskip("ray")
pytest.importorskip("aiohttp", reason="submitting jobs needs ray[default]")

import toy
from jobs import PARETIDE, Head, remaining
from torture import evaluations_in, same

import paretide as pt

pytestmark = pytest.mark.ray


@pytest.fixture
def make_head():
    """Heads, and at the end of the test none of their processes, however it ended."""
    heads = []

    def make():
        folder = tempfile.mkdtemp(prefix="ray-")
        heads.append((Head(folder), folder))
        return heads[-1][0]

    yield make
    for head, folder in heads:
        head.kill()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_job_goes_on_upon_another_head_and_leaves_it_clean(make_head, tmp_path):
    path = tmp_path / "run.h5"
    head = make_head()
    job = head.submit(
        *PARETIDE, "run", f"{toy.__file__}:Slow", "--budget", 1500, "--set", "size=20", "--seed", 3,
        "--executor", "ray", "--address", "auto", "--store", path,
    )  # fmt: skip
    while evaluations_in(path) < 100:
        status, message = head.status(job)
        assert status in ("PENDING", "RUNNING"), message
        time.sleep(0.02)
    assert head.workers()
    head.kill()
    assert 100 <= evaluations_in(path) < 1500

    head = make_head()
    for arguments, evaluations in (((), 1500), (("--budget", "+50"), 1550)):
        status, message = head.outcome(head.submit(*PARETIDE, "resume", path, *arguments))
        assert status == "SUCCEEDED", message
        assert evaluations_in(path) == evaluations
        assert not remaining(head.workers)  # it has left a cluster that goes on
    assert same(path, pt.minimize(toy.Slow(), pt.NSGA2(size=20), budget=1550, seed=3))
    assert head.end() == []

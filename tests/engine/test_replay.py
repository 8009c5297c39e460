"""A stored run, evolved again from its seed and its outcomes."""

from dataclasses import replace

import numpy as np
import pytest
import toy
from commands import paretide

import paretide as pt
from paretide.engine.records.evaluations import Archive
from paretide.engine.runs.replay import replay
from paretide.errors import StoreMismatch

STEADY = {"size": 10, "mode": "steady", "window": 6}
ALGORITHMS = {
    "nsga2": pt.NSGA2(size=10),
    "dnsga2": pt.DynamicNSGA2(start=4, max_size=16, tau=20),
    "cost": pt.NSGA2(**STEADY),
    "arrival": pt.NSGA2(**STEADY, order="arrival"),
    "concurrent": pt.ConcurrentDynamicNSGA2(start=4, max_size=16, base=5),
}


@pytest.fixture(scope="module", params=list(ALGORITHMS))
def run(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("replay") / "run.h5"
    pt.minimize(
        toy.Slow(), ALGORITHMS[request.param], budget=83, seed=3, store=path,
        executor=pt.ProcessExecutor(workers=3), initial=np.full((3, 3), 0.5) * [[1], [0.5], [0.1]],
    )  # fmt: skip
    return pt.open_run(path)


def test_the_same_bits_come_out(run):
    session = replay(run)
    assert session.archive.rows + len(session.waiting()) == 83
    assert session.outcome("budget").F.tobytes() == run.population().F.tobytes()
    done = paretide("replay", run.path)
    assert done.returncode == 0, done.stderr
    assert "replayed 83 evaluations" in done.stdout


def test_arrivals_are_replayed_in_their_order(tmp_path):
    path = tmp_path / "run.h5"
    algorithm = ALGORITHMS["arrival"]
    result = pt.minimize(
        toy.Unforeseen(),
        algorithm,
        budget=60,
        seed=3,
        store=path,
        executor=pt.ProcessExecutor(workers=3),
    )
    ids = result.run.evaluations.ids.tolist()
    assert ids != sorted(ids)
    session = replay(pt.open_run(path))
    assert session.archive.table().ids.tolist() == ids


def test_a_run_that_was_extended_and_one_that_was_interrupted(tmp_path):
    path = tmp_path / "run.h5"

    def leave(progress):
        if progress.evaluations >= 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pt.minimize(
            toy.Flaky(), pt.NSGA2(size=10), budget=50, seed=3, store=path, callbacks=[leave]
        )
    replay(pt.open_run(path))
    pt.resume(path)
    replay(pt.open_run(path))
    pt.resume(path, budget=27)
    assert replay(pt.open_run(path)).archive.rows == 77


def test_what_was_edited_is_found(run):
    everything = run.evaluations
    X = everything.X.copy()
    X[40, 0] += 1e-9
    with pytest.raises(StoreMismatch, match="candidate"):
        replay(replace(run, archive=Archive(replace(everything, X=X))))
    F = everything.F.copy()
    F[:20] = F[:20][::-1]
    with pytest.raises(StoreMismatch):
        replay(replace(run, archive=Archive(replace(everything, F=F))))
    with pytest.raises(StoreMismatch, match="the final population is another one"):
        replay(replace(run, final=run.final[::-1]))
    with pytest.raises(StoreMismatch, match="populations come out"):
        replay(replace(run, populations=run.populations[:-1]))

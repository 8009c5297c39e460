"""Listeners that hear of each outcome as it is told."""

import dataclasses

import numpy as np
import pytest
import sweep
import toy

import paretide as pt
from paretide.errors import ConfigurationError

ALGORITHMS = [
    pt.NSGA2(size=10),
    pt.NSGA2(size=10, mode="steady", window=4),
    pt.DynamicNSGA2(start=4, max_size=8, tau=10, mode="steady", window=6),
    pt.ConcurrentDynamicNSGA2(start=4, max_size=8, base=8),
]
everywhere = pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda a: f"{a.name}-{a.mode}")


def run(algorithm, problem=None, heard=None, **options):
    settings = {"budget": 40, "seed": 3, **options}
    return pt.minimize(
        problem or toy.Schaffer(), algorithm, on_evaluation=[] if heard is None else [heard.append],
        **settings,
    )  # fmt: skip


@everywhere
def test_they_hear_of_each_in_the_order_of_telling(algorithm):
    heard = []
    everything = run(algorithm, heard=heard, executor=sweep.DrawnOrder(3, seed=1)).run.evaluations
    assert [told.id for told in heard] == everything.ids.tolist()[: len(heard)]
    assert len(heard) >= 40 - 6  # those that still wait for their turn are not told
    for told, row in zip(heard, range(40), strict=False):
        assert told.values == dict(zip(["left", "right"], everything.F[row], strict=True))
        np.testing.assert_array_equal(told.candidate, everything.X[row])
        assert told.logs == {"seed": everything.seed[row], "id": told.id}
        assert (told.status, told.failure, told.worker) == ("evaluated", None, "drawn")
        assert told.seconds == everything.seconds[row]


def test_names_constraints_failures_and_batches_are_told_as_the_user_knows_them():
    heard = []
    run(pt.NSGA2(size=10), toy.Mixed(), heard)
    assert set(heard[0].values) == {"cost", "gain", "size"}
    assert set(heard[0].candidate) == {"rate", "width", "kind", "flag", "step"}
    assert heard[0].values["size"] == heard[0].candidate["width"]
    heard.clear()
    run(pt.NSGA2(size=10), toy.Flaky(), heard)
    assert [told.status for told in heard[:3]] == ["failed", "failed", "evaluated"]
    assert (heard[0].values, heard[0].failure.kind) == ({}, "exception")
    assert heard[1].failure.kind == "non-finite"
    heard.clear()
    rows = sweep.Rows()
    everything = run(pt.NSGA2(size=10), rows, heard).run.evaluations
    assert [told.id for told in heard] == everything.ids.tolist()
    assert heard[5].values == {"f": everything.F[5, 0], "g": everything.F[5, 1],
                               "sum": everything.G[5, 0]}  # fmt: skip
    with pytest.raises(dataclasses.FrozenInstanceError):
        heard[0].id = 3


def test_what_a_cache_knows_is_told_too():
    heard = []
    result = run(pt.NSGA2(size=6, duplicates=None), sweep.Bits(), heard, cache=True)
    recalled = result.run.evaluations.ids[result.run.evaluations.recalled].tolist()
    assert recalled
    assert sorted(told.id for told in heard if told.worker == "cache") == sorted(recalled)
    assert len(heard) == 40


@everywhere
def test_what_a_listener_raises_ends_the_run_where_it_goes_on(algorithm, tmp_path):
    path, heard = tmp_path / "run.h5", []

    def fragile(told):
        heard.append(told.id)
        if len(heard) == 17:
            raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        pt.minimize(
            toy.Schaffer(), algorithm, budget=40, seed=3, store=path, on_evaluation=[fragile]
        )
    assert set(heard) <= set(pt.open_run(path).evaluations.ids.tolist())
    later = []
    resumed = pt.resume(path, on_evaluation=[lambda told: later.append(told.id)])
    assert not set(heard) & set(later)
    assert resumed.X.tobytes() == run(algorithm).X.tobytes()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (print, r"on_evaluation must be a sequence of callables: write on_evaluation=\[f\]"),
        ([3], "on_evaluation must be callable, got 3"),
        (3, "on_evaluation must be a sequence of callables, got 3"),
        ("log", "on_evaluation must be a sequence of callables, got 'log'"),
    ],
)
def test_what_cannot_listen_is_refused(given, message):
    with pytest.raises(ConfigurationError, match=message):
        pt.minimize(toy.Schaffer(), pt.NSGA2(size=10), budget=40, on_evaluation=given)

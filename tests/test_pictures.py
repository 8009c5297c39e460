"""Pictures of runs with any number of objectives, names and values."""

import os
import warnings
from dataclasses import replace

import numpy as np
import pytest
from commands import paretide

import paretide as pt
from paretide.engine.records.evaluations import Archive
from paretide.errors import ConfigurationError
from paretide.pictures import check_picture, draw_front

matplotlib = pytest.importorskip("matplotlib")


def run_of(objectives, evaluate, constraints=None, **more):
    class Drawn(pt.Problem):
        space = pt.Real(-1, 1, n=2)

        def evaluate(self, x, ctx):
            return dict(zip(names, evaluate(x, ctx), strict=True))

    Drawn.objectives, Drawn.constraints = objectives, constraints or {}
    names = [*objectives, *Drawn.constraints]
    return pt.minimize(Drawn(), pt.NSGA2(size=10), budget=40, seed=1, **more).run


def unstable(x, ctx):
    ctx.log(test_error=["none", None, 2**2000, [1], 0.5][ctx.id % 5])
    if ctx.id % 3 == 0:
        raise ValueError("bad")
    return [float(x[0]), float(x[1])]


RUNS = {
    "one objective": ({"loss [$] per $": "min"}, lambda x, ctx: [float(x @ x)]),
    "one that is maximized": ({"gain": "max"}, lambda x, ctx: [float(x[0])]),
    "one, nothing feasible": ({"f": "min"}, lambda x, ctx: [x[0], 1], {"c": pt.upper(0)}),
    "mathematics in names": ({"cost $a_b$": "min", "_{": "max"}, lambda x, ctx: [x[0], x[1]]),
    "long names": ({"n" * 900: "min", "日" * 900: "max"}, lambda x, ctx: [x[0], x[1]]),
    "three objectives": (dict.fromkeys("abc", "min"), lambda x, ctx: [x[0], x[1], x[0] * x[1]]),
    "failures, and logs of all kinds": ({"f": "min", "g": "min"}, unstable),
    "the largest doubles": ({"f": "min", "g": "max"}, lambda x, ctx: [1.7e308 * x[0]] * 2),
    "one of the largest": ({"f": "min"}, lambda x, ctx: [1.7e308 * x[0]]),
    "all magnitudes": ({"f": "min", "g": "min"}, lambda x, ctx: [10 ** (300 * x[0]), 5e-324]),
    "one value": ({"f": "min"}, lambda x, ctx: [3]),
}


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_every_run_can_be_drawn(name, suffix, tmp_path):
    path = tmp_path / f"picture.{suffix}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_front(run_of(*RUNS[name]), path, logged="test_error")
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix]
    assert path.read_bytes().startswith(start)


def test_a_run_without_outcomes_can_be_drawn(tmp_path):
    for name in ("one objective", "three objectives"):
        run = run_of(*RUNS[name])
        empty = replace(run, archive=Archive(run.evaluations.take(np.empty(0, dtype=np.int64))))
        draw_front(empty, tmp_path / "empty.png")
        assert (tmp_path / "empty.png").exists()


@pytest.mark.parametrize(("way", "best"), [("min", np.minimum), ("max", np.maximum)])
def test_the_best_so_far_is_that_of_the_feasible(way, best, tmp_path, monkeypatch):
    axes = matplotlib.axes.Axes
    drawn = {}
    monkeypatch.setattr(axes, "step", lambda self, x, y, **_: drawn.update(x=x, y=y))
    run = run_of({"f": way}, lambda x, ctx: [x[0], x[1]], {"c": pt.upper(0)})
    draw_front(run, tmp_path / "best.png")
    rows = run.evaluations
    feasible = rows.G[:, 0] <= 0
    np.testing.assert_array_equal(drawn["y"][:-1], best.accumulate(rows.F[feasible, 0]))
    np.testing.assert_array_equal(drawn["x"][:-1], np.flatnonzero(feasible) + 1)
    assert (drawn["x"][-1], drawn["y"][-1]) == (len(rows), drawn["y"][-2])


def test_a_picture_of_one_objective_from_the_command_line(tmp_path):
    (tmp_path / "one.py").write_text(
        "import paretide as pt\n"
        "class One(pt.Problem):\n"
        "    space = pt.Real(-1, 1, n=2)\n"
        "    objectives = {'loss': 'min'}\n"
        "    def evaluate(self, x, ctx):\n"
        "        return {'loss': float((x**2).sum())}\n"
    )
    done = paretide(
        "run", "one.py:One", "--budget", 40, "--set", "size=10", "--picture", "one.png",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_drawn_is_refused_before(tmp_path, monkeypatch):
    (tmp_path / "folder.png").mkdir()
    for name, message in (
        ("picture.jpg", "is a file of"),
        ("none/picture.png", "there is no folder"),
        ("folder.png", "is a folder"),
        (f"{'n' * 300}.png", "too long"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            check_picture(tmp_path / name)
    (tmp_path / "old.png").touch()
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # as for others than root
    for name in ("new.png", "old.png"):
        with pytest.raises(ConfigurationError, match=r"may not be written"):
            check_picture(tmp_path / name)


def test_a_run_is_not_drawn_over_itself(tmp_path):
    store = tmp_path / "run.png"
    run = run_of({"f": "min"}, lambda x, ctx: [x[0]], store=store)
    before = store.read_bytes()
    with pytest.raises(ConfigurationError, match="is the run itself"):
        draw_front(run, store)
    assert store.read_bytes() == before

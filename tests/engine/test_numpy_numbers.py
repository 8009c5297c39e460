"""NumPy's numbers are taken wherever Python's are, and plain ones are kept."""

import json

import numpy as np
import pytest
import toy

import paretide as pt
from paretide.errors import ConfigurationError

WHOLE = [np.int64, np.int32, np.uint8, lambda n: np.array(n)]
REAL = [np.float64, np.float32, np.float16, lambda x: np.array(x)]


@pytest.mark.parametrize("whole", WHOLE)
def test_counts_are_kept_as_plain_numbers(whole):
    made = [
        (
            pt.NSGA2(size=whole(20), mode="steady", window=whole(5)),
            pt.NSGA2(size=20, mode="steady", window=5),
        ),
        (pt.Constant(whole(20)), pt.Constant(20)),
        (pt.Doubling(whole(4), whole(20), whole(9), whole(7)), pt.Doubling(4, 20, 9, 7)),
        (pt.BudgetShare(whole(4), whole(20)), pt.BudgetShare(4, 20)),
        (
            pt.DynamicNSGA2(start=whole(4), max_size=whole(20), tau=whole(3), first_tau=whole(5)),
            pt.DynamicNSGA2(start=4, max_size=20, tau=3, first_tau=5),
        ),
        (
            pt.ConcurrentDynamicNSGA2(start=whole(4), max_size=whole(20), base=whole(3)),
            pt.ConcurrentDynamicNSGA2(start=4, max_size=20, base=3),
        ),
        (pt.MaxEvaluations(whole(3)), pt.MaxEvaluations(3)),
        (pt.MaxGenerations(whole(3)), pt.MaxGenerations(3)),
        (pt.Stall(whole(3)), pt.Stall(3)),
        (pt.FailureBudget(count=whole(3)), pt.FailureBudget(count=3)),
    ]
    for ours, plain in made:
        assert ours == plain
        assert repr(ours) == repr(plain)


@pytest.mark.parametrize("real", REAL)
def test_settings_are_kept_as_plain_numbers(real):
    made = [
        (
            pt.SBX(prob=real(0.5), eta=real(3), prob_var=real(0.25)),
            pt.SBX(prob=0.5, eta=3, prob_var=0.25),
        ),
        (
            pt.PolynomialMutation(prob=real(0.5), eta=real(3)),
            pt.PolynomialMutation(prob=0.5, eta=3),
        ),
        (pt.BitFlip(prob=real(0.5)), pt.BitFlip(prob=0.5)),
        (
            pt.BudgetShare(first=real(0.25), growth=real(0.5), eta_below_max=real(2)),
            pt.BudgetShare(first=0.25, growth=0.5, eta_below_max=2),
        ),
        (pt.MaxSeconds(real(60)), pt.MaxSeconds(60)),
        (pt.Stall(3, tolerance=real(0.5)), pt.Stall(3, tolerance=0.5)),
        (pt.TargetHypervolume(real(2), np.array([1, 2], "i2")), pt.TargetHypervolume(2, (1, 2))),
        (pt.FailureBudget(share=real(0.5)), pt.FailureBudget(share=0.5)),
        (pt.upper(real(2)), pt.upper(2)),
        (pt.lower(real(2)), pt.lower(2)),
        (pt.equal(real(2), tol=real(0.5)), pt.equal(2, tol=0.5)),
    ]
    for ours, plain in made:
        assert ours == plain
        assert repr(ours) == repr(plain)
        assert all(type(v) in (float, int, tuple, type(None)) for v in vars(ours).values())


@pytest.mark.parametrize("whole", WHOLE)
def test_a_run_of_numpy_s_numbers_is_the_same_run(whole, tmp_path):
    problem = toy.Mixed()
    ours = pt.minimize(
        problem, pt.NSGA2(size=whole(10)), budget=whole(50), seed=whole(3), store=tmp_path / "a.h5"
    )
    plain = pt.minimize(problem, pt.NSGA2(size=10), budget=50, seed=3, store=tmp_path / "b.h5")
    assert ours.X.tobytes() == plain.X.tobytes()
    specifications = [pt.open_run(tmp_path / f"{n}.h5").specification for n in "ab"]
    for s in specifications:
        for own in ("run_id", "started", "created"):
            s.pop(own, None)
    assert json.dumps(specifications[0]) == json.dumps(specifications[1])
    assert len(pt.resume(tmp_path / "a.h5", budget=whole(20)).run.evaluations) == 70
    run = ours.run
    assert run.population(whole(1)).ids.tolist() == run.population(1).ids.tolist()
    assert len(run.convergence(points=whole(5)).evaluations) == 5
    assert len(run.lineage(whole(30), depth=whole(1))) > 1


@pytest.mark.parametrize("whole", WHOLE)
def test_ask_and_tell_take_them(whole):
    machine = pt.NSGA2(size=whole(6)).start(toy.Schaffer(), seed=whole(1), budget=whole(60))
    batch = machine.ask(whole(4))
    assert len(batch) == 4
    for id in batch.ids:
        machine.tell(whole(id), pt.Evaluated(np.array([1.0, 2.0], "f4")))
    assert machine.evaluations == 4


@pytest.mark.parametrize("whole", WHOLE)
def test_suites_take_them(whole):
    assert type(pt.OneMinMax(8, whole(4)).m) is int
    assert type(pt.OneJumpZeroJump(8, whole(2)).k) is int


def test_truth_values_of_numpy_are_kept_as_plain_ones():
    for value in (True, False):
        ours = pt.NSGA2(size=20, duplicates=np.bool_(value))
        assert repr(ours) == repr(pt.NSGA2(size=20, duplicates=value))


@pytest.mark.parametrize(
    "text", [["1", "2"], np.array(["1", "2"]), np.array([1, "2"], dtype=object)]
)
def test_text_is_no_reference(text):
    with pytest.raises(ConfigurationError, match="reference must be finite numbers"):
        pt.TargetHypervolume(1, text)


def test_a_batch_size_of_numpy_is_one():
    class Batches(toy.Schaffer):
        batch_size = np.int64(3)

    assert pt.minimize(Batches(), pt.NSGA2(size=10), budget=20, seed=1).run.archive.rows == 20


@pytest.mark.parametrize("value", [np.True_, np.array(True), np.array([3]), np.float64(3), "3"])
def test_what_is_no_count_is_refused(value):
    for make in (
        lambda: pt.NSGA2(size=value),
        lambda: pt.MaxGenerations(value),
        lambda: pt.minimize(toy.Schaffer(), pt.NSGA2(size=4), budget=value),
        lambda: pt.NSGA2(size=4).start(toy.Schaffer()).ask(value),
    ):
        with pytest.raises(ConfigurationError, match="must be a whole number"):
            make()

"""Screens: who is chosen, of what, and what happens where a model knows nothing."""

import subprocess
import sys

import numpy as np
import own_spaces
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from screened import MIXED, SPACES, drawn

import paretide as pt
from paretide.errors import ConfigurationError
from paretide.operators.parts import KnownOutcomes, read_part

SCREENS = [pt.GaussianProcess(), pt.ExtraTrees()]

in_spaces = pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
by_screens = pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: type(screen).__name__)


def told(space, n, n_obj=2, n_con=0, seed=0, failed=(), margins=None):
    X = drawn(space, n, seed)
    rng = np.random.default_rng(seed + 1)
    Z = space.to_working(X) @ rng.random((space.n_var, n_obj))
    margins = rng.standard_normal((n, n_con)) if margins is None else margins
    F = np.abs(Z - Z.sum(axis=0) / max(n, 1))
    F[list(failed)] = margins[list(failed)] = np.nan
    return KnownOutcomes(X, F, margins)


def chosen(screen, known, space, k=3, m=30, open=0, seed=5, memory=None):
    memory = {} if memory is None else memory
    pool, under_way = drawn(space, m, seed), drawn(space, open, seed + 1)
    return screen(pool, k, known, under_way, space, np.random.default_rng(3), memory)


def assert_rows(rows, k, m):
    assert rows.dtype == np.int64
    assert rows.shape == (k,)
    assert len(set(rows.tolist())) == k
    assert rows.min() >= 0
    assert rows.max() < m


@in_spaces
@by_screens
@pytest.mark.parametrize("n_obj", [1, 2, 3, 4, 5])
def test_different_rows_of_the_pool_are_chosen_the_same_every_time(screen, space, n_obj):
    known = told(space, 24, n_obj, 1, failed=[3, 7])
    before = [a.copy() for a in known[:3]]
    rows = chosen(screen, known, space, open=4)
    assert_rows(rows, 3, 30)
    np.testing.assert_array_equal(chosen(screen, known, space, open=4), rows)
    for array, was in zip(known[:3], before, strict=True):
        np.testing.assert_array_equal(array, was)


@by_screens
def test_a_screen_is_a_part(screen):
    assert read_part("screen", pt.Screen, screen) is screen


@by_screens
@pytest.mark.parametrize("k", [1, 12])
def test_all_of_a_pool_may_be_chosen(screen, k):
    rows = chosen(screen, told(MIXED, 20), MIXED, k=k, m=k)
    assert_rows(rows, k, k)


NOTHING = {
    "all failed": told(MIXED, 12, failed=range(12)),
    "one outcome": told(MIXED, 1),
    "none": told(MIXED, 0),
    "constant": told(MIXED, 12)._replace(F=np.ones((12, 2))),
    "all but one failed": told(MIXED, 12, failed=range(1, 12)),
}


@by_screens
@pytest.mark.parametrize("known", NOTHING.values(), ids=NOTHING)
def test_where_nothing_can_be_fitted_a_screen_says_so(screen, known):
    assert chosen(screen, known, MIXED) is None


def copies(n):
    known = told(MIXED, n)
    return KnownOutcomes(np.repeat(known.X[:1], n, axis=0), known.F, known.margins)


HARD = {
    "copies": copies(12),
    "one objective constant": told(MIXED, 12)._replace(
        F=np.column_stack([np.ones(12), np.arange(12.0)])
    ),
    "huge": told(MIXED, 12)._replace(
        F=np.random.default_rng(0).choice([1e300, -1e300, 1], (12, 2))
    ),
    "tiny": told(MIXED, 12)._replace(F=np.random.default_rng(0).random((12, 2)) * 1e-308),
    "two outcomes": told(MIXED, 2),
    "nothing feasible": told(MIXED, 12, n_con=2, margins=np.random.default_rng(0).random((12, 2))),
    "equal violations": told(MIXED, 12, n_con=1, margins=np.ones((12, 1))),
    "infinitely inside": told(
        MIXED, 12, n_con=1, margins=np.where(np.arange(12) % 2, 1.0, -np.inf)[:, None]
    ),
    "huge violations": told(
        MIXED, 12, n_con=1, margins=np.where(np.arange(12) % 2, 1e300, -1e-300)[:, None]
    ),
    "many constraints": told(MIXED, 12, n_con=20),
    "most failed": told(MIXED, 40, failed=range(2, 40)),
    "more than points": told(MIXED, 60),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "screen", [pt.GaussianProcess(points=30, fit_points=20), pt.ExtraTrees(trees=5)], ids=repr
)
@pytest.mark.parametrize("known", HARD.values(), ids=HARD)
def test_hard_outcomes_are_taken(screen, known):
    memory = {}
    assert_rows(chosen(screen, known, MIXED, open=2, memory=memory), 3, 30)
    assert all(a.dtype in (np.float64, np.int64) for a in memory.values())


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_outcomes_are_taken(data):
    n, n_obj = data.draw(st.integers(2, 14)), data.draw(st.integers(1, 4))
    value = st.one_of(st.sampled_from([0.0, 1.0, np.nan, 1e300, -1e300, 1e-300]), st.floats(-9, 9))
    F = np.array(data.draw(st.lists(value, min_size=n * n_obj, max_size=n * n_obj)))
    F = F.reshape(n, n_obj)
    margins = data.draw(st.lists(value, min_size=n, max_size=n))
    gone = np.isnan(F).any(axis=1) | np.isnan(margins)
    known = KnownOutcomes(drawn(MIXED, n, data.draw(st.integers(0, 9))), F, np.array([margins]).T)
    known.F[gone] = known.margins[gone] = np.nan
    rows = chosen(pt.GaussianProcess(), known, MIXED, k=2, m=6, open=data.draw(st.integers(0, 2)))
    if rows is not None:
        assert_rows(rows, 2, 6)


def test_the_better_half_of_a_bowl_is_chosen():
    space = pt.Real(0, 1, n=2)
    X = drawn(space, 25)
    F = np.column_stack([((X - 0.3) ** 2).sum(axis=1), ((X - 0.4) ** 2).sum(axis=1)])
    known = KnownOutcomes(X, F, np.zeros((25, 0)))
    for screen in (pt.GaussianProcess(unscreened=0), pt.ExtraTrees(unscreened=0)):
        pool = drawn(space, 60, 9)
        rows = screen(pool, 5, known, pool[:0], space, np.random.default_rng(0), {})
        far = np.abs(pool - 0.35).max(axis=1)
        assert far[rows].max() < np.median(far)


# Trees know shares of their answers, and leave a region less sharply: their first choice is judged.
SHARP = pytest.mark.parametrize(
    ("screen", "k"), [(pt.GaussianProcess(unscreened=0), 3), (pt.ExtraTrees(unscreened=0), 1)]
)


@SHARP
def test_a_region_that_crashes_is_left(screen, k):
    space = pt.Real(0, 1, n=2)
    X, pool = drawn(space, 60), drawn(space, 60, 9)
    F = np.column_stack([1 - X[:, 0], X[:, 1]])  # the best lie where it crashes
    F[X[:, 0] > 0.6] = np.nan
    known = KnownOutcomes(X, F, np.zeros((60, 0)))
    rows = screen(pool, k, known, pool[:0], space, np.random.default_rng(0), {})
    assert (pool[rows, 0] < 0.65).all()


@SHARP
def test_what_breaks_a_limit_is_left(screen, k):
    space = pt.Real(0, 1, n=2)
    X, pool = drawn(space, 40), drawn(space, 60, 9)
    F = np.column_stack([1 - X[:, 0], X[:, 1]])
    margins = np.column_stack([X[:, 0] - 0.6, np.full(40, -1.0)])
    known = KnownOutcomes(X, F, margins)
    rows = screen(pool, k, known, pool[:0], space, np.random.default_rng(0), {})
    assert (pool[rows, 0] < 0.7).all()


def test_one_of_four_goes_out_as_it_was_drawn_whatever_the_batches():
    known = told(MIXED, 40)
    screened = pt.GaussianProcess(unscreened=0)
    first = chosen(screened, known, MIXED, k=8, m=40)
    assert 0 not in first
    assert 0 in chosen(pt.GaussianProcess(), known, MIXED, k=4, m=40)
    alone = [
        chosen(pt.GaussianProcess(), told(MIXED, n), MIXED, k=1, m=20)[0] for n in range(40, 48)
    ]
    assert sum(row == 0 for row in alone) >= 2


def test_hyperparameters_are_fitted_when_a_tenth_more_is_known():
    screen, memory = pt.GaussianProcess(), {}
    known = told(MIXED, 44)

    def first(n):
        return KnownOutcomes(*(a[:n] for a in known[:3]))

    chosen(screen, first(40), MIXED, memory=memory)
    was = {name: a.copy() for name, a in memory.items()}
    assert was["known"].tolist() == [40]
    chosen(screen, first(43), MIXED, memory=memory)
    np.testing.assert_array_equal(memory["theta"], was["theta"])
    again = chosen(screen, first(43), MIXED, memory={n: a.copy() for n, a in was.items()})
    np.testing.assert_array_equal(again, chosen(screen, first(43), MIXED, memory=memory))
    chosen(screen, known, MIXED, memory=memory)
    assert memory["known"].tolist() == [44]
    assert not np.array_equal(memory["theta"], was["theta"], equal_nan=True)


def varied(space):
    def vary(parents, rng):
        return pt.PolynomialMutation(prob=0.5)(parents, space, rng)

    return vary


def improved(screen, known, space, k=2, m=20, memory=None):
    pool = drawn(space, m, 5)
    memory = {} if memory is None else memory
    arguments = (pool, k, known, pool[:0], space, np.random.default_rng(3), memory)
    return pool, screen.improve(*arguments, varied(space))


@pytest.mark.parametrize("space", [SPACES["real"], pt.Integer(0, 99, n=3), MIXED], ids=repr)
def test_a_pool_evolves_on_the_model_and_keeps_what_goes_out_unscreened(space):
    screen, known = pt.GaussianProcess(search=3), told(space, 24, n_con=1, failed=[3])
    pool, better = improved(screen, known, space)
    np.testing.assert_array_equal(better[:2], pool[:2])
    keys = space.key(better)
    assert len(set(keys)) == len(keys) > 2
    assert space.contains(better).all()
    np.testing.assert_array_equal(improved(screen, known, space)[1], better)
    rows = screen(better, 2, known, pool[:0], space, np.random.default_rng(0), {})
    assert_rows(rows, 2, len(better))


def test_a_pool_that_has_evolved_is_nearer_to_the_best():
    space = pt.Real(0, 1, n=4)
    X = drawn(space, 40)
    F = np.column_stack([((X - c) ** 2).sum(axis=1) for c in (0.3, 0.4)])
    known = KnownOutcomes(X, F, np.zeros((40, 0)))
    pool, better = improved(pt.GaussianProcess(search=4), known, space)
    before, after = (np.median(np.abs(Y - 0.35).max(axis=1)) for Y in (pool, better))
    assert after < 0.7 * before


def test_a_pool_stays_where_nothing_is_to_be_searched():
    pool, same = improved(pt.GaussianProcess(), told(MIXED, 20), MIXED)
    assert same is pool
    pool, same = improved(pt.GaussianProcess(search=2, searched=19), told(MIXED, 20), MIXED)
    assert same is pool
    pool, other = improved(pt.GaussianProcess(search=2, searched=20), told(MIXED, 20), MIXED)
    assert other is not pool
    for known in NOTHING.values():
        pool, same = improved(pt.GaussianProcess(search=2), known, MIXED)
        assert same is pool


@pytest.mark.parametrize("space", [own_spaces.Tours(6), own_spaces.Texts()], ids=repr)
@by_screens
def test_spaces_without_working_coordinates_are_refused(screen, space):
    with pytest.raises(ConfigurationError, match=r"needs working coordinates .*pt\.Screen"):
        screen.check_fit(space)
    for fitting in SPACES.values():
        screen.check_fit(fitting)


@pytest.mark.parametrize("kind", [pt.GaussianProcess, pt.ExtraTrees])
@pytest.mark.parametrize(
    "wrong", [{"draws": 0}, {"least": 1}, {"unscreened": 1}, {"unscreened": -0.1}, {"draws": 2.5}]
)
def test_settings_are_refused_by_name(kind, wrong):
    with pytest.raises(ConfigurationError, match=f"{kind.__name__} {next(iter(wrong))}"):
        kind(**wrong)


def test_without_scikit_learn_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    with pytest.raises(ConfigurationError, match=r"paretide\[demo\]"):
        pt.ExtraTrees().check_fit(MIXED)


def test_the_number_of_threads_changes_no_bit():
    code = (
        "import numpy as np, paretide as pt\n"
        "from paretide.operators.parts import KnownOutcomes\n"
        "space, rng = pt.Real(0, 1, n=5), np.random.default_rng(0)\n"
        "X, pool, memory = rng.random((300, 5)), rng.random((50, 5)), {}\n"
        "known = KnownOutcomes(X, np.sin(X @ rng.random((5, 2)) * 9), np.zeros((300, 0)))\n"
        "rows = pt.GaussianProcess()(pool, 9, known, pool[:0], space, rng, memory)\n"
        "print(rows.tolist(), memory['theta'].tobytes().hex())\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120,
            env={"OPENBLAS_NUM_THREADS": threads, "PATH": ""},
        ).stdout
        for threads in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1
    assert said != {""}

import importlib
import json
import math

import numpy as np
import pytest

import paretide as pt
from paretide.engine.runs.manifest import other_arguments
from paretide.errors import ConfigurationError
from paretide.problems.candidates import check_candidates
from paretide.problems.context import Context
from paretide.problems.definition import read_definition
from paretide.problems.description import differing
from paretide.problems.pymoo_problem import adapt, from_class, get, is_pymoo
from paretide.problems.reference import load_problem, reference_to

pymoo_problem = pytest.importorskip("pymoo.core.problem")
pymoo_variable = pytest.importorskip("pymoo.core.variable")
get_problem = pytest.importorskip("pymoo.problems").get_problem
foreign_problems = pytest.importorskip("foreign")
Talkative, Pool = foreign_problems.Talkative, foreign_problems.Pool


def sample(problem, n=20):
    rng = np.random.default_rng(8)
    return problem.xl + (problem.xu - problem.xl) * rng.random((n, problem.n_var))


def evaluated(problem, X):
    """F and G of a problem of ours, read as a worker reads them."""
    definition = read_definition(problem)
    X = check_candidates(definition.space, X)
    if definition.vectorized:
        F, G, wrong = definition.read_batch(problem.evaluate_batch(X), len(X))
        assert not wrong
        return F, G
    rows = [
        definition.read_values(problem.evaluate(definition.space.candidate(x), Context(i, i)))
        for i, x in enumerate(X)
    ]
    return np.stack([F for F, _ in rows]), np.stack([G for _, G in rows])


def agrees(foreign, X=None):
    """Assert that the adapted problem says what pymoo says; return its definition."""
    X = sample(foreign) if X is None else X
    adapted = adapt(foreign)
    F, G = evaluated(adapted, X)
    out = foreign.evaluate(X, return_as_dictionary=True)
    np.testing.assert_array_equal(F, out["F"])
    parts = [out[k] for k in "GH" if k in out]
    np.testing.assert_array_equal(G, np.concatenate(parts, axis=1) if parts else G[:, :0])
    definition = read_definition(adapted)
    assert definition.n_obj == foreign.n_obj
    assert definition.n_con == foreign.n_ieq_constr + foreign.n_eq_constr
    return definition


class Offset(pymoo_problem.ElementwiseProblem):
    """A user's problem, one candidate at a time."""

    def __init__(self, offset=0.25, calls=None):
        super().__init__(n_var=3, n_obj=2, n_ieq_constr=1, n_eq_constr=1, xl=-1.0, xu=2.0)
        self.offset = offset
        self.calls = calls

    def _evaluate(self, x, out, *args, **kwargs):
        if self.calls is not None:
            self.calls.append(x)
        out["F"] = [np.sum(x**2), np.sum((x - self.offset) ** 2)]
        out["G"] = [x[0] - 1]
        out["H"] = [x[1] - x[2]]


class Rare(pymoo_problem.Problem):
    """Its argument matters in a corner only."""

    def __init__(self, penalty=0.0):
        super().__init__(n_var=2, n_obj=2, xl=0.0, xu=1.0)
        self.penalty = penalty

    def _evaluate(self, x, out, *args, **kwargs):
        out["F"] = np.where(x > 0.9, x + self.penalty, x)


class Whole(pymoo_problem.Problem):
    def __init__(self):
        super().__init__(n_var=3, n_obj=2, xl=-2, xu=5, vtype=int)

    def _evaluate(self, x, out, *args, **kwargs):
        assert x.dtype.kind == "i"
        out["F"] = np.stack([x.sum(axis=1), (x**2).sum(axis=1)], axis=1)


class Bits(pymoo_problem.Problem):
    def __init__(self):
        super().__init__(n_var=5, n_obj=2, vtype=bool)

    def _evaluate(self, x, out, *args, **kwargs):
        assert x.dtype == bool
        out["F"] = np.stack([x.sum(axis=1), (~x).sum(axis=1)], axis=1)


VARIABLES = {
    "rate": pymoo_variable.Real(bounds=(0.5, 2.5)),
    "width": pymoo_variable.Integer(bounds=(1, 9)),
    "flag": pymoo_variable.Binary(),
    "kind": pymoo_variable.Choice(options=["nothing", "everything"]),
}


def mixed_values(x):
    return [x["rate"] * x["width"], -x["width"] + len(x["kind"]) * (1 if x["flag"] else 0.5)]


class Mixed(pymoo_problem.ElementwiseProblem):
    def __init__(self):
        super().__init__(vars=VARIABLES, n_obj=2)

    def _evaluate(self, x, out, *args, **kwargs):
        out["F"] = mixed_values(x)


class MixedBatch(pymoo_problem.Problem):
    def __init__(self):
        super().__init__(vars=VARIABLES, n_obj=2)

    def _evaluate(self, x, out, *args, **kwargs):
        out["F"] = np.array([mixed_values(one) for one in x])


# -- the same values -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("zdt1", {"n_var": 6}),
        ("dtlz2", {"n_obj": 3}),
        ("bnh", {}),
        ("osy", {}),
        ("welded_beam", {}),
        ("mw1", {"n_var": 5}),
        ("dascmop1", {"difficulty": 1}),
    ],
)
def test_values_are_those_of_pymoo(name, arguments):
    foreign = get_problem(name, **arguments)
    assert is_pymoo(foreign)
    definition = agrees(foreign)
    assert definition.vectorized
    assert set(definition.objectives.values()) == {"min"}
    np.testing.assert_array_equal(definition.space.low, foreign.xl)
    np.testing.assert_array_equal(definition.space.high, foreign.xu)


def test_an_elementwise_problem_is_evaluated_one_by_one():
    definition = agrees(Offset(0.75))
    assert not definition.vectorized
    assert list(definition.objectives) == ["f1", "f2"]
    assert list(definition.constraints) == ["g1", "h1"]


def test_feasible_is_what_pymoo_calls_feasible():
    definition = read_definition(adapt(Offset()))
    G = np.array([[0.0, 0.0], [-5.0, 1e-4], [-5.0, -1e-4], [1e-9, 0.0], [-5.0, 1.1e-4]])
    np.testing.assert_array_equal(definition.violation(G) > 0, [False, False, False, True, True])


@pytest.mark.parametrize("kind", [Whole, Bits])
def test_integers_and_booleans(kind):
    foreign = kind()
    space = adapt(foreign).space
    dtype = {Whole: np.int64, Bits: np.bool_}[kind]
    assert space.dtype == dtype
    low, high = (-2, 6) if kind is Whole else (0, 2)
    X = np.random.default_rng(2).integers(low, high, (30, foreign.n_var)).astype(dtype)
    agrees(foreign, X)


@pytest.mark.parametrize("kind", [Mixed, MixedBatch])
def test_mixed_variables_are_evaluated_by_name(kind):
    foreign = kind()
    adapted = adapt(foreign)
    space = adapted.space
    assert space.names == ("rate", "width", "flag", "kind")
    candidates = [
        {"rate": 0.5, "width": 9, "flag": True, "kind": "everything"},
        {"rate": 2.5, "width": 1, "flag": False, "kind": "nothing"},
        {"rate": 1.25, "width": 4, "flag": False, "kind": "everything"},
    ]
    F, G = evaluated(adapted, np.stack([space.row(c) for c in candidates]))
    np.testing.assert_array_equal(F, [mixed_values(c) for c in candidates])
    assert G.shape == (3, 0)


def test_variables_that_cannot_be_read_are_refused():
    class Odd(pymoo_problem.ElementwiseProblem):
        def __init__(self):
            super().__init__(vars={"p": pymoo_variable.Variable()}, n_obj=1)

    with pytest.raises(ConfigurationError, match="'p' of type Variable"):
        adapt(Odd())


def test_a_problem_without_bounds_is_refused():
    class Endless(pymoo_problem.Problem):
        def __init__(self):
            super().__init__(n_var=2, n_obj=2)

    with pytest.raises(ConfigurationError, match="Endless has no bounds"):
        adapt(Endless())


def test_only_a_problem_of_pymoo_is_one():
    assert not is_pymoo(pt.OneMinMax(3))
    assert not is_pymoo(Offset)
    assert not is_pymoo(None)


def test_a_problem_of_pymoo_is_taken_wherever_one_is():
    result = pt.minimize(get_problem("bnh"), pt.NSGA2(size=8), budget=24, seed=1)
    F, G = evaluated(adapt(get_problem("bnh")), result.population.X)
    np.testing.assert_array_equal(result.population.F, F)
    np.testing.assert_array_equal(result.population.G, G)


def test_an_unknown_name_is_refused():
    with pytest.raises(ConfigurationError, match="'zdt99'"):
        get("zdt99")


def test_an_argument_that_pymoo_would_swallow_is_refused():
    with pytest.raises(ConfigurationError, match="n_vars"):
        get("zdt1", n_vars=3)


# -- making it again -------------------------------------------------------------------------------


def made_again_or_honest(problem):
    """Follow the reference through JSON and compare values in many places, if there is one."""
    reference = reference_to(problem)
    if not reference.target:
        assert reference.reason
        return None
    again = load_problem(reference.target, json.loads(json.dumps(reference.arguments)))
    again = adapt(again) if is_pymoo(again) else again
    assert read_definition(again).describe() == read_definition(problem).describe()
    space = read_definition(problem).space
    layout = space.layout
    rng = np.random.default_rng(4)
    X = space.from_working(
        layout.lower + (layout.upper - layout.lower) * rng.random((50, space.n_var))
    )
    for mine, other in zip(evaluated(problem, X), evaluated(again, X), strict=True):
        np.testing.assert_array_equal(mine, other)
    return again


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("zdt1", {}), ("zdt4", {"n_var": 7}), ("dtlz2", {"n_var": 8, "n_obj": 3}), ("bnh", {})],
)
def test_problems_by_name_are_made_again(name, arguments):
    assert made_again_or_honest(get(name, **arguments)) is not None
    assert made_again_or_honest(adapt(get_problem(name, **arguments))) is not None


@pytest.mark.parametrize("foreign", [Offset(), Offset(0.75), Rare(), Rare(10.0), Whole(), Mixed()])
def test_problems_of_users_are_made_again_or_say_why_not(foreign):
    made_again_or_honest(adapt(foreign))


@pytest.mark.parametrize("n_var", [np.int64(5), 5], ids=["numpy", "python"])
def test_arguments_of_names_can_be_stored(n_var):
    made_again_or_honest(get("zdt1", n_var=n_var))


def test_a_local_class_has_no_reference():
    class Local(Offset):
        pass

    reference = reference_to(adapt(Local()))
    assert reference.target == ""
    assert "Local" in reference.reason


def test_a_users_evaluation_is_left_to_the_workers():
    # It may take an hour, want a GPU, or never come back.
    calls = []
    adapt(Offset(calls=calls))
    assert len(calls) == 0


def test_a_start_is_not_slowed_by_a_problem_that_fails():
    class Failing(Offset):
        def _evaluate(self, x, out, *args, **kwargs):
            raise RuntimeError("no data")

    assert reference_to(adapt(Failing())).target == ""


def test_values_that_are_not_finite_come_through():
    class Undefined(Rare):
        def _evaluate(self, x, out, *args, **kwargs):
            out["F"] = np.full(x.shape, math.nan)

    F, _ = evaluated(adapt(Undefined()), np.full((3, 2), 0.5))
    assert np.isnan(F).all()


# -- what pymoo's users write ----------------------------------------------------------------------


class Sums(pymoo_problem.Problem):
    """Sums, whatever the variables are."""

    def __init__(self, n_var=4, **more):
        super().__init__(n_var=n_var, n_obj=2, **more)

    def _evaluate(self, x, out, *args, **kwargs):
        out["F"] = np.stack([x.sum(axis=1), (1 - x).sum(axis=1)], axis=1).astype(float)


@pytest.mark.parametrize(
    ("vtype", "kind"),
    [
        *((t, pt.Integer) for t in (int, "int", np.int64, np.int32, np.uint8, np.dtype("i4"))),
        *((t, pt.Binary) for t in (bool, "bool", np.bool_, np.dtype(bool))),
        *((t, pt.Real) for t in (None, float, "float", np.float64, np.float32, np.dtype("f4"))),
        (pymoo_variable.Integer, pt.Integer),
        (pymoo_variable.Binary, pt.Binary),
        (pymoo_variable.Real, pt.Real),
    ],
    ids=str,
)
def test_the_type_of_variables_is_read_as_a_dtype(vtype, kind):
    assert type(adapt(Sums(vtype=vtype, xl=0, xu=9)).space) is kind


@pytest.mark.parametrize("vtype", [object, str, complex, "mixed", 3])
def test_a_type_that_is_none_of_numbers_is_refused(vtype):
    with pytest.raises(ConfigurationError, match=r"Sums: vtype=.*is no type of numbers"):
        adapt(Sums(vtype=vtype, xl=0, xu=9))


def test_bounds_are_numbers_or_one_for_each():
    assert adapt(Sums(xl=0, xu=1)).space.high.tolist() == [1] * 4
    assert adapt(Sums(xl=[0, 1, 2, 3], xu=np.arange(1, 5))).space.low.tolist() == [0, 1, 2, 3]
    assert adapt(Sums(n_var=1, xl=0, xu=1)).space.n_var == 1
    with pytest.raises(ConfigurationError, match="Real variable 2"):
        adapt(Sums(xl=[0, 0, -np.inf, 0], xu=1))


def test_variables_of_one_value_are_fixed():
    foreign = Sums(xl=[0, 2, 0, 0], xu=[1, 2, 1, 1])
    X = pt.minimize(foreign, pt.NSGA2(size=8), budget=32, seed=1).run.evaluations.X
    assert (X[:, 1] == 2).all()
    variables = {
        "a": pymoo_variable.Real(bounds=(0.5, 0.5)),
        "b": pymoo_variable.Integer(bounds=(1, 9)),
        "c": pymoo_variable.Choice(options=["only"]),
    }

    class Fixed(pymoo_problem.ElementwiseProblem):
        def __init__(self):
            super().__init__(vars=variables, n_obj=2)

        def _evaluate(self, x, out, *args, **kwargs):
            assert (x["a"], x["c"]) == (0.5, "only")
            out["F"] = [x["b"], 9 - x["b"]]

    assert not pt.minimize(Fixed(), pt.NSGA2(size=8), budget=9, seed=1).run.evaluations.failures


def test_bits_that_are_called_floats_are_bits():
    foreign = get_problem("zdt5")
    X = np.random.default_rng(1).integers(0, 2, (10, foreign.n_var)).astype(bool)
    definition = agrees(foreign, X)
    assert isinstance(definition.space, pt.Binary)


@pytest.mark.parametrize("batch", [True, False], ids=["matrices", "one by one"])
def test_variables_keep_their_own_keys(batch):
    class Keyed(pymoo_problem.Problem):
        def __init__(self):
            variables = {
                0: pymoo_variable.Integer(bounds=(1, 9)),
                1: pymoo_variable.Choice(options=np.array([16, 32])),
                "flag": pymoo_variable.Binary(),
            }
            super().__init__(vars=variables, n_obj=2, elementwise=not batch)

        def _evaluate(self, x, out, *args, **kwargs):
            rows = x if batch else [x]
            assert all(list(row) == [0, 1, "flag"] for row in rows)
            assert all([type(v) for v in row.values()] == [int, int, bool] for row in rows)
            F = [[float(row[0]), float(row[1] - row[0])] for row in rows]
            out["F"] = np.array(F) if batch else F[0]

    everything = pt.minimize(Keyed(), pt.NSGA2(size=8), budget=16, seed=1).run.evaluations
    assert not everything.failures
    assert everything.definition.space.names == ("0", "1", "flag")


def test_two_keys_of_one_name_are_refused():
    class Twice(pymoo_problem.ElementwiseProblem):
        def __init__(self):
            real = pymoo_variable.Real(bounds=(0, 1))
            super().__init__(vars={1: real, "1": real}, n_obj=1)

    with pytest.raises(ConfigurationError, match="Twice: two variables are called 1"):
        adapt(Twice())


def test_a_variable_that_cannot_be_is_refused_by_name():
    class Wrong(pymoo_problem.ElementwiseProblem):
        def __init__(self):
            super().__init__(vars={"rate": pymoo_variable.Real(bounds=(3, 1))}, n_obj=1)

    with pytest.raises(ConfigurationError, match=r"pymoo variable 'rate': .*low must not be above"):
        adapt(Wrong())


def test_a_problem_keeps_its_name():
    for foreign in (get_problem("zdt1"), Offset(), Mixed()):
        definition = read_definition(adapt(foreign))
        assert definition.name == type(foreign).__name__
        for old in ("PymooVectorized", "PymooElementwise"):  # as older versions stored it
            assert differing({**definition.describe(), "name": old}, definition) == {}
    assert differing({**definition.describe(), "name": "Other"}, definition).keys() == {"name"}


def test_orders_are_refused():
    from pymoo.problems.single.flowshop_scheduling import create_random_flowshop_problem
    from pymoo.problems.single.traveling_salesman import create_random_tsp_problem

    class Own(type(create_random_tsp_problem(4))):
        pass

    for foreign in (
        create_random_flowshop_problem(3, 8),
        create_random_tsp_problem(6),
        Own(np.random.default_rng(1).random((5, 2))),
    ):
        with pytest.raises(ConfigurationError, match="searches for an order of its"):
            adapt(foreign)


@pytest.mark.parametrize(
    ("bounds", "warned"), [((0, 3), True), ((0, 4), False), ((1, 4), False), ((0, [3, 3, 3, 2]), 0)]
)
def test_what_looks_like_an_order_is_warned_of(bounds, warned, caplog):
    adapt(Sums(vtype=int, xl=bounds[0], xu=bounds[1]))
    assert bool(caplog.records) == bool(warned)
    if warned:
        assert "Sums has 4 integers, each from 0 to 3" in caplog.text
        assert "would have kept every candidate" in caplog.text


@pytest.mark.parametrize("executor", ["serial", "processes"])
@pytest.mark.parametrize("elementwise", [True, False], ids=["one by one", "matrices"])
def test_what_else_comes_out_is_logged(elementwise, executor):
    if executor == "processes":
        executor = pt.ProcessExecutor(workers=2)
    result = pt.minimize(
        Talkative(elementwise), pt.NSGA2(size=8), budget=24, seed=1, executor=executor
    )
    everything = result.run.evaluations
    assert not everything.failures
    for id, x in zip(everything.ids.tolist(), everything.X, strict=True):
        assert everything.extras[id] == {
            "sum": x.sum(), "twice": (2 * x).tolist(), "model": "linear",
        }  # fmt: skip


def test_what_is_logged_beside_a_row_that_fails_is_that_of_the_others():
    class Partly(Talkative):
        def _evaluate(self, x, out, *args, **kwargs):
            super()._evaluate(x, out)
            if (x[:, 0] > 0.5).any():
                raise ValueError("too large")

    everything = pt.minimize(Partly(), pt.NSGA2(size=8), budget=8, seed=1).run.evaluations
    assert 0 < len(everything.failures) < 8
    assert set(everything.extras) == set(everything.ids.tolist()) - set(everything.failures)


def test_a_pool_of_the_users_stays_where_it_is():
    foreign = Talkative(elementwise=True)
    foreign.elementwise_runner = pool = Pool()
    serial = pt.minimize(foreign, pt.NSGA2(size=8), budget=16, seed=1)
    assert pool.calls == 16
    processes = pt.minimize(
        foreign, pt.NSGA2(size=8), budget=16, seed=1, executor=pt.ProcessExecutor(workers=2)
    )
    assert not processes.run.evaluations.failures
    assert processes.population.F.tobytes() == serial.population.F.tobytes()
    assert foreign.elementwise_runner is pool


USERS = """
import numpy as np
from pymoo.core.problem import ElementwiseProblem, Problem

class Sums(ElementwiseProblem):
    def __init__(self):
        super().__init__(n_var=3, n_obj=2, xl=0.0, xu=1.0)
    def _evaluate(self, x, out, *args, **kwargs):
        out["F"] = [x.sum(), (1 - x).sum()]
"""


def test_a_users_problem_is_resumed_by_its_store_alone(tmp_path, monkeypatch):
    (tmp_path / "sums_of_users.py").write_text(USERS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    foreign = importlib.import_module("sums_of_users").Sums()
    loaded = load_problem(f"{tmp_path}/sums_of_users.py:Sums")
    for i, problem in enumerate((foreign, loaded)):
        path = tmp_path / f"run{i}.h5"
        pt.minimize(problem, pt.NSGA2(size=8), budget=16, seed=1, store=path)
        resumed = pt.resume(path, budget=8)
        assert len(resumed.run.evaluations) == 24
        assert resumed.run.definition.name == "Sums"
    older = {"target": "sums_of_users:Sums"}  # how older versions stored it
    again = from_class(**older)
    assert reference_to(again).arguments == older
    stored = {"target": "paretide.problems.pymoo_problem:from_class", "arguments": older}
    for problem in (adapt(foreign), again):
        assert other_arguments(stored, problem, ("stored", "given")) == []

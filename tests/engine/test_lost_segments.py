"""A population that starts small keeps all segments of a disconnected front."""

import numpy as np
import pytest
import toy

import paretide as pt
from paretide.engine.algorithms.breeding import breeding_for
from paretide.engine.algorithms.schedule import ETA_BELOW_MAX, Doubling
from paretide.engine.runs.named import make_algorithm
from paretide.errors import ConfigurationError
from paretide.problems.definition import read_definition

# Of ZDT3, in its first objective: Zitzler, Deb, Thiele 2000.
SEGMENTS = [(0, 0.0830), (0.1823, 0.2578), (0.4093, 0.4539), (0.6184, 0.6525), (0.8233, 0.8518)]


def lost_segments(algorithm, seed, budget):
    """Those of which no member is within 0.02 of the front, at the end of a run."""
    from pymoo.problems import get_problem

    problem = get_problem("zdt3")
    machine = algorithm.start(problem, seed=seed, budget=budget)
    while machine.evaluations < budget:
        batch = machine.ask(min(machine.available(), budget - machine.evaluations))
        machine.tell(batch, F=problem.evaluate(batch.X))
    x, y = machine.population.best().F.T
    near = y - (1 - np.sqrt(x) - x * np.sin(10 * np.pi * x)) <= 0.02
    return [i for i, (a, b) in enumerate(SEGMENTS) if not (near & (x >= a) & (x <= b)).any()]


def test_a_wider_crossover_below_the_last_size_loses_no_segment():
    seeds = (0, 2, 4, 5, 10)  # 16 of the first 40 lose one with the usual crossover
    usual = [pt.DynamicNSGA2(max_size=50, eta_below_max=15.0), pt.DynamicNSGA2(max_size=50)]
    narrow, wide = ([bool(lost_segments(a, s, 8_000)) for s in seeds] for a in usual)
    assert sum(narrow) >= 3  # all five, unless the last bits of a sine differ
    assert not any(wide)


def test_the_index_is_three_and_never_more_than_that_of_the_crossover():
    definition = read_definition(toy.Mixed())
    schedule = Doubling(4, 20, 30, 10).resolved(definition, None)
    assert schedule.eta_below_max == ETA_BELOW_MAX == 3.0
    breeding = breeding_for(definition.space, crossover=pt.SBX(prob=0.7))
    assert breeding.widened(3.0).crossover == pt.SBX(prob=0.7, eta=3.0)
    wider = breeding_for(definition.space, crossover=pt.SBX(eta=2.0))
    assert wider.widened(3.0) is wider
    assert breeding.widened(pt.Constant(4).eta_below_max) is breeding


def test_bit_strings_have_no_such_index():
    definition = read_definition(pt.OneMinMax(10))
    assert pt.DynamicNSGA2(max_size=40).resolved(definition, None).eta_below_max is None
    for spec in (
        pt.DynamicNSGA2(max_size=40, eta_below_max=3.0),
        pt.NSGA2(size=pt.BudgetShare(4, 40, eta_below_max=3.0)),
    ):
        with pytest.raises(ConfigurationError, match=r"eta_below_max=3.0 is for SBX.*leave it out"):
            spec.resolved(definition, 4_000)


@pytest.mark.parametrize("kind", [pt.DynamicNSGA2, pt.Doubling, pt.BudgetShare])
@pytest.mark.parametrize("eta", [-1, "wide", True])
def test_an_index_that_is_none_is_refused_by_name(kind, eta):
    with pytest.raises(ConfigurationError, match=f"{kind.__name__}: eta_below_max .*{eta!r}"):
        kind(eta_below_max=eta)


@pytest.mark.parametrize("mode", ["generational", "steady"])
def test_the_index_is_part_of_the_run(mode, tmp_path):
    path = tmp_path / "run.h5"
    spec = pt.DynamicNSGA2(
        start=4, max_size=20, tau=30, first_tau=40, mode=mode, crossover=pt.SBX()
    )
    pt.minimize(toy.Mixed(), spec, budget=60, seed=2, store=path)
    stored = pt.open_run(path).specification["algorithm"]
    assert stored["settings"]["eta_below_max"] == 3.0
    assert make_algorithm(stored["name"], stored["settings"]).eta_below_max == 3.0
    whole = pt.minimize(toy.Mixed(), spec, budget=160, seed=2)
    assert pt.resume(path, budget=100).X.tobytes() == whole.X.tobytes()
    size = pt.Doubling(4, 20, 30, 40, eta_below_max=15.0)
    usual = pt.NSGA2(size=size, mode=mode, crossover=pt.SBX())
    usual = pt.minimize(toy.Mixed(), usual, budget=160, seed=2)
    assert usual.run.evaluations.X.tobytes() != whole.run.evaluations.X.tobytes()


def test_a_run_that_was_stored_without_the_index_goes_on_without_it():
    settings = pt.DynamicNSGA2(start=4, max_size=20, tau=30, first_tau=40).settings()
    del settings["eta_below_max"]
    before = make_algorithm("dnsga2", settings)  # a stored one is not resolved again
    assert before.schedule().eta_below_max is None

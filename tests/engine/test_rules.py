"""A run goes on by the rules that it was started under, or not at all."""

from unittest import mock

import pytest
import strangers
import toy
from commands import paretide

import paretide as pt
from paretide.engine.runs import rules
from paretide.engine.runs.replay import replay
from paretide.errors import StoreCorrupt, StoreVersion


@pytest.fixture
def path(tmp_path):
    """A run that its budget ended."""
    path = tmp_path / "run.h5"
    pt.minimize(toy.Schaffer(), pt.NSGA2(size=10), budget=30, seed=1, store=path)
    return path


def test_a_run_names_its_rules(path):
    assert pt.open_run(path).specification["rules"] == rules.RULES


def test_a_file_without_rules_is_of_the_first(path):
    strangers.respecify(path, lambda s: s.pop("rules"))
    with pytest.raises(StoreVersion, match="by rules 1"):
        pt.resume(path, budget=10)
    strangers.respecify(path, lambda s: s.pop("rules", None))
    with mock.patch.object(rules, "RULES", 1):
        assert len(pt.resume(path, budget=10).run.evaluations) == 40


@pytest.mark.parametrize("other", [0, 7])
def test_a_run_of_other_rules_is_neither_continued_nor_replayed(path, other):
    strangers.respecify(path, lambda s: s.update(rules=other))
    before = sorted((p.name, p.read_bytes()) for p in path.parent.iterdir())
    again = {"store": path, "or_resume": True, "budget": 60, "seed": 1}
    for go_on in (
        lambda: pt.resume(path, budget=10),
        lambda: pt.resume(path, without_journal=True),
        lambda: pt.minimize(toy.Schaffer(), pt.NSGA2(size=10), **again),
        lambda: replay(pt.open_run(path)),
    ):
        with pytest.raises(StoreVersion, match=f"by rules {other}"):
            go_on()
    assert sorted((p.name, p.read_bytes()) for p in path.parent.iterdir()) == before


def test_older_rules_are_refused_with_the_command_that_starts_a_new_run(path, tmp_path):
    strangers.respecify(path, lambda s: s.update(rules=0))
    done = paretide("resume", path, "--budget", "+10", cwd=tmp_path)
    assert done.returncode == 2
    command = "paretide run toy:Schaffer --initial run.h5 --store new.h5 --budget 1000"
    assert command in done.stderr
    begun = paretide(*command.split()[1:-1], 30, "--set", "size=10", cwd=tmp_path)
    assert begun.returncode == 0, begun.stderr


def test_all_that_reads_takes_other_rules(path, tmp_path):
    strangers.respecify(path, lambda s: s.update(rules=0))
    for command in (["show", "run.h5"], ["verify", "run.h5"], ["export", "run.h5", "--to", "csv"]):
        done = paretide(*command, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    for option in ("initial", "cache"):
        pt.minimize(toy.Schaffer(), pt.NSGA2(size=10), budget=20, seed=2, **{option: path})


@pytest.mark.parametrize("other", ["1", 1.0, None, [1], True])
def test_rules_are_a_whole_number(path, other):
    strangers.respecify(path, lambda s: s.update(rules=other))
    with pytest.raises(StoreCorrupt, match="rules of its specification"):
        pt.open_run(path)

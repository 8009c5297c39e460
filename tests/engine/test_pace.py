"""How many tasks go to a Ray actor together, and how many workers a cluster has room for."""

import numpy as np
import pytest

from paretide.engine.executors.pace import MOST_TOGETHER, Pace
from paretide.engine.executors.pool import joined
from paretide.engine.executors.ray_cluster import Needs
from paretide.engine.executors.starts import FIRST_ATTEMPTS, LATER_ATTEMPTS, Starts
from paretide.engine.records.outcome import Task


def test_the_first_tasks_and_long_ones_go_alone():
    pace = Pace()
    assert pace.together(1000, 2) == 1
    pace.note(0.02)
    assert pace.together(1000, 2) == 1


def test_short_ones_go_together_but_no_more_than_a_share():
    pace = Pace()
    pace.note(1e-4)
    assert pace.together(1000, 2) == MOST_TOGETHER
    assert pace.together(100, 2) == 50
    assert pace.together(1, 8) == 1
    pace.note(5e-3)
    assert pace.together(1000, 2) == 4


def test_a_longer_task_is_followed_at_once_and_shorter_ones_slowly():
    pace = Pace()
    pace.note(1e-4)
    pace.note(1.0)
    assert pace.seconds == 1.0
    pace.note(0.0)
    assert pace.seconds == pytest.approx(0.9)
    for _ in range(200):
        pace.note(1e-4)
    assert pace.seconds == pytest.approx(1e-4, rel=1e-4)


@pytest.mark.parametrize(
    ("needs", "fitting", "text"),
    [
        (Needs(), 7, "1 CPU"),
        (Needs(cpus=0.5, gpus=0.25), 8, "0.5 CPU, 0.25 GPU"),
        (Needs(cpus=2, memory=1e9), 3, "2 CPU, 1e+09 memory"),
        (Needs(cpus=1, resources={"a100": 1}), 0, "1 CPU, 1 a100"),
    ],
)
def test_as_many_workers_fit_as_the_scarcest_resource_allows(needs, fitting, text):
    total = {"CPU": 7.0, "GPU": 2.0, "memory": 8e9, "node:1": 1.0}
    assert needs.fitting(total) == fitting
    assert str(needs) == text


def test_options_are_those_that_were_given():
    assert Needs().options() == {
        "num_cpus": 1, "num_gpus": 0, "scheduling_strategy": "DEFAULT",
    }  # fmt: skip
    options = Needs(memory=5, resources={"tpu": 1}, runtime_env={"env_vars": {"A": "1"}}).options()
    assert options["memory"] == 5
    assert options["resources"] == {"tpu": 1}
    assert options["runtime_env"] == {"env_vars": {"A": "1"}}


def test_workers_that_cannot_start_end_a_run_soon_and_a_cluster_in_trouble_late():
    broken = Starts()
    assert [broken.died() for _ in range(FIRST_ATTEMPTS)] == [False] * (FIRST_ATTEMPTS - 1) + [True]
    troubled = Starts()
    troubled.died()
    troubled.ready()
    assert not any(troubled.died() for _ in range(LATER_ATTEMPTS - 1))
    assert troubled.died()
    troubled.ready()
    assert not troubled.died()


def test_merged_tasks_keep_their_rows():
    tasks = [Task(np.array([i]), np.array([[i, 2.0 * i]])) for i in (5, 3, 9)]
    (one,) = joined(tasks, vectorized=False)
    assert one.ids.tolist() == [5, 3, 9]
    assert one.X.tolist() == [[5, 10], [3, 6], [9, 18]]
    assert joined(tasks, vectorized=True) == tasks

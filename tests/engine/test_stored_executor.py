"""What a run's file may say of the executor that its user has not said."""

import json
import sys

import numpy as np
import pytest
import toy

import paretide as pt
from paretide.engine.executors.ray_cluster import storable
from paretide.engine.executors.stored import stored_executor
from paretide.errors import ConfigurationError

FOREIGN = {"name": "ray", "workers": 1, "address": "10.1.2.3:6379"}


@pytest.fixture(autouse=True)
def no_ray(monkeypatch):
    """Neither a variable nor a Ray of this program that says which cluster is meant."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)


@pytest.mark.parametrize(
    "executor",
    [pt.SerialExecutor(retries=2), pt.ProcessExecutor(workers=3, timeout=5.0),
     pt.RayExecutor(workers=3, gpus=0.5, retries=1), pt.RayExecutor(address="auto")],
    ids=repr,
)  # fmt: skip
def test_what_is_of_this_machine_is_made_again(executor):
    settings = json.loads(json.dumps(executor.settings()))
    assert stored_executor(settings).settings() == executor.settings()


def test_an_address_that_only_the_file_names_is_not_joined():
    with pytest.raises(ConfigurationError, match=r"--address 10\.1\.2\.3:6379"):
        stored_executor(FOREIGN)
    assert stored_executor(FOREIGN, trusted=True).address == "10.1.2.3:6379"
    assert stored_executor(FOREIGN, address="other:1").address == "other:1"
    assert stored_executor(FOREIGN, address="auto").address == "auto"


def test_the_users_own_address_comes_first(monkeypatch, caplog):
    monkeypatch.setenv("RAY_ADDRESS", "10.1.2.3:6379")
    assert stored_executor(FOREIGN).address == "10.1.2.3:6379"
    assert not caplog.text
    monkeypatch.setenv("RAY_ADDRESS", "10.9.9.9:6379")
    assert stored_executor(FOREIGN).address is None  # which is RAY_ADDRESS
    assert "10.9.9.9" in caplog.text


def test_an_environment_that_only_the_file_names_is_not_used():
    settings = {"name": "ray", "workers": 1, "runtime_env": {"pip": ["requests"]}}
    with pytest.raises(ConfigurationError, match="--trust-executor"):
        stored_executor(settings)
    assert stored_executor(settings, trusted=True).needs.runtime_env == {"pip": ["requests"]}
    assert stored_executor({**settings, "runtime_env": {}}).needs.runtime_env is None


def test_values_of_variables_are_not_stored(monkeypatch, caplog):
    executor = pt.RayExecutor(
        workers=1, runtime_env={"env_vars": {"TOKEN": "secret", "HOME_OF": "/x"}, "pip": ["a"]}
    )
    settings = json.loads(json.dumps(executor.settings()))
    assert "secret" not in json.dumps(settings)
    assert settings["runtime_env"] == {"env_vars": ["HOME_OF", "TOKEN"], "pip": ["a"]}
    monkeypatch.setenv("HOME_OF", "/y")
    monkeypatch.delenv("TOKEN", raising=False)
    again = stored_executor(settings, trusted=True)
    assert again.needs.runtime_env == {"env_vars": {"HOME_OF": "/y"}, "pip": ["a"]}
    assert "TOKEN" in caplog.text
    assert "HOME_OF" not in caplog.text
    assert storable(None) is None


@pytest.mark.parametrize("settings", [{}, {"name": 3}, {"name": "os:system"}, {"name": "cluster"}])
def test_what_is_no_executor_is_refused(settings):
    with pytest.raises(ConfigurationError):
        stored_executor(settings)


def test_a_run_that_names_a_foreign_cluster_goes_on_only_when_told(tmp_path):
    path = tmp_path / "run.h5"
    pt.minimize(toy.Schaffer(), pt.NSGA2(size=8), budget=16, seed=1, store=path, executor=Foreign())
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match=r"10\.1\.2\.3"):
        pt.resume(path, budget=8, problem=toy.Schaffer())
    assert path.read_bytes() == before
    result = pt.resume(path, budget=8, executor="serial")
    assert np.array_equal(
        result.X, pt.minimize(toy.Schaffer(), pt.NSGA2(size=8), budget=24, seed=1).X
    )


class Foreign(pt.SerialExecutor):
    """Leaves the settings of another executor in the file."""

    def settings(self):
        return dict(FOREIGN)

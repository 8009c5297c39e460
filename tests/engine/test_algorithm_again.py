"""A run whose algorithm is a user's goes on by its file, or with the algorithm passed again."""

import importlib
import subprocess
import sys
from dataclasses import dataclass

import pytest
import strangers
import toy
from commands import paretide

import paretide as pt
from paretide.errors import ConfigurationError, ProblemReferenceError, StoreCorrupt, StoreMismatch

SOURCE = """
import pathlib
from dataclasses import dataclass
import paretide as pt

@dataclass(frozen=True, kw_only=True, repr=False)
class Mine(pt.NSGA2):
    extra: int = 3
    def __post_init__(self):
        super().__post_init__()
        with open(pathlib.Path(__file__).with_name("made"), "a") as file:
            file.write("x")

ready = Mine(size=10)

class Other(pt.NSGA2):
    pass
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A module with algorithms of a user, gone after the test."""
    (tmp_path / "mine_of_users.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield importlib.import_module("mine_of_users")
    sys.modules.pop("mine_of_users", None)


def local(**settings):
    @dataclass(frozen=True, kw_only=True, repr=False)
    class Local(pt.NSGA2):
        """Of which a file can say nothing."""

    return Local(**settings)


def run(algorithm, path=None, budget=40, **options):
    return pt.minimize(toy.Schaffer(), algorithm, budget=budget, seed=1, store=path, **options)


def same(one, other):
    assert one.run.evaluations.X.tobytes() == other.run.evaluations.X.tobytes()


def test_a_users_algorithm_is_made_again_from_its_file(mine, tmp_path):
    path = tmp_path / "run.h5"
    run(mine.Mine(size=10, extra=7), path)
    stored = pt.open_run(path).specification["algorithm"]
    assert (stored["name"], stored["reason"]) == ("mine_of_users:Mine", "")
    assert stored["settings"]["extra"] == 7
    assert stored["folders"] == {"mine_of_users": str(tmp_path)}
    same(pt.resume(path, budget=40), run(mine.Mine(size=10), budget=80))


def test_another_process_finds_it_by_folder_or_file(tmp_path):
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "mine_of_users.py").write_text(SOURCE)
    (tmp_path / "job.py").write_text(
        "import sys; sys.path.insert(0, 'house')\n"
        "import mine_of_users, paretide as pt\n"
        "pt.minimize(pt.LOTZ(8), mine_of_users.Mine(size=10), budget=20, seed=1, store='a.h5')\n"
    )
    subprocess.run([sys.executable, "job.py"], cwd=tmp_path, check=True)
    options = ["--algorithm", "house/mine_of_users.py:Mine", "--set", "size=10", "--seed", 1]
    begun = paretide(
        "run", "paretide:LOTZ", "--set", "arguments.n=8", "--budget", 20, *options, "--store",
        "b.h5", cwd=tmp_path,
    )  # fmt: skip
    assert begun.returncode == 0, begun.stderr
    for name in ("a.h5", "b.h5"):
        done = paretide("resume", name, "--budget", "+20", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    one, other = (pt.open_run(tmp_path / name).evaluations.X for name in ("a.h5", "b.h5"))
    assert one.tobytes() == other.tobytes()


def test_one_that_cannot_be_stored_runs_and_says_so_first(tmp_path, caplog):
    path = tmp_path / "run.h5"
    whole = run(local(size=10), budget=80)
    assert not caplog.records
    run(local(size=10), path)
    (warning,) = caplog.records
    assert "resuming run.h5 will need the algorithm passed again" in warning.getMessage()
    assert "defined inside a function" in warning.getMessage()
    assert pt.open_run(path).specification["algorithm"]["name"].endswith("Local")
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match=r"pt\.resume\(.*algorithm=\.\.\.\)"):
        pt.resume(path, budget=40)
    with pytest.raises(StoreMismatch, match=r"algorithm: stored '.*Local', given 'nsga2'"):
        pt.resume(path, budget=40, algorithm=pt.NSGA2(size=10))
    assert path.read_bytes() == before
    same(pt.resume(path, budget=40, algorithm=local(size=10)), whole)


def test_or_resume_takes_what_is_given(tmp_path):
    path = tmp_path / "run.h5"
    run(local(size=10), path)
    same(run(local(size=10), path, budget=80, or_resume=True), run(local(size=10), budget=80))
    with pytest.raises(StoreMismatch, match="algorithm"):
        run(pt.NSGA2(size=10), path, or_resume=True)


def test_the_algorithm_given_must_be_the_stored_one(mine, tmp_path):
    path = tmp_path / "run.h5"
    run(mine.Mine(size=10), path)
    with pytest.raises(StoreMismatch, match=r"size: stored 10, given 12\n  extra: stored 3, giv"):
        pt.resume(path, algorithm=mine.Mine(size=12, extra=4))
    with pytest.raises(StoreMismatch, match=r"given '.*:Other'"):
        pt.resume(path, algorithm=mine.Other(size=10))
    with pytest.raises(ConfigurationError, match="must be one like"):
        pt.resume(path, algorithm="nsga2")
    same(pt.resume(path, budget=40, algorithm=mine.ready), run(mine.ready, budget=80))


def test_a_budget_that_decided_a_default_decides_it_again(tmp_path):
    path = tmp_path / "run.h5"
    algorithm = pt.DynamicNSGA2(start=4, max_size=16)
    run(algorithm, path, budget=100)
    whole = pt.resume(path, budget=60, algorithm=algorithm)
    run(algorithm, tmp_path / "other.h5", budget=100)
    same(pt.resume(tmp_path / "other.h5", budget=60), whole)


def test_code_that_has_moved_is_named_with_what_to_say(mine, tmp_path):
    path = tmp_path / "run.h5"
    run(mine.Mine(size=10), path)
    del sys.modules["mine_of_users"]
    (tmp_path / "mine_of_users.py").rename(tmp_path / "moved.py")
    before = path.read_bytes()
    with pytest.raises(ProblemReferenceError, match=r"--algorithm path/to/file\.py:Name"):
        pt.resume(path, budget=40)
    assert path.read_bytes() == before
    for name in ("ready", "Mine"):
        done = paretide(
            "resume", path, "--budget", "+20", "--problem", "toy:Schaffer",
            "--algorithm", f"moved.py:{name}", cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert len(pt.open_run(path).evaluations) == 80


def test_replay_takes_the_algorithm_and_calls_nothing_then(mine, tmp_path):
    from paretide.engine.runs.replay import replay

    path = tmp_path / "run.h5"
    run(local(size=10), path)
    with pytest.raises(ConfigurationError, match="pass it"):
        replay(pt.open_run(path))
    replay(pt.open_run(path), algorithm=local(size=10))
    run(mine.Mine(size=10), path, overwrite=True)
    with pytest.raises(StoreMismatch, match="size: stored"):
        replay(pt.open_run(path), algorithm=mine.Mine(size=12))


def test_a_class_that_refuses_what_is_stored_is_named(mine, tmp_path):
    path = tmp_path / "run.h5"
    run(mine.Mine(size=10), path)
    mine.Mine.__post_init__ = None
    with pytest.raises(ProblemReferenceError, match="mine_of_users:Mine cannot be made with"):
        pt.resume(path, budget=40)
    mine.Mine.__post_init__ = pt.NSGA2.__post_init__
    strangers.respecify(path, lambda s: s["algorithm"]["settings"].update(size=0))
    with pytest.raises(StoreCorrupt, match="size must be"):
        pt.resume(path, budget=40)

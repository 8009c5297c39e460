"""The command line: what it prints and what it exits with."""

import json
import subprocess
import sys

import pytest
from commands import paretide

import paretide as pt


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    done = paretide(
        "run", "toy:Mixed", "--budget", 60, "--set", "size=10", "--set", "arguments.scale=2.5",
        "--seed", 3, "--picture", "front.png", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, done


def test_run_prints_the_front_and_how_to_go_on(finished):
    folder, done = finished
    assert "front:" in done.stdout
    assert "60 evaluations, 0 failed, stopped by budget, seed 3" in done.stdout
    assert "paretide resume run.h5 --budget +500" in done.stdout
    assert "60/60 evaluations" in done.stderr  # the live line
    run = pt.open_run(folder / "run.h5")
    assert run.specification["problem"]["arguments"] == {"scale": 2.5}
    assert run.specification["algorithm"]["settings"]["size"] == 10
    assert (folder / "front.png").read_bytes().startswith(b"\x89PNG")


def test_show_reads_what_run_wrote(finished):
    done = paretide("show", "run.h5", cwd=finished[0])
    assert done.returncode == 0
    assert "toy:Mixed {'scale': 2.5}" in done.stdout
    assert "60 of 60" in done.stdout


def test_resume_adds_to_the_budget(finished):
    folder, _ = finished
    done = paretide("resume", "run.h5", "--budget", "+30", "--executor", "processes", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "90 evaluations" in done.stdout
    import toy

    whole = pt.minimize(toy.Mixed(scale=2.5), pt.Auto(size=10), budget=90, seed=3)
    stored = pt.open_run(folder / "run.h5")
    assert stored.population().ids.tolist() == whole.population.ids.tolist()


def test_a_file_and_options_and_assignments_are_read_in_that_order(tmp_path):
    (tmp_path / "run.toml").write_text(
        'problem = "toy:Schaffer"\nbudget = 500\nseed = 1\n'
        '[algorithm]\nname = "dnsga2"\nmax_size = 16\ntau = 50\nfirst_tau = 5\n'
        '[algorithm.crossover]\noperator = "SBX"\neta = 3.0\n'
    )
    done = paretide(
        "run", "--config", "run.toml", "--budget", 60, "--set", "tau=12", "--no-progress",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    specification = pt.open_run(tmp_path / "run.h5").specification
    settings = specification["algorithm"]["settings"]
    assert specification["budget"] == 60
    assert (settings["max_size"], settings["tau"], settings["first_tau"]) == (16, 12, 5)
    assert settings["crossover"]["eta"] == 3.0


def test_pymoo_problems_have_a_short_name(tmp_path):
    done = paretide(
        "run", "pymoo:zdt1", "--budget", 200, "--seed", 1, "--no-progress", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert paretide("resume", "run.h5", "--budget", "+100", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "toy:Absent", "--budget", 50], "toy has no 'Absent'; the classes in it are"),
        (["run", "nowhere:P", "--budget", 50], "cannot import 'nowhere'"),
        (["run", "none.py:P", "--budget", 50], "there is no file none.py"),
        (["run", "toy:Schaffer", "--pop-size", 50], "you mean algorithm.size = 50"),
        (["run", "toy", "--budget", 50], "'toy' is no problem reference"),
        (
            ["run", "toy:Mixed", "--budget", 50, "--set", "size=100"],
            "below the first population of 100",
        ),
        (["run", "toy:Mixed", "--budget", 500, "--set", "sizes=4"], "no setting 'sizes'"),
        (["run", "toy:Mixed", "--budget", 500, "--set", "size"], "--set 'size': write key=value"),
        (["run", "toy:Mixed", "--budget", 500, "--algorithm", "spea2"], "no algorithm 'spea2'"),
        (["run", "toy:Mixed", "--budget", 500, "--executor", "slurm"], "no executor 'slurm'"),
        (
            ["run", "toy:Mixed", "--budget", 500, "--set", "executor.cores=4"],
            "executor 'serial' has no setting 'cores'",
        ),
        (["run", "toy:Mixed", "--budget", 500, "--set", "arguments.size=4"], "with the arguments"),
        (["run", "toy:Mixed"], "budget: it is missing"),
        (["run", "--config", "absent.toml"], "cannot read the configuration absent.toml"),
        (["run", "toy:Both", "--budget", 500], "toy has no 'Both'"),
        (["run", "toy:WrongNames", "--budget", 500], "missing ['gain'] and unknown ['profit']"),
        (["run", "toy:WrongShape", "--budget", 500], "F must have shape (29, 2), got (29, 3)"),
        (["run", "pymoo:zdt99", "--budget", 500], "pymoo has no problem 'zdt99'"),
        (
            ["run", "toy:Mixed", "--budget", 500, "--store", "no/run.h5"],
            "no/run.h5: there is no folder",
        ),
        (["run", "toy:Mixed", "--budget", 500, "--workers", 2], "need --executor processes or ray"),
        (
            ["run", "toy:Mixed", "--budget", 500, "--executor", "processes", "--address", "auto"],
            "executor 'processes' has no setting 'address'",
        ),
        (["run", "toy:Mixed", "--max-seconds", 0], "MaxSeconds: seconds must be a number above 0"),
        (
            ["run", "toy:Mixed", "--budget", 500, "--at-end", "wait"],
            "(--max-seconds) is over: give",
        ),
        (["run", "toy:Mixed", "--max-seconds", 9, "--at-end", "drop"], "'wait' or 'kill'"),
        (["run", "toy:Mixed", "--max-seconds", 9, "--at-end", "kill"], "in this process: leave it"),
        (["run", "toy:Mixed", "--max-seconds", 9, "--algorithm", "dnsga2"], "pass tau=, or budget"),
        (
            ["run", "toy:Mixed", "--budget", 500, "--or-resume", "--overwrite"],
            "overwrite=True replaces the run that is there, and or_resume=True goes on with it",
        ),
        (
            ["run", "toy:Mixed", "--budget", 500, "--picture", "a.txt"],
            "picture is a file of .png",
        ),
        (["run", "toy:Mixed", "--budget", 500, "--picture", "no/a.png"], "there is no folder no"),
        (
            ["run", "toy:Mixed", "--budget", 500, "--picture", "a.png", "--store", "./a.png"],
            "cannot be the picture and the run's file",
        ),
        (["resume", "absent.h5", "--at-end", "kill"], "(--max-seconds) is over: give that, too"),
        (["resume", "absent.h5", "--max-seconds", 5, "--at-end", "no"], "must be one of ['wait'"),
        (["resume", "absent.h5"], "absent.h5"),
        (["show", "absent.h5"], "absent.h5"),
        (["resume", "absent.h5", "--budget", "many"], "--budget 'many'"),
        (["run", "toy:Mixed", "--budget", 500, "--seed", -4], "seed must be a whole number"),
    ],
)
def test_wrong_input_exits_2_with_one_message_and_no_traceback(arguments, message, tmp_path):
    done = paretide(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run.h5").exists()  # nothing is in the way of the next try


def test_a_run_begins_with_what_another_one_found(finished, tmp_path):
    before = finished[0] / "run.h5"
    begin = ["run", "toy:Mixed", "--budget", 30, "--set", "size=12", "--set", "arguments.scale=2.5"]
    done = paretide(*begin, "--initial", before, "--cache", before, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    run = pt.open_run(tmp_path / "run.h5")
    members = pt.open_run(before).population()
    assert run.evaluations.recalled.sum() >= 10
    assert {x.tobytes() for x in members.X} <= {x.tobytes() for x in run.evaluations.X}
    assert "from the cache" in paretide("show", "run.h5", cwd=tmp_path).stdout
    other = paretide("run", "toy:Mixed", "--budget", 30, "--set", "size=12", "--store", "other.h5",
                     "--initial", before, cwd=tmp_path)  # fmt: skip
    assert other.returncode == 2
    assert "arguments: there {'scale': 2.5}, here {}" in other.stderr


def test_a_file_names_the_candidates_to_begin_with(tmp_path):
    (tmp_path / "run.toml").write_text(
        'problem = "toy:Mixed"\nbudget = 20\nalgorithm = {name = "nsga2", size = 10}\n'
        '[[initial]]\nrate = 0.001\nwidth = 8\nkind = "a"\nflag = true\nstep = 32\n'
    )
    done = paretide("run", "--config", "run.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    first = pt.open_run(tmp_path / "run.h5").evaluations
    assert first.operator[:2].tolist() == ["initial", "sample"]
    assert first.X[0].tolist() == [0.001, 8, 0, 1, 1]


def test_a_store_that_exists_exits_2(finished):
    done = paretide("run", "toy:Mixed", "--budget", 200, cwd=finished[0])
    assert done.returncode == 2
    assert "--overwrite" in done.stderr


def test_evaluation_that_cannot_go_on_exits_3(tmp_path):
    done = paretide("run", "toy:BadSetup", "--budget", 200, cwd=tmp_path)
    assert done.returncode == 3
    assert "no data here" in done.stderr


def test_doctor_is_content():
    done = paretide("doctor")
    assert done.returncode == 0, done.stdout
    assert "kernels equal their oracles" in done.stdout
    assert "written, resumed, equal" in done.stdout


def test_help_names_every_command():
    done = paretide("--help")
    assert done.returncode == 0
    for command in ("run", "resume", "show", "export", "verify", "demo", "doctor"):
        assert command in done.stdout


def test_the_specification_is_plain_json(finished):
    specification = pt.open_run(finished[0] / "run.h5").specification
    assert json.loads(json.dumps(specification)) == specification


FACTORY = """
import paretide as pt

class Job(pt.Problem):
    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}
    scale = 1.0

    def evaluate(self, x, ctx):
        return {"f": self.scale * float(x[0]), "g": 1 - float(x[0]) + float(x[1])}

def make(scale=100.0):
    job = Job()
    job.scale = scale
    return job

if __name__ == "__main__":
    pt.minimize(Job(), pt.NSGA2(size=10), budget=20, seed=1, store="script.h5")
"""


def test_what_a_factory_made_is_made_again_by_the_factory(tmp_path):
    (tmp_path / "fac.py").write_text(FACTORY)
    begun = paretide(
        "run", "fac.py:make", "--budget", 20, "--set", "size=10", "--set", "arguments.scale=50.0",
        "--seed", 1, cwd=tmp_path,
    )  # fmt: skip
    assert begun.returncode == 0, begun.stderr
    assert f"made by the function {tmp_path}/fac.py:make" in begun.stderr
    refused = paretide("resume", "run.h5", "--budget", "+20", cwd=tmp_path)
    assert refused.returncode == 2
    assert "--problem" in refused.stderr
    done = paretide("resume", "run.h5", "--budget", "+20", "--problem", "fac.py:make", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    run = pt.open_run(tmp_path / "run.h5")
    assert run.specification["problem"]["arguments"] == {"scale": 50.0}
    assert (run.evaluations.F[:, 0] == 50.0 * run.evaluations.X[:, 0]).all()


def test_the_class_of_a_script_is_found_to_resume(tmp_path):
    (tmp_path / "fac.py").write_text(FACTORY)
    script = subprocess.run(
        [sys.executable, "fac.py"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert script.stderr == ""
    for given in ((), ("--problem", "fac.py:Job")):
        done = paretide("resume", "script.h5", "--budget", "+5", *given, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert len(pt.open_run(tmp_path / "script.h5").evaluations) == 30


def test_a_picture_that_cannot_be_written_is_refused_before_the_run(tmp_path):
    for picture, message in (
        ("nodir/x.png", "there is no folder"),
        ("x.foo", "a picture is a file"),
    ):
        done = paretide("run", "toy:Mixed", "--budget", 200, "--picture", picture, cwd=tmp_path)
        assert done.returncode == 2
        assert message in done.stderr
        assert not (tmp_path / "run.h5").exists()


def test_a_script_without_guard_is_told_so_in_one_message(tmp_path):
    script = tmp_path / "unguarded.py"
    script.write_text(
        "import toy, paretide as pt\n"
        "pt.minimize(toy.Mixed(), pt.NSGA2(size=10), budget=20, store='run.h5',\n"
        "            executor=pt.ProcessExecutor(workers=2))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert 'must start its run under `if __name__ == "__main__":`' in done.stderr
    assert "StoreLocked" not in done.stderr
    assert not (tmp_path / "run.h5").exists()


def test_workers_without_an_executor_are_refused(tmp_path):
    done = paretide("run", "toy:Mixed", "--budget", 200, "--workers", 2, cwd=tmp_path)
    assert done.returncode == 2
    assert "--workers and --address need --executor" in done.stderr


def test_version_is_that_of_the_distribution():
    assert paretide("--version").stdout.strip() == pt.__version__


def test_show_gives_the_front_as_json_and_everything_as_csv(tmp_path):
    done = paretide(
        "run", "toy:Flaky", "--budget", 40, "--set", "size=10", "--seed", 1, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    run = pt.open_run(tmp_path / "run.h5")
    shown = json.loads(paretide("show", "run.h5", "--json", cwd=tmp_path).stdout)
    assert [row["id"] for row in shown["front"]] == run.front().ids.tolist()
    assert shown["front"][0]["f"] == run.front().F[0, 0]
    assert shown["failed"] == 20
    few = json.loads(paretide("show", "run.h5", "--json", "--at-most", 2, cwd=tmp_path).stdout)
    assert [row["id"] for row in few["front"]] == run.front(at_most=2).ids.tolist()
    assert paretide("show", "run.h5", "--csv", "--at-most", 2, cwd=tmp_path).returncode == 2
    lines = paretide("show", "run.h5", "--csv", cwd=tmp_path).stdout.splitlines()
    assert lines[0] == (
        "id,x0,x1,x2,x3,f,g,generation,parent_1,parent_2,operator,choice,evaluated,failure,seed,"
        "seconds,worker"
    )
    assert len(lines) == 41
    assert "ValueError: candidate 0 is bad" in lines[1]
    front = paretide("show", "run.h5", "--front", cwd=tmp_path).stdout
    assert "front:" in front
    assert "algorithm" not in front
    failures = paretide("show", "run.h5", "--failures", cwd=tmp_path).stdout
    assert "20 of 40 evaluations failed" in failures
    assert "10 x non-finite: not finite: g = nan" in failures
    assert "raise ValueError" in failures
    best = run.front().ids[0]
    lineage = paretide("show", "run.h5", "--lineage", best, cwd=tmp_path).stdout
    assert f"candidate {best} and {len(run.lineage(int(best))) - 1} ancestors" in lineage
    assert paretide("show", "run.h5", "--json", "--csv", cwd=tmp_path).returncode == 2


def test_verify_reads_every_byte(tmp_path):
    paretide("run", "toy:Mixed", "--budget", 40, "--set", "size=10", cwd=tmp_path)
    sound = paretide("verify", "run.h5", cwd=tmp_path)
    assert sound.returncode == 0
    assert "run.h5: sound, 40 evaluations, 3 populations, stopped by budget" in sound.stdout
    data = bytearray((tmp_path / "run.h5").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "run.h5").write_bytes(data)
    damaged = paretide("verify", "run.h5", cwd=tmp_path)
    assert damaged.returncode == 2
    assert "is damaged" in damaged.stderr


def test_resuming_changes_of_the_executor_only_what_is_said(tmp_path):
    path = tmp_path / "run.h5"
    started = paretide(
        "run", "toy:Mixed", "--budget", 24, "--seed", 3, "--store", path, "--executor", "processes",
        "--workers", 1, "--set", "size=12", "--set", "executor.timeout=50", "--no-progress",
        "--set", "arguments.scale=2.0", cwd=tmp_path,
    )  # fmt: skip
    assert started.returncode == 0, started.stderr
    resumed = paretide(
        "resume", path, "--budget", "+12", "--workers", 2, "--no-progress",
        "--problem", "toy:Mixed", cwd=tmp_path,
    )  # fmt: skip
    assert resumed.returncode == 0, resumed.stderr
    settings = pt.open_run(path).specification["executor"]
    assert (settings["name"], settings["workers"], settings["timeout"]) == ("processes", 2, 50)
    other = paretide("resume", path, "--executor", "serial", "--no-progress", cwd=tmp_path)
    assert other.returncode == 0, other.stderr
    assert pt.open_run(path).specification["executor"]["name"] == "serial"
    wrong = paretide("resume", path, "--workers", 2, "--no-progress", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "executor 'serial' has no setting 'workers'" in wrong.stderr


def test_one_command_starts_and_starts_again(tmp_path):
    command = ["run", "toy:Schaffer", "--set", "size=10", "--seed", 3, "--or-resume"]

    def call(*options):
        return paretide(*command, *options, "--no-progress", cwd=tmp_path)

    first = call("--budget", 40)
    assert "40 evaluations, 0 failed, stopped by budget" in first.stdout, first.stderr
    assert "40 evaluations, 0 failed, stopped by budget" in call("--budget", 40).stdout
    assert "60 evaluations, 0 failed" in call("--budget", 60).stdout
    other = call("--budget", 60, "--set", "size=12")
    assert other.returncode == 2
    assert "size: stored 10, given 12" in other.stderr
    assert len(pt.open_run(tmp_path / "run.h5").evaluations) == 60


def test_a_time_limit_ends_runs_that_go_on_later(tmp_path):
    options = ["--max-seconds", 0.4, "--no-progress"]
    begun = paretide("run", "toy:Sleepy", "--set", "size=200", "--seed", 3, *options, cwd=tmp_path)
    assert begun.returncode == 0, begun.stderr
    assert "stopped by seconds" in begun.stdout
    assert "go on:  paretide resume run.h5 --max-seconds 3600" in begun.stdout
    before = pt.open_run(tmp_path / "run.h5")
    assert before.specification["budget"] is None
    refused = paretide("resume", "run.h5", cwd=tmp_path)
    assert refused.returncode == 2
    assert "which only its stop condition ends: pass" in refused.stderr
    further = paretide("resume", "run.h5", *options, cwd=tmp_path)
    assert further.returncode == 0, further.stderr
    after = pt.open_run(tmp_path / "run.h5")
    assert len(after.evaluations) > len(before.evaluations) > 0
    shown = paretide("show", "run.h5", cwd=tmp_path)
    assert f"{len(after.evaluations)} of any number" in shown.stdout
    assert "stopped by seconds" in shown.stdout


def test_the_time_limit_has_a_key_of_its_own(tmp_path):
    (tmp_path / "run.toml").write_text(
        'problem = "toy:Sleepy"\nmax_seconds = 0.3\nor_resume = true\nbudget = 100\n'
        "[algorithm]\nname = 'nsga2'\nsize = 20\n"
    )
    done = paretide("run", "--config", "run.toml", "--no-progress", cwd=tmp_path)
    assert "stopped by seconds" in done.stdout, done.stderr


def test_failed_ones_are_evaluated_again_all_or_by_kind(tmp_path):
    options = ["--set", "size=8", "--seed", 3, "--no-progress"]
    begun = paretide("run", "toy:Flaky", "--budget", 16, *options, cwd=tmp_path)
    assert "16 evaluations, 8 failed" in begun.stdout, begun.stderr
    assert "seed alone" not in paretide("show", "run.h5", cwd=tmp_path).stdout
    alone = paretide("resume", "run.h5", "deadline", cwd=tmp_path)
    assert alone.returncode == 2
    assert "deadline: kinds of failures go with --retry-failed" in alone.stderr
    wrong = paretide("resume", "run.h5", "--retry-failed", "timeout", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "there is no kind of failure 'timeout'" in wrong.stderr
    some = paretide("resume", "run.h5", "--retry-failed", "non-finite", cwd=tmp_path)
    assert some.returncode == 0, some.stderr
    assert pt.open_run(tmp_path / "run.h5").earlier_failures.keys() == {1, 5, 9, 13}
    every = paretide("resume", "--retry-failed", "run.h5", cwd=tmp_path)
    assert "16 evaluations, 8 failed, stopped by budget, seed 3, not of it alone" in every.stdout
    shown = paretide("show", "run.h5", cwd=tmp_path)
    assert "8 that had failed, 0 have values now; the run is not of its seed alone" in shown.stdout
    events = json.loads(paretide("show", "run.h5", "--json", cwd=tmp_path).stdout)["events"]
    assert [len(event["ids"]) for event in events] == [4, 8]

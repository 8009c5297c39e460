"""The files for clusters as launchers and shells read them, and the commands of their documents."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest
from typer.main import get_command

import paretide as pt
from paretide.cli import app
from paretide.engine.runs import minimize as engine

yaml = pytest.importorskip("yaml", reason="comes with Ray")

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples" / "cluster"
DOCUMENTS = [ROOT / "docs" / "cluster.md", EXAMPLES / "README.md"]
SHARED = PurePosixPath("/shared")

LAUNCHER = (EXAMPLES / "ray-up.yaml").read_text()


@pytest.fixture(scope="module")
def claim_and_job():
    return list(yaml.safe_load_all((EXAMPLES / "rayjob.yaml").read_text()))


def pods(job):
    cluster = job["spec"]["rayClusterSpec"]
    return [group["template"]["spec"] for group in (cluster["headGroupSpec"], *groups(job))]


def groups(job):
    return job["spec"]["rayClusterSpec"]["workerGroupSpecs"]


def cpus(pod):
    return int(pod["containers"][0]["resources"]["limits"]["cpu"])


def started(entrypoint, folder):
    """The arguments with which a shell starts ``paretide``; ``folder`` is the shared volume."""
    stub = folder / "bin" / "paretide"
    stub.parent.mkdir(exist_ok=True)
    stub.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    stub.chmod(0o755)
    done = subprocess.run(
        entrypoint.replace(str(SHARED), str(folder)), shell=True, check=True,
        capture_output=True, text=True, env={"PATH": f"{stub.parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    return done.stdout.replace(str(folder), str(SHARED)).splitlines()


def parsed(arguments):
    """The parameters of a command line; click raises for options that there are not."""
    command = get_command(app).commands[arguments[0]]
    return command.make_context(arguments[0], list(arguments[1:])).params


class Minimized(Exception):
    """Instead of a run, what it was called with."""


@pytest.fixture
def would_run(monkeypatch):
    """Run a command line up to ``minimize``, whose arguments it returns."""

    def instead(problem, algorithm, **settings):
        raise Minimized({"problem": problem, "algorithm": algorithm, **settings})

    def run(arguments):
        monkeypatch.setattr(engine, "minimize", instead)
        with pytest.raises(Minimized) as caught:
            get_command(app).main(list(arguments), standalone_mode=False)
        return caught.value.args[0]

    return run


# -- Kubernetes ------------------------------------------------------------------------------------


def test_every_mount_of_a_pod_has_a_volume_and_every_volume_a_claim(claim_and_job):
    claim, job = claim_and_job
    assert [claim["kind"], job["kind"], job["apiVersion"]] == [
        "PersistentVolumeClaim", "RayJob", "ray.io/v1",
    ]  # fmt: skip
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]  # mounted by head and workers
    for pod in pods(job):
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        (container,) = pod["containers"]
        for mount in container["volumeMounts"]:
            claimed = volumes[mount["name"]]["persistentVolumeClaim"]["claimName"]
            assert claimed == claim["metadata"]["name"]
            assert PurePosixPath(mount["mountPath"]) == SHARED
        assert container["resources"]["requests"] == container["resources"]["limits"]


def test_a_new_cluster_resumes_the_run_that_the_last_one_began(claim_and_job, tmp_path):
    _, job = claim_and_job
    assert job["spec"]["backoffLimit"] > 0
    entrypoint = job["spec"]["entrypoint"]
    first = started(entrypoint, tmp_path)
    store = PurePosixPath(parsed(first)["store"])
    assert first[0] == "run"
    assert store.is_relative_to(SHARED)  # not in a folder that goes with the head
    (tmp_path / store.name).touch()
    second = started(entrypoint, tmp_path)
    assert second == ["resume", str(store)]
    assert parsed(second)["budget"] is None  # every start adds the same: nothing


def test_the_entry_point_is_the_same_behind_the_submitters_shell(claim_and_job, tmp_path):
    _, job = claim_and_job
    entrypoint = job["spec"]["entrypoint"]
    argv = subprocess.run(
        f"{shlex.join([sys.executable, '-c', 'import sys; print(sys.argv[1:])'])} {entrypoint} ;",
        shell=True, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert argv.stdout.strip() == repr(shlex.split(entrypoint))
    assert started(shlex.join(shlex.split(entrypoint)), tmp_path) == started(entrypoint, tmp_path)


def test_the_run_on_kubernetes_fits_its_cluster(claim_and_job, tmp_path, would_run):
    _, job = claim_and_job
    arguments = started(job["spec"]["entrypoint"], tmp_path)
    assert arguments[1].startswith("/problem/")  # where the Dockerfile puts it
    image = (EXAMPLES / "Dockerfile").read_text()
    assert "COPY --chown=ray examples/train_digits.py /problem/" in image
    arguments[1] = arguments[1].replace("/problem", str(ROOT / "examples"))
    settings = would_run(arguments)
    executor = settings["executor"].settings()
    assert executor["name"] == "ray"
    assert executor["address"] == "auto"
    assert executor["timeout"] > 0
    assert PurePosixPath(executor["workdir"]).is_relative_to(SHARED)
    assert settings["failure_budget"] == pt.FailureBudget(count=50, share=0.5)

    def room(pods):
        """CPUs in all, of as many pods as a group says by this name."""
        return sum(group[pods] * cpus(group["template"]["spec"]) for group in groups(job))

    assert executor["cpus"] <= room("minReplicas")  # else the run ends before the first node comes
    assert executor["workers"] * executor["cpus"] == room("maxReplicas")


# -- ray up ----------------------------------------------------------------------------------------


def on_machines_of_ones_own():
    """The launcher's file with what its comment says instead of the cloud's part."""
    own = "\n".join(re.findall(r"^#     (.*)", LAUNCHER, re.MULTILINE))
    rest = LAUNCHER[LAUNCHER.index("\ndocker:") :]
    return {"cluster_name": "own", **yaml.safe_load(own), **yaml.safe_load(rest)}


@pytest.mark.parametrize(
    "config", [yaml.safe_load(LAUNCHER), on_machines_of_ones_own()], ids=["aws", "own"]
)
def test_the_launcher_takes_its_file(config):
    pytest.importorskip("ray")
    from ray.autoscaler._private.util import prepare_config, validate_config

    prepared = prepare_config(config)
    validate_config(prepared)
    types = prepared["available_node_types"].values()
    assert sum(kind["min_workers"] for kind in types) >= 1
    assert max(kind["max_workers"] for kind in types) == prepared["max_workers"]


def test_the_shared_folder_is_mounted_on_every_node_and_in_its_container():
    config = yaml.safe_load(LAUNCHER)
    (mount,) = [c for c in config["initialization_commands"] if "mount -t nfs4" in c]
    assert mount.endswith(f":/ {SHARED}")
    assert f"--volume {SHARED}:{SHARED}" in config["docker"]["run_options"]


def test_head_and_workers_demand_the_token_that_is_copied_to_them():
    config = yaml.safe_load(LAUNCHER)
    assert config["file_mounts"]["/home/ray/.ray/auth_token"] == "~/.ray/auth_token"
    assert "--env RAY_AUTH_MODE=token" in config["docker"]["run_options"]
    for source in config["file_mounts"].values():
        assert source in ("dist", "~/.ray/auth_token") or (ROOT / source).exists()


def test_head_and_jobs_are_given_time_to_seal_a_store(claim_and_job):
    head = pods(claim_and_job[1])[0]
    seconds = {v["name"]: v["value"] for v in head["containers"][0]["env"]}
    assert head["terminationGracePeriodSeconds"] > int(seconds["RAY_JOB_STOP_WAIT_TIME_S"]) >= 30
    assert "--env RAY_JOB_STOP_WAIT_TIME_S=30" in LAUNCHER


# -- documents -------------------------------------------------------------------------------------


def commands(document):
    """Every ``paretide`` command of a document's code blocks, as arguments."""
    text = document.read_text().replace("\\\n", " ")
    for line in re.findall(r"^    (?! ).*", text, re.MULTILINE):
        words = shlex.split(line, comments=True)
        if "paretide" in words:
            yield words[words.index("paretide") + 1 :]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_the_commands_of_the_documents_are_ones_that_there_are(document):
    found = list(commands(document))
    assert {arguments[0] for arguments in found} >= {"run", "resume"}
    for arguments in found:
        assert parsed(arguments).get("store")


def test_the_settings_that_the_documents_name_are_ones_that_there_are(would_run):
    text = " ".join(document.read_text() for document in DOCUMENTS)
    named = re.findall(r"(?:--set )?'?((?:executor|failure_budget)\.\w+=[^\s'`]+)", text)
    assert len(named) > 8
    for assignment in named:
        would_run(
            ["run", f"{ROOT / 'examples/train_digits.py'}:Digits", "--budget", "2000",
             "--executor", "ray", "--address", "auto", "--set", assignment]
        )  # fmt: skip


def test_the_links_of_the_documents_lead_somewhere():
    for document in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text()):
            assert (document.parent / target).exists(), (document.name, target)

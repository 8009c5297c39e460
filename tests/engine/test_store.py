"""The store: nothing is lost, nothing wrong is believed, and anyone can read it."""

import json
import os
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest
import toy

import paretide as pt
from paretide.engine.store import journal as journal_module
from paretide.engine.store import store as store_module
from paretide.engine.store.continuation import journal_path
from paretide.engine.store.image import read_image
from paretide.engine.store.journal import MAGIC, first_record, frame, records
from paretide.engine.store.stamp import USER_BLOCK
from paretide.engine.store.store import RunStore
from paretide.errors import (
    ConfigurationError,
    ExecutorError,
    StoreCorrupt,
    StoreError,
    StoreExists,
    StoreLocked,
    StoreMismatch,
    StoreNotFound,
    StoreVersion,
)
from paretide.problems.reference import load_problem

ALGORITHMS = [pt.NSGA2(size=10), pt.DynamicNSGA2(start=4, max_size=16, tau=12)]


class Stop(Exception):
    """Ends a run from inside."""


def whole(problem, algorithm, budget=90, seed=4, **arguments):
    return pt.minimize(problem, algorithm, budget=budget, seed=seed, **arguments)


def same(a, b):
    assert a.population.ids.tolist() == b.population.ids.tolist()
    assert a.X.tobytes() == b.X.tobytes()
    assert a.F.tobytes() == b.F.tobytes()
    everything = [r.run.evaluations for r in (a, b)]
    orders = [np.argsort(e.ids) for e in everything]
    for name in ("ids", "X", "F", "G", "status", "parents", "generation"):
        first, second = (getattr(e, name)[o] for e, o in zip(everything, orders, strict=True))
        assert first.tobytes() == second.tobytes(), name
    assert everything[0].extras == everything[1].extras
    assert everything[0].failures == everything[1].failures
    assert [p.tolist() for p in a.run.populations] == [p.tolist() for p in b.run.populations]


@pytest.fixture
def abandoned(tmp_path):
    """A run of 37 evaluations as a killed process leaves it: the first file, and a journal."""

    def abandon(problem, algorithm, at=37, budget=90, path=None):
        path = path or tmp_path / "run.h5"
        count = 0
        original = RunStore.append_evaluations

        def append(self, rows):
            nonlocal count
            original(self, rows)
            count += len(rows)
            if count >= at:
                raise Stop

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(RunStore, "append_evaluations", append)
            patch.setattr(RunStore, "finish", lambda self, image: None)
            with pytest.raises(Stop):
                whole(problem, algorithm, budget=budget, store=path)
        assert journal_path(path).exists()
        return path

    return abandon


PROBLEMS = [toy.Schaffer(), toy.Mixed(), toy.Flaky(), pt.OneMinMax(12)]
every_algorithm = pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda a: a.name)
every_problem = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: type(p).__name__)


@every_algorithm
@every_problem
def test_a_finished_run_reads_back_as_it_was(problem, algorithm, tmp_path):
    result = whole(problem, algorithm, store=tmp_path / "run.h5")
    run = pt.open_run(tmp_path / "run.h5")
    assert run.stopped_by == "budget"
    assert run.evaluations.X.dtype == result.run.evaluations.X.dtype
    for name in ("ids", "X", "F", "G", "status", "parents", "generation", "seconds"):
        stored, told = getattr(run.evaluations, name), getattr(result.run.evaluations, name)
        assert stored.tobytes() == told.tobytes(), name
    assert run.evaluations.failures == result.run.evaluations.failures
    assert run.evaluations.extras == result.run.evaluations.extras
    assert run.population().ids.tolist() == result.population.ids.tolist()
    assert run.front().ids.tolist() == result.run.front().ids.tolist()
    assert not journal_path(tmp_path / "run.h5").exists()


@every_algorithm
@every_problem
@pytest.mark.parametrize("at", [1, 16, 37, 89])
def test_an_interrupted_run_resumes_to_the_same_bits(problem, algorithm, at, abandoned):
    path = abandoned(problem, algorithm, at)
    same(pt.resume(path), whole(problem, algorithm))


@every_algorithm
def test_a_longer_budget_goes_on_as_if_it_had_been_there_from_the_start(algorithm, tmp_path):
    for first in (17, 40, 60):  # in the middle of a generation, and at its end
        path = tmp_path / f"{first}.h5"
        whole(toy.Mixed(), algorithm, budget=first, store=path)
        same(pt.resume(path, budget=90 - first), whole(toy.Mixed(), algorithm, budget=90))
        assert pt.open_run(path).specification["budget"] == 90


def test_a_finished_run_resumed_without_budget_is_the_same(tmp_path):
    first = whole(toy.Mixed(), ALGORITHMS[0], store=tmp_path / "run.h5")
    same(pt.resume(tmp_path / "run.h5"), first)


@every_algorithm
def test_killed_again_and_again(algorithm, abandoned):
    path = abandoned(toy.Mixed(), algorithm, at=5)
    for _ in range(6):
        with pytest.MonkeyPatch.context() as patch:
            count = 0
            original = RunStore.append_evaluations

            def append(self, rows, original=original):
                nonlocal count
                original(self, rows)
                count += 1
                if count == 11:
                    raise Stop

            patch.setattr(RunStore, "append_evaluations", append)
            patch.setattr(RunStore, "finish", lambda self, image: None)
            with pytest.raises(Stop):
                pt.resume(path)
    same(pt.resume(path), whole(toy.Mixed(), algorithm))


def test_no_finished_evaluation_is_done_twice(abandoned, monkeypatch):
    path = abandoned(toy.Schaffer(), ALGORITHMS[0])
    evaluated = []
    original = toy.Schaffer.evaluate

    def evaluate(self, x, ctx):
        evaluated.append(ctx.id)
        return original(self, x, ctx)

    monkeypatch.setattr(toy.Schaffer, "evaluate", evaluate)
    pt.resume(path)
    assert evaluated == list(range(37, 90))


@pytest.mark.parametrize("cut", [1, 5, 60])
def test_a_torn_last_record_is_dropped(cut, abandoned):
    path = abandoned(toy.Schaffer(), ALGORITHMS[0])
    data = journal_path(path).read_bytes()
    journal_path(path).write_bytes(data[:-cut])
    assert len(pt.open_run(path).evaluations) == 36
    same(pt.resume(path), whole(toy.Schaffer(), ALGORITHMS[0]))


def test_every_truncation_of_the_journal_resumes_to_the_same_bits(abandoned, tmp_path):
    path = abandoned(toy.Mixed(), ALGORITHMS[1], at=30, budget=40)
    sealed, journal = path.read_bytes(), journal_path(path).read_bytes()
    expected = whole(toy.Mixed(), ALGORITHMS[1], budget=40)
    header = len(frame(first_record(journal_path(path)), 0))  # on the disk before the file was
    for length in np.random.default_rng(0).integers(header, len(journal), size=40).tolist():
        path.write_bytes(sealed)
        journal_path(path).write_bytes(journal[:length])
        same(pt.resume(path), expected)


def test_a_flipped_byte_is_found_and_named_with_its_offset(abandoned, monkeypatch):
    monkeypatch.setattr(journal_module, "SYNC_RECORDS", 1)
    monkeypatch.setattr(journal_module, "MOST_BEHIND", 1)  # each is synced before the next
    path = abandoned(toy.Schaffer(), ALGORITHMS[0])
    data = bytearray(journal_path(path).read_bytes())
    starts = [i for i in range(len(data)) if data[i : i + 4] == MAGIC]
    data[starts[5] + 30] ^= 4
    journal_path(path).write_bytes(data)
    for read in (pt.open_run, pt.resume):
        with pytest.raises(StoreCorrupt, match=f"record at byte {starts[5]} is damaged"):
            read(path)


def test_every_flipped_byte_of_a_journal_is_found_or_was_in_the_last_record():
    payloads = [bytes([i]) * (3 * i + 1) for i in range(6)]
    data, starts = b"", []
    for payload in payloads:  # each record was synced before the next was written
        starts.append(len(data))
        data += frame(payload, len(data))
    for offset in range(len(data)):
        damaged = bytearray(data)
        damaged[offset] ^= 0x10
        if offset < starts[-1]:
            with pytest.raises(StoreCorrupt, match="had been on the disk"):
                list(records(bytes(damaged), "journal"))
        else:
            assert list(records(bytes(damaged), "journal")) == payloads[:-1]


def test_what_was_not_synced_may_be_torn_anywhere_and_is_dropped(caplog):
    payloads = [bytes([i]) * 20 for i in range(6)]
    synced = 2 * len(frame(payloads[0], 0))  # the first two were on the disk
    data = b"".join(frame(p, synced if i > 1 else 0) for i, p in enumerate(payloads))
    torn = bytearray(data)
    torn[3 * len(frame(payloads[0], 0)) + 30] ^= 1
    assert list(records(bytes(torn), "journal")) == payloads[:3]
    assert "torn group of records" in caplog.text


def test_every_flipped_byte_of_the_file_is_found_or_holds_no_value(tmp_path):
    path = tmp_path / "run.h5"
    whole(toy.Schaffer(), ALGORITHMS[0], budget=10, store=path)
    data, sealed = path.read_bytes(), pt.open_run(path)
    generator = np.random.default_rng(1)
    refused = 0
    for offset in generator.integers(USER_BLOCK, len(data), size=15).tolist():
        damaged = bytearray(data)
        damaged[offset] ^= 1 << int(generator.integers(8))
        path.write_bytes(damaged)
        try:
            run = pt.open_run(path)
        except StoreCorrupt:
            refused += 1
        else:
            assert run.evaluations.F.tobytes() == sealed.evaluations.F.tobytes()
            assert run.specification == sealed.specification
    assert refused
    path.write_bytes(data[:-1])
    with pytest.raises(StoreCorrupt, match="is damaged"):
        pt.open_run(path)


def test_the_journal_is_folded_into_the_file_as_it_grows(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "LEAST_JOURNAL", 4096)
    monkeypatch.setattr(store_module, "JOURNAL_SHARE", 0.1)
    seals = []
    original = RunStore.seal

    def seal(self, image):
        original(self, image)
        seals.append((image.seal, len(read_image(self.path).evaluations)))

    monkeypatch.setattr(RunStore, "seal", seal)
    result = whole(toy.Mixed(), ALGORITHMS[0], budget=600, store=tmp_path / "run.h5")
    assert [n for n, _ in seals] == list(range(len(seals)))
    assert 3 < len(seals) < 40  # amortized: not at every generation
    assert seals[-1][1] < 600
    same(result, whole(toy.Mixed(), ALGORITHMS[0], budget=600))


def test_an_interruption_after_sealing_resumes(tmp_path, monkeypatch, abandoned):
    monkeypatch.setattr(store_module, "LEAST_JOURNAL", 4096)
    monkeypatch.setattr(store_module, "JOURNAL_SHARE", 0.1)
    path = abandoned(toy.Mixed(), ALGORITHMS[1], at=300, budget=400)
    assert read_image(path).seal >= 2
    same(pt.resume(path), whole(toy.Mixed(), ALGORITHMS[1], budget=400))


def test_a_running_run_can_be_read(tmp_path):
    sizes = []
    path = tmp_path / "run.h5"

    def look(progress):
        run = pt.open_run(path)
        sizes.append((len(run.evaluations), len(run.populations), run.stopped_by))

    whole(toy.Schaffer(), ALGORITHMS[0], budget=40, store=path, callbacks=[look])
    assert sizes == [(10, 0, ""), (20, 1, ""), (30, 2, ""), (40, 3, "")]


def test_two_writers_are_kept_apart_and_the_holder_named(tmp_path):
    path = tmp_path / "run.h5"

    def intrude(progress):
        with pytest.raises(StoreLocked, match=f"written by process {os.getpid()} on "):
            pt.resume(path)
        raise Stop

    with pytest.raises(Stop):
        whole(toy.Schaffer(), ALGORITHMS[0], store=path, callbacks=[intrude])
    same(pt.resume(path), whole(toy.Schaffer(), ALGORITHMS[0]))


def test_an_error_in_a_callback_loses_nothing(tmp_path):
    path = tmp_path / "run.h5"

    def fail(progress):
        if progress.generation == 3:
            raise Stop

    with pytest.raises(Stop):
        whole(toy.Mixed(), ALGORITHMS[0], store=path, callbacks=[fail])
    assert len(pt.open_run(path).evaluations) == 40
    same(pt.resume(path), whole(toy.Mixed(), ALGORITHMS[0]))


def test_a_store_that_exists_is_refused_unless_told_otherwise(tmp_path):
    path = tmp_path / "run.h5"
    whole(toy.Schaffer(), ALGORITHMS[0], budget=10, store=path)
    with pytest.raises(StoreExists, match=r"continue it with resume.*overwrite=True"):
        whole(toy.Schaffer(), ALGORITHMS[0], budget=20, store=path)
    assert len(pt.open_run(path).evaluations) == 10
    whole(toy.Schaffer(), ALGORITHMS[0], budget=20, store=path, overwrite=True)
    assert len(pt.open_run(path).evaluations) == 20


def test_what_is_no_run_is_never_overwritten(tmp_path):
    path = tmp_path / "thesis.h5"
    path.write_text("years of work")
    with pytest.raises(StoreExists, match="is no sound run of paretide"):
        whole(toy.Schaffer(), ALGORITHMS[0], store=path, overwrite=True)
    assert path.read_text() == "years of work"


@pytest.mark.parametrize(
    ("place", "content", "error", "message"),
    [
        ("absent.h5", None, StoreNotFound, "there is no run at"),
        ("text.h5", b"hello", StoreCorrupt, "is no run of paretide"),
        ("empty.h5", b"", StoreCorrupt, "is no run of paretide"),
    ],
)
def test_what_is_no_run_is_named(place, content, error, message, tmp_path):
    path = tmp_path / place
    if content is not None:
        path.write_bytes(content)
    for read in (pt.open_run, pt.resume):
        with pytest.raises(error, match=message):
            read(path)


def test_a_plain_hdf5_file_is_no_run(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(StoreCorrupt, match="is no run of paretide"):
        pt.open_run(tmp_path / "other.h5")


def test_another_version_is_named(tmp_path):
    path = tmp_path / "run.h5"
    whole(toy.Schaffer(), ALGORITHMS[0], budget=10, store=path)
    data = path.read_bytes().replace(b"run schema 3 ", b"run schema 7 ", 1)
    path.write_bytes(data)
    with pytest.raises(StoreVersion, match="schema version 7, this paretide reads 1 to 3"):
        pt.open_run(path)


def test_another_problem_is_refused_and_the_difference_named(abandoned):
    path = abandoned(toy.Schaffer(), ALGORITHMS[0])
    with pytest.raises(StoreMismatch, match="name: stored 'Schaffer', given 'Flaky'"):
        pt.resume(path, problem=toy.Flaky())
    same(pt.resume(path), whole(toy.Schaffer(), ALGORITHMS[0]))


def test_a_problem_without_a_reference_must_be_passed(tmp_path, caplog):
    class Local(toy.Schaffer):
        pass

    path = tmp_path / "run.h5"
    pt.minimize(Local(), ALGORITHMS[0], budget=20, seed=4, store=path)
    assert "will need the problem passed again" in caplog.text
    with pytest.raises(ConfigurationError, match=r"pass it: pt.resume\(.*problem=\.\.\.\)"):
        pt.resume(path, budget=10)
    assert len(pt.resume(path, budget=10, problem=Local()).run.evaluations) == 30


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"there is no folder .*nowhere; make it first"):
        whole(toy.Schaffer(), ALGORITHMS[0], store=tmp_path / "nowhere" / "run.h5")


def test_a_folder_that_cannot_be_written_is_named():
    with pytest.raises(StoreError, match="cannot write"):
        whole(toy.Schaffer(), ALGORITHMS[0], store="/proc/run.h5")


def test_a_problem_made_with_other_arguments_is_refused(tmp_path):
    path = tmp_path / "run.h5"
    pt.minimize(toy.Mixed(scale=2.0), pt.NSGA2(size=10), budget=20, seed=1, store=path)
    with pytest.raises(StoreMismatch, match=r"arguments: stored \{'scale': 2.0\}, given \{\}"):
        pt.resume(path, budget=10, problem=toy.Mixed())
    assert len(pt.resume(path, budget=10, problem=toy.Mixed(scale=2.0)).run.evaluations) == 30


def test_code_at_another_commit_is_told(tmp_path, caplog):
    code = tmp_path / "code"
    code.mkdir()
    git = ["git", "-C", str(code), "-c", "user.name=n", "-c", "user.email=e"]
    (code / "job.py").write_text("from toy import Schaffer\n\nclass Job(Schaffer):\n    pass\n")
    for command in (["init", "-q"], ["add", "job.py"], ["commit", "-qm", "one"]):
        subprocess.run([*git, *command], check=True)
    path = tmp_path / "run.h5"
    problem = load_problem(str(code / "job.py") + ":Job")
    pt.minimize(problem, pt.NSGA2(size=10), budget=20, seed=1, store=path)
    commit = pt.open_run(path).specification["problem"]["commit"]
    assert len(commit) == 40
    pt.resume(path, budget=10)
    assert "at commit" not in caplog.text
    with (code / "job.py").open("a") as file:
        file.write("# mended\n")
    pt.resume(path, budget=10)
    assert f"at commit {commit}, which is at {commit}+changes now" in caplog.text


def test_the_run_directory_can_be_copied_elsewhere(abandoned, tmp_path):
    import shutil

    (tmp_path / "here").mkdir()
    path = abandoned(toy.Mixed(), ALGORITHMS[1], path=tmp_path / "here" / "run.h5")
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    shutil.rmtree(tmp_path / "here")
    same(pt.resume(tmp_path / "there" / path.name), whole(toy.Mixed(), ALGORITHMS[1]))


def test_another_executor_goes_on_with_the_same_bits(abandoned):
    path = abandoned(toy.Mixed(), ALGORITHMS[0])
    same(pt.resume(path, executor=pt.ProcessExecutor(workers=2)), whole(toy.Mixed(), ALGORITHMS[0]))


def test_anyone_can_read_the_file_with_h5py_alone(tmp_path):
    path = tmp_path / "run.h5"
    result = whole(toy.Mixed(), ALGORITHMS[0], store=path)
    reader = (
        "import h5py, json, sys\n"
        "with h5py.File(sys.argv[1]) as f:\n"
        "    e = f['evaluations']\n"
        "    rows = f['populations/final'][:]\n"
        "    print(json.dumps([e['ids'][:][rows].tolist(), e['F'][:][rows].tolist(),\n"
        "                      list(e['objectives'].asstr()), list(e['variables'].asstr()),\n"
        "                      json.loads(f['specification'].asstr()[()])['seed']]))\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", reader, str(path)], check=True, capture_output=True, text=True
    ).stdout
    ids, F, objectives, variables, seed = json.loads(out)
    assert ids == result.population.ids.tolist()
    assert np.array(F).tobytes() == result.population.F.tobytes()
    assert objectives == ["cost", "gain"]
    assert variables == ["rate", "width", "kind", "flag", "step"]
    assert seed == 4


def seeded(path, seed, **arguments):
    return pt.minimize(toy.Schaffer(), ALGORITHMS[0], budget=30, seed=seed, store=path, **arguments)


@pytest.mark.parametrize("problem", [toy.BadSetup(), toy.WrongNames()], ids=["setup", "contract"])
def test_a_run_that_never_starts_does_not_replace_another(problem, tmp_path):
    path = tmp_path / "run.h5"
    seeded(path, 1)
    with pytest.raises(pt.errors.ParetideError):
        pt.minimize(problem, ALGORITHMS[0], budget=30, store=path, overwrite=True)
    assert pt.open_run(path).specification["seed"] == 1


def test_a_changed_working_folder_changes_no_store(tmp_path, monkeypatch):
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    seeded(tmp_path / "there" / "run.h5", 77)
    monkeypatch.chdir(tmp_path / "here")
    seeded("run.h5", 1, callbacks=[lambda p: os.chdir(tmp_path / "there")])
    assert pt.open_run(tmp_path / "there" / "run.h5").specification["seed"] == 77
    assert len(pt.open_run(tmp_path / "here" / "run.h5").evaluations) == 30


def test_reordered_objectives_are_another_problem(abandoned):
    path = abandoned(toy.Schaffer(), ALGORITHMS[0])
    turned = toy.Schaffer()
    turned.objectives = dict(reversed(toy.Schaffer.objectives.items()))
    with pytest.raises(StoreMismatch, match="objectives: stored"):
        pt.resume(path, problem=turned)


def test_a_stop_condition_met_just_before_a_kill_ends_the_resumed_run(abandoned):
    path = abandoned(toy.Schaffer(), ALGORITHMS[0], at=30)
    result = pt.resume(path, stop=lambda p: "there" if p.generation == 2 else None)
    assert result.stopped_by == "there"
    assert len(result.run.evaluations) == 30


def test_a_file_that_rots_while_the_run_goes_on_is_written_anew_from_memory(tmp_path):
    path = tmp_path / "run.h5"

    def rot(progress):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)

    seeded(path, 1, callbacks=[rot])
    assert len(pt.open_run(path).evaluations) == 30


def test_a_reader_that_meets_the_end_of_a_run_sees_all_of_it(tmp_path, monkeypatch):
    from paretide.engine.runs import run as run_module

    path = tmp_path / "run.h5"
    original = run_module.read_events
    with monkeypatch.context() as patch:
        patch.setattr(RunStore, "finish", lambda self, image: None)
        seeded(path, 1)

    def finish_first(*read):
        monkeypatch.setattr(run_module, "read_events", original)
        pt.resume(path)  # seals and removes the journal
        return original(*read)

    monkeypatch.setattr(run_module, "read_events", finish_first)
    assert len(pt.open_run(path).evaluations) == 30


def test_an_exhausted_run_resumes_to_itself(tmp_path):
    path = tmp_path / "run.h5"
    first = pt.minimize(toy.Tiny(), pt.NSGA2(size=8), budget=100, seed=1, store=path)
    for _ in range(3):
        again = pt.resume(path)
        assert again.stopped_by == "exhausted"
        assert [p.tolist() for p in again.run.populations] == [
            p.tolist() for p in first.run.populations
        ]


def test_a_hopeless_run_stays_hopeless_when_it_is_resumed(tmp_path):
    path = tmp_path / "run.h5"
    for run in (
        lambda: pt.minimize(toy.Hopeless(), pt.NSGA2(size=8), budget=100, store=path),
        lambda: pt.resume(path),
    ):
        with pytest.raises(pt.errors.EvaluationError, match="all 8 candidates"):
            run()


@pytest.mark.parametrize("text", ["a\0b", "lone \ud800", "ünïcödé ∂", "x" * 100_000])
def test_any_text_of_a_failure_can_be_kept(text, tmp_path):
    path = tmp_path / "run.h5"

    class Failing(toy.Schaffer):
        def evaluate(self, x, ctx):
            if ctx.id == 3:
                raise ValueError(text)
            return super().evaluate(x, ctx)

    pt.minimize(Failing(), ALGORITHMS[0], budget=20, seed=1, store=path)
    failure = pt.open_run(path).evaluations.failures[3]
    assert failure.reason.startswith("ValueError: ")
    assert len(failure.reason) <= 600


def test_what_is_logged_does_not_change_afterwards(tmp_path):
    history = []

    class Logging(toy.Schaffer):
        def evaluate(self, x, ctx):
            history.append(ctx.id)
            ctx.log(history=history)
            return super().evaluate(x, ctx)

    result = pt.minimize(Logging(), ALGORITHMS[0], budget=12, seed=1, store=tmp_path / "run.h5")
    assert [len(result.run.evaluations.extras[i]["history"]) for i in range(12)] == list(
        range(1, 13)
    )


def test_a_run_interrupted_in_its_first_evaluation_starts_anew(tmp_path, monkeypatch):
    path = tmp_path / "run.h5"

    def interrupt(self, x, ctx):
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(toy.Schaffer, "evaluate", interrupt)
        with pytest.raises(KeyboardInterrupt):
            seeded(path, 1)
    assert len(pt.open_run(path).evaluations) == 0
    seen = []
    result = pt.resume(path, callbacks=[lambda p: seen.append(p.evaluations)])
    assert seen == [10, 20, 30]
    same(result, seeded(None, 1))


def test_an_old_journal_is_sealed_however_small(tmp_path, monkeypatch):
    from paretide.engine.store import store

    path, seals = tmp_path / "run.h5", []
    monkeypatch.setattr(store, "SEAL_SECONDS", 0.05)
    monkeypatch.setattr(store, "SEAL_SHARE", 1.0)
    write = store.write_image
    monkeypatch.setattr(
        store, "write_image", lambda *a, **k: seals.append(a[1].seal) or write(*a, **k)
    )
    pt.minimize(toy.Slow(), pt.NSGA2(size=10), budget=120, seed=1, store=path)
    assert len(seals) >= 3  # the first, the last, and some for their age
    assert seals == sorted(set(seals))
    assert len(pt.open_run(path).evaluations) == 120


def test_the_commit_of_the_problem_is_kept(tmp_path):
    import subprocess

    def git(*arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        done = subprocess.run(
            ["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit():
        problem = load_problem(f"{file}:Mine", {})
        pt.minimize(
            problem, pt.NSGA2(size=4), budget=8, seed=1, store=tmp_path / "r.h5", overwrite=True
        )
        return pt.open_run(tmp_path / "r.h5").specification["problem"]["commit"]

    from paretide.problems.reference import load_problem

    file = tmp_path / "mine.py"
    file.write_text(
        "import paretide as pt\n"
        "class Mine(pt.Problem):\n"
        "    space = pt.Real(0, 1, n=2)\n"
        "    objectives = {'f': 'min', 'g': 'min'}\n"
        "    def evaluate(self, x, ctx):\n"
        "        return {'f': float(x[0]), 'g': float(x[1])}\n"
    )
    assert commit() == ""
    git("init")
    git("add", "mine.py")
    git("commit", "-m", "mine")
    assert commit() == git("rev-parse", "HEAD")
    file.write_text(file.read_text() + "# changed\n")
    assert commit() == git("rev-parse", "HEAD") + "+changes"


class Unable(pt.SerialExecutor):
    def start(self, job):
        raise ExecutorError("no worker today")


def test_a_resume_that_cannot_start_changes_nothing(tmp_path):
    path = tmp_path / "run.h5"
    pt.minimize(toy.Schaffer(), pt.NSGA2(size=8), budget=16, seed=1, store=path)
    before = path.read_bytes()
    with pytest.raises(ExecutorError, match="no worker today"):
        pt.resume(path, budget=8, executor=Unable())
    assert path.read_bytes() == before
    assert len(pt.resume(path, budget=8).run.evaluations) == 24


def test_a_run_that_begins_with_known_outcomes_replaces_another(tmp_path):
    problem = toy.Schaffer()
    known = pt.minimize(problem, pt.NSGA2(size=4), budget=8, seed=7, store=tmp_path / "run.h5")
    result = pt.minimize(
        problem, pt.NSGA2(size=4), budget=20, seed=1, store=tmp_path / "run.h5",
        overwrite=True, initial=known.population,
    )  # fmt: skip
    stored = pt.open_run(tmp_path / "run.h5")
    assert stored.specification["run_id"] == result.run.specification["run_id"]
    assert stored.evaluations.ids.tolist() == list(range(20))

"""What jobs print: whole lines with their candidate, shown, kept with a failure, or in files."""

import contextlib
import io
import logging
import os
import pty
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from talkative import Talkative, TalkativeWorker

import paretide as pt
from paretide.engine.executors.conditions import Conditions, Printed
from paretide.engine.executors.lines import LONGEST_LINE, Lines, mark, plain
from paretide.engine.executors.output import show
from paretide.engine.runs import screen
from paretide.errors import ConfigurationError, ExecutorError

TOKEN = "0123456789abcdef"


def in_pieces(data, cuts):
    ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
    return [data[a:b] for a, b in zip([0, *ends], ends, strict=False)]


@given(
    st.lists(st.tuples(st.integers(0, 99), st.text(st.characters(codec="utf-8"), max_size=9))),
    st.lists(st.integers(0, 400)),
)
def test_lines_are_the_same_however_they_come(printed, cuts):
    data = b"".join(mark(TOKEN, str(id)) + text.encode() for id, text in printed)
    whole, pieces = Lines(TOKEN), Lines(TOKEN)
    expected = whole.feed(data) + whole.rest()
    found = [line for piece in in_pieces(data, cuts) for line in pieces.feed(piece)]
    assert found + pieces.rest() == expected
    for whose, line in expected:
        assert int(whose) in {id for id, _ in printed}
        assert line == plain(line)
        assert "\n" not in line


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (b"a\nb\r\nc", ["a", "b", "c"]),
        (b"\r 10%\r 50%\r100%\ndone\n", ["100%", "done"]),
        (b"bar\r", ["bar"]),
        (b"\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b[2J\x1b(Bend\x7f\x00\n", ["red end"]),
        (b"[red]text[/]\n\tindented\n", ["[red]text[/]", "\tindented"]),
        (b"\xff\xfe\n", ["\ufffd\ufffd"]),
        (b"\n\n", ["", ""]),
    ],
)
def test_lines_hold_text_alone(printed, expected):
    lines = Lines()
    found = lines.feed(printed) + lines.rest()
    assert [line for _, line in found] == expected


def test_a_long_line_is_cut_and_says_so():
    lines = Lines()
    for _ in range(1000):
        assert lines.feed(b"x" * 1000) == []
    ((_, line),) = lines.feed(b"\n")
    assert line == "x" * LONGEST_LINE + f" [... {1_000_000 - LONGEST_LINE} bytes more]"


def executors():
    return [
        pytest.param(pt.SerialExecutor, Talkative, id="serial"),
        pytest.param(lambda **s: pt.ProcessExecutor(2, **s), TalkativeWorker, id="processes"),
    ]


@pytest.mark.parametrize(("make", "problem"), executors())
def test_every_line_is_shown_with_its_candidate(make, problem, capfd):
    result = pt.minimize(problem(), pt.NSGA2(size=8), budget=16, seed=1, executor=make())
    out, err = capfd.readouterr()
    found = out.splitlines()
    for id in range(16):
        assert f"[{id}] out {id}" in found
        assert f"[{id}] unfinished" in found
        assert f"[{id}] err {id} [bold]" in err.splitlines()
        if problem.others:
            assert f"[{id}] command {id}" in found
            assert f"[{id}] written {id}" in err.splitlines()
    assert any(line.endswith("setup] ready") for line in found)
    assert "\x1b" not in out + err
    detail = result.run.evaluations.failures[2].detail
    assert "the last that it printed:" in detail
    assert {"out 2", "err 2 [bold]", "unfinished"} <= set(detail.splitlines())
    assert "out 1" not in detail


@pytest.mark.parametrize(("make", "problem"), executors())
def test_output_goes_to_files_or_nowhere(make, problem, capfd, tmp_path):
    for output in ("file", "drop"):
        executor = make(output=output, workdir=str(tmp_path / output))
        assert executor.settings()["output"] == output
        result = pt.minimize(problem(), pt.NSGA2(size=8), budget=8, seed=1, executor=executor)
        out, err = capfd.readouterr()
        assert "out 1" not in out + err
        assert "out 2" in result.run.evaluations.failures[2].detail
        texts = {p.name: p.read_text() for p in (tmp_path / output).rglob("candidate-*.txt")}
        if output == "drop":
            assert not texts
            continue
        assert len(texts) == 8
        assert "out 5\n" in texts["candidate-5.txt"]
        (folder,) = (tmp_path / output).glob("*/output")
        assert str(folder) in err  # the user is told where
        assert str(folder / "candidate-2.txt") in result.run.evaluations.failures[2].detail


def test_the_last_words_of_a_worker_that_dies_are_kept(capfd):
    result = pt.minimize(
        TalkativeWorker(fatal=True), pt.NSGA2(size=8), budget=8, seed=1,
        executor=pt.ProcessExecutor(2, timeout=2),
    )  # fmt: skip
    failures = result.run.evaluations.failures
    assert {i: f.kind for i, f in failures.items()} == {
        2: "exception", 3: "crash", 4: "deadline"
    }  # fmt: skip
    out = capfd.readouterr().out
    for id in (3, 4):
        assert {f"out {id}", f"command {id}", "unfinished"} <= set(failures[id].detail.splitlines())
        assert f"[{id}] out {id}" in out.splitlines()


CLOSES = """
import paretide as pt, sys
from talkative import Closes
if __name__ == "__main__":
    make = {"serial": pt.SerialExecutor, "processes": lambda: pt.ProcessExecutor(1)}[sys.argv[1]]
    problem = Closes(descriptors=sys.argv[1] == "processes")
    pt.minimize(problem, pt.NSGA2(size=8), budget=8, seed=1, executor=make(), progress=False)
    print("that was all")
"""


@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_streams_that_a_job_closes_are_there_for_the_next(executor, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(CLOSES)
    done = subprocess.run(
        [sys.executable, script, executor], capture_output=True, text=True, timeout=60, check=True
    )
    out, err = done.stdout.splitlines(), done.stderr.splitlines()
    assert [line for line in out if "out " in line] == [f"[{id}] out {id}" for id in range(8)]
    assert [line for line in err if "err " in line] == [f"[{id}] err {id}" for id in range(8)]
    assert ("[3] unheard" in out) == (executor == "processes")
    assert out[-1] == "that was all"


def test_runs_in_threads_do_not_mix_their_lines(capfd):
    class Other(Talkative):
        def evaluate(self, x, ctx):
            print(f"other {ctx.id}")
            return {"f": float(x[0]), "g": float(x[1])}

    def run(problem):
        pt.minimize(problem, pt.NSGA2(size=8), budget=80, seed=1)

    threads = [threading.Thread(target=run, args=(p,)) for p in (Talkative(), Other())]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = capfd.readouterr().out.splitlines()
    for id in range(80):
        assert found.count(f"[{id}] out {id}") == found.count(f"[{id}] other {id}") == 1
    assert "write" not in vars(sys.stdout)


def test_a_handler_made_before_the_run_is_heard(capsys):
    handler = logging.StreamHandler(sys.stderr)
    logger = logging.getLogger("job")
    logger.addHandler(handler)
    try:
        pt.minimize(Talkative(), pt.NSGA2(size=4), budget=4, seed=1)
    finally:
        logger.removeHandler(handler)
    assert "[3] logged 3" in capsys.readouterr().err.splitlines()


def test_nobody_who_prints_waits_for_a_reader():
    """Also not C code that holds the interpreter's lock, which the reader needs."""
    script = """
import ctypes, sys
from paretide.engine.executors.conditions import Conditions
from paretide.engine.executors.output import Capture
got = []
capture = Capture(Conditions(), "run", "worker", got.extend)
capture.begin("7")
for k in range(20000):
    ctypes.PyDLL(None).puts(b"line %d" % k)
last = capture.last_lines("7")
capture.close()
mine = [line.line for line in got if line.whose == "7"]
assert mine == [f"line {k}" for k in range(20000)], len(mine)
assert last == mine[-40:], last
print("back")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "back\n"), done.stderr


def test_text_is_text(capsys):
    show([Printed("w", "3", "stdout", "[bold]\x1b[2J[/]"), Printed("w", "", "stderr", "ours")])
    assert capsys.readouterr() == ("[3] [bold][/]\n", "ours\n")


def test_output_that_nobody_reads_ends_nothing(monkeypatch):
    read, written = os.pipe()
    os.close(read)
    monkeypatch.setattr(sys, "stdout", open(written, "w", encoding="ascii"))  # noqa: SIM115
    show([Printed("w", "3", "stdout", "é"), Printed("w", "3", "stdout", "again")])
    monkeypatch.setattr(sys, "stdout", None)
    show([Printed("w", "3", "stdout", "into the void")])


def everything_in(master):
    """All that was written to a terminal whose other end is closed."""
    data = b""
    with contextlib.suppress(OSError):  # says Linux at the end
        while part := os.read(master, 1 << 16):
            data += part
    return data


def test_lines_stand_above_the_live_one(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    master, slave = pty.openpty()
    terminal = open(slave, "w", encoding="utf-8")  # noqa: SIM115
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(sys, "stdout", terminal)
    with screen.LiveText(terminal) as live:
        live.show("one | two\nthree")
        print("from the driver", end="")
        print(", whole")
        show([Printed("w", "3", "stdout", "from a job")])
        live.show("x" * 300)
    terminal.close()
    shown = everything_in(master).decode().replace("\r\n", "\n")
    away = "\r\x1b[2K\x1b[1A\x1b[2K"
    assert shown.startswith(f"one | two\nthree{away}from the driver, whole\none | two\nthree{away}")
    assert "[3] from a job\none | two" in shown
    assert shown.rpartition("\x1b[2K")[2] == "x" * 79 + "\n"


def test_without_a_terminal_there_are_no_control_characters():
    stream = io.StringIO()
    with screen.LiveText(stream) as live:
        live.show("one\ntwo")
        live.show("three")
    assert stream.getvalue() == "one\ntwo\nthree\n"


def test_what_setup_printed_is_told_with_its_failure():
    with pytest.raises(ExecutorError, match=r"no data here(.|\n)*printed:\nlooking for data"):
        pt.minimize(
            TalkativeWorker(breaks=True), pt.NSGA2(size=4), budget=4,
            executor=pt.ProcessExecutor(1, output="drop"),
        )  # fmt: skip


def test_wrong_outputs_are_named():
    with pytest.raises(ConfigurationError, match="output must be one of"):
        Conditions(output="print")

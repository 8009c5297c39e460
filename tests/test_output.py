"""What the command line writes: texts as they are, to whatever reads them."""

import importlib.util
import json
import os
import subprocess
import sys
import unicodedata

import pytest
from commands import paretide

import paretide as pt
from paretide import cli, output, tables

HOSTILE = """
import paretide as pt

class Hostile(pt.Problem):
    space = pt.Space({"size [m]": pt.Int(1, 50), "日本": pt.Float(0, 1),
                      "act": pt.Choice(["[/bold]", "\\x1b[31mred", "=1+1", "\\u202eabc"])})
    objectives = {"time [s]": "min", "energy\\n[/kWh]": "min"}
    constraints = {"[red]c": pt.upper(100)}

    def evaluate(self, x, ctx):
        if ctx.id % 5 == 0:
            raise ValueError("cannot read [/data/x.npz] \\x1b[2J\\u202e\\x07 [link=x]\\nline [/i]")
        ctx.log(at=f"host[/dev/nvidia{ctx.id % 4}]", long="y" * 5000, wide="日" * 500)
        ctx.log(**{"\\x1bkey": "a\\rb\\n", "": 1, "[bold]": {"[/x]": None}})
        return {"time [s]": x["size [m]"], "energy\\n[/kWh]": -x["size [m]"], "[red]c": 3}
"""

COMMANDS = [["show"], ["show", "--csv"], ["show", "--json"], ["show", "--failures"],
            ["show", "--lineage", 29], ["verify"]]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("output [x]")
    (folder / "hostile.py").write_text(HOSTILE, encoding="utf-8")
    done = paretide(
        "run", "hostile.py:Hostile", "--budget", 30, "--set", "size=10", "--seed", 1,
        "--store", "my run [1].h5", "--no-progress", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    check_inert(done.stdout + done.stderr)
    assert "host[/dev/nvidia" in done.stdout
    assert "paretide resume 'my run [1].h5' --budget +500" in done.stdout
    assert "paretide.open_run('my run [1].h5').front()" in done.stdout
    return folder


def check_inert(text):
    acts = {c for c in text if unicodedata.category(c) in ("Cc", "Cf") and c not in "\n\t"}
    assert acts == set()


def call(command, folder, **environment):
    name, *options = command
    return subprocess.run(
        [sys.executable, "-m", "paretide", name, "my run [1].h5", *map(str, options)],
        check=False, capture_output=True, cwd=folder, timeout=300,
        env={**os.environ, **environment},
    )  # fmt: skip


@pytest.fixture
def called(folder, capsys, monkeypatch):
    """Calls the command line in this process; returns its exit code, output and errors."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["paretide", *map(str, arguments)])
        monkeypatch.chdir(folder)
        with pytest.raises(SystemExit) as end:
            cli.main()
        return end.value.code or 0, *capsys.readouterr()

    return call


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_that_is_shown_acts_on_a_terminal(command, folder):
    done = call(command, folder)
    assert done.returncode == 0, done.stderr
    check_inert(done.stdout.decode() + done.stderr.decode())


def test_markup_stays_what_it_is(folder):
    shown = call(["show"], folder).stdout.decode()
    for text in ("time [s]", r"energy\n[/kWh]", "[red]c", "host[/dev/nvidia", "{'[/x]': None}"):
        assert text in shown
    assert r"cannot read [/data/x.npz] \x1b[2J\u202e\x07 [link=x]" in shown
    failures = call(["show", "--failures"], folder).stdout.decode()
    assert "6 x exception: ValueError: cannot read [/data/x.npz]" in failures
    assert "line [/i]" in failures


def test_lines_are_never_wrapped_and_long_cells_are_cut(folder):
    run = pt.open_run(folder / "my run [1].h5")
    columns = {column.name: column for column in tables._columns(run, run.front())}
    for name, cell in (("long", f"{'y' * 57}..."), ("wide", f"{'日' * 28}...")):
        assert set(columns[name].cells) == {cell}
    assert r"\x1bkey" in columns
    assert "''" in columns  # a name without letters


@pytest.mark.parametrize("width", [1, 20, 80, 160])
def test_columns_line_up(width, folder):
    from rich.cells import cell_len
    from rich.console import Console

    run = pt.open_run(folder / "my run [1].h5")
    console = Console(width=width, markup=False, highlight=False, emoji=False)
    with console.capture() as capture:
        console.print(tables.front_table(run, run.front(), width))
    lines = capture.get().splitlines()
    assert all(cell_len(line) <= width for line in lines)
    if width == 160:
        table = [line for line in lines if "host[" in line]
        assert len({cell_len(line.rstrip()) for line in table}) == 1


@pytest.mark.parametrize(
    ("command", "encoding"),
    [(["show"], "ascii"), (["show", "--csv"], "latin-1"), (["show", "--failures"], "ascii")],
)
def test_any_encoding_of_a_terminal_will_do(command, encoding, folder):
    done = call(command, folder, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode(encoding)
    if "--csv" in command:
        assert r"\u65e5\u672c" in done.stdout.decode(encoding).splitlines()[0]


def test_errors_and_warnings_are_texts(folder):
    done = paretide("show", "no\x1b[31mrun[/x].h5", cwd=folder)
    assert done.returncode == 2
    assert r"no\x1b[31mrun[/x].h5" in done.stderr
    check_inert(done.stderr)
    (folder / "local.py").write_text(
        "import paretide as pt\n"
        "def make():\n"
        "    class Local(pt.Problem):\n"
        "        space = pt.Real(0, 1, n=2)\n"
        "        objectives = {'f\\x1b[2J': 'min'}\n"
        "        def evaluate(self, x, ctx):\n"
        "            raise ValueError('\\x1b[2J all [/x] fail')\n"
        "    return Local()\n"
    )
    done = paretide("run", "local.py:make", "--budget", 20, "--set", "size=10",
                    "--store", "l.h5", cwd=folder)  # fmt: skip
    assert done.returncode == 3
    assert r"\x1b[2J all [/x] fail" in done.stderr
    check_inert(done.stderr)


@pytest.mark.parametrize(
    ("command", "unbuffered"), [(["show"], ""), (["show", "--csv"], "1"), (["show", "--json"], "")]
)
def test_a_reader_that_leaves_and_a_full_disk_give_no_traceback(command, unbuffered, folder):
    arguments = [sys.executable, "-m", "paretide", command[0], "my run [1].h5", *command[1:]]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    process = subprocess.Popen(
        arguments, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()  # as `| true` does
    assert process.stderr.read() == b""
    assert process.wait(timeout=60) == 1
    process.stderr.close()
    if os.path.exists("/dev/full"):
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                arguments, cwd=folder, env=environment, stdout=full, stderr=subprocess.PIPE,
                check=False, text=True, timeout=60,
            )  # fmt: skip
        assert done.returncode == 2
        assert done.stderr.startswith("error: cannot write the output: ")
        assert done.stderr.count("\n") == 1


def test_a_closed_output_is_no_error(folder):
    done = subprocess.run(
        f"{sys.executable} -m paretide show 'my run [1].h5' --json >&-",
        shell=True, check=False, cwd=folder, capture_output=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "n" * 300],
        ["resume", "n" * 300],
        ["export", "my run [1].h5", "--to", "csv", "--output", "n" * 300],
        ["export", "my run [1].h5", "--to", "csv", "--output", "n" * 252],
        ["run", f"{'n' * 300}.py:P", "--budget", 10],
        ["run", "hostile.py:Hostile", "--budget", 100, "--picture", f"{'n' * 300}.png"],
    ],
)
def test_paths_that_cannot_be_are_refused_in_one_line(arguments, folder, called):
    code, _, error = called(*arguments)
    assert code == 2
    assert error.startswith("error: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("name", ["a b", "é 日本", "a:b", "x#1%20[2]", "n" * 230])
def test_odd_paths(name, folder, tmp_path, called):
    store = tmp_path / name / "run.h5"
    store.parent.mkdir()
    store.write_bytes((folder / "my run [1].h5").read_bytes())
    commands = [["show"], ["verify"], ["export", "--to", "csv"]]
    if importlib.util.find_spec("optuna"):
        commands.append(["export", "--to", "optuna"])
    for command, *options in commands:
        code, _, error = called(command, store, *options)
        assert (code, error) == (0, "")
    assert json.loads(called("show", store, "--json")[1])["evaluations"] == 30


def test_doctor_says_which_extra_is_missing(monkeypatch, capsys):
    from paretide import doctor
    from paretide.commands.doctor import doctor as command

    missing = doctor.Finding("ray", None, "not installed: pip install 'paretide[ray]' \x1b[2J")
    monkeypatch.setattr(doctor, "examine", lambda: [missing])
    command()
    shown = capsys.readouterr().out
    assert r"pip install 'paretide[ray]' \x1b[2J" in shown


def test_a_path_is_quoted_for_a_shell():
    assert output.quoted("run.h5") == "run.h5"
    assert output.quoted("my run.h5") == "'my run.h5'"
    assert output.quoted("a\nb\x1b") == r"'a\nb\x1b'"

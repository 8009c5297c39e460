"""docs/extending.md: its examples run and are short, and the code that it shows is the engine's."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import paretide as pt

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")

EXAMPLES = dict(re.findall(r"```python\n# (\w+\.py)\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = re.findall(r"^    ((?:paretide|python) .*)$", PAGE, re.MULTILINE)
SHOWN = re.findall(r"<!-- (\S+\.py): (\w+) -->\n\n```python\n(.*?)```", PAGE, re.DOTALL)

SUBJECTS = {
    "exchange.py": "crossover=exchange.py",
    "shift.py": "mutation.kind=shift.py",
    "tour.py": "run tour.py:Tour",
    "compromise.py": "compromise.py:compromise",
    "gaussian.py": "gaussian.py:Gaussian",
    "different.py": "python different.py",
    "threads.py": "threads.py:Threads",
}
"""Of each example what stands in its commands."""


def lines_of(code):
    """Without blank ones, comments and docstrings."""
    tree = ast.parse(code)
    documented = (ast.FunctionDef, ast.ClassDef, ast.Module)
    texts = [
        node.body[0]
        for node in ast.walk(tree)
        if isinstance(node, documented) and ast.get_docstring(node) is not None
    ]
    skipped = {n for text in texts for n in range(text.lineno, text.end_lineno + 1)}
    return [
        line
        for n, line in enumerate(code.splitlines(), 1)
        if n not in skipped and line.strip() and not line.strip().startswith("#")
    ]


def source_of(file, name):
    code = (ROOT / file).read_text(encoding="utf-8")
    found = [n for n in ast.parse(code).body if getattr(n, "name", "") == name]
    assert len(found) == 1, f"{file} has {len(found)} of {name}"
    lines = code.splitlines(keepends=True)[found[0].lineno - 1 : found[0].end_lineno]
    return "".join(lines)


def run(command, folder):
    """As in a shell, where nothing of the tests can be imported."""
    python = [sys.executable] if command.startswith("python") else [sys.executable, "-m"]
    done = subprocess.run(
        [*python, *command.removeprefix("python ").split()], cwd=folder, text=True,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}:\n{done.stderr}{done.stdout}"
    return done


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_has_less_than_twenty_lines_and_no_private_name(name):
    assert len(lines_of(EXAMPLES[name])) < 20, lines_of(EXAMPLES[name])
    assert "._" not in EXAMPLES[name]
    assert "paretide." not in EXAMPLES[name]


def test_every_fence_of_the_page_is_an_example_or_code_of_the_engine():
    assert PAGE.count("```python") == len(EXAMPLES) + len(SHOWN)
    assert set(EXAMPLES) == {*SUBJECTS, "permutations.py"}  # which is the space of tour.py


@pytest.mark.parametrize("name", SUBJECTS)
def test_an_example_runs_and_goes_on_by_the_commands_beside_it(name, tmp_path):
    for file, code in EXAMPLES.items():
        (tmp_path / file).write_text(code, encoding="utf-8")
    store = f"{Path(name).stem}.h5"
    mine = [command for command in COMMANDS if SUBJECTS[name] in command or store in command]
    assert mine
    for command in mine:
        done = run(command, tmp_path)
        assert "passed again" not in done.stderr
    stored = pt.open_run(tmp_path / store)
    assert stored.stopped_by in ("budget", "different values")
    assert len(stored.evaluations) == 500 or name == "different.py"


def test_all_commands_of_the_page_are_run():
    words = [*SUBJECTS.values(), *(f"{Path(name).stem}.h5" for name in SUBJECTS)]
    assert [c for c in COMMANDS if not any(word in c for word in words)] == []


def test_the_code_that_is_shown_is_the_code_of_the_engine():
    assert [name for _, name, _ in SHOWN] == [
        "survivors", "bred", "varied", "distinct", "real_children", "tournaments",
    ]  # fmt: skip
    for file, name, shown in SHOWN:
        assert shown == source_of(file, name), f"{file}: {name} has changed"


def test_a_generation_has_at_most_forty_lines_from_survivors_to_children():
    generation = [shown for file, _, shown in SHOWN if file == "engine/algorithms/generation.py"]
    assert sum(len(lines_of(shown)) for shown in generation) <= 40


def test_the_example_of_the_readme_runs_with_the_problem_above_it(tmp_path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    code = ""
    for title in ("A problem of one's own", "Your own operator, space or algorithm"):
        code += readme.partition(f"## {title}\n")[2].partition("```python\n")[2].partition("```")[0]
    (tmp_path / "beam.py").write_text(code, encoding="utf-8")
    run("python beam.py", tmp_path)
    assert len(pt.open_run(tmp_path / "beam.h5").evaluations) == 5_000

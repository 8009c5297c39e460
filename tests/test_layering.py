"""Arrows point down: who may import whom, and what nobody imports before it is needed."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

WINGS = {
    "cext": set(),
    "operators": {"cext"},
    "problems": set(),
    "engine": {"operators", "problems"},
}
"""Each wing and those below it."""

COMMON = {"paretide.checks", "paretide.errors", "paretide.typing"}
"""All of the front door that stands below the wings."""

HEAVY = {
    *("h5py", "ray", "pymoo", "moocore", "rich", "typer", "pydantic"),
    *("matplotlib", "mlxtend", "optuna", "pandas", "psutil", "pyarrow", "scipy", "sklearn"),
    *("sqlalchemy", "threadpoolctl", "torch", "transformers"),
}

COMMAND_LINE = {
    r"paretide\.(cli|commands(\.\w+)?)": {"typer"},
    r"paretide\.config": {"pydantic"},
}
"""Modules that only the command line loads, and what they are written in."""


def folder(name):
    return Path(importlib.import_module(name).__path__[0])


def sources(suffix=".py"):
    """(module name, file) of every source of the package, wherever it is installed."""
    for package in ("paretide", "paretide.commands"):
        for path in sorted(folder(package).glob(f"*{suffix}")):
            yield _module(package, path.relative_to(folder(package))), path
    for wing in WINGS:
        root = folder(f"paretide.{wing}")
        for path in sorted(root.rglob(f"*{suffix}")):
            yield _module(f"paretide.{wing}", path.relative_to(root)), path


def _module(package, relative):
    parts = relative.with_suffix("").parts
    return ".".join((package, *(p for p in parts if p != "__init__")))


def imports(module, path, tree):
    """Absolute names of everything imported in ``tree``, with `from a import b` as ``a.b``."""
    package = module if path.stem == "__init__" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                assert node.level <= package.count(".") + 1, f"{path} imports beyond the package"
                above = package.rsplit(".", node.level - 1)[0]
                base = f"{above}.{base}" if base else above
            yield from (f"{base}.{alias.name}" for alias in node.names)


def first_executed(tree):
    """The statements that run when a module is imported: none of a function's, none for types."""
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, (ast.If, ast.Try, ast.With, ast.ClassDef, ast.For, ast.While)):
            for part in ("body", "orelse", "finalbody"):
                yield from first_executed(ast.Module(getattr(node, part, []), []))
            for handler in getattr(node, "handlers", []):
                yield from first_executed(ast.Module(handler.body, []))
        else:
            yield node


def wing_of(module):
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in WINGS else ""


def misplaced(module, names):
    """Those of the imported names that a module of this wing must not import."""
    wing = wing_of(module)
    for name in names:
        if name.split(".")[0] != "paretide":
            continue
        common = any(name == c or name.startswith(f"{c}.") for c in COMMON)
        if not common and wing_of(name) not in {wing, *WINGS[wing]}:
            yield name


EVERY = [pytest.param(m, p, id=m) for s in (".py", ".pyi") for m, p in sources(s)]


def test_the_sources_are_found():
    modules = {m for m, _ in sources()}
    assert {
        "paretide",
        "paretide.errors",
        "paretide.cext",
        "paretide.engine.algorithms.breeding",
    } <= modules
    assert {"paretide.operators.survival", "paretide.problems.suites.onemax"} <= modules
    assert {m for m, _ in sources(".pyx")} >= {"paretide.cext.dominance", "paretide.cext.sbx"}


@pytest.mark.parametrize(("module", "path"), [p for p in EVERY if wing_of(p.values[0])])
def test_imports_point_down(module, path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert list(misplaced(module, imports(module, path, tree))) == []


@pytest.mark.parametrize(("module", "path"), [pytest.param(m, p, id=m) for m, p in sources(".pyx")])
def test_kernels_import_their_own_wing_only(module, path):
    lines = re.findall(
        r"^\s*(?:from\s+\S+\s+)?c?import\s+.+$", path.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert lines
    plain = "\n".join(line.strip() for line in lines if "cimport" not in line)
    plain = plain.replace("(", "").replace("\\", "").rstrip(",")
    assert list(misplaced(module, imports(module, path, ast.parse(plain)))) == []
    assert not any("paretide" in line for line in lines if "cimport" in line)


@pytest.mark.parametrize(("module", "path"), [p for p in EVERY if p.values[1].suffix == ".py"])
def test_heavy_libraries_are_imported_where_they_are_used(module, path):
    allowed = {
        name for m, names in COMMAND_LINE.items() if re.fullmatch(m, module) for name in names
    }
    tree = ast.Module(list(first_executed(ast.parse(path.read_text(encoding="utf-8")))), [])
    heavy = {name.split(".")[0] for name in imports(module, path, tree)} & HEAVY
    assert heavy <= allowed


def test_importing_the_package_loads_no_heavy_library():
    code = (
        "import sys, paretide; "
        f"print(*sorted(m for m in {sorted(HEAVY)!r} if m in sys.modules)); "
        "print(*sorted({'paretide.cli', 'paretide.config'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == []


def test_the_rules_can_be_broken():
    def wrong(module, source):
        path = Path(f"{module.rpartition('.')[2]}.py")
        return list(misplaced(module, imports(module, path, ast.parse(source))))

    assert wrong("paretide.operators.new", "from ..problems.space import Real")
    assert wrong("paretide.operators.new", "from .. import engine")
    assert wrong("paretide.operators.new", "def f():\n    import paretide.engine")
    assert wrong("paretide.problems.suites.new", "from ...cext import sbx")
    assert wrong("paretide.engine.new", "from ..cext import sbx")
    assert wrong("paretide.engine.new", "import paretide as pt")
    assert wrong("paretide.cext.new", "from .. import minimize")
    assert not wrong("paretide.cext.new", "from ..errors import ShapeError\nfrom . import sbx")
    assert not wrong("paretide.engine.store.new", "from ...problems.space import Real")

    def at_once(source):
        tree = ast.Module(list(first_executed(ast.parse(source))), [])
        return set(imports("paretide.new", Path("new.py"), tree))

    assert at_once("try:\n    import ray\nexcept ImportError:\n    import rich") == {"ray", "rich"}
    assert at_once("if x:\n    pass\nelse:\n    import ray") == {"ray"}
    assert at_once("class A:\n    import ray") == {"ray"}
    assert at_once("class A:\n    def f(self):\n        import ray") == set()
    assert at_once("if TYPE_CHECKING:\n    import ray") == set()

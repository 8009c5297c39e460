import importlib
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import paretide.cext


def test_a_missing_core_is_reported_in_one_sentence(tmp_path, monkeypatch):
    package = tmp_path / "uncompiled" / "cext"
    package.mkdir(parents=True)
    (tmp_path / "uncompiled" / "__init__.py").touch()
    shutil.copy(Path(paretide.cext.__file__), package)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match="the compiled core is missing; install with pip install"):
        importlib.import_module("uncompiled.cext")
    sys.modules.pop("uncompiled", None)


@pytest.mark.parametrize("name", paretide.cext.__all__)
def test_every_kernel_has_an_oracle_a_stub_and_a_docstring(name):
    kernel = importlib.import_module(f"paretide.cext.{name}")
    oracle = importlib.import_module("paretide.cext.reference")
    stub = (Path(paretide.cext.__file__).parent / f"{name}.pyi").read_text()
    functions = [
        f
        for f, value in vars(kernel).items()
        if getattr(value, "__module__", None) == kernel.__name__ and not f.startswith("_")
    ]
    assert functions
    for function in functions:
        value = getattr(kernel, function)
        methods = (
            [m for m in dir(value) if not m.startswith("_")] if isinstance(value, type) else []
        )
        known = [function] if hasattr(oracle, function) else methods  # of a class, each by itself
        assert known
        assert all(callable(getattr(oracle, name)) for name in known)
        assert (f"class {function}:" if isinstance(value, type) else f"def {function}(") in stub
        text = value.__doc__
        if isinstance(value, type):
            public = (m for name, m in vars(value).items() if not name.startswith("_"))
            text += "".join(method.__doc__ for method in public)
        for section in ("Parameters", "Returns", "Raises", "Notes"):
            assert f"{section}\n" in text, (function, section)


def test_results_own_their_memory():
    rank = paretide.cext.dominance.nondominated_rank(np.ones((3, 2)))
    assert rank.flags.owndata
    assert rank.flags.writeable

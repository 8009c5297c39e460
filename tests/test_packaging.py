"""What an installation brings, and what a build says that cannot compile."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import distributions
from pathlib import Path, PurePosixPath

import pytest

import paretide

CHECKOUT = Path(__file__).resolve().parent.parent
KERNELS = set(paretide.cext.__all__)


def installed():
    """What pip installed; a build leaves a second description in the checkout."""
    for found in distributions(name="paretide"):
        if found.read_text("RECORD") is not None:
            return found
    pytest.skip("paretide was not installed by pip")


def is_editable():
    url = installed().read_text("direct_url.json")
    return bool(url) and json.loads(url).get("dir_info", {}).get("editable", False)


@pytest.fixture(scope="module")
def files():
    """Paths of the installed distribution, without what Python writes beside them."""
    if is_editable():
        pytest.skip("paretide is installed editable: its files are those of the checkout")
    return [PurePosixPath(f) for f in installed().files if f.suffix != ".pyc"]


# -- the files of an installation ------------------------------------------------------------------


def test_site_packages_gains_one_package(files):
    tops = {f.parts[0] for f in files if f.parts[0] != ".."}
    (metadata,) = {t for t in tops if t.endswith(".dist-info")}
    assert tops == {"paretide", metadata}
    outside = [f for f in files if f.parts[0] == ".."]
    assert [f.stem for f in outside] == ["paretide"]  # the command


def test_types_and_sources_of_kernels_are_there(files):
    assert PurePosixPath("paretide/py.typed") in files
    cext = {f.name for f in files if f.parent == PurePosixPath("paretide/cext")}
    kernels = {n.removesuffix(".pyx") for n in cext if n.endswith(".pyx")}
    assert kernels == KERNELS
    for kernel in kernels:
        assert f"{kernel}.pyi" in cext
        assert any(f"{kernel}{suffix}" in cext for suffix in EXTENSION_SUFFIXES), kernel
    assert any(n.endswith(".pxd") for n in cext)


def test_nothing_is_there_that_a_user_does_not_need(files):
    suffixes = {".py", ".pyi", ".pyx", ".pxd", ".h", ".so", ".pyd", ".typed"}
    inside = [f for f in files if f.parts[0] == "paretide"]
    assert {f.suffix for f in inside if f.name != "py.typed"} <= suffixes
    assert not [f for f in inside if f.suffix in {".c", ".cpp", ".h5"}]
    assert not [f for f in inside if {"tests", "benchmarks", "docs", "examples"} & set(f.parts)]


@pytest.mark.skipif(not (CHECKOUT / "cext").is_dir(), reason="not a checkout")
def test_every_source_of_the_checkout_is_installed(files):
    roots = {"": "src/paretide", **{w: w for w in ("cext", "operators", "problems", "engine")}}
    for wing, root in roots.items():
        for pattern in ("*.py", "*.pyi", "*.pxd", "*.pyx"):
            for path in (CHECKOUT / root).rglob(pattern):
                name = PurePosixPath("paretide", wing, *path.relative_to(CHECKOUT / root).parts)
                assert name in files


# -- its metadata ----------------------------------------------------------------------------------


def test_the_version_is_that_of_the_distribution():
    assert paretide.__version__ == installed().version
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = paretide.no_such_name


def test_the_extras_are_declared():
    metadata = installed().metadata
    assert {"ray", "demo", "plot", "all", "dev"} <= set(metadata.get_all("Provides-Extra"))
    required = metadata.get_all("Requires-Dist")
    for extra, library in {"ray": "ray", "demo": "scikit-learn", "plot": "matplotlib"}.items():
        assert any(r.startswith(library) and extra in r.partition(";")[2] for r in required)


def test_heavy_extras_are_not_required():
    plain = [r for r in installed().metadata.get_all("Requires-Dist") if ";" not in r]
    for library in ("ray", "torch", "scikit-learn", "matplotlib", "pandas"):
        assert not any(r.startswith(library) for r in plain)


def test_the_command_is_declared():
    (script,) = installed().entry_points.select(group="console_scripts")
    assert script.name == "paretide"
    assert callable(script.load())


def test_every_public_name_is_there():
    assert sorted(set(paretide.__all__)) == sorted(paretide.__all__)
    for name in paretide.__all__:
        assert hasattr(paretide, name)


# -- building --------------------------------------------------------------------------------------


@pytest.fixture
def one_kernel_checkout(tmp_path):
    """A copy of the tree that takes no time to translate: one kernel, nothing compiled."""
    for library in ("Cython", "setuptools"):
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"{library} is not installed")
    if not (CHECKOUT / "setup.py").is_file():
        pytest.skip("not a checkout")
    copy = tmp_path / "checkout"
    copy.mkdir()
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, copy)
    ignored = shutil.ignore_patterns("*.c", "*.so", "*.pyd", "__pycache__", "*.egg-info")
    for folder in ("src", "cext", "operators", "problems", "engine"):
        shutil.copytree(CHECKOUT / folder, copy / folder, ignore=ignored)
    for kernel in (copy / "cext").glob("*.pyx"):
        if kernel.stem != "bit_flip":
            kernel.unlink()
    return copy


def build(copy, **environment):
    return subprocess.run(
        [sys.executable, "setup.py", "build_ext"],
        cwd=copy,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="CC chooses no compiler there")
@pytest.mark.parametrize("compiler", ["/nonexistent/cc", "false"])
def test_without_a_compiler_a_build_says_so_in_one_sentence(one_kernel_checkout, compiler):
    done = build(one_kernel_checkout, CC=compiler)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert "C compiler" in last
    assert "apt-get install" in last
    assert "Traceback" not in done.stderr

"""What goes into the archive of a problem's folder, and how a machine unpacks it."""

import dataclasses
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from paretide.engine.executors import archive as archives
from paretide.engine.executors.archive import TooLarge, files_of, pack, unpack
from paretide.errors import ExecutorError


@pytest.fixture
def project(tmp_path):
    """A folder with what people have beside their code."""

    def write(name, content="x"):
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    for name in (
        "train.py", "model.py", "package/__init__.py", "package/inner.py", "data/x.csv", "build.py",
        "run.sh", "with a blank and \N{SNOWMAN}.txt", ".env", "deep/er/file", "build/__init__.py",
    ):  # fmt: skip
        write(name, name)
    for name in (
        ".git/config", ".venv/pyvenv.cfg", "env/pyvenv.cfg", "env/lib/big", "conda/conda-meta/x",
        "node_modules/left/pad", "package/__pycache__/inner.pyc", "dist/wheel", "my.egg-info/x",
        "run.h5", "run.h5.journal", "old.h5", "old.h5.lock", ".cache/model",
    ):  # fmt: skip
        write(name)
    (tmp_path / "project" / "run.sh").chmod(0o755)
    return tmp_path / "project"


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Archives are unpacked below the test's folder."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(archives.tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(archives, "_held", {})
    yield tmp_path / "tmp"
    for descriptor in archives._held.values():
        os.close(descriptor)


TRAVELS = {
    "train.py", "model.py", "package/__init__.py", "package/inner.py", "data/x.csv", "build.py",
    "run.sh", "with a blank and \N{SNOWMAN}.txt", ".env", "deep/er/file", "build/__init__.py",
}  # fmt: skip


def names(folder):
    return {file.relative_to(folder).as_posix() for file in files_of(folder)}


def below(folder):
    return {f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file()}


def test_what_can_be_made_again_stays_behind(project):
    assert names(project) == TRAVELS


def test_what_comes_out_is_what_went_in(project):
    folder = unpack(pack([project]))
    assert below(folder) == {f"0/{name}" for name in TRAVELS}
    assert all((folder / "0" / name).read_text() == name for name in TRAVELS)
    assert os.access(folder / "0" / "run.sh", os.X_OK)
    assert not os.access(folder / "0" / "train.py", os.X_OK) or os.getuid() == 0


def test_the_same_files_are_the_same_archive(project, tmp_path):
    once = pack([project])
    (project / "train.py").touch()
    (project / "package" / "__pycache__" / "new.pyc").touch()
    assert pack([project]) == once
    (project / "train.py").write_text("changed")
    assert pack([project]).digest != once.digest


def test_several_folders_keep_their_order(project, tmp_path):
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "only.py").write_text("2")
    folder = unpack(pack([project, tmp_path / "second"]))
    assert (folder / "0" / "train.py").exists()
    assert below(folder / "1") == {"only.py"}


# -- odd things ------------------------------------------------------------------------------------


def test_links_are_followed_but_not_in_circles(project, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "big.csv").write_text("1")
    (project / "linked").symlink_to(tmp_path / "elsewhere")
    (project / "file.csv").symlink_to(tmp_path / "elsewhere" / "big.csv")
    (project / "circle").symlink_to(project)
    (project / "nowhere").symlink_to(tmp_path / "gone")
    assert names(project) == TRAVELS | {"linked/big.csv", "file.csv"}


def test_what_is_no_file_stays_behind(project):
    os.mkfifo(project / "pipe")
    (project / os.fsdecode(b"not-utf8-\xff")).write_text("x")
    folder = unpack(pack([project]))
    assert (folder / "0" / os.fsdecode(b"not-utf8-\xff")).read_text() == "x"
    assert not (folder / "0" / "pipe").exists()


def test_a_file_that_cannot_be_read_is_named(project, monkeypatch, caplog):
    read = Path.read_bytes

    def unreadable(path):
        if path.name == "model.py":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", unreadable)
    folder = unpack(dataclasses.replace(pack([project])))
    assert "model.py" in caplog.text
    assert not (folder / "0" / "model.py").exists()


def git(folder, *arguments):
    subprocess.run(
        ["git", "-c", "user.name=n", "-c", "user.email=e", *arguments], cwd=folder, check=True,
        capture_output=True,
    )  # fmt: skip


def test_what_git_ignores_stays_behind(project):
    (project / ".gitignore").write_text("data/\n*.txt\nmodel.py\n")
    (project / "package" / ".gitignore").write_text("inner.py\n")
    git(project.parent, "init", "-q", str(project))
    git(project, "add", "-f", "model.py")  # what it keeps in spite of it travels
    left = {"data/x.csv", "with a blank and \N{SNOWMAN}.txt", "package/inner.py"}
    assert names(project) == TRAVELS - left | {".gitignore", "package/.gitignore"}


def test_a_folder_that_git_ignores_as_a_whole_travels(project):
    (project.parent / ".gitignore").write_text("project\n")
    git(project.parent, "init", "-q")
    assert names(project) == TRAVELS


def test_without_git_the_other_rules_hold(project, monkeypatch):
    (project / ".gitignore").write_text("data/\n")
    git(project.parent, "init", "-q", str(project))
    monkeypatch.setenv("PATH", "/nowhere")
    assert names(project) == TRAVELS | {".gitignore"}


def test_too_much_is_refused_with_the_largest_things(project):
    (project / "data" / "images.bin").write_bytes(b"0" * 3_000_000)
    with pytest.raises(TooLarge, match=r"data \(2\.9 MiB\)") as caught:
        pack([project], most_bytes=2_000_000)
    assert str(project) in str(caught.value)
    assert "let git ignore" in str(caught.value)
    assert pack([project], most_bytes=4_000_000)


def test_too_many_files_are_refused(project, monkeypatch):
    monkeypatch.setattr(archives, "MOST_FILES", 5)
    with pytest.raises(TooLarge, match="5 files"):
        pack([project])


# -- unpacking -------------------------------------------------------------------------------------


def test_it_is_unpacked_once_into_a_private_folder(project, temporary):
    folder = unpack(pack([project]))
    kept = (folder / "0" / "train.py").stat()
    assert unpack(pack([project])) == folder
    assert (folder / "0" / "train.py").stat().st_ino == kept.st_ino
    (root,) = temporary.iterdir()
    assert root.stat().st_mode & 0o777 == 0o700
    assert [f.name for f in root.iterdir()] == [folder.name]


@pytest.mark.parametrize("harm", ["changed", "removed", "added"])
def test_what_is_not_as_it_was_packed_is_not_used(project, harm):
    packed = pack([project])
    folder = unpack(packed)
    file = folder / "0" / "train.py"
    if harm == "removed":
        file.unlink()
    else:
        (file if harm == "changed" else folder / "0" / "output.txt").write_text("by a job")
    again = unpack(packed)
    assert (again == folder) == (harm == "added")
    assert (again / "0" / "train.py").read_text() == "train.py"


@pytest.mark.parametrize("there", ["a file", "open to all"])
def test_a_folder_that_others_could_have_made_is_not_used(project, temporary, there):
    root = temporary / f"paretide-code-{os.getuid()}"
    if there == "a file":
        root.write_text("")
    else:
        root.mkdir()
        root.chmod(0o777)
    folder = unpack(pack([project]))
    assert folder.parent != root
    assert folder.parent.stat().st_mode & 0o777 == 0o700


def test_an_archive_does_not_lead_out_of_its_folder(tmp_path):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("0/../../../evil"))
    with pytest.raises(ExecutorError, match="leads out of it"):
        unpack(archives.Archive("0" * 64, data.getvalue()))


UNPACK = """
import sys, pickle, time
from paretide.engine.executors.archive import unpack
print(unpack(pickle.load(open(sys.argv[1], "rb"))), flush=True)
sys.stdin.read()
"""


def test_processes_that_unpack_at_once_get_one_folder_which_stays_while_they_live(
    project, temporary, tmp_path
):
    import pickle

    (tmp_path / "packed").write_bytes(pickle.dumps(pack([project])))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", UNPACK, str(tmp_path / "packed")], stdout=subprocess.PIPE,
            stdin=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(temporary)},
        )
        for _ in range(4)
    ]  # fmt: skip
    try:
        folders = {p.stdout.readline().strip() for p in processes}
        assert len(folders) == 1
        (folder,) = map(Path, folders)
        assert [f.name for f in folder.parent.iterdir()] == [folder.name]
        os.utime(folder, (0, 0))
        newer = []
        for n in range(archives.KEPT + 3):
            (project / "train.py").write_text(f"version {n}")
            newer.append(unpack(pack([project])))
            os.close(archives._held.pop(newer[-1]))
        assert folder.exists()  # however old, it is in use
        assert sum(f.exists() for f in newer) <= archives.KEPT + 1
    finally:
        for p in processes:
            p.communicate(timeout=30)

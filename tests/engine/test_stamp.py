"""The first bytes of a sealed file say whose it is, and are found if they are damaged."""

import shutil
import zlib
from io import BytesIO
from pathlib import Path

import pytest
import toy

import paretide as pt
from paretide.engine.store.stamp import SCHEMA_VERSION, USER_BLOCK, Stamp, read_stamp, stamp_of
from paretide.errors import StoreCorrupt, StoreError, StoreNotFound, StoreVersion

ASSETS = Path(__file__).parent.parent / "assets"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "run.h5"
    pt.minimize(toy.Schaffer(), pt.NSGA2(size=10), budget=10, seed=1, store=path)
    return path


def test_a_stamp_says_whose_file_it_is(path):
    stamp = read_stamp(path)
    data = path.read_bytes()[USER_BLOCK:]
    run = pt.open_run(path)
    assert (stamp.schema, stamp.length, stamp.crc) == (SCHEMA_VERSION, len(data), zlib.crc32(data))
    assert stamp.run_id == run.specification["run_id"]
    assert stamp.seal >= 1


def test_a_stamp_reads_back():
    for writer in ("", "5" * 32):
        stamp = Stamp(SCHEMA_VERSION, 12345, 0xABC, "0123456789abcdef" * 2, 7, writer, 99)
        assert len(stamp.block()) == USER_BLOCK
        assert stamp_of(BytesIO(stamp.block()), Path("run.h5")) == stamp


def test_a_stamp_of_schema_1_has_no_run(tmp_path):
    shutil.copy(ASSETS / "schema1.h5", tmp_path)
    stamp = read_stamp(tmp_path / "schema1.h5")
    assert (stamp.schema, stamp.run_id, stamp.seal, stamp.writer) == (1, "", -1, "")


def test_every_flipped_bit_of_a_stamp_is_found(path):
    data = path.read_bytes()[:USER_BLOCK]
    for at in range(len(data.rstrip(b"\0"))):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[at] ^= 1 << bit
            with pytest.raises((StoreCorrupt, StoreVersion)):
                stamp_of(BytesIO(bytes(damaged)), path)


def test_what_is_no_stamp_is_named(tmp_path):
    with pytest.raises(StoreNotFound, match="there is no run at"):
        read_stamp(tmp_path / "absent.h5")
    with pytest.raises(StoreError, match="cannot read"):
        read_stamp(tmp_path)
    (tmp_path / "cut.h5").write_bytes(Stamp(2, 1, 1, "a" * 32, 1, "", 5).block()[:60])
    with pytest.raises(StoreCorrupt, match="is no run of paretide"):
        read_stamp(tmp_path / "cut.h5")

"""Journals that somebody made or edited, with checksums that fit: refused, or right."""

import json
import random
import struct
import subprocess
import sys

import numpy as np
import pytest
import toy

import paretide as pt
from paretide.engine.store.continuation import journal_path
from paretide.engine.store.journal import frame, records
from paretide.errors import StoreCorrupt, StoreMismatch, StoreVersion

EDITS = 120

KILLED = """
import os, sys, toy, paretide as pt
algorithm = pt.NSGA2(size=8, mode=sys.argv[2])
pt.minimize(toy.Flaky(), algorithm, budget=60, seed=3, store=sys.argv[1],
            callbacks=[lambda p: p.evaluations >= 40 and os.kill(os.getpid(), 9)])
"""

_HEAD = struct.Struct("<cII")

ODD = [
    None, True, -1, 0, 3, 2**31, 2**63, 2**64, 1e308, "", "x", "no kind", [], [[]], [1], {},
    {"a": 1}, [None], [[1]], "\0", ["process-0"] * 3, [[0, "r", "exception", ""]], [[0, 1, 2, 3]],
    [[0, {}]],
]  # fmt: skip


@pytest.fixture(scope="module", params=["generational", "steady"])
def killed(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "run.h5"
    done = subprocess.run([sys.executable, "-c", KILLED, path, request.param], check=False)
    assert done.returncode == -9
    return path, path.read_bytes(), list(records(journal_path(path).read_bytes(), path))


LOGGING = """
import os, sys, strangers, paretide as pt
pt.minimize(strangers.Logging(), pt.NSGA2(size=10), budget=40, seed=1, store=sys.argv[1],
            callbacks=[lambda p: p.evaluations >= 20 and os.kill(os.getpid(), 9)])
"""


def test_journals_are_strict_json_and_keep_what_is_no_number(tmp_path):
    path = tmp_path / "run.h5"
    done = subprocess.run([sys.executable, "-c", LOGGING, path], check=False)
    assert done.returncode == -9

    def refuse(constant):
        raise AssertionError(constant)

    for payload in list(records(journal_path(path).read_bytes(), path))[1:]:
        _, _, length = _HEAD.unpack_from(payload)
        json.loads(payload[_HEAD.size : _HEAD.size + length], parse_constant=refuse)
    for run in (pt.open_run(path), pt.resume(path).run, pt.open_run(path)):
        one, nan = run.evaluations.extras[3]["curve"]
        assert one == 1.0
        assert np.isnan(nan)


def put(killed, payloads):
    path, sealed, _ = killed
    path.write_bytes(sealed)
    journal_path(path).write_bytes(b"".join(frame(p, 0) for p in payloads))
    return path


def edited_json(value, rng):
    """``value`` with something in it replaced, removed or added."""
    places = []

    def walk(node):
        for key in node if isinstance(node, dict) else range(len(node)):
            places.append((node, key))
            if isinstance(node[key], (dict, list)):
                walk(node[key])

    walk(value)
    if not places or rng.random() < 0.1:
        value[rng.choice(["failures", "extras", "more", "workers"])] = rng.choice(ODD)
        return json.dumps(value)
    node, key = rng.choice(places)
    if rng.random() < 0.3:
        del node[key]
    else:
        node[key] = rng.choice(ODD)
    text = json.dumps(value)
    return (
        text.replace("{", '{"deep": ' + "[" * 4000 + "]" * 4000 + ", ", 1)
        if (rng.random() < 0.05 and text.startswith('{"'))
        else text
    )


def edited_record(payload, rng):
    """A record of evaluations or of a population, with one of its parts changed."""
    kind, rows, length = _HEAD.unpack_from(payload)
    text = payload[_HEAD.size : _HEAD.size + length]
    data = bytearray(payload[_HEAD.size + length :])
    what = rng.randrange(6)
    if what == 0:
        kind = rng.choice([b"E", b"P", b"R", b"\0", b"Z"])
    elif what == 1:
        rows = rng.choice([0, 1, 2, rows + 1, 2**31, 2**32 - 1])
    elif what == 2:
        length = rng.choice([0, length + 1, length - 1, 2**32 - 1])
    elif what == 3:
        text = edited_json(json.loads(text), rng).encode()
        length = len(text)
    elif what == 4:
        data = data[: rng.randrange(len(data) + 1)]
    else:
        for _ in range(rng.randrange(1, 9)):
            data[rng.randrange(len(data))] = rng.randrange(256)
    return _HEAD.pack(kind, rows, length) + bytes(text) + bytes(data)


def edited(payloads, rng):
    """The payloads of a journal, with something about one of them changed."""
    payloads = list(payloads)
    what, at = rng.randrange(8), rng.randrange(1, len(payloads))
    if what == 0:
        payloads[0] = edited_json(json.loads(payloads[0]), rng).encode()
    elif what == 1:
        del payloads[at]
    elif what == 2:
        payloads.insert(at, rng.choice(payloads[1:]))
    elif what == 3:
        payloads[at] = rng.randbytes(rng.randrange(200))
    else:
        payloads[at] = edited_record(payloads[at], rng)
    return payloads


def test_an_edited_journal_is_refused_or_right(killed):
    rng = random.Random(8)
    path, _, payloads = killed
    whole = pt.minimize(
        toy.Flaky(), pt.NSGA2(size=8, mode=_mode(put(killed, payloads))), budget=60, seed=3
    )
    known = dict(zip(whole.run.evaluations.ids.tolist(), whole.run.evaluations.X, strict=True))
    outcomes = {"refused": 0, "resumed": 0}
    for number in range(EDITS):
        put(killed, edited(payloads, rng))
        try:
            seen = pt.open_run(path)
            assert seen.evaluations.F.shape == (len(seen.evaluations), 2)
            result = pt.resume(path)
        except (StoreCorrupt, StoreMismatch, StoreVersion):
            outcomes["refused"] += 1
            continue
        except Exception as error:
            raise AssertionError(f"edit {number} raises {error!r}") from error
        outcomes["resumed"] += 1
        assert len(result.run.evaluations) == 60
        # Outcomes may have been changed by who wrote the journal; candidates are the run's.
        first = result.run.evaluations.ids < 8
        for id, x in zip(
            result.run.evaluations.ids[first].tolist(), result.run.evaluations.X[first], strict=True
        ):
            assert np.array_equal(x, known[id])
    assert min(outcomes.values()) > EDITS // 20


def _mode(path):
    return pt.open_run(path).specification["algorithm"]["settings"]["mode"]

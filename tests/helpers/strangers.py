"""Runs as a stranger might have made them, and a child that opens them under observation."""

import contextlib
import encodings.ascii  # noqa: F401  # what h5py imports for texts of another encoding
import json
import os
import re
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import toy

import paretide as pt
from paretide.engine.store.stamp import USER_BLOCK, read_stamp
from paretide.errors import StoreError

DTYPES = [
    "f4", "f8", "i8", "u1", "i4", "S3", "V7", "c16", "b1", "f2", ">f8", ">i8",
    [("a", "i4"), ("b", "f8")], h5py.string_dtype(), h5py.ref_dtype, h5py.enum_dtype({"a": 1}),
]  # fmt: skip
NUMBERS = [
    None, -1, 0, 10**12, 2**70, 1e308, "x", "", [], {}, [[1]], True, "../../etc",
    {"$number": "NaN"}, {"$number": 3},
]  # fmt: skip
VALUES = [np.nan, np.inf, -np.inf, -1, 0, 1, 2**31 - 1, 2**62, 255, 1e300]


def restamp(path):
    """A stamp that fits the file as it is now."""
    stamp, contents = read_stamp(path), None
    with contextlib.suppress(Exception), h5py.File(path, "r") as file:
        contents = zlib.crc32(bytes(file["contents"][()]))
    data = path.read_bytes()[USER_BLOCK:]
    if stamp.schema == 1:
        line = f"paretide run schema 1 length {len(data)} crc32 {zlib.crc32(data):08x}\n"
        block = line.encode().ljust(USER_BLOCK, b"\0")
    else:
        contents = stamp.contents if contents is None else contents
        fits = replace(stamp, length=len(data), crc=zlib.crc32(data), contents=contents)
        block = fits.block()
    path.write_bytes(block + data)


def change_specification(file, change):
    """Have the specification of an open file changed."""
    specification = json.loads(file["specification"][()])
    change(specification)
    del file["specification"]
    file["specification"] = np.bytes_(json.dumps(specification).encode())


def respecify(path, change):
    """A run whose specification says what it likes, with a stamp that fits."""
    with h5py.File(path, "r+") as file:
        change_specification(file, change)
    restamp(path)


def edit(path, rng, trap):
    """One random structural edit; returns what it was. ``trap`` must never be opened."""
    before = path.read_bytes()
    while True:
        said = _edit(path, rng, trap)
        if path.read_bytes() != before:
            restamp(path)
            return said


def edit_state(path, rng):
    """One random edit of what the algorithm goes on from."""
    before = path.read_bytes()
    while path.read_bytes() == before:
        kind = [_retype, _reshape, _value, _json_of_state][int(rng.integers(4))]
        with h5py.File(path, "r+") as file:
            name = f"state/{rng.choice(list(file['state']))}"
            said = f"{kind.__name__} {name}"
            with contextlib.suppress(TypeError, ValueError, OSError, IndexError):
                said = kind(file, name, rng, "", []) or said
    restamp(path)
    return said


def _edit(path, rng, trap):
    kind = EDITS[int(rng.integers(len(EDITS)))]
    with h5py.File(path, "r+") as file:
        datasets, groups = [], []
        file.visititems(
            lambda name, o: (groups if isinstance(o, h5py.Group) else datasets).append(name)
        )
        name = str(rng.choice(datasets))
        said = f"{kind.__name__} {name}"
        with contextlib.suppress(TypeError, ValueError, OSError, KeyError, RuntimeError):
            said = kind(file, name, rng, trap, groups) or said  # not every dataset can be edited so
    return said


def _delete(file, name, rng, trap, groups):
    name = str(rng.choice([name, *groups]))
    del file[name]
    return f"delete {name}"


def _again(file, name, values, **options):
    attributes = dict(file[name].attrs)
    del file[name]
    file.create_dataset(name, data=values, **options)
    for key in ("boolean", "json"):
        if key in attributes:
            file[name].attrs[key] = attributes[key]


def _retype(file, name, rng, trap, groups):
    values = file[name][()]
    dtype = DTYPES[int(rng.integers(len(DTYPES)))]
    del file[name]
    try:
        file.create_dataset(name, data=values, dtype=dtype)
    except (TypeError, ValueError, OSError):
        file.create_dataset(name, shape=np.shape(values), dtype=dtype)
    return f"retype {name} to {dtype}"


def _reshape(file, name, rng, trap, groups):
    values = np.asarray(file[name][()])
    flat = values.reshape(values.shape or (1,))
    shapes = [flat[:-1], np.concatenate([flat, flat]), flat[..., None], flat.ravel(), flat[:1]]
    which = int(rng.integers(len(shapes)))
    _again(file, name, shapes[which])
    return f"reshape {name} {which}"


def _huge(file, name, rng, trap, groups):
    shape = list(file[name].shape) or [1]
    shape[int(rng.integers(len(shape)))] = int(10 ** rng.integers(5, 13))
    dtype, chunked = file[name].dtype, rng.random() < 0.7
    del file[name]
    options = {"chunks": tuple(min(n, 1 << 14) for n in shape)} if chunked else {}
    file.create_dataset(name, shape=tuple(shape), dtype=dtype, **options)
    return f"huge {name} {shape} {chunked}"


def _grow(file, name, rng, trap, groups):
    file[name].resize(len(file[name]) * int(10 ** rng.integers(1, 7)), axis=0)


def _move(file, name, rng, trap, groups):
    file.move(name, str(rng.choice([f"{name}x", "x/y", name.rpartition("/")[2]])))


def _link(file, name, rng, trap, groups):
    target = str(rng.choice([name, *groups]))
    del file[target]
    links = [
        h5py.SoftLink("/evaluations/ids"), h5py.SoftLink("/nowhere"), h5py.SoftLink(f"/{target}"),
        h5py.ExternalLink(trap, "/evaluations/F"), h5py.ExternalLink("/etc/passwd", "/x"),
        file["evaluations"], file["/"], file["contents"],
    ]  # fmt: skip
    which = int(rng.integers(len(links)))
    file[target] = links[which]
    return f"link {target} {which}"


def _external(file, name, rng, trap, groups):
    shape, dtype = file[name].shape, file[name].dtype
    del file[name]
    file.create_dataset(name, shape=shape, dtype=dtype, external=[(trap, 0, h5py.h5f.UNLIMITED)])


def _virtual(file, name, rng, trap, groups):
    shape, dtype = file[name].shape, file[name].dtype
    del file[name]
    source = str(rng.choice([trap, trap + "%b", "."]))
    layout = h5py.VirtualLayout(shape=shape, dtype=dtype)
    layout[...] = h5py.VirtualSource(source, "evaluations/F", shape=shape)
    file.create_virtual_dataset(name, layout)


def _attribute(file, name, rng, trap, groups):
    where = str(rng.choice(["/", name, *groups]))
    key = str(rng.choice(["seal", "stopped_by", "schema_version", "boolean", "json", "x"]))
    values = [
        -1,
        2**40,
        1.5,
        "text",
        np.arange(3),
        np.bytes_("x"),
        h5py.Empty("f8"),
        True,
        "é" * 99,
    ]
    if rng.random() < 0.2 and key in file[where].attrs:
        del file[where].attrs[key]
    else:
        file[where].attrs[key] = values[int(rng.integers(len(values)))]
    return f"attribute {where}@{key}"


def _json(file, name, rng, trap, groups):
    name = str(rng.choice(["specification", "specification", "state/scalars", "contents"]))
    return _changed_json(file, name, rng)


def _json_of_state(file, name, rng, trap, groups):
    return _changed_json(file, "state/scalars", rng)


def _changed_json(file, name, rng):
    found = json.loads(file[name][()])
    places = []

    def walk(value):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inside in list(items):
            places.append((value, key))
            if isinstance(inside, (dict, list)):
                walk(inside)

    walk(found)
    where, key = places[int(rng.integers(len(places)))]
    if rng.random() < 0.3:
        del where[key]
    else:
        where[key] = NUMBERS[int(rng.integers(len(NUMBERS)))]
    _again(file, name, np.bytes_(json.dumps(found)))  # bytes would be of variable length
    return f"json {name} {key} {where.get(key) if isinstance(where, dict) else '...'!r:.60}"


def _text(file, name, rng, trap, groups):
    name = str(rng.choice(["specification", "state/scalars", "contents"]))
    texts = [b"", b"[" * 200_000, b"{}", b"null", b"[]", b"\xff\xfe", b"1" * 10_000, b'{"a": NaN}']
    _again(file, name, np.bytes_(texts[int(rng.integers(len(texts)))]))
    return f"text {name}"


def _value(file, name, rng, trap, groups):
    dataset = file[name]
    at = tuple(int(rng.integers(n)) for n in dataset.shape)
    with np.errstate(all="ignore"):
        value = np.array(VALUES[int(rng.integers(len(VALUES)))]).astype(dataset.dtype)
    dataset[at] = value
    return f"value {name} {at} {value!r}"


def _filter(file, name, rng, trap, groups):
    values = np.atleast_1d(file[name][()])
    which = int(rng.integers(4))
    if which == 3:  # gzip twice grows a million times
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk(values.shape)
        plist.set_deflate(9)
        plist.set_deflate(9)
        kind, space = h5py.h5t.py_create(values.dtype), h5py.h5s.create_simple(values.shape)
        del file[name]
        h5py.h5d.create(file.id, name.encode(), kind, space, plist).write(
            h5py.h5s.ALL, h5py.h5s.ALL, values
        )
    else:
        options = [{"compression": "lzf"}, {"scaleoffset": 0}, {"shuffle": True}][which]
        _again(file, name, values, chunks=values.shape, **options)
    return f"filter {name} {which}"


def _bomb(file, name, rng, trap, groups):
    """A chunk that grows far beyond its size when it is inflated."""
    values = np.atleast_1d(file[name][()])
    _again(file, name, values, chunks=values.shape, compression="gzip")
    packed = zlib.compress(bytes(1 << 28), 9)
    file[name].id.write_direct_chunk((0,) * values.ndim, packed, 0)


def _kind(file, name, rng, trap, groups):
    del file[name]
    if rng.random() < 0.5:
        file.create_group(name)["x"] = 1
    else:
        file[name] = np.dtype("f8")


def _empty(file, name, rng, trap, groups):
    del file[name]
    file.create_dataset(name, data=h5py.Empty("f8"))


EDITS = [
    _delete, _retype, _reshape, _huge, _grow, _move, _link, _external, _virtual, _attribute, _json,
    _json, _json, _text, _value, _value, _value, _filter, _bomb, _kind, _empty,
]  # fmt: skip


class Logging(toy.Mixed):
    """Fails sometimes, and logs what has every form that a column can have."""

    def evaluate(self, x, ctx):
        ctx.log(
            loss=x["rate"], epochs=ctx.id, good=x["flag"], short="é", long="x" * (ctx.id * 10),
            curve=[1.0, float("nan")], **{"a/b": ctx.id},
        )  # fmt: skip
        if ctx.id % 10 == 9:
            raise ValueError("every tenth")
        return super().evaluate(x, ctx)


class Watch:
    """What a process opens, imports and starts while it is looked at."""

    def __init__(self):
        self.events = None
        self.allowed = ()
        sys.addaudithook(self._hook)

    def _hook(self, event, args):
        if self.events is None:
            return
        if event == "open" and isinstance(args[0], (str, bytes, os.PathLike)):
            opened = os.fsdecode(args[0])
            if not opened.startswith(self.allowed) and args[1] != "rb+":
                self.events.append(("open", opened))
        elif event in ("import", "exec", "compile"):
            what = str(args[0])
            if event == "import" and re.match(r"paretide|numpy|h5py|pandas", what):
                return
            self.events.append((event, what))
        elif event.startswith(("subprocess.", "os.system", "os.exec", "os.fork", "socket.")):
            self.events.append((event, str(args[:1])))


def peak():
    """Bytes of memory at most since ``forget_peak``."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(r"VmHWM:\s+(\d+)", status)[1])


def forget_peak():
    """Count anew."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def use(run):
    """All that a reader may ask of a run."""
    run.evaluations.to_frame()
    run.front()
    run.population()
    for generation in range(len(run.populations)):
        run.population(generation)
    if len(run.evaluations):
        run.lineage(int(run.evaluations.ids[-1]))
    run.failures()
    run.convergence(points=5)
    repr(run)


def serve(pipe, warm):
    """Open what is named, use it, and say what came of it."""
    for path in warm:
        use(pt.open_run(path))  # imports what is ever needed
    watch = Watch()
    with contextlib.suppress(EOFError):
        while True:
            path, resumes = pipe.recv()
            watch.allowed = (str(path), "/proc/self/")
            forget_peak()
            before = peak()
            watch.events = None if resumes else []
            try:
                if resumes:
                    pt.resume(path, problem=Logging(), budget=10)
                else:
                    use(pt.open_run(path))
                answer = ["run", "", ""]
            except StoreError as error:
                answer = ["refused", type(error).__name__, str(error)]
            except BaseException as error:
                answer = ["wrong", type(error).__name__, repr(error)]
            events, watch.events = watch.events, None
            pipe.send([*answer, events or [], peak() - before])

"""Makes the stored runs of this folder anew: for a new schema version, beside those that are there.

    PYTHONPATH=tests/helpers python tests/assets/make.py

Each run is one whose process died: a sealed file and a journal. They hold no path and no name of
the machine that made them. Files of older schemas were made by this script with the last commit
that wrote them, which stands in the history. Runs that are there already are left as they are.
"""

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent

RUNS = {
    "": "pt.NSGA2(size=10)",
    "-steady": 'pt.NSGA2(size=10, mode="steady", window=6)',
    "-concurrent": "pt.ConcurrentDynamicNSGA2(start=4, max_size=8, base=4)",
}
"""By what their names end with: the algorithms. The first died in the middle of a generation."""

BEGIN = """
import os, pathlib, socket, sys, toy, traceback, paretide as pt
from paretide.engine.executors import worker
from paretide.engine.store import store
house = str(pathlib.Path(worker.__file__).parents[2]) + os.sep
whole = traceback.format_exc
traceback.format_exc = lambda: whole().replace(house, "paretide/")
socket.gethostname = lambda: "host"
class Mixed(toy.Mixed):
    def evaluate(self, x, ctx):
        sealing(ctx.id)
        if ctx.id == last:
            os._exit(9)
        if ctx.id % 10 == 9:
            raise ValueError("every tenth")
        ctx.log(twice=2 * x["width"], kind=x["kind"])
        return super().evaluate(x, ctx)
sealing, last = (lambda i: None), 27
begin = [{"rate": 0.01, "width": 8, "kind": "b", "flag": True, "step": 32}]
path, first = sys.argv[1:]
"""

GENERATIONAL = """
pt.minimize(
    Mixed(scale=0.5), ALGORITHM, budget=20, seed=3, store=path, initial=begin,
)
pt.resume(path, budget=20, problem=Mixed(scale=0.5))
"""

OTHERS = """
def sealing(i):  # the file is sealed once in the middle, where outcomes wait to be told
    store.SEAL_SECONDS, store.SEAL_SHARE = (-1.0, 1e9) if i == 21 else (1e9, 1.0)
Mixed.cost = lambda self, x: 1 + x["width"]
last = 35
pt.minimize(
    Mixed(scale=0.5), ALGORITHM, budget=40, seed=3, store=path, initial=begin, cache=first,
)
"""

if __name__ == "__main__":
    try:
        from paretide.engine.store.stamp import SCHEMA_VERSION
    except ImportError:  # of schema 1
        from paretide.engine.store.image import SCHEMA_VERSION
    first = FOLDER / f"schema{SCHEMA_VERSION}.h5"
    for ending, algorithm in RUNS.items():
        path = FOLDER / f"schema{SCHEMA_VERSION}{ending}.h5"
        if path.exists():
            continue
        script = BEGIN + (OTHERS if ending else GENERATIONAL).replace("ALGORITHM", algorithm)
        done = subprocess.run([sys.executable, "-c", script, str(path), str(first)], check=False)
        assert done.returncode == 9, path
        os.unlink(f"{path}.lock")

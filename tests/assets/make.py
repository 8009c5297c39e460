"""Makes the stored run of this folder anew: for a new schema version, beside those that are there.

    PYTHONPATH=tests/helpers python tests/assets/make.py

The run is one whose process died in the middle of a generation: a sealed file and a journal. They
hold no path and no name of the machine that made them. Files of older schemas were made by this
script with the last commit that wrote them, which stands in the history.
"""

import os
import subprocess
import sys
from pathlib import Path

from paretide.engine.store.stamp import SCHEMA_VERSION

FOLDER = Path(__file__).parent

SCRIPT = """
import os, pathlib, socket, sys, toy, traceback, paretide as pt
from paretide.engine.executors import worker
house = str(pathlib.Path(worker.__file__).parents[2]) + os.sep
whole = traceback.format_exc
traceback.format_exc = lambda: whole().replace(house, "paretide/")
socket.gethostname = lambda: "host"
class Mixed(toy.Mixed):
    def evaluate(self, x, ctx):
        if ctx.id == 27:
            os._exit(9)
        if ctx.id % 10 == 9:
            raise ValueError("every tenth")
        ctx.log(twice=2 * x["width"], kind=x["kind"])
        return super().evaluate(x, ctx)
pt.minimize(
    Mixed(scale=0.5), pt.NSGA2(size=10), budget=20, seed=3, store=sys.argv[1],
    initial=[{"rate": 0.01, "width": 8, "kind": "b", "flag": True, "step": 32}],
)
pt.resume(sys.argv[1], budget=20, problem=Mixed(scale=0.5))
"""

if __name__ == "__main__":
    path = FOLDER / f"schema{SCHEMA_VERSION}.h5"
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(path)], check=False)
    assert done.returncode == 9
    os.unlink(f"{path}.lock")

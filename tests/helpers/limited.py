"""A problem some of whose values are known ahead, that workers can import."""

from pathlib import Path

import paretide as pt


class Touching(pt.Problem):
    """Leaves a file for each candidate that is trained; ``known`` is wrong for every third width.

    Args:
        folder: Of the files.
        wrong: "raises", or "names" for a name that there is not.
    """

    space = pt.Space(width=pt.Int(1, 400), rate=pt.Float(0.0, 1.0))
    objectives = {"error": "min", "size": "min"}
    constraints = {"width": pt.upper(40)}

    def __init__(self, folder, wrong):
        self.folder, self.wrong = folder, wrong

    def known(self, x):
        third = x["width"] % 3 == 0
        if third and self.wrong == "raises":
            raise ValueError("no layer of that width")
        return {"width": 1, "sise" if third else "size": 1.0}

    def evaluate(self, x, ctx):
        (Path(self.folder) / str(ctx.id)).touch()
        return {"error": x["rate"]}

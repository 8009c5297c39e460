"""Jobs that take a while, from one of them on."""

import time

import toy


class Late(toy.Schaffer):
    """From candidate ``first`` on each takes so many seconds."""

    def __init__(self, first=4, seconds=1.0):
        self.first = first
        self.seconds = seconds

    def evaluate(self, x, ctx):
        if ctx.id >= self.first:
            time.sleep(self.seconds)
        return super().evaluate(x, ctx)

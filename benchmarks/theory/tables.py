"""The study's tables, in Markdown. Each is made of the rows of one part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log
from typing import Any

import numpy as np
from cells import IDENTITY, MARKS
from estimates import exponent, growth, quartiles, ratio

Rows = list[dict[str, Any]]

TARGET = 0.99  # of classic's hypervolume

BOUNDS: dict[str, tuple[str, Callable[[int], float]]] = {
    "classic": ("n^2 log n", lambda n: n**2 * log(n)),
    "dynamic": ("n log^2 n", lambda n: n * log(n) ** 2),
    "dynamic, one tau": ("n log^2 n", lambda n: n * log(n) ** 2),
    "concurrent": ("n log^3 n", lambda n: n * log(n) ** 3),
}
"""What the theory says the runtime on OneMinMax grows like, up to a constant."""


def generator() -> np.random.Generator:
    """Of the resampling: every table is the same whatever was computed before it."""
    return np.random.default_rng(0)


def grouped(rows: Rows, *names: str) -> dict[Any, Rows]:
    """Rows by these of their values, or arguments, in the order of their first."""
    groups: dict[Any, Rows] = {}
    for row in rows:
        values = tuple(row[name] if name in IDENTITY else row["arguments"][name] for name in names)
        groups.setdefault(values if len(names) > 1 else values[0], []).append(row)
    return groups


def taken(rows: Rows) -> list[float]:
    """Evaluations to the whole front; the budget where it was not found."""
    return [float(row["evaluations"]) for row in rows]


def missed(rows: Rows) -> int:
    return sum(not row["covered"] for row in rows)


def markdown(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float) -> str:
    """Four digits are enough; thousands stand apart."""
    if value >= 1000:
        return f"{round(value):,}".replace(",", " ")
    return f"{value:.4g}"


def spread(rows: Rows) -> str:
    """Median with quartiles, and how many runs were given up."""
    low, middle, high = quartiles(taken(rows))
    gone = f", {missed(rows)} not covered" if missed(rows) else ""
    return f"{number(middle)} ({number(low)} to {number(high)}{gone})"


def runtime(rows: Rows) -> str:
    """Evaluations by algorithm and n."""
    sizes = sorted(grouped(rows, "n"))
    body = [
        [name, *(spread(of) for _, of in sorted(grouped(group, "n").items()))]
        for name, group in grouped(rows, "algorithm").items()
    ]
    return markdown(["evaluations, median (quartiles)", *(f"n = {n}" for n in sizes)], body)


def exponents(rows: Rows) -> str:
    """Fitted growth, beside what the bound has over the same n."""
    body, rng = [], generator()
    for name, group in grouped(rows, "algorithm").items():
        samples = {n: taken(of) for n, of in grouped(group, "n").items()}
        fitted, (low, high) = growth(samples, rng)
        formula, bound = BOUNDS[name]
        sizes = sorted(samples)
        promised = exponent(sizes, [bound(n) for n in sizes])
        body.append([name, f"{fitted:.2f}", f"{low:.2f} to {high:.2f}", formula, f"{promised:.2f}"])
    return markdown(["algorithm", "exponent", "95% interval", "bound", "its exponent here"], body)


def speedups(rows: Rows) -> str:
    """Classic's median over that of the others."""
    by, rng = grouped(rows, "algorithm", "n"), generator()
    sizes = sorted(grouped(rows, "n"))
    body = []
    for name in grouped(rows, "algorithm"):
        if name != "classic":
            ratios = [ratio(taken(by["classic", n]), taken(by[name, n]), rng) for n in sizes]
            body.append(
                [name, *(f"{r:.1f} ({low:.1f} to {high:.1f})" for r, (low, high) in ratios)]
            )
    return markdown(["speedup (95% interval)", *(f"n = {n}" for n in sizes)], body)


def edge(rows: Rows) -> str:
    """How many runs cover the front with n_max = n + 1."""
    head = ["n", "budget", "crowding distance", "covered", "median of those"]
    body = [
        [str(n), number(budget), name, *_covered(of)]
        for (n, budget, name), of in grouped(rows, "n", "budget", "algorithm").items()
    ]
    return markdown(head, body)


def _covered(rows: Rows) -> list[str]:
    found = taken([row for row in rows if row["covered"]])
    return [f"{len(found)} of {len(rows)}", number(float(np.median(found))) if found else "-"]


def many(rows: Rows) -> str:
    """How many runs cover the front of OneMinMax with more than two objectives."""
    head = ["problem", "budget", "N", "crowding distance", "ties", "covered", "median of those"]
    body = [
        [problem, number(budget), *name.split(", "), *_covered(of)]
        for problem, group in instances(rows).items()
        for (budget, name), of in grouped(group, "budget", "algorithm").items()
    ]
    return markdown(head, body)


def instances(rows: Rows) -> dict[str, Rows]:
    """Rows by problem with its arguments."""
    groups: dict[str, Rows] = {}
    for row in rows:
        values = ", ".join(f"{name} = {value}" for name, value in row["arguments"].items())
        groups.setdefault(f"{row['problem']}, {values}", []).append(row)
    return groups


def others(rows: Rows) -> str:
    """Evaluations and speedups on the other problems."""
    rng = generator()
    body = []
    for problem, group in instances(rows).items():
        by = grouped(group, "algorithm")
        for name, of in by.items():
            gain, (low, high) = ratio(taken(by["classic"]), taken(of), rng)
            said = "1" if name == "classic" else f"{gain:.2f} ({low:.2f} to {high:.2f})"
            body.append([problem, name, spread(of), said])
    head = ["problem", "algorithm", "evaluations, median (quartiles)", "speedup (95% interval)"]
    return markdown(head, body)


def at(row: dict[str, Any], evaluations: int) -> tuple[float, int]:
    """Hypervolume and lost segments once so many evaluations were used."""
    looks = [look for look in row["curve"] if look[0] <= evaluations]
    return looks[-1][1], looks[-1][2]


def volume(rows: Rows, evaluations: int) -> float:
    return float(np.median([at(row, evaluations)[0] for row in rows]))


def until(row: dict[str, Any], least: float) -> float:
    """Evaluations until the hypervolume is this, or infinity."""
    return next((float(look[0]) for look in row["curve"] if look[1] >= least), np.inf)


def continuous(rows: Rows) -> str:
    """Hypervolume as a share of classic's after the last mark, and evaluations to the target."""
    first, middle, last = MARKS
    head = [
        "problem", f"classic, {number(first)}", f"dynamic, {number(first)}",
        f"classic, {number(middle)}", f"classic to {TARGET:.0%}", f"dynamic to {TARGET:.0%}",
    ]  # fmt: skip
    body = []
    for problem, group in grouped(rows, "problem").items():
        by = grouped(group, "algorithm", "budget")
        classic, dynamic = by["classic", last], by["dynamic", first]
        best, target = volume(classic, last), TARGET * volume(classic, middle)
        shares = [volume(of, n) / best for of, n in
                  ((classic, first), (dynamic, first), (classic, middle))]  # fmt: skip
        body.append([problem, *(f"{share:.4f}" for share in shares),
                     _reached(classic, target), _reached(dynamic, target)])  # fmt: skip
    return markdown(head, body)


def side_by_side(rows: Rows) -> str:
    """Concurrent runs with a small budget: hypervolume as a share of classic's at its end."""
    first, _, last = MARKS
    by = grouped([row for row in rows if row["problem"] == "zdt1"], "algorithm", "budget")
    best = volume(by["classic", last], last)
    body = [
        [name, number(first), f"{volume(by[name, first], first) / best:.4f}"]
        for name in ("dynamic", "concurrent")
    ]
    return markdown(["ZDT1", "evaluations", "hypervolume"], body)


def _reached(rows: Rows, least: float) -> str:
    used = np.array([until(row, least) for row in rows])
    found = np.count_nonzero(np.isfinite(used))
    if 2 * found <= len(used):  # the median is not known
        return f"- ({found} of {len(used)})"
    median = number(float(np.median(used)))
    return median if found == len(used) else f"{median} ({found} of {len(used)})"


def segments(rows: Rows) -> str:
    """Runs on ZDT3 whose front lacks a part at the end."""
    body = []
    here = [row for row in rows if row["problem"] == "zdt3"]
    for (name, budget), of in grouped(here, "algorithm", "budget").items():
        for mark in MARKS if name == "classic" else (budget,):
            lost = [at(row, mark)[1] for row in of]
            runs = sum(n > 0 for n in lost)
            share = f"{runs / len(of):.0%}"
            body.append([name, number(mark), f"{runs} of {len(of)}", share, str(sum(lost))])
    return markdown(["ZDT3", "evaluations", "runs with a lost segment", "share", "segments"], body)


TABLES: dict[str, dict[str, Callable[[Rows], str]]] = {
    "runtime": {"runtime": runtime, "exponents": exponents, "speedups": speedups},
    "edge": {"edge": edge},
    "many": {"many": many},
    "others": {"others": others},
    "continuous": {"continuous": continuous, "concurrent": side_by_side, "segments": segments},
}
"""By part, and by name."""


def report(rows: Rows) -> str:
    """All tables that the rows are enough for."""
    sections = []
    for part, group in grouped(rows, "part").items():
        for name, table in TABLES[part].items():
            sentence = (table.__doc__ or "").splitlines()[0]
            if name == "exponents" and len(grouped(group, "n")) < 2:
                continue
            needed = {"segments": "zdt3", "concurrent": "zdt1"}.get(name)
            if needed and not any(row["problem"] == needed for row in group):
                continue
            sections.append(f"## {name}\n\n{sentence}\n\n{table(group)}\n")
    return "\n".join(sections)

"""Medians and ratios of what was measured, as Markdown."""

import platform
from importlib import metadata
from pathlib import Path

import numpy as np

OURS = "paretide"


def machine(peers):
    """What a figure depends on."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": f"{models[0] if models else platform.processor()}, {platform.machine()}",
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "versions": {name: metadata.version(name) for name in ("numpy", "moocore", *peers)},
    }


def ratios(row, peer):
    """Seconds of a peer over ours, of the rounds in which both ran."""
    theirs, ours = row["runs"][peer], row["runs"][OURS]
    return np.array([t["seconds"] / o["seconds"] for t, o in zip(theirs, ours, strict=False)])


def summary(rows, peers):
    """Per peer: quartiles of the ratios of each row, their geometric mean and the least."""
    result = {}
    for peer in peers:
        if peer != OURS:
            quartiles = [np.percentile(ratios(row, peer), [25, 50, 75]) for row in rows]
            medians = np.array([middle for _, middle, _ in quartiles])
            result[peer] = {
                "quartiles": [list(three) for three in quartiles],
                "geometric_mean": float(np.exp(np.log(medians).mean())),
                "least": float(medians.min()),
            }
    return result


def times_table(rows, peers):
    """Medians of seconds and of hypervolume."""
    lines = [f"| seconds; hypervolume | {' | '.join(peers)} |", "|---" * (len(peers) + 1) + "|"]
    for row in rows:
        cells = []
        for peer in peers:
            runs = row["runs"][peer]
            seconds, volume = (
                np.median([run[what] for run in runs]) for what in ("seconds", "hypervolume")
            )
            cells.append(f"{seconds:.3g}; {volume:.4f}")
        lines.append(f"| {row['row']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def ratios_table(rows, peers):
    """How many times faster we are, with quartiles where there is more than one round."""
    found = summary(rows, peers)
    others = list(found)
    lines = [f"| time / that of {OURS} | {' | '.join(others)} |", "|---" * (len(others) + 1) + "|"]
    for i, row in enumerate(rows):
        cells = []
        for peer in others:
            low, middle, high = found[peer]["quartiles"][i]
            spread = f" ({low:.2f} to {high:.2f})" if len(row["runs"][peer]) > 1 else ""
            cells.append(f"{middle:.2f}{spread}")
        lines.append(f"| {row['row']} | {' | '.join(cells)} |")
    for what, key in (("geometric mean", "geometric_mean"), ("least", "least")):
        lines.append(f"| {what} | {' | '.join(f'{found[p][key]:.2f}' for p in others)} |")
    return "\n".join(lines)

"""Runs as rows of named values, for other programs: JSON and CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any, TextIO

import numpy as np

from .engine.population import Population
from .engine.run import Run


def _records(run: Run, population: Population) -> Iterator[dict[str, Any]]:
    """Candidates by name, decoded, with what was logged."""
    names = run.definition.space.names
    for i, id in enumerate(population.ids.tolist()):
        candidate = run.definition.space.candidate(population.X[i])
        values = (
            candidate if isinstance(candidate, dict) else dict(zip(names, candidate, strict=True))
        )
        yield {
            "id": id,
            **{name: v.item() if isinstance(v, np.generic) else v for name, v in values.items()},
            **dict(zip(run.definition.objectives, population.F[i].tolist(), strict=True)),
            **dict(zip(run.definition.constraints, population.G[i].tolist(), strict=True)),
            **{f"log.{k}": v for k, v in run.evaluations.extras.get(id, {}).items()},
        }


def front_json(run: Run) -> str:
    """What the run is and its front, as JSON."""
    front = run.front()
    return json.dumps(
        {
            "problem": run.specification["problem"],
            "algorithm": run.specification["algorithm"],
            "seed": run.specification["seed"],
            "budget": run.specification["budget"],
            "evaluations": len(run.evaluations),
            "failed": len(run.evaluations.failures),
            "stopped_by": run.stopped_by,
            "feasible": bool(front.feasible.all()),
            "front": list(_records(run, front)),
        },
        indent=1,
        default=str,
    )


def write_csv(run: Run, file: TextIO) -> None:
    """Every evaluation in the order it was told, failed ones with their reason."""
    everything = run.evaluations
    population = everything.population(np.arange(len(everything)))
    logged = dict.fromkeys(f"log.{k}" for e in everything.extras.values() for k in e)
    definition = run.definition
    fields = ["id", *definition.space.names, *definition.objectives, *definition.constraints]
    writer = csv.DictWriter(file, [*fields, *logged, "generation", "failure"], lineterminator="\n")
    writer.writeheader()
    for record, generation in zip(
        _records(run, population), everything.generation.tolist(), strict=True
    ):
        failure = everything.failures.get(record["id"])
        writer.writerow(
            {**record, "generation": generation, "failure": failure.reason if failure else ""}
        )

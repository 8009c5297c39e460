"""Evaluations until the population after selection holds the whole front of OneMinMax.

Dynamic population with its defaults (start 4, at most 4 (n + 1)) against the classic NSGA-II of
that size.
"""

import argparse

import numpy as np

import paretide as pt


def evaluations_to_cover(specification, n: int, seed: int, most: int) -> int:
    problem = pt.OneMinMax(n)
    machine = specification.start(problem, seed=seed)
    while machine.evaluations < most:
        batch = machine.ask()
        machine.tell(batch, F=problem.evaluate_batch(batch.X))
        if problem.front_covered(machine.population.F):
            return machine.evaluations
    return most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--classic", action="store_true", help="the classic one too: minutes")
    parser.add_argument("--keep-duplicates", action="store_true", help="as the theory has it")
    options = parser.parse_args()
    size = 4 * (options.n + 1)
    unique = not options.keep_duplicates
    rows = {"dynamic": pt.DynamicNSGA2(start=4, max_size=size, eliminate_duplicates=unique)}
    if options.classic:
        rows["classic"] = pt.NSGA2(size=size, eliminate_duplicates=unique)
    print("| algorithm | n | median | quartiles | not covered |\n|---|---|---|---|---|")
    for name, specification in rows.items():
        most = 1000 * options.n * options.n // 10
        used = [
            evaluations_to_cover(specification, options.n, seed, most)
            for seed in range(options.seeds)
        ]
        low, middle, high = np.percentile(used, [25, 50, 75])
        missed = sum(u >= most for u in used)
        print(f"| {name} | {options.n} | {middle:.0f} | {low:.0f} to {high:.0f} | {missed} |")


if __name__ == "__main__":
    main()

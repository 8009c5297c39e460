"""What users of other tools write, and what it is called here.

pymoo's, Optuna's, SciPy's and DEAP's names are no names of ours, but what is meant is clear: a
refusal says what to write instead.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import sys
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

from ..errors import ConfigurationError

P = ParamSpec("P")
R = TypeVar("R")

WHOLE_RUN = {
    **dict.fromkeys(
        ("n_gen", "n_gens", "ngen", "n_generations", "generations", "max_gen", "maxiter",
         "max_iter", "n_iter", "iterations"),
        "budget={value} * size, the evaluations in all, or stop=pt.MaxGenerations({value})",
    ),
    **dict.fromkeys(
        ("n_eval", "n_evals", "n_evaluations", "n_trials", "max_evals", "max_eval", "maxfev",
         "max_evaluations", "num_samples", "evaluations"),
        "budget={value}",
    ),
    "termination": "budget=1000, the evaluations in all, or a condition like "
    "stop=pt.MaxGenerations(50)",
    "timeout": "stop=pt.MaxSeconds({value}); for one evaluation: executor=pt.ProcessExecutor("
    "timeout={value})",
    **dict.fromkeys(
        ("verbose", "disp", "display", "show_progress_bar", "progress_bar"), "progress=True"
    ),
    "save_history": "store=\"run.h5\", which keeps every evaluation and population",
    "history": "store=\"run.h5\", which keeps every evaluation and population",
    **dict.fromkeys(("study_name", "storage", "load_if_exists", "checkpoint"), "store=\"run.h5\""),
    "callback": "callbacks=[{value}]",
    **dict.fromkeys(
        ("n_jobs", "n_workers", "workers", "num_workers", "n_processes", "processes", "parallel",
         "runner", "elementwise_runner"),
        "executor=pt.ProcessExecutor(workers=2), or pt.RayExecutor(workers=16)",
    ),
    **dict.fromkeys(("random_state", "random_seed", "rng"), "seed={value}"),
    **dict.fromkeys(
        ("x0", "X0", "initial_population", "init_pop", "points_to_evaluate", "sampling"),
        "initial=[...], the candidates to begin with",
    ),
    **dict.fromkeys(
        ("direction", "directions", "sense", "senses"),
        "objectives = {{\"cost\": \"min\", \"gain\": \"max\"}} in the problem's class",
    ),
    **dict.fromkeys(
        ("bounds", "xl", "xu", "lower_bounds", "upper_bounds", "search_space", "n_var"),
        "space = pt.Real(low, high) in the problem's class",
    ),
    **dict.fromkeys(
        ("constraints", "constr", "n_constr", "n_ieq_constr"),
        "constraints = {{\"stress\": pt.upper(240)}} in the problem's class",
    ),
    **dict.fromkeys(("method", "sampler", "optimizer"), "the algorithm: pt.NSGA2(size=100)"),
    "metric": "objectives = {{\"cost\": \"min\"}} in the problem's class",
    **dict.fromkeys(
        ("size", "pop_size", "popsize", "population_size", "n_pop"),
        "the algorithm's: pt.NSGA2(size={value})",
    ),
}  # fmt: skip
"""By the foreign name of something about the whole run: what to write; ``{value}`` is the value."""

ALGORITHM = {
    **dict.fromkeys(
        ("pop_size", "popsize", "population_size", "pop", "npop", "n_pop", "n_individuals", "mu",
         "population"),
        "size={value}",
    ),
    **dict.fromkeys(
        ("n_offsprings", "n_offspring", "offsprings", "lambda_"), "offspring={value}"
    ),
    **dict.fromkeys(("survival", "selection"), "crowding= and ties=, which decide who stays, or "
        "pt.Evolution(survival=...) with one of your own"),
    **dict.fromkeys(("eliminate_duplicates", "eliminate_duplicate"), "duplicates={value}"),
    **dict.fromkeys(
        ("cxpb", "crossover_prob", "prob_crossover", "pc", "prob_cross"),
        "crossover=pt.SBX(prob={value})",
    ),
    **dict.fromkeys(
        ("mutpb", "mutation_prob", "prob_mutation", "pm", "prob_mut"),
        "mutation=pt.PolynomialMutation(prob={value}), or pt.BitFlip for bits",
    ),
    **dict.fromkeys(("eta", "eta_c", "eta_crossover"), "crossover=pt.SBX(eta={value})"),
    **dict.fromkeys(("eta_m", "eta_mutation"), "mutation=pt.PolynomialMutation(eta={value})"),
    **{
        name: f"minimize's: {meant}"
        for name, meant in WHOLE_RUN.items()
        if name not in ("size", "pop_size", "popsize", "population_size", "n_pop", "sampling")
    },
    **{
        name: f"minimize's: {name}={{value}}"
        for name in ("seed", "budget", "executor", "store", "initial", "stop", "callbacks")
    },
}  # fmt: skip
"""By the foreign name of a setting of an algorithm: what to write."""

DYNAMIC = {
    **ALGORITHM,
    **dict.fromkeys(
        ("n_offsprings", "n_offspring", "offsprings", "offspring", "lambda_"),
        'no number: a generation has as many children as the population, and with mode="steady" '
        "one is born at a time",
    ),
    **{
        name: "max_size={value}"
        for name, meant in {**ALGORITHM, "size": "size={value}"}.items()
        if meant == "size={value}"
    },
}
"""The same of an algorithm with a dynamic population."""

WORKERS = tuple(name for name, text in WHOLE_RUN.items() if text.startswith("executor="))
"""What the number of workers is called elsewhere."""

EXECUTOR = {
    **dict.fromkeys(WORKERS, "workers={value}"),
    **dict.fromkeys(("max_retries", "retry", "max_failures"), "retries={value}"),
    **dict.fromkeys(("time_limit", "max_seconds", "deadline"), "timeout={value}"),
    **dict.fromkeys(("num_gpus", "n_gpus", "gpu"), "gpus={value}"),
    **dict.fromkeys(("num_cpus", "n_cpus", "cpu"), "cpus={value}"),
}
"""By the foreign name of a setting of an executor: what to write."""

IN_A_FILE = {
    name: {
        WHOLE_RUN["n_gen"]: "budget = {value} * size, the evaluations in all",
        WHOLE_RUN["timeout"]: "max_seconds = {value}; for one evaluation: executor.timeout",
        WHOLE_RUN["pop_size"]: "algorithm.size = {value}",
        WHOLE_RUN["n_jobs"]: 'executor.workers = {value}, with executor.name = "processes"',
        WHOLE_RUN["random_state"]: "seed = {value}",
        WHOLE_RUN["verbose"]: "the option --progress",
    }.get(text, text)
    for name, text in WHOLE_RUN.items()
}
"""By the foreign name of a key of a configuration: what to write there."""

ALGORITHMS = {
    "dynamicnsga2": "dnsga2",
    "nsga2d": "dnsga2",
    "concurrentdynamicnsga2": "concurrent-dnsga2",
    "concurrentnsga2": "concurrent-dnsga2",
}
"""By what algorithms are called elsewhere, squeezed: their names."""

EXECUTORS = {
    **dict.fromkeys(
        ("multiprocessing", "joblib", "pool", "parallel", "threads", "thread", "loky", "spawn"),
        "processes",
    ),
    **dict.fromkeys(("sequential", "local", "inline", "none"), "serial"),
    "cluster": "ray",
}
"""By what executors are called elsewhere: their names."""

NEARLY = 0.81
"""How alike a misspelled name is; "nsga3", which is another algorithm, is less like "nsga2"."""

BY_PLACE = ("budget", "size", "max_size")
"""What a number without a name is meant to be, of whatever has the argument."""

FUNCTION = (
    "a problem is a class: class Mine(pt.Problem) with space, objectives and "
    "evaluate(self, x, ctx), which returns its values by name; pass an instance of it"
)


def meant(name: str, value: object, foreign: Mapping[str, str], known: Iterable[str]) -> str:
    """What to write instead of a name that is none, to stand behind a message; "" if unknown."""
    if name in foreign:
        return f"; you mean {foreign[name].format(value=_short(value))}"
    near = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.7)
    return f"; you mean {near[0]}={_short(value)}" if near else ""


def meant_options(words: Sequence[str], known: Container[str]) -> list[str]:
    """What to write instead of each option of a command line that is another tool's."""
    found = []
    for word, value in zip(words, [*words[1:], ""], strict=True):
        option, separator, own = word.partition("=")
        name = option.removeprefix("--").replace("-", "_")
        if option.startswith("--") and name in IN_A_FILE and name not in known:
            text = IN_A_FILE[name].format(value=own if separator else value)
            found.append(f"{option}: you mean {text}; an option, or a key for --set")
    return found


def meant_name(name: str, known: Iterable[str], foreign: Mapping[str, str]) -> str:
    """Which of the known names is meant, as "nsga2" by "NSGA-II"; "" if that is not clear."""
    by_squeezed = {_squeezed(own): own for own in known}
    squeezed = _squeezed(name)
    if squeezed in foreign:
        return f"; you mean {foreign[squeezed]!r}"
    near = difflib.get_close_matches(squeezed, list(by_squeezed), n=1, cutoff=NEARLY)
    return f"; you mean {by_squeezed[near[0]]!r}" if near else ""


def _squeezed(name: str) -> str:
    """Without what spellings of one name differ by."""
    letters = "".join(c for c in name.lower() if c.isalnum())
    return letters.removesuffix("ii") + "2" if letters.endswith("nsgaii") else letters


def check_arguments(
    what: str,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    foreign: Mapping[str, str],
) -> None:
    """Raise ConfigurationError for arguments that ``function`` has no name or place for."""
    parameters = inspect.signature(function).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return  # takes any name
    known = [name for name, p in parameters.items() if p.kind is not p.VAR_POSITIONAL]
    for name, value in kwargs.items():
        if name not in known:
            raise ConfigurationError(
                f"{what} has no argument {name!r}{meant(name, value, foreign, known)}; "
                f"it has {known}"
            )
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    places = [name for name, p in parameters.items() if p.kind in by_place]
    any_number = any(p.kind is p.VAR_POSITIONAL for p in parameters.values())
    if len(args) > len(places) and not any_number:
        extra = args[len(places)]
        raise ConfigurationError(
            f"{what} takes "
            + (f"{' and '.join(places)} by place and everything else" if places else "everything")
            + f" by name, got {_short(extra)}{_meant_by_place(extra, known)}"
        )


def foreign_names(names: Mapping[str, str]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator: names of other tools are refused with what to write instead."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            check_arguments(function.__name__, function, args, kwargs, names)
            return function(*args, **kwargs)

        return called

    return decorate


def meant_algorithm(given: Any) -> str:
    """What to write instead of something that is no algorithm, to stand behind a message."""
    if isinstance(given, str):
        return "; you mean pt.NSGA2(size=100), or pt.DynamicNSGA2(max_size=100)"
    if isinstance(given, type):
        return f"; that is a class: pass an instance, {given.__name__}(...)"
    if _is_of("pymoo", given):
        return f"; you mean pt.NSGA2(size={getattr(given, 'pop_size', None) or 100})"
    if hasattr(given, "evaluate") or hasattr(given, "evaluate_batch"):
        return "; the problem comes first, then the algorithm"
    return ""


def refuse_foreign_problem(problem: Any) -> None:
    """Raise ConfigurationError for what other tools optimize, saying what a problem is here."""
    if inspect.isroutine(problem) or isinstance(problem, functools.partial):
        raise ConfigurationError(f"the problem is the function {_short(problem)}; {FUNCTION}")
    if isinstance(problem, str):
        raise ConfigurationError(
            f"the problem is the text {problem!r}; you mean an instance of its class, or "
            f"pymoo.problems.get_problem({problem!r})"
        )
    if _is_of("optuna", problem):
        raise ConfigurationError(f"the problem is Optuna's {type(problem).__name__}; {FUNCTION}")
    evaluates = any(hasattr(problem, name) for name in ("evaluate", "evaluate_batch"))
    if hasattr(problem, "_evaluate") and not evaluates and not isinstance(problem, type):
        raise ConfigurationError(
            f"{type(problem).__name__} defines pymoo's _evaluate(x, out); a pt.Problem defines "
            "evaluate(self, x, ctx), which returns its values by name, or evaluate_batch(self, X)"
        )


def meant_condition(given: Any) -> str:
    """What is meant by pymoo's conditions, like ``("n_gen", 100)``; "" if it is none of them."""
    if isinstance(given, tuple) and len(given) == 2 and given[0] in tuple(WHOLE_RUN):
        return f"; you mean {WHOLE_RUN[given[0]].format(value=_short(given[1]))}"
    return f"; you mean {WHOLE_RUN['termination']}" if _is_of("pymoo", given) else ""


def _meant_by_place(extra: Any, known: Iterable[str]) -> str:
    """What is meant by an argument without a name, like pymoo's third."""
    if isinstance(extra, int):
        return next((f"; you mean {n}={extra}" for n in BY_PLACE if n in known), "")
    return meant_condition(extra)


def _is_of(package: str, value: Any) -> bool:
    """Whether a value is an instance of a class of that package; it is never imported for that."""
    return package.split(".", maxsplit=1)[0] in sys.modules and any(
        f"{kind.__module__}.".startswith(f"{package}.") for kind in type(value).__mro__
    )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

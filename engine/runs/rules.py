"""The rules that a run goes by, as a number: the same specification gives the same bits by them.

``RULES`` is raised by one whenever a version of paretide would give other bits for a specification
that an earlier one could have written: another order of draws, another default that a file does not
hold, another order of telling. It stays for new settings, faster code, and files laid out anew. A
run goes on, and is replayed, by the rules that it was started under or not at all.

1: the first. Files that name no rules are of these.
2: nobody who was ever drawn is drawn again (``duplicates="all"``); contestants of tournaments come
   from permutations and are compared by dominance; samples are scrambled Sobol sequences; bits are
   crossed; mixed variables are varied more widely; copies in the objectives give way; sizes and
   windows come from the budget.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import StoreVersion

RULES = 2


def refuse_other_rules(specification: dict[str, Any], path: Path) -> None:
    """Raise StoreVersion for a run of other rules, with what starts a new one from it."""
    rules = specification.get("rules", 1)
    if rules == RULES:
        return
    if rules > RULES:
        raise StoreVersion(
            f"{path} is a run by rules {rules}, and this paretide knows them up to {RULES}: go on "
            "with a newer paretide"
        )
    problem = specification["problem"]["target"] or "FILE.py:NAME"
    raise StoreVersion(
        f"{path} is a run by rules {rules}, and this paretide goes by rules {RULES}: it would give "
        "other bits, so the run is neither continued nor replayed. Start a new one from it: "
        f"paretide run {problem} --initial {path.name} --store new.h5 --budget 1000; or go on with "
        f"paretide {specification['versions']['paretide']}, which wrote it. It can be shown, "
        "verified, exported, and serve as initial= and cache="
    )

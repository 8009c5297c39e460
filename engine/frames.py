"""Tables with names, for pandas."""

from __future__ import annotations

from typing import Any

from ..errors import ConfigurationError
from ..problems.definition import Definition
from ..typing import Candidates, FloatArray, IntArray


def frame(
    definition: Definition,
    ids: IntArray,
    X: Candidates,
    F: FloatArray,
    G: FloatArray,
    **more: Any,
) -> Any:
    """A DataFrame with a row a candidate: id, variables (as shown), objectives, constraints, more.

    Raises ConfigurationError if pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise ConfigurationError("to_frame needs pandas: pip install pandas") from None
    space = definition.space
    columns: dict[str, Any] = {"id": ids}
    if "variables" in space.describe():
        rows = [space.show(row) for row in X]
        columns |= {name: [row[name] for row in rows] for name in space.names}
    else:
        columns |= {name: X[:, j] for j, name in enumerate(space.names)}
    columns |= {name: F[:, j] for j, name in enumerate(definition.objectives)}
    columns |= {name: G[:, j] for j, name in enumerate(definition.constraints)}
    return pd.DataFrame({**columns, **more})

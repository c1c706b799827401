"""Choose the numbers of a design by its exact operating characteristics."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from myelodose.characteristics.exact import exact
from myelodose.characteristics.truth import TruthLike
from myelodose.designs.base import Design
from myelodose.errors import InputError

ORDER = ("correct", "overdosed_patients")
"""What settings are ranked by: the first as high as may be, then the second as low."""


def search_designs(
    make: Callable[..., Design],
    grid: Mapping[str, Sequence[Any]],
    truth: TruthLike,
    *,
    target: float,
    patients: int,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Exact characteristics of a design at every setting of a grid, best first.

    Args:
        make: Makes a design from the settings by name; a combination that it refuses with an
            `InputError` is listed with the reason and without numbers.
        grid: Values to try, by name of the setting.
        truth: Scenarios of true DLT risks, as in `exact`.
        target: Target DLT risk. The correct selection of a scenario is the highest dose with a
            risk of at most the target (plus rounding), or no dose where there is none.
        patients: Most patients of a trial.
        progress: Called with the settings done and the settings in all.

    Returns:
        One row for each setting, ranked: `correct`, the mean over scenarios of the probability of
        the correct selection; `worst`, its lowest; `overdosed_patients`, the mean share of patients
        treated above the target; `size`, the mean number of patients; `undecided`, the highest
        probability of a numerically undecided trial; `refused`, why there are no numbers.

    Raises:
        InputError: If the grid is empty.

    Example:
        >>> from myelodose.designs.boin import Boin
        >>> found = search_designs(
        ...     lambda enough: Boin(doses=3, target=0.3, stop_at=enough),
        ...     {"enough": [6, 12]},
        ...     [[0.1, 0.3, 0.5], [0.3, 0.5, 0.6]],
        ...     target=0.3,
        ...     patients=18,
        ... )
        >>> found.index.name, len(found)
        ('enough', 2)
    """
    if not grid or not all(len(values) for values in grid.values()):
        raise InputError("search_designs, grid", f"found {dict(grid)}", "give values to try")
    settings = [
        dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())
    ]
    rows = []
    for done, setting in enumerate(settings, 1):
        try:
            rows.append(setting | _score(make(**setting), truth, target, patients))
        except InputError as refused:
            rows.append(setting | {"refused": str(refused)})
        if progress is not None:
            progress(done, len(settings))
    table = pd.DataFrame(rows)
    if "correct" in table:
        ascending = [False, True]
        table = table.sort_values(list(ORDER), ascending=ascending, kind="stable")
    return table.set_index(list(grid))


def correct_selection(risk: np.ndarray, target: float) -> int:
    """The highest level with a risk of at most the target, -1 if there is none.

    Args:
        risk: True DLT risks, rising.
        target: Target risk.

    Example:
        >>> correct_selection(np.array([0.1, 0.3, 0.5]), 0.3)
        1
    """
    return int((np.asarray(risk) <= target + 1e-9).sum()) - 1


def _score(design: Design, truth: TruthLike, target: float, patients: int) -> dict[str, float]:
    found = exact(design, truth, patients=patients)
    if "scenario" not in found.dims:
        found = found.expand_dims("scenario")
    right = np.array(
        [_probability(found.isel(scenario=i), target) for i in range(found.sizes["scenario"])]
    )
    above = found.share.where(found.truth > target + 1e-9, 0.0).sum("level")
    return {
        "correct": float(right.mean()),
        "worst": float(right.min()),
        "overdosed_patients": float(above.mean()),
        "size": float(found["size"].mean()),
        "undecided": float(found.undecided.max()),
    }


def _probability(one: xr.Dataset, target: float) -> float:
    """Of the correct selection in one scenario."""
    level = correct_selection(one.truth.values, target)
    return float(one.selected_none) if level < 0 else float(one.selected[level])

"""What the DLT risks truly are, as one array over scenarios and doses."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np
import xarray as xr
from jaxtyping import Float
from numpy.typing import ArrayLike

from myelodose.errors import InputError, check_numbers

type TruthLike = ArrayLike | Mapping[str, ArrayLike] | xr.DataArray


class Leveled(Protocol):
    """Anything over dose levels."""

    @property
    def levels(self) -> int:
        """How many there are."""
        ...


class Truth(NamedTuple):
    """True DLT risks.

    Attributes:
        names: One name a scenario.
        risk: Scenario x level.
        single: Whether one scenario was given without a name.
    """

    names: tuple[str, ...]
    risk: Float[np.ndarray, "scenario level"]
    single: bool


def read_truth(truth: TruthLike, design: Leveled, place: str) -> Truth:
    """True DLT risks from one list, a table, named lists or labelled data.

    Args:
        truth: Risks by level; scenario x level; a mapping from names to risks; or a DataArray
            with the dimensions `scenario` and `dose`, or `dose` alone.
        design: The design, for its doses.
        place: What to name in an error.

    Raises:
        InputError: If a scenario has another number of doses, or a risk cannot be.
    """
    if isinstance(truth, xr.DataArray):
        names, rows, single = _labelled(truth, place)
    elif isinstance(truth, Mapping):
        names, rows, single = tuple(map(str, truth)), list(truth.values()), False
    else:
        rows = np.asarray(truth, float)
        single = rows.ndim == 1
        rows = np.atleast_2d(rows)
        names = tuple(str(k + 1) for k in range(len(rows)))
    for name, row in zip(names, rows, strict=True):
        if np.shape(row) != (design.levels,):
            found = f"found {np.size(row)} risks in scenario '{name}'"
            raise InputError(f"{place}, truth", found, f"give {design.levels}, one a dose")
    risk = np.asarray(rows, float)
    fine = (risk >= 0) & (risk <= 1)
    check_numbers(f"{place}, truth", risk, fine, "give probabilities from 0 to 1")
    return Truth(names, risk, single)


def _labelled(truth: xr.DataArray, place: str) -> tuple[tuple[str, ...], np.ndarray, bool]:
    over = "level" if "level" in truth.dims else "dose"
    if set(truth.dims) == {over}:
        return ("1",), truth.values[None], True
    if set(truth.dims) != {"scenario", over}:
        found = f"found the dimensions {', '.join(map(str, truth.dims))}"
        raise InputError(f"{place}, truth", found, "give the dimensions scenario and dose")
    ordered = truth.transpose("scenario", over)
    return tuple(map(str, ordered.scenario.values)), ordered.values, False

"""Whether observed dose-limiting toxicities contradict simulated risks."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from scipy.stats import binom

from myelodose.errors import InputError


def conflict(p: xr.DataArray, counts: xr.Dataset, *, doses: Mapping[str, float]) -> xr.Dataset:
    """How surprising the observed DLTs are, if the simulated risks are right.

    The predictive distribution of DLTs at a dose is the mixture over draws of Binomial(n, p).

    Args:
        p: Risks (draw, regimen).
        counts: Observed `n(dose)` and `dlt(dose)`.
        doses: Dose of each regimen [mg], of those that were observed.

    Returns:
        By `regimen`, and "all" for their sum: `observed`, `expected`, `at_least`, P(as many or
        more), `at_most`, and `tail`, twice the smaller one and at most 1.

    Raises:
        InputError: If no regimen has a dose of the table.

    Example:
        >>> from myelodose.trial import dlt_table
        >>> p = xr.DataArray([[0.01], [0.01]], dims=("draw", "regimen"), coords={"regimen": ["a"]})
        >>> bool(conflict(p, dlt_table([20], [6], [4]), doses={"a": 20.0})["tail"][0] < 1e-5)
        True
    """
    table = {float(d): i for i, d in enumerate(counts.dose.values)}
    names = [n for n in map(str, p.regimen.values) if n in doses and doses[n] in table]
    if not names:
        raise InputError(
            "conflict, doses", "found no dose of the table", "give observed doses [mg]"
        )
    rows = [table[doses[name]] for name in names]
    n, y = counts.n.values[rows].astype(int), counts.dlt.values[rows].astype(int)
    risks = p.sel(regimen=names).transpose("draw", "regimen").values
    laws = [_predictive(risks[:, i], int(n[i])) for i in range(len(names))]
    laws.append(_of_the_sum(risks, n))
    seen = np.append(y, y.sum())
    up = np.array([law[k:].sum() for law, k in zip(laws, seen, strict=True)])
    down = np.array([law[: k + 1].sum() for law, k in zip(laws, seen, strict=True)])
    expected = [float(law @ np.arange(len(law))) for law in laws]
    data = {
        "observed": seen,
        "expected": np.array(expected),
        "at_least": up,
        "at_most": down,
        "tail": np.minimum(1.0, 2 * np.minimum(up, down)),
    }
    named = {name: ("regimen", values) for name, values in data.items()}
    return xr.Dataset(named, {"regimen": [*names, "all"]}, p.attrs)


def _predictive(p: np.ndarray, n: int) -> np.ndarray:
    return binom.pmf(np.arange(n + 1), n, p[:, None]).mean(0)


def _of_the_sum(risks: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The sum over doses, whose risks share their draw."""
    laws = []
    for p in risks:
        law = np.ones(1)
        for one, number in zip(p, n, strict=True):
            law = np.convolve(law, binom.pmf(np.arange(number + 1), number, one))
        laws.append(law)
    return np.mean(laws, 0)

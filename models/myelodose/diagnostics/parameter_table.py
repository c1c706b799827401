"""The parameter table of a population fit, as a pharmacometrician pastes it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from myelodose.diagnostics.convergence import scalars
from myelodose.diagnostics.from_fit import shrinkage_of
from myelodose.errors import InputError

HIDDEN = ("eta", "z_", "phi", "L", "y")
"""Sites that are means to others or one for each patient; a name or, with _, its beginning."""


def parameter_table(
    posterior: xr.DataTree | xr.Dataset,
    *,
    interval: float = 0.95,
    units: Mapping[str, str] | None = None,
    links: Mapping[str, str] | None = None,
    shrinkage: pd.DataFrame | None = None,
    hide: tuple[str, ...] = HIDDEN,
) -> pd.DataFrame:
    """Estimate, relative standard error, interval, CV and shrinkage of every parameter.

    The estimate is the posterior mean; RSE = 100 sd / |mean|, the Bayesian counterpart of NONMEM's;
    the interval has equal tails. Omegas and sigmas are standard deviations. For an effect on a
    logarithm CV % = 100 sqrt(exp(omega^2) - 1).

    Args:
        posterior: With group `posterior` or its Dataset; sites by the names of the model.
        interval: Width of the interval.
        units: By parameter.
        links: By parameter "log" (if not given), "logit" or "identity": where it is not "log",
            omega has no CV.
        shrinkage: From `eta_shrinkage`; by default that of `eta` in the posterior, if it is there.
        hide: Sites left out.

    Returns:
        One row a parameter: `kind`, `unit`, `estimate`, `sd`, `rse_percent`, `low`, `high`,
        `cv_percent`, `shrinkage_percent` (of the sd). `attrs["note"]` says what the columns are.

    Raises:
        InputError: If nothing is left to show.

    Example:
        >>> draws = np.tile([0.1, 0.3], (2, 10))
        >>> fit = xr.Dataset({"omega_CL": (("chain", "draw"), draws)})
        >>> round(float(parameter_table(fit).cv_percent["omega_CL"]), 1)
        20.2
    """
    draws = posterior["posterior"].to_dataset() if isinstance(posterior, xr.DataTree) else posterior
    if shrinkage is None and "eta" in draws and {"patient", "effect"} <= set(draws["eta"].dims):
        shrinkage = shrinkage_of(draws)
    kept = draws[[name for name in draws.data_vars if not _is_hidden(str(name), hide)]]
    rows = {}
    for name, values in scalars(kept, ("chain", "draw", "sample")).items():
        if _repeats(name, draws):
            continue
        rows[name] = _row(name, values, interval, units or {}, links or {})
    if not rows:
        found = f"found only {', '.join(map(str, draws.data_vars))}"
        raise InputError("parameter_table", found, "store the population parameters")
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("parameter")
    table["shrinkage_percent"] = [_shrinkage(name, shrinkage) for name in table.index]
    table.attrs["note"] = (
        f"estimate: posterior mean; RSE: 100 sd / |mean|; low, high: {100 * interval:g} % interval "
        "with equal tails; omega and sigma are sd, CV: 100 sqrt(exp(omega^2) - 1); "
        "shrinkage: 1 - sd(eta) / omega"
    )
    return table


def as_markdown(table: pd.DataFrame, *, digits: int = 3) -> str:
    """The table as text to paste, empty where there is nothing to say.

    Args:
        table: From `parameter_table`.
        digits: Significant digits.

    Example:
        >>> fit = xr.Dataset({"CL": (("chain", "draw"), np.tile([9.0, 11.0], (2, 10)))})
        >>> print(as_markdown(parameter_table(fit, units={"CL": "L/h"})).splitlines()[2])
        | CL [L/h] | 10 | 10.1 | 9 to 11 |  |  |
    """
    share = str(table.attrs.get("note", "")).partition("low, high: ")[2].partition(" interval")[0]
    header = f"| parameter | estimate | RSE [%] | {share} interval | CV [%] | shrinkage [%] |"
    lines = [header, "|---|---|---|---|---|---|"]
    for name, row in table.iterrows():
        label = f"{name} [{row.unit}]" if row.unit else str(name)
        low, high = (_digits(value, digits) for value in (row.low, row.high))
        cells = [
            label,
            _digits(row.estimate, digits),
            _digits(row.rse_percent, 3),
            f"{low} to {high}",
        ]
        cells += [_digits(row.cv_percent, 3), _digits(row.shrinkage_percent, 3)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", str(table.attrs.get("note", ""))])


def _row(name: str, values: np.ndarray, interval: float, units, links) -> dict:
    tail = (1 - interval) / 2
    mean, sd = float(values.mean()), float(values.std(ddof=1))
    low, high = np.quantile(values, [tail, 1 - tail])
    kind = _kind(name)
    effect = name.removeprefix("omega_").removesuffix("_occasion")
    log = kind == "omega" and links.get(effect, "log") == "log"
    return {
        "kind": kind,
        "unit": units.get(name, ""),
        "estimate": mean,
        "sd": sd,
        "rse_percent": 100 * sd / abs(mean) if mean else np.nan,
        "low": float(low),
        "high": float(high),
        "cv_percent": 100 * float(np.sqrt(np.expm1(mean**2))) if log else np.nan,
    }


def _kind(name: str) -> str:
    for kind in ("omega", "sigma", "correlation"):
        if name == kind or name.startswith((f"{kind}_", f"{kind}[")):
            return kind
    return "typical"


def _is_hidden(name: str, hide: tuple[str, ...]) -> bool:
    begins = tuple(part for part in hide if part.endswith("_"))
    return name in hide or name.startswith(begins or ("\0",)) or name.endswith("_above")


def _repeats(name: str, draws: xr.Dataset) -> bool:
    """The diagonal of a correlation matrix and what is above it."""
    if not name.startswith("correlation["):
        return False
    first, second = name.removeprefix("correlation[").removesuffix("]").split(", ")
    labels = [
        [str(v) for v in draws["correlation"][d].values] for d in draws["correlation"].dims[-2:]
    ]
    return labels[0].index(first) <= labels[1].index(second)


def _shrinkage(name: str, table: pd.DataFrame | None) -> float:
    effect = name.removeprefix("omega_")
    if table is None or effect == name or effect not in table.index:
        return np.nan
    return 100 * float(table.shrinkage_sd[effect])


def _digits(value: float, digits: int) -> str:
    return "" if not np.isfinite(value) else f"{value:.{digits}g}"

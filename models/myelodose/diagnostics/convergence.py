"""Convergence of a fit: R-hat, effective sample sizes, divergences and energy."""

from typing import Any

import arviz as az
import numpy as np
import xarray as xr

from myelodose.posterior import Diagnostics

_ROUNDING = 1e-9


def convergence(tree: xr.DataTree) -> Diagnostics:
    """The worst R-hat, effective sample sizes and E-BFMI, and the number of divergences.

    Args:
        tree: A DataTree with groups `posterior` and `sample_stats`; E-BFMI needs `energy` there.

    Source:
        Vehtari, Gelman, Simpson, Carpenter and Bürkner 2021 (doi 10.1214/20-BA1221); Betancourt
        2016 (arXiv 1604.00695).
    """
    draws = varying(tree["posterior"].to_dataset())
    # R-hat of what never moves is 0 divided by 0; NaN fails.
    with np.errstate(invalid="ignore", divide="ignore"):
        measures: dict[str, tuple[Any, bool]] = {
            "r_hat": (az.rhat(draws), True),
            "ess_bulk": (az.ess(draws, method="bulk"), False),
            "ess_tail": (az.ess(draws, method="tail"), False),
        }
    found = {name: worst_of(values, highest) for name, (values, highest) in measures.items()}
    fractions = energy_fraction(tree)
    where = {name: place for name, (_, place) in found.items()}
    if fractions is not None:
        where["e_bfmi"] = f"chain {fractions.chain.values[int(np.argmin(fractions.values))]}"
    return Diagnostics(
        **{name: value for name, (value, _) in found.items()},
        divergences=int(tree["sample_stats"]["diverging"].sum()),
        worst=where,
        e_bfmi=None if fractions is None else float(fractions.min()),
    )


def varying(draws: xr.Dataset) -> xr.Dataset:
    """The draws without entries of arrays that are one number by construction.

    The diagonal of a correlation matrix is 1 in every draw of every chain, but for rounding; it
    has neither R-hat nor effective sample size. A chain that is stuck is kept: it differs from the
    others. So is a variable that does not move at all, since nothing says that it should not.

    Args:
        draws: Variables over `chain` and `draw`.
    """
    kept = {}
    for name, variable in draws.data_vars.items():
        entries = scalars(variable.to_dataset(name=name), ("chain", "draw"))
        moving = {part: x for part, x in entries.items() if not np.ptp(x) <= _ROUNDING}
        if len(moving) in (0, len(entries)):
            kept[name] = variable
        else:
            kept |= {part: (("chain", "draw"), x) for part, x in moving.items()}
    return xr.Dataset(kept)


def energy_fraction(tree: xr.DataTree) -> xr.DataArray | None:
    """E-BFMI of every chain, the mean square step of the energy over its variance.

    Below 0.3 the sampler sees the tails of the posterior too slowly.

    Args:
        tree: A DataTree with group `sample_stats`.

    Returns:
        One number a chain; None where no `energy` was stored.
    """
    if "energy" not in tree["sample_stats"].data_vars:
        return None
    return az.bfmi(tree["sample_stats"].to_dataset())["energy"]


def worst_of(values: xr.Dataset, highest: bool) -> tuple[float, str]:
    """The worst value and the parameter that has it. NaN is worst of all."""
    flat = scalars(values, ())
    rank = {name: np.inf if np.isnan(v) else (v if highest else -v) for name, v in flat.items()}
    name = max(rank, key=rank.__getitem__)
    return float(flat[name]), name


def scalars(values: xr.Dataset, keep: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Every scalar parameter by its name with coordinates: 'slope[haem]'.

    Args:
        values: Variables of any shape.
        keep: Dimensions to keep, such as those of the draws.
    """
    flat = {}
    for name, variable in values.data_vars.items():
        dims = [dim for dim in variable.dims if dim not in keep]
        if not dims:
            flat[str(name)] = variable.values
            continue
        bare = {dim: range(variable.sizes[dim]) for dim in dims if dim not in variable.coords}
        stacked = variable.assign_coords(bare).stack(entry=dims, create_index=False)
        labels = zip(*(stacked[dim].values for dim in dims), strict=True)
        for i, label in enumerate(labels):
            text = ", ".join(
                f"{part:g}" if isinstance(part, float) else str(part) for part in label
            )
            flat[f"{name}[{text}]"] = stacked.isel(entry=i).values
    return flat

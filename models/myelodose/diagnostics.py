"""Convergence of a fit, and how far the data moved the prior."""

from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

from myelodose.posterior import Diagnostics


def convergence(tree: xr.DataTree) -> Diagnostics:
    """The worst R-hat and effective sample sizes over all parameters, and the divergences.

    Args:
        tree: A DataTree with groups `posterior` and `sample_stats`.

    Source:
        Vehtari, Gelman, Simpson, Carpenter and Bürkner 2021 (doi 10.1214/20-BA1221).
    """
    draws = tree["posterior"].to_dataset()
    measures: dict[str, tuple[Any, bool]] = {
        "r_hat": (az.rhat(draws), True),
        "ess_bulk": (az.ess(draws, method="bulk"), False),
        "ess_tail": (az.ess(draws, method="tail"), False),
    }
    worst = {name: _worst(values, highest) for name, (values, highest) in measures.items()}
    return Diagnostics(
        **{name: value for name, (value, _) in worst.items()},
        divergences=int(tree["sample_stats"]["diverging"].sum()),
        worst={name: where for name, (_, where) in worst.items()},
    )


def _worst(values: xr.Dataset, highest: bool) -> tuple[float, str]:
    """The worst value and the parameter that has it. NaN is worst of all."""
    flat = _scalars(values, ())
    rank = {name: np.inf if np.isnan(v) else (v if highest else -v) for name, v in flat.items()}
    name = max(rank, key=rank.__getitem__)
    return float(flat[name]), name


def _scalars(values: xr.Dataset, keep: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Every scalar parameter by its name with coordinates: 'slope[haem]'."""
    flat = {}
    for name, variable in values.data_vars.items():
        dims = [dim for dim in variable.dims if dim not in keep]
        if not dims:
            flat[str(name)] = variable.values
            continue
        stacked = variable.stack(entry=dims, create_index=False)
        labels = zip(*(stacked[dim].values for dim in dims), strict=True)
        for i, label in enumerate(labels):
            text = ", ".join(
                f"{part:g}" if isinstance(part, float) else str(part) for part in label
            )
            flat[f"{name}[{text}]"] = stacked.isel(entry=i).values
    return flat


def contraction(tree: xr.DataTree) -> pd.DataFrame:
    """How much the data narrowed each parameter: 1 - var(posterior) / var(prior).

    Near 0 the posterior is the prior; near 1 the data decide. Small trials leave most parameters
    near 0, and a table that shows it keeps everybody honest.

    Args:
        tree: A DataTree with groups `posterior` and `prior`.

    Returns:
        One row per scalar parameter: `prior_mean`, `prior_sd`, `mean`, `sd`, `contraction`.

    Source:
        Schad, Betancourt and Vasishth 2021 (doi 10.1037/met0000275).
    """
    sample = ("chain", "draw", "sample")
    before = _scalars(tree["prior"].to_dataset(), sample)
    after = _scalars(tree["posterior"].to_dataset(), sample)
    rows = {
        name: {
            "prior_mean": before[name].mean(),
            "prior_sd": before[name].std(),
            "mean": draws.mean(),
            "sd": draws.std(),
            "contraction": 1 - draws.var() / before[name].var(),
        }
        for name, draws in after.items()
        if name in before
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("parameter")

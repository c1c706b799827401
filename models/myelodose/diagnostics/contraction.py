"""How far the data moved the prior."""

import pandas as pd
import xarray as xr

from myelodose.diagnostics.convergence import scalars, varying


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
    # What is one number by construction, as the diagonal of a correlation, cannot be narrowed.
    before = scalars(varying(tree["prior"].to_dataset()), sample)
    after = scalars(varying(tree["posterior"].to_dataset()), sample)
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

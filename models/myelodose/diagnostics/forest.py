"""What covariates do to parameters: ratios to a reference, for a forest plot."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class CovariateEffect:
    """What one covariate does to one parameter.

    Args:
        parameter: Name of the parameter.
        covariate: Name of the covariate.
        at: Draws of the parameter's factor (or of the parameter) at a value of the covariate.
        reference: The value that others are compared with.
        unit: Unit of the covariate, for labels.

    Example:
        >>> exponent = np.array([0.75, 0.75])
        >>> weight = CovariateEffect("CL", "WT", lambda x: (x / 70) ** exponent, 70.0, "kg")
        >>> weight.at(70.0).tolist()
        [1.0, 1.0]
    """

    parameter: str
    covariate: str
    at: Callable[[Any], Float[np.ndarray, " draw"]]
    reference: float | str
    unit: str = ""


def covariate_forest(
    effects: Sequence[CovariateEffect],
    covariates: Mapping[str, ArrayLike],
    *,
    percentiles: Sequence[float] = (5.0, 95.0),
    interval: float = 0.9,
) -> pd.DataFrame:
    """Ratios of parameters at low and high covariates to those at the reference.

    Args:
        effects: The effects of the model.
        covariates: By name one value a patient, from which the percentiles are taken; of a
            covariate that is no number every level is shown.
        percentiles: Which ones [%].
        interval: Width of the interval over draws, with equal tails.

    Returns:
        One row for parameter, covariate and value: `ratio` (the median), `low`, `high`, `label`.

    Source:
        Menon-Andersen et al. 2011 (doi 10.1038/clpt.2010.359) for forest plots of covariates; the
        usual band of no effect is a ratio of 0.8 to 1.25.

    Example:
        >>> effect = CovariateEffect("CL", "WT", lambda x: np.full(4, x / 70), 70.0, "kg")
        >>> table = covariate_forest([effect], {"WT": [35.0, 70.0, 140.0]}, percentiles=[0, 100])
        >>> table.ratio.tolist()
        [0.5, 2.0]
    """
    tail = (1 - interval) / 2
    rows = []
    for effect in effects:
        values = np.asarray(covariates[effect.covariate])
        number = values.dtype.kind in "fiu"
        points = np.percentile(values, percentiles) if number else np.unique(values.astype(str))
        base = effect.at(effect.reference)
        for k, value in enumerate(points):
            if value == effect.reference:
                continue
            low, ratio, high = np.quantile(effect.at(value) / base, [tail, 0.5, 1 - tail])
            where = f" ({percentiles[k]:g} %)" if number else ""
            text = f"{value:.3g} {effect.unit}".rstrip() if number else str(value)
            rows.append(
                {
                    "parameter": effect.parameter,
                    "covariate": effect.covariate,
                    "value": value,
                    "label": f"{effect.covariate} {text}{where}",
                    "reference": effect.reference,
                    "ratio": ratio,
                    "low": low,
                    "high": high,
                }
            )
    table = pd.DataFrame(rows)
    table.attrs["interval"] = f"{100 * interval:g} % over draws, equal tails"
    return table

"""Models of the example data, declared as a user would."""

import math

from myelodose.errors import InputError
from myelodose.population.constraint import AboveRate
from myelodose.population.covariates import Power
from myelodose.population.model import PopulationModel
from myelodose.population.parameter import Parameter
from myelodose.population.prior import Prior
from myelodose.population.random_effects import RandomEffects
from myelodose.population.residual import Residual
from myelodose.population.structures.pk import OneCompartmentPk

ERRORS = {
    "proportional": Residual("proportional", Prior("HalfNormal", 0.5)),
    "additive": Residual("additive", Prior("HalfNormal", 2.0)),
    "combined2": Residual("combined2", Prior("HalfNormal", 2.0), Prior("HalfNormal", 0.5)),
}
"""Residual errors by name; weak priors in mg/L, or as a share of the prediction.

None is log-normal: samples were taken before absorption, where the prediction is 0.
"""


def theophylline_model(
    error: str = "combined2", *, weight: bool = False, correlated: bool = True
) -> PopulationModel:
    """One compartment with first-order absorption, for `example_records("theophylline")`.

    The priors are weak: medians near the estimates that every textbook of these data prints, a
    factor of about e within one standard deviation each way.

    Args:
        error: One of `ERRORS`: "proportional", "additive" or "combined2".
        weight: Whether clearance and volume scale with body weight, with exponents 0.75 and 1.
        correlated: Whether random effects are correlated.

    Raises:
        InputError: If there is no such error.

    Example:
        >>> list(theophylline_model(correlated=False).sites())[:3]
        ['CL', 'V', 'ka']
    """
    if error not in ERRORS:
        remedy = f"use {', '.join(ERRORS)}"
        raise InputError("theophylline_model, error", f"found {error!r}", remedy)
    scaled = {"CL": (Power("WT", 70.0, 0.75),), "V": (Power("WT", 70.0, 1.0),)} if weight else {}
    medians = {"CL": (3.0, "L/h"), "V": (32.0, "L"), "ka": (1.5, "1/h")}
    return PopulationModel(
        f"theophylline-{error}" + ("-weight" if weight else ""),
        OneCompartmentPk(oral=True),
        tuple(
            Parameter(
                name,
                Prior("LogNormal", math.log(median), 1.0),
                unit=unit,
                covariates=scaled.get(name, ()),
            )
            for name, (median, unit) in medians.items()
        ),
        RandomEffects(correlated=("CL", "V", "ka") if correlated else ()),
        {"": ERRORS[error]},
        # Absorption and elimination may change places without changing the curve.
        constraint=AboveRate("ka", "ke"),
    )

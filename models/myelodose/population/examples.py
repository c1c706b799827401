"""Models of the example data, declared as a user would."""

import math

from myelodose.errors import InputError
from myelodose.marrow.values import TYPICAL
from myelodose.population.constraint import AboveRate
from myelodose.population.counted import CellCount, ReadCount
from myelodose.population.covariates import Power
from myelodose.population.model import PopulationModel
from myelodose.population.parameter import Parameter
from myelodose.population.prior import Prior
from myelodose.population.random_effects import RandomEffects
from myelodose.population.residual import Residual
from myelodose.population.structures.marrow import MarrowAndClones
from myelodose.population.structures.pk import OneCompartmentPk

ERRORS = {
    "additive": Residual("additive", Prior("HalfNormal", 2.0)),
    "combined1": Residual("combined1", Prior("HalfNormal", 2.0), Prior("HalfNormal", 0.5)),
    "combined2": Residual("combined2", Prior("HalfNormal", 2.0), Prior("HalfNormal", 0.5)),
}
"""Residual errors by name; weak priors in mg/L, or as a share of the prediction.

None is log-normal or proportional: samples were taken before absorption, where the prediction is 0
and such an error has no density.
"""


def theophylline_model(
    error: str = "combined2", *, weight: bool = False, correlated: bool = True
) -> PopulationModel:
    """One compartment with first-order absorption, for `example_records("theophylline")`.

    The priors are weak: medians near the estimates that every textbook of these data prints, a
    factor of about e within one standard deviation each way.

    Args:
        error: One of `ERRORS`: "additive", "combined1" or "combined2".
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


def marrow_model() -> PopulationModel:
    """Counts, FISH and VAF of the simulated cohort in data/simulated, by the joint model.

    Estimated: the healthy set points, the share and the kill of the clone, the kill by azacitidine,
    the share of the clone's cells that mature, and the TP53-mutated part. All other numbers stay
    typical (`marrow.typical_values`). Priors lie around the typical values too: log-normal with
    that median, beta with that mean and the weight of 20 cells. FISH and VAF have the error rates
    of the assays that made the cohort.

    Example:
        >>> list(marrow_model().sites())[:3]
        ['set_point_anc', 'set_point_plt', 'clone_share']
    """
    shares = ("clone_share", "effectiveness_clone", "tp53_share_of_clone")
    positive = {
        "set_point_anc": 0.3,
        "set_point_plt": 0.3,
        "kill_del5q_per_d_um": 0.6,
        "kill_aza": 0.5,
    }
    names = ("set_point_anc", "set_point_plt", *shares, "kill_del5q_per_d_um", "kill_aza")
    parameters = tuple(
        Parameter(
            name,
            Prior("Beta", 20 * TYPICAL[name].value, 20 * (1 - TYPICAL[name].value))
            if name in shares
            else Prior("LogNormal", math.log(TYPICAL[name].value), positive[name]),
            unit=TYPICAL[name].unit,
            link="logit" if name in shares else "log",
        )
        for name in names
    )
    error, rho = Prior("HalfNormal", 0.3), Prior("Beta", 1.0, 20.0)
    return PopulationModel(
        "marrow",
        MarrowAndClones(estimated=names),
        parameters,
        RandomEffects(omega=Prior("HalfNormal", 0.6)),
        {label: Residual("log-normal", error) for label in ("ANC", "PLT", "Hb")}
        | {
            "FISH": CellCount(of="clone", false_positive=0.03, overdispersion=rho),
            "VAF": ReadCount(of="TP53", read_error=0.008, overdispersion=rho),
        },
    )

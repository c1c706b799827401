"""The hierarchical NumPyro models: plain functions, data as arguments, `None` to simulate."""

import numpyro

# ArviZ, when it is imported first, leaves a lazy stand-in for numpyro behind. Importing a
# submodule through the stand-in executes the package twice and loses names; touching an
# attribute first makes it real.
_ = numpyro.__version__

from myelodose.population.constraint import AboveRate  # noqa: E402
from myelodose.population.counted import CellCount, Event, ReadCount  # noqa: E402
from myelodose.population.covariates import Categorical, LinearEffect, Power  # noqa: E402
from myelodose.population.data import Data  # noqa: E402
from myelodose.population.model import PopulationModel  # noqa: E402
from myelodose.population.parameter import Parameter  # noqa: E402
from myelodose.population.prior import Prior  # noqa: E402
from myelodose.population.random_effects import RandomEffects  # noqa: E402
from myelodose.population.residual import Residual  # noqa: E402
from myelodose.population.structures.effect_site import EffectCompartment  # noqa: E402
from myelodose.population.structures.friberg import FribergCounts  # noqa: E402
from myelodose.population.structures.marrow import MarrowAndClones  # noqa: E402
from myelodose.population.structures.michaelis_menten import MichaelisMentenPk  # noqa: E402
from myelodose.population.structures.pk import (  # noqa: E402
    CompartmentPk,
    OneCompartmentPk,
    TwoCompartmentPk,
)
from myelodose.population.structures.turnover import IndirectResponse  # noqa: E402

__all__ = [
    "AboveRate",
    "Categorical",
    "CellCount",
    "CompartmentPk",
    "Data",
    "EffectCompartment",
    "Event",
    "FribergCounts",
    "IndirectResponse",
    "LinearEffect",
    "MarrowAndClones",
    "MichaelisMentenPk",
    "OneCompartmentPk",
    "Parameter",
    "PopulationModel",
    "Power",
    "Prior",
    "RandomEffects",
    "ReadCount",
    "Residual",
    "TwoCompartmentPk",
]

"""Hierarchical models, declared by parts; as NumPyro functions only where one is asked for.

NumPyro is imported by `PopulationModel.as_numpyro` and by densities of a `Prior`, so that
structures and stored models are used without it.
"""

from myelodose.population.constraint import AboveRate
from myelodose.population.counted import CellCount, Event, ReadCount
from myelodose.population.covariates import Categorical, LinearEffect, Power
from myelodose.population.data import Data
from myelodose.population.model import PopulationModel
from myelodose.population.parameter import Parameter
from myelodose.population.prior import Prior
from myelodose.population.random_effects import RandomEffects
from myelodose.population.residual import Residual
from myelodose.population.structures.effect_site import EffectCompartment
from myelodose.population.structures.friberg import FribergCounts
from myelodose.population.structures.marrow import MarrowAndClones
from myelodose.population.structures.michaelis_menten import MichaelisMentenPk
from myelodose.population.structures.pk import (
    CompartmentPk,
    OneCompartmentPk,
    TwoCompartmentPk,
)
from myelodose.population.structures.turnover import IndirectResponse

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

"""Counts under a drug: the chain of Friberg et al. behind a drug's own pharmacokinetics.

Tables and parameters count hours, the solver days.
"""

from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from myelodose.blood.friberg import Friberg, simulate_friberg
from myelodose.effect import Effect, Linear, Saturating
from myelodose.errors import InputError
from myelodose.population.data import Data
from myelodose.population.structures.batch import Batch
from myelodose.population.structures.pk import CompartmentPk
from myelodose.population.structures.structure import Structure, Values, constant
from myelodose.population.structures.windows import Windows, make_windows
from myelodose.population.table import Table
from myelodose.units import HOURS_PER_DAY


class Design(NamedTuple):
    """Steps of the pharmacokinetics and windows of the counts."""

    batch: Batch
    windows: Windows


@dataclass(frozen=True, kw_only=True)
class FribergCounts(Structure):
    """Counts of one or more lineages; outputs "concentration" and the lineages.

    Parameters: those of `pk`, then for each lineage circ0, mtt [h], gamma and slope (effect per
    unit of the scaled concentration), or Emax and EC50; with more than one lineage the lineage
    follows, as in `circ0_PLT`. No parameter may change with time.

    Args:
        pk: Pharmacokinetics of the drug, dosed into its first compartment.
        lineages: Names of the lineages.
        effect: "linear", or "emax" for one that saturates.

    Raises:
        InputError: If the pharmacokinetics estimates times of doses.

    Source:
        Friberg et al., J Clin Oncol 2002 (doi 10.1200/JCO.2002.02.140).

    Example:
        >>> FribergCounts(pk=CompartmentPk()).needs
        ('CL', 'V', 'ka', 'circ0', 'mtt', 'gamma', 'slope')
    """

    pk: CompartmentPk
    lineages: tuple[str, ...] = ("neutrophils",)
    effect: Literal["linear", "emax"] = "linear"

    def __post_init__(self) -> None:
        """Check that doses are data."""
        check_fixed_doses("FribergCounts", self.pk)

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of its parameters."""
        effect = ("slope",) if self.effect == "linear" else ("Emax", "EC50")
        own = [
            self._name(symbol, lineage)
            for lineage in self.lineages
            for symbol in ("circ0", "mtt", "gamma", *effect)
        ]
        return (*self.pk.needs, *own)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What it predicts."""
        return ("concentration", *self.lineages)

    def rate_constants(self, values: Values) -> dict[str, Array]:
        """Rate constants of the drug's disposition [1/h]."""
        return self.pk.rate_constants(values)

    def design(self, table: Table, output: np.ndarray) -> Design:
        """Steps and windows of all patients."""
        windows = make_windows(table, output > 0, longest_window_d=1.25)
        return Design(self.pk.design(table, output), windows)

    def predict(self, values: Values, data: Data) -> Float[Array, " obs"]:
        """Concentrations and counts at all observations."""
        values = {name: constant(values, name, self) for name in self.needs}
        counts = _counts(self, values, data.design.windows)
        lineage = jnp.maximum(jnp.asarray(data.output_of_obs) - 1, 0)
        place, patient = jnp.asarray(data.design.windows.place), jnp.asarray(data.patient_of_obs)
        count = counts[place, lineage, patient]
        drug = self.pk.predict(values, data._replace(design=data.design.batch))
        return jnp.where(jnp.asarray(data.output_of_obs) == 0, drug, count)

    def _name(self, symbol: str, lineage: str) -> str:
        return symbol if len(self.lineages) == 1 else f"{symbol}_{lineage}"

    def stacked(self, values: dict, symbol: str) -> Float[Array, "lineage patient"]:
        """One symbol of all lineages."""
        return jnp.stack([values[self._name(symbol, lineage)] for lineage in self.lineages])

    def drug_effect(self, values: dict) -> Effect:
        """The effect of 1 mg/L: parameters are per unit of the scaled concentration."""
        scale = self.pk.scale
        if self.effect == "linear":
            return Linear(scale * self.stacked(values, "slope"))
        half = self.stacked(values, "EC50") / scale
        return Saturating(self.stacked(values, "Emax"), half)


def check_fixed_doses(place: str, pk: CompartmentPk) -> None:
    """Refuse pharmacokinetics whose doses depend on parameters in time."""
    if pk.lag or pk.modelled_rate or pk.modelled_duration or pk.bioavailability:
        remedy = "use pk without lag, F, rate or duration: windows start at doses that are data"
        raise InputError(f"{place}, pk", f"found {pk}", remedy)


@partial(jax.jit, static_argnames=("structure",))
def _counts(
    structure: FribergCounts, values: dict, windows: Windows
) -> Float[Array, "time lineage patient"]:
    friberg = Friberg(
        baseline=structure.stacked(values, "circ0"),
        mtt_d=structure.stacked(values, "mtt") / HOURS_PER_DAY,
        gamma=structure.stacked(values, "gamma"),
        effects=(structure.drug_effect(values),),
    )
    course = simulate_friberg(friberg, (structure.pk.model(values),), windows.plan)
    return course.counts

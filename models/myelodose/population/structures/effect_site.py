"""A response that follows the concentration with a delay: the effect compartment."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from myelodose.effect import saturating
from myelodose.population.data import Data
from myelodose.population.structures.batch import Batch
from myelodose.population.structures.pk import CompartmentPk, at_observations
from myelodose.population.structures.structure import Structure, Values
from myelodose.population.table import Table


@dataclass(frozen=True, kw_only=True)
class EffectCompartment(Structure):
    """Ce' = ke0 (C - Ce), R = E0 + Emax Ce^h / (EC50^h + Ce^h).

    Outputs are "concentration" and "response".

    Parameters: those of `pk`, ke0 [1/h], Emax, EC50 in the unit of the scaled concentration, and
    E0 and h if asked for. All but ke0 may change with time.

    Args:
        pk: Pharmacokinetics of the drug.
        baseline: Whether there is a parameter E0; it is 0 otherwise.
        hill: Whether there is a parameter h; it is 1 otherwise.

    Source:
        Sheiner et al., Clin Pharmacol Ther 1979;25:358 (doi 10.1002/cpt1979253358).

    Example:
        >>> EffectCompartment(pk=CompartmentPk()).needs
        ('CL', 'V', 'ka', 'ke0', 'Emax', 'EC50')
    """

    pk: CompartmentPk
    baseline: bool = False
    hill: bool = False

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of its parameters."""
        asked = {"E0": self.baseline, "h": self.hill}
        own = ("ke0", "Emax", "EC50")
        return (*self.pk.needs, *own, *(name for name, is_there in asked.items() if is_there))

    @property
    def outputs(self) -> tuple[str, ...]:
        """What it predicts."""
        return ("concentration", "response")

    def rate_constants(self, values: Values) -> dict[str, Array]:
        """Rate constants of the drug's disposition [1/h]."""
        return self.pk.rate_constants(values)

    def design(self, table: Table, output: np.ndarray) -> Batch:
        """The steps of all patients."""
        return self.pk.design(table, output)

    def predict(self, values: Values, data: Data) -> Float[Array, " obs"]:
        """Concentrations and responses at all observations."""
        after = self.pk.amounts(values, data.design, values["ke0"])
        at = (jnp.asarray(data.patient_of_obs), jnp.asarray(data.record_of_obs))
        site = self.pk.scale * after[..., -1][at]
        own = {
            name: at_observations(values[name], at)
            for name in ("Emax", "EC50", "E0", "h")
            if name in values
        }
        response = own.get("E0", 0.0) + saturating(site, own["Emax"], own["EC50"], own.get("h"))
        drug = self.pk.concentration(after[at], values, at)
        return jnp.where(jnp.asarray(data.output_of_obs) == 0, drug, response)

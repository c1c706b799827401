"""Indirect responses: a drug that inhibits or stimulates production or loss.

Tables and parameters count hours, the solver days.
"""

from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from myelodose.blood.turnover import MECHANISMS, Turnover, simulate_turnover
from myelodose.effect import Linear, Saturating
from myelodose.errors import check_fields
from myelodose.population.data import Data
from myelodose.population.structures.batch import Batch
from myelodose.population.structures.friberg import check_fixed_doses
from myelodose.population.structures.pk import CompartmentPk
from myelodose.population.structures.structure import Structure, Values, constant
from myelodose.population.structures.windows import Windows, make_windows
from myelodose.population.table import Table
from myelodose.units import HOURS_PER_DAY

_NAMES = ("I", "II", "III", "IV")


class Design(NamedTuple):
    """Steps of the pharmacokinetics and windows of the response."""

    batch: Batch
    windows: Windows


@dataclass(frozen=True, kw_only=True)
class IndirectResponse(Structure):
    """One of the four indirect responses; outputs "concentration" and "response".

    Parameters: those of `pk`, R0 = kin / kout, kout [1/h], and Emax and EC50, or slope, per unit
    of the scaled concentration. None may change with time.

    Args:
        pk: Pharmacokinetics of the drug, dosed into its first compartment.
        mechanism: "I" inhibits production, "II" inhibits loss, "III" stimulates production, "IV"
            stimulates loss.
        effect: "emax" or "linear".

    Source:
        Dayneka, Garzone and Jusko, J Pharmacokinet Biopharm 1993;21:457 (doi
        10.1007/BF01061691).

    Example:
        >>> IndirectResponse(pk=CompartmentPk(), mechanism="I").needs
        ('CL', 'V', 'ka', 'R0', 'kout', 'Emax', 'EC50')
    """

    pk: CompartmentPk
    mechanism: str
    effect: Literal["emax", "linear"] = "emax"

    def __post_init__(self) -> None:
        """Check the values."""
        check_fields(self, {"mechanism": (self.mechanism in _NAMES, "I, II, III or IV")})
        check_fixed_doses("IndirectResponse", self.pk)

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of its parameters."""
        effect = ("Emax", "EC50") if self.effect == "emax" else ("slope",)
        return (*self.pk.needs, "R0", "kout", *effect)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What it predicts."""
        return ("concentration", "response")

    def rate_constants(self, values: Values) -> dict[str, Array]:
        """Rate constants of the drug's disposition [1/h]."""
        return self.pk.rate_constants(values)

    def design(self, table: Table, output: np.ndarray) -> Design:
        """Steps and windows of all patients."""
        return Design(self.pk.design(table, output), make_windows(table, output == 1))

    def predict(self, values: Values, data: Data) -> Float[Array, " obs"]:
        """Concentrations and responses at all observations."""
        values = {name: constant(values, name, self) for name in self.needs}
        course = _responses(self, values, data.design.windows)
        place, patient = jnp.asarray(data.design.windows.place), jnp.asarray(data.patient_of_obs)
        drug = self.pk.predict(values, data._replace(design=data.design.batch))
        return jnp.where(jnp.asarray(data.output_of_obs) == 0, drug, course[place, patient])


@partial(jax.jit, static_argnames=("structure",))
def _responses(
    structure: IndirectResponse, values: dict, windows: Windows
) -> Float[Array, "time patient"]:
    scale = structure.pk.scale
    if structure.effect == "emax":
        effect = Saturating(values["Emax"], values["EC50"] / scale)
    else:
        effect = Linear(scale * values["slope"])
    kout = values["kout"] * HOURS_PER_DAY
    turnover = Turnover(values["R0"] * kout, kout, effect)
    return simulate_turnover(
        turnover,
        structure.pk.model(values),
        windows.plan,
        mechanism=MECHANISMS[_NAMES.index(structure.mechanism)],
    ).response

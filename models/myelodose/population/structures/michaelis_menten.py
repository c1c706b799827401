"""Concentrations of a drug whose elimination saturates.

Tables and parameters count hours, the solver days.
"""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from myelodose.pk.michaelis_menten import MichaelisMenten, simulate_michaelis_menten
from myelodose.population.data import Data
from myelodose.population.structures.structure import Structure, Values, constant
from myelodose.population.structures.windows import Windows, make_windows
from myelodose.population.table import Table


@dataclass(frozen=True, kw_only=True)
class MichaelisMentenPk(Structure):
    """One compartment with saturable elimination; output "concentration".

    Parameters: V [L], Vm [mg/h], Km [mg/L], and ka [1/h] if oral. None may change with time.

    Args:
        oral: Whether doses enter a gut.
        longest_window_d: Longest window [d]; at most 4 Km V / Vm keeps the error near 1e-8 of the
            peak (`pk.michaelis_menten.longest_window_d`).

    Example:
        >>> MichaelisMentenPk().needs
        ('V', 'Vm', 'Km', 'ka')
    """

    oral: bool = True
    longest_window_d: float = 0.25

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of its parameters."""
        return ("V", "Vm", "Km", "ka") if self.oral else ("V", "Vm", "Km")

    @property
    def outputs(self) -> tuple[str, ...]:
        """What it predicts."""
        return ("concentration",)

    def design(self, table: Table, output: np.ndarray) -> Windows:
        """Windows of all patients."""
        return make_windows(table, output == 0, longest_window_d=self.longest_window_d)

    def predict(self, values: Values, data: Data) -> Float[Array, " obs"]:
        """Concentrations at all observations."""
        own = {name: constant(values, name, self) for name in self.needs}
        course = _concentrations(own, data.design)
        return course[jnp.asarray(data.design.place), jnp.asarray(data.patient_of_obs)]


@partial(jax.jit)
def _concentrations(values: dict, windows: Windows) -> Float[Array, "time patient"]:
    parameters = MichaelisMenten(**values)
    return simulate_michaelis_menten(parameters, windows.plan).concentration_mg_per_l

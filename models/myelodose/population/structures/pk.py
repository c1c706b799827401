"""Concentrations of one drug: one or two compartments, with everything an event table may ask for.

Time is in hours, amounts in mg; parameters are those of `pk.OneCompartment` and `TwoCompartment`.
"""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from myelodose.errors import InputError, check_fields
from myelodose.pk.compartments import OneCompartment, TwoCompartment
from myelodose.pk.linear import LinearModel
from myelodose.population.data import Data
from myelodose.population.structures.batch import Batch, Doses, make_batch, states
from myelodose.population.structures.structure import Structure, Values
from myelodose.population.table import Table


@dataclass(frozen=True, kw_only=True)
class CompartmentPk(Structure):
    """One or two compartments; output "concentration".

    Parameters: CL and V, or CL, Q, V1 and V2; ka if oral; `lag` and `F` of the first compartment,
    `rate` of doses with RATE -1 and `duration` of those with RATE -2, if asked for. All may change
    with time.

    Args:
        compartments: 1 or 2.
        oral: Whether there is a gut; it is compartment 1 then.
        transits: Transit stages behind the gut, which empty at ka as well.
        lag: Whether the first compartment has a lag time `lag` [h].
        bioavailability: Whether it has a bioavailability `F`.
        modelled_rate: Whether there is a parameter `rate` [mg/h].
        modelled_duration: Whether there is a parameter `duration` [h].
        scale: Concentrations are scale A/V; 1000 for ug/L from mg and L.
        most_bioavailable: The largest F, which bounds how many infusions of a steady state
            overlap.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> CompartmentPk(compartments=2, oral=True).needs
        ('CL', 'Q', 'V1', 'V2', 'ka')
    """

    compartments: int = 1
    oral: bool = True
    transits: int = 0
    lag: bool = False
    bioavailability: bool = False
    modelled_rate: bool = False
    modelled_duration: bool = False
    scale: float = 1.0
    most_bioavailable: float = 1.0

    def __post_init__(self) -> None:
        """Check the values."""
        checks = {
            "compartments": (self.compartments in (1, 2), "1 or 2"),
            "transits": (self.transits >= 0 and (self.oral or not self.transits), "0 if not oral"),
            "scale": (self.scale > 0, "a factor above 0"),
        }
        check_fields(self, checks)

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of its parameters."""
        disposition = ("CL", "V") if self.compartments == 1 else ("CL", "Q", "V1", "V2")
        asked = {
            "ka": self.oral,
            "lag": self.lag,
            "F": self.bioavailability,
            "rate": self.modelled_rate,
            "duration": self.modelled_duration,
        }
        return (*disposition, *(name for name, is_there in asked.items() if is_there))

    @property
    def outputs(self) -> tuple[str, ...]:
        """What it predicts."""
        return ("concentration",)

    @property
    def volume(self) -> str:
        """Name of the central volume."""
        return "V" if self.compartments == 1 else "V1"

    def model(self, values: Values, ke0: Array | None = None) -> LinearModel:
        """The compartments with values in."""
        kind = OneCompartment if self.compartments == 1 else TwoCompartment
        own = [name for name in self.needs if name in ("CL", "V", "Q", "V1", "V2", "ka")]
        return kind(**{k: values[k] for k in own}, ke0=ke0, transits=self.transits)

    def rate_constants(self, values: Values) -> dict[str, Array]:
        """Rate constants of disposition [1/h]: ke, or fast (lambda_1) and slow."""
        disposition = CompartmentPk(compartments=self.compartments, oral=False)
        constants = disposition.model(values).rate_constants()
        return {name: jnp.asarray(value) for name, value in constants.items()}

    def design(self, table: Table, output: np.ndarray) -> Batch:
        """The steps of all patients."""
        names = ("gut", *(f"transit_{i + 1}" for i in range(self.transits))) if self.oral else ()
        names = (*names, *("central", "peripheral")[: self.compartments])
        self._check_modelled(table)
        infused = bool((table.columns["rate"] > 0).any())
        timed = self.lag or (self.bioavailability and infused)
        return make_batch(table, names, timed=timed, most=self.most_bioavailable)

    def _check_modelled(self, table: Table) -> None:
        for code, name, have in (
            (-1, "rate", self.modelled_rate),
            (-2, "duration", self.modelled_duration),
        ):
            if (table.columns["rate"] == code).any() and not have:
                found = f"found RATE {code}, but the structure has no parameter {name!r}"
                raise InputError("records, rate", found, f"say modelled_{name}=True")

    def predict(self, values: Values, data: Data) -> Float[Array, " obs"]:
        """Concentrations at all observations."""
        after = self.amounts(values, data.design)
        at = (jnp.asarray(data.patient_of_obs), jnp.asarray(data.record_of_obs))
        return self.concentration(after[at], values, at)

    def amounts(
        self, values: Values, batch: Batch, ke0: Array | None = None
    ) -> Float[Array, "patient record compartment"]:
        """Amounts after every record [mg]."""
        return _amounts(self, dict(values), batch, ke0)

    def concentration(self, amounts: Array, values: Values, at: tuple) -> Float[Array, " obs"]:
        """Central concentration from amounts at observations."""
        central = 1 + self.transits if self.oral else 0
        return self.scale * amounts[:, central] / at_observations(values[self.volume], at)


def OneCompartmentPk(**settings) -> CompartmentPk:  # noqa: N802 - reads as the class it makes
    """One compartment; settings as in `CompartmentPk`.

    Args:
        **settings: As in `CompartmentPk`.
    """
    return CompartmentPk(compartments=1, **settings)


def TwoCompartmentPk(**settings) -> CompartmentPk:  # noqa: N802
    """Two compartments; settings as in `CompartmentPk`.

    Args:
        **settings: As in `CompartmentPk`.
    """
    return CompartmentPk(compartments=2, **settings)


def at_observations(value: Array, at: tuple) -> Float[Array, " obs"]:
    """A parameter where it is observed: patient and record of every observation."""
    return value[at] if value.ndim == 2 else value[at[0]]


# Compiled by itself, so that values are traced and one that cannot be gives no exception.
@partial(jax.jit, static_argnames=("structure",))
def _amounts(structure: CompartmentPk, values: dict, batch: Batch, ke0: Array | None) -> Array:
    def by_record(name: str) -> Array | None:
        if name not in values:
            return None
        value = values[name]
        shape = np.shape(batch.plan.amount)
        return jnp.broadcast_to(value if value.ndim == 2 else value[:, None], shape)

    doses = Doses(*(by_record(name) for name in ("F", "lag", "rate", "duration")))
    return states(structure.model(values, ke0), batch, doses)

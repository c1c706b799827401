"""Marrow and clones under lenalidomide and azacitidine: counts, clone shares and toxicity.

Tables count hours, the solver days. Parameters are those of `marrow.values`, each with the typical
value of its source unless it is estimated.
"""

from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from myelodose.blood.model import LINEAGES
from myelodose.errors import InputError
from myelodose.marrow.course import Patient, simulate
from myelodose.marrow.patient import patient_of
from myelodose.marrow.values import TYPICAL
from myelodose.pk.drugs import LENALIDOMIDE, lenalidomide
from myelodose.population.data import Data
from myelodose.population.structures.structure import Structure, Values, constant
from myelodose.population.structures.toxicity import PARAMETERS, causes
from myelodose.population.structures.windows import Windows, make_windows
from myelodose.population.table import Table
from myelodose.units import HOURS_PER_DAY

SHARES = ("clone", "TP53")
"""Outputs that are shares of cycling progenitors: del(5q) with or without TP53, and with it."""


@dataclass(frozen=True, kw_only=True)
class MarrowAndClones(Structure):
    """The joint model of `marrow.simulate`; outputs ANC, PLT, Hb, "clone" and "TP53".

    Counts are in 1e9/L and g/dL; the shares are those of del(5q) cells, TP53-mutated ones
    included, and of TP53-mutated ones among cycling progenitors. Doses in mg: lenalidomide into
    compartment 1, azacitidine into 2. No parameter may change with time.

    Args:
        estimated: Parameters by the names of `marrow.typical_values`; the others stay typical.
        toxicity_until_d: If given, there is an output "DLT", judged at whole days up to this one
            [d], with the parameters `dlt_count_sd`, `dlt_infection_per_d` and `dlt_thrombosis`
            (`toxicity`).

    Raises:
        InputError: If there is no such parameter.

    Example:
        >>> MarrowAndClones(estimated=("clone_share", "kill_del5q_per_d_um")).outputs
        ('ANC', 'PLT', 'Hb', 'clone', 'TP53')
    """

    estimated: tuple[str, ...]
    toxicity_until_d: int | None = None

    def __post_init__(self) -> None:
        """Check the names."""
        for name in self.estimated:
            if name not in TYPICAL:
                remedy = f"give some of {', '.join(TYPICAL)}"
                raise InputError("MarrowAndClones, estimated", f"found {name!r}", remedy)

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of its parameters."""
        return self.estimated + (PARAMETERS if self.toxicity_until_d else ())

    @property
    def outputs(self) -> tuple[str, ...]:
        """What it predicts."""
        return (*LINEAGES, *SHARES, *(("DLT",) if self.toxicity_until_d else ()))

    def design(self, table: Table, output: np.ndarray) -> Windows:
        """Windows of all patients."""
        if not self.toxicity_until_d:
            return make_windows(table, output >= 0, compartments=(1, 2))
        judged = table.columns["time_h"][table.observations][output == self.outputs.index("DLT")]
        late = judged / HOURS_PER_DAY > self.toxicity_until_d
        if late.any():
            found = f"found a DLT judged on day {judged.max() / HOURS_PER_DAY:g}"
            remedy = "give toxicity_until_d, the last day on which one is judged"
            raise InputError("MarrowAndClones, toxicity_until_d", found, remedy)
        return make_windows(table, output >= 0, compartments=(1, 2), grid_d=self._days)

    @property
    def _days(self) -> np.ndarray:
        return np.arange(float(self.toxicity_until_d or 0) + 1)

    def predict(self, values: Values, data: Data) -> Float[Array, " obs"]:
        """Counts and shares at all observations."""
        own = {name: constant(values, name, self) for name in self.needs}
        course = _courses(self, own, data.design)
        place, patient = jnp.asarray(data.design.place), jnp.asarray(data.patient_of_obs)
        output = jnp.asarray(data.output_of_obs)
        if not self.toxicity_until_d:
            return course[place, output, patient]
        day = jnp.rint(jnp.asarray(data.time_h) / HOURS_PER_DAY).astype(int)
        risk = self._risk(course, own, data.design)[jnp.minimum(day, len(self._days) - 1), patient]
        dlt = output == self.outputs.index("DLT")
        return jnp.where(dlt, risk, course[place, jnp.where(dlt, 0, output), patient])

    def _risk(self, course: Array, values: dict, windows: Windows) -> Float[Array, "day patient"]:
        """Probability of a toxicity as judged on each day."""
        grid = jnp.asarray(windows.grid)
        own = {name.removeprefix("dlt_"): values[name] for name in PARAMETERS}
        anc, plt = (jnp.take_along_axis(course[:, row], grid, 0) for row in (0, 1))
        return causes(anc, plt, day_d=self._days, **own).any


@partial(jax.jit, static_argnames=("structure",))
def _courses(
    structure: MarrowAndClones, values: dict, windows: Windows
) -> Float[Array, "time output patient"]:
    shape = windows.plan.length_d.shape[-1:]
    typical = {name: jnp.full(shape, value.value) for name, value in TYPICAL.items()}
    own = {name: values[name] for name in structure.estimated}
    course = simulate(make_patients(typical | own), windows.plan)
    share = course.clone_share
    shares = jnp.stack([share[:, 1] + share[:, 2], share[:, 2]], 1)
    return jnp.concatenate([course.counts, shares], 1)


def make_patients(v: dict[str, Array]) -> Patient:
    """Patients with the parameters of `marrow.values`, each (patient,).

    The traced counterpart of `marrow.virtual_population`, at the typical creatinine clearance.

    Args:
        v: Every parameter of `marrow.values`, by name.
    """
    volume = v["len_volume_l"]
    absorption = jnp.full_like(volume, float(LENALIDOMIDE["ktr, 3 transits"].value))
    pk = replace(lenalidomide(), CL=v["len_clearance_l_per_h"], V=volume, ka=absorption)
    return patient_of(v, pk, stack=jnp.stack)

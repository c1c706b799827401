"""What every structure offers: what it needs, what it gives, how it predicts for all patients."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Array, Float

from myelodose.errors import InputError
from myelodose.population.data import Data
from myelodose.population.prepare import prepare_table
from myelodose.population.table import Table

type Values = Mapping[str, Array]


class Structure(ABC):
    """A model of one patient, evaluated for all patients at once.

    Subclasses are frozen dataclasses of what is static: numbers of compartments, units.
    """

    @property
    @abstractmethod
    def needs(self) -> tuple[str, ...]:
        """Names of its parameters."""

    @property
    @abstractmethod
    def outputs(self) -> tuple[str, ...]:
        """What it predicts."""

    @abstractmethod
    def design(self, table: Table, output: np.ndarray) -> Any:
        """What it makes of the dose records: a tree of NumPy arrays, padded over patients.

        Args:
            table: The records.
            output: Number of the output that each observation measures, (obs,).

        Raises:
            InputError: If it cannot do what the table asks for.
        """

    @abstractmethod
    def predict(self, values: Values, data: Data) -> Float[Array, " obs"]:
        """Predictions at all observations.

        Args:
            values: Every patient's parameters, (patient,), or (patient, record) where one
                changes with time.
            data: A table as arrays.
        """

    def rate_constants(self, values: Values) -> dict[str, Array]:
        """Rate constants [1/h] that a constraint may name.

        Raises:
            InputError: If the structure has none.
        """
        remedy = "drop the constraint"
        raise InputError(f"{type(self).__name__}, constraint", "found no rate constants", remedy)

    def prepare(self, records: xr.Dataset, *, at: str = "observations") -> Data:
        """Arrays of a table whose labels are this structure's outputs.

        Args:
            records: The table.
            at: "observations" or "records".
        """
        return prepare_table(self, records, {name: name for name in self.outputs}, at=at)


def constant(values: Values, name: str, structure: Structure) -> Float[Array, " patient"]:
    """A parameter that must not change with time.

    Raises:
        InputError: If a covariate or an occasion changes it.
    """
    if values[name].ndim > 1:
        place = f"{type(structure).__name__}, {name}"
        remedy = "use a covariate that is constant in each patient, and no occasions"
        raise InputError(place, "found values that change with time", remedy)
    return values[name]

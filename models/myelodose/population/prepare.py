"""From a table of records to the arrays that a model is given."""

from typing import Any, Protocol

import numpy as np
import xarray as xr

from myelodose.errors import InputError
from myelodose.population.covariates import Categorical, Covariate
from myelodose.population.data import Data
from myelodose.population.parameter import Parameter
from myelodose.population.table import Table, read_table


class Designer(Protocol):
    """What makes a design of dose records: a structure."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """What it predicts."""
        ...

    def design(self, table: Table, output: np.ndarray) -> Any:
        """What it makes of the records."""
        ...


def prepare(
    structure: Designer,
    records: xr.Dataset,
    *,
    outputs: dict[str, str],
    parameters: tuple[Parameter, ...],
    counted: dict[str, bool],
    at: str = "observations",
) -> Data:
    """Arrays of a table for a model.

    Args:
        structure: What happens in a patient.
        records: The table.
        outputs: Which output each label measures, in the order of `kind_of_obs`.
        parameters: Whose covariates are needed.
        counted: For each label whether it is a count out of so many.
        at: "observations" or "records".

    Raises:
        InputError: If the table lacks what the model needs.
    """
    data = prepare_table(structure, records, outputs, at=at)
    for k, (label, is_counted) in enumerate(counted.items()):
        if is_counted:
            _check_trials(data, label, np.asarray(data.kind_of_obs) == k)
    table = read_table(records, at=at)
    covariates = {
        effect.covariate: _covariate(table, effect, parameter.name)
        for parameter in parameters
        for effect in parameter.covariates
    }
    return data._replace(covariates=covariates)


def prepare_table(
    structure: Designer, records: xr.Dataset, outputs: dict[str, str], *, at: str
) -> Data:
    """Arrays of a table for a structure.

    Args:
        structure: What happens in a patient.
        records: The table.
        outputs: Which output each label measures, in the order of `kind_of_obs`.
        at: "observations" or "records".

    Raises:
        InputError: If a label has no residual, or the structure lacks something.
    """
    table = read_table(records, at=at)
    columns, rows = table.columns, table.observations
    kind = _kinds(columns["observed"][rows], outputs)
    of_label = np.array([structure.outputs.index(name) for name in outputs.values()])
    occasions, occasion = np.unique(columns["occasion"], return_inverse=True)
    lower, trials = columns.get("lower"), columns.get("trials")
    arrays: dict[str, Any] = {
        "y": columns["value"][rows].astype(float),
        "censored": columns["censored"][rows].astype(int),
        "limit": _limit(columns, rows),
        "lower": None if lower is None else lower[rows].astype(float),
        "trials": None if trials is None else trials[rows].astype(float),
        "time_h": columns["time_h"][rows].astype(float),
        "patient_of_obs": table.patient_of[rows],
        "kind_of_obs": kind,
        "output_of_obs": of_label[kind],
        "record_of_obs": table.record_of[rows],
        "patients": np.arange(len(table.patients)),
        "covariates": {},
        "occasion": table.padded(occasion),
        "occasions": np.arange(len(occasions)),
        "design": structure.design(table, of_label[kind]),
    }
    return Data(**arrays)


def _check_trials(data: Data, label: str, own: np.ndarray) -> None:
    """Refuse counts without the number that they are out of."""
    if not own.any():
        return
    place, why = "records, trials", f"{label!r} counts y of n"
    if data.trials is None:
        raise InputError(place, "found no such column", f"give n: {why}")
    n, y = np.asarray(data.trials)[own], np.asarray(data.y)[own]
    if (~(n > 0)).any() or (y > n).any():
        raise InputError(place, "found n below 1 or below y", f"give n: {why}")


def _kinds(observed: np.ndarray, outputs: dict[str, str]) -> np.ndarray:
    labels = list(outputs)
    if len(labels) == 1 and (set(observed) == {""} or labels == [""]):
        return np.zeros(len(observed), int)
    unknown = sorted({str(one) for one in observed} - set(labels))
    if unknown:
        found = f"found measurements labelled {', '.join(map(repr, unknown))}"
        remedy = f"give a Residual for each label; there are {', '.join(map(repr, labels))}"
        raise InputError("records, observed", found, remedy)
    return np.array([labels.index(label) for label in observed], int)


def _limit(columns: dict[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    """The bound of what is censored: in its value, as `records` has it, or else in the limit."""
    limit, value = columns["limit"][rows].astype(float), columns["value"][rows].astype(float)
    censored = columns["censored"][rows] != 0
    bound = np.where(censored & np.isfinite(value), value, limit)
    missing = censored & ~np.isfinite(bound)
    if missing.any():
        place = f"records, row {int(rows[np.argmax(missing)]) + 1}"
        remedy = "give the limit of quantification in DV or LLOQ"
        raise InputError(place, "found a censored value, no limit", remedy)
    return bound


def _covariate(table: Table, effect: Covariate, parameter: str) -> np.ndarray:
    """A covariate as (patient,), or (patient, record) where it changes in anyone."""
    name = effect.covariate
    place = f"records, {name}"
    if name not in table.columns:
        found = f"found no such column, which {type(effect).__name__} needs for {parameter}"
        raise InputError(place, found, f"add the column, or drop the effect from {parameter}")
    column = table.columns[name]
    if isinstance(effect, Categorical):
        column = _levels(column, effect, place)
    column = column.astype(float)
    missing = ~np.isfinite(column)
    if missing.any():
        who = sorted({str(one) for one in table.columns["patient"][missing]})
        remedy = f"give a value, since {parameter} depends on it"
        raise InputError(place, f"found none for patient {', '.join(who)}", remedy)
    effect.check(column, place)
    padded = table.padded(column)
    return padded[:, 0] if (padded == padded[:, :1]).all() else padded


def _levels(column: np.ndarray, effect: Categorical, place: str) -> np.ndarray:
    """Numbers of the levels; 1 and '1' and 1.0 are one level."""
    known = {_spelt(level): k for k, level in enumerate(effect.levels)}
    number = np.array([known.get(_spelt(x), -1) for x in column])
    if (number < 0).any():
        found = f"found {column[number < 0][0]!r}"
        raise InputError(place, found, f"name it in Categorical, levels, beside {effect.levels}")
    return number


def _spelt(level: object) -> str:
    text = str(level)
    try:
        return f"{float(text):g}"
    except ValueError:
        return text

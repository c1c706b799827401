"""Doses as arrays: one patient's, padded to a length, and many patients' side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from myelodose.errors import InputError, check_fields
from myelodose.regimen.courses import checked_whole
from myelodose.regimen.cycle import Dose
from myelodose.units import HOURS_PER_DAY


@dataclass(frozen=True, eq=False)
class Doses:
    """Doses in order of time, padded to a common length with doses of nothing.

    The first axis is the dose; after `stack` the last one is the patient. Padding has amount 0
    and the time of the last real dose, so times stay sorted. The arrays cannot be written to.

    Args:
        time_d: Start of each dose, 0 being the start of day 1 [d]; shape [dose].
        amount_mg: Amount [mg]; shape [dose].
        duration_d: Length of the infusion, 0 for a bolus, an injection or a tablet [d]; [dose].
        drug: Which of `drugs`; shape [dose].
        count: Number of real doses; shape [], or [patient] after `stack`.
        drugs: Names of the drugs.

    Raises:
        InputError: If the arrays do not fit together, or a value cannot be.
    """

    time_d: np.ndarray
    amount_mg: np.ndarray
    duration_d: np.ndarray
    drug: np.ndarray
    count: np.ndarray
    drugs: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check the arrays and lock them."""
        for name in ("time_d", "amount_mg", "duration_d"):
            object.__setattr__(self, name, np.array(getattr(self, name), dtype=np.float64))
        for name in ("drug", "count"):
            object.__setattr__(self, name, np.array(getattr(self, name), dtype=np.int32))
        shape = self.time_d.shape
        real = np.arange(shape[0])[(...,) + (None,) * (len(shape) - 1)] < self.count
        check_fields(self, {
            "time_d": (
                bool(np.isfinite(self.time_d).all() and (np.diff(self.time_d, axis=0) >= 0).all()),
                "finite times in ascending order",
            ),
            "amount_mg": (
                self.amount_mg.shape == shape
                and bool(np.isfinite(self.amount_mg).all() and (self.amount_mg >= 0).all())
                and not np.any(self.amount_mg[~np.broadcast_to(real, shape)]),
                "one finite amount of at least 0 per time, and 0 in the padding",
            ),
            "duration_d": (
                self.duration_d.shape == shape
                and bool(np.isfinite(self.duration_d).all() and (self.duration_d >= 0).all()),
                "one finite duration of at least 0 per time",
            ),
            "drug": (
                self.drug.shape == shape
                and bool(((self.drug >= 0) & (self.drug < max(len(self.drugs), 1))).all()),
                "an index into drugs per time",
            ),
        })  # fmt: skip
        for name in ("time_d", "amount_mg", "duration_d", "drug", "count"):
            getattr(self, name).setflags(write=False)

    def __len__(self) -> int:
        return len(self.time_d)

    def of(self, drug: str) -> "Doses":
        """The doses of one drug: the same times, the amounts of all others set to 0.

        Lengths and patients stay as they are, so that the drugs of a regimen share a shape.

        Raises:
            InputError: If the drug is not among `drugs`.

        Example:
            >>> a, b = Dose(0.0, 135.0, 0.0, "azacitidine"), Dose(120.0, 20.0, 0.0, "lenalidomide")
            >>> doses_from([a, b]).of("lenalidomide").amount_mg.tolist()
            [0.0, 20.0]
        """
        if drug not in self.drugs:
            known = ", ".join(self.drugs)
            raise InputError("Doses.of, drug", f"found {drug!r}", f"give one of {known}")
        amount = np.where(self.drug == self.drugs.index(drug), self.amount_mg, 0.0)
        return Doses(self.time_d, amount, self.duration_d, self.drug, self.count, self.drugs)


def doses_from(
    doses: Sequence[Dose], *, drugs: Sequence[str] | None = None, pad_to: int | None = None
) -> Doses:
    """Single doses as sorted and padded arrays.

    Doses at the same time stand in the order of `drugs`.

    Args:
        doses: The doses, in any order.
        drugs: Names in the wanted order; those of the doses in order of appearance if None.
        pad_to: Length of the arrays; the number of doses if None.

    Raises:
        InputError: If a drug is not named, or there are more doses than places.

    Example:
        >>> doses_from([Dose(24.0, 20.0, 0.0, "lenalidomide")], pad_to=3).time_d.tolist()
        [1.0, 1.0, 1.0]
    """
    names = tuple(dict.fromkeys(dose.drug for dose in doses) if drugs is None else drugs)
    for dose in doses:
        if dose.drug not in names:
            found = f"found {', '.join(names) or 'none'}, but the regimen gives {dose.drug}"
            raise InputError("doses, drugs", found, f"add {dose.drug!r}")
    length = len(doses) if pad_to is None else checked_whole(pad_to, "doses, pad_to", least=0)
    if length < len(doses):
        raise InputError(
            "doses, pad_to",
            f"found {length} places for {len(doses)} doses",
            f"give at least {len(doses)}",
        )
    ordered = sorted(doses, key=lambda dose: (dose.time_h, names.index(dose.drug)))
    padding = length - len(doses)
    last = ordered[-1]._replace(amount_mg=0.0, duration_h=0.0) if ordered else None
    filled = ordered + [last or Dose(0.0, 0.0, 0.0, "")] * padding
    return Doses(
        time_d=np.array([dose.time_h for dose in filled]) / HOURS_PER_DAY,
        amount_mg=np.array([dose.amount_mg for dose in filled]),
        duration_d=np.array([dose.duration_h for dose in filled]) / HOURS_PER_DAY,
        drug=np.array([names.index(dose.drug) if dose.drug else 0 for dose in filled]),
        count=np.array(len(doses)),
        drugs=names,
    )


def stack(patients: Sequence[Doses]) -> Doses:
    """Doses of several patients side by side, padded to the longest.

    Args:
        patients: One `Doses` each, of shape [dose].

    Returns:
        Arrays of shape [dose, patient], counts of shape [patient]; the drugs are those of all
        patients in order of appearance.

    Raises:
        InputError: If nobody is given, or somebody is stacked already.

    Example:
        >>> one = doses_from([Dose(0.0, 20.0, 0.0, "lenalidomide")])
        >>> stack([one, one, one]).amount_mg.shape
        (1, 3)
    """
    if not patients:
        raise InputError("stack, patients", "found none", "give at least one patient's doses")
    for number, patient in enumerate(patients, start=1):
        if patient.time_d.ndim != 1:
            found = f"patient {number} has shape {patient.time_d.shape}"
            raise InputError("stack, patients", found, "give one patient's doses each")
    drugs = tuple(dict.fromkeys(name for patient in patients for name in patient.drugs))
    length = max(map(len, patients))
    padded = [_padded(patient, length, drugs) for patient in patients]
    time, amount, duration, drug = (np.stack(arrays, axis=-1) for arrays in zip(*padded))  # noqa: B905
    count = np.array([patient.count for patient in patients])
    return Doses(time, amount, duration, drug, count, drugs)


def _padded(patient: Doses, length: int, drugs: tuple[str, ...]) -> tuple[np.ndarray, ...]:
    """One patient's arrays, filled up with doses of nothing, the drugs renumbered."""
    missing = length - len(patient)
    renumber = np.array([drugs.index(name) for name in patient.drugs] or [0])
    drug = renumber[patient.drug]

    def last(array: np.ndarray) -> np.ndarray:
        return np.append(array, np.repeat(array[-1] if len(array) else 0, missing))

    def none(array: np.ndarray) -> np.ndarray:
        return np.append(array, np.zeros(missing))

    return last(patient.time_d), none(patient.amount_mg), none(patient.duration_d), last(drug)

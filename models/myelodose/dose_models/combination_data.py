"""What was seen of two drugs, as arrays; the model is in `combination`."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from myelodose.dose_models.combination_prior import DrugPrior, InteractionPrior
from myelodose.errors import InputError

_ROWS = 16


class Row(NamedTuple):
    """Patients of one group at one pair of doses; `sequence` names s, "" the usual one."""

    group: str
    dose1: float
    dose2: float
    n: int
    y: int
    sequence: str = ""


class CombinationData(NamedTuple):
    """Everything that the likelihood depends on; every field an array.

    `member1`, `member2`, `member_eta` (row, group): which group of the drug, or of the
    interaction, a row belongs to; `sequence` (row, s) which unusual sequence.
    """

    dose: Float[np.ndarray, "row 2"]
    sequence: Float[np.ndarray, "row sequence"]
    n: Float[np.ndarray, " row"]
    y: Float[np.ndarray, " row"]
    member1: Float[np.ndarray, "row group1"]
    member2: Float[np.ndarray, "row group2"]
    member_eta: Float[np.ndarray, "row group_eta"]
    reference: Float[np.ndarray, " 2"]
    mean: Float[np.ndarray, "2 2"]
    sd: Float[np.ndarray, "2 2"]
    tau_log_mean: Float[np.ndarray, "2 2"]
    tau_log_sd: Float[np.ndarray, "2 2"]
    eta: Float[np.ndarray, " 4"]
    sequence_sd: Float[np.ndarray, ""]
    on_risk: Float[np.ndarray, ""]
    saturating: Float[np.ndarray, ""]


def combination_data(
    rows: Sequence[Row],
    *,
    drugs: tuple[DrugPrior, DrugPrior],
    interaction: InteractionPrior,
    group: str,
    pairs: Sequence[tuple[float, float]],
    sequence: str = "",
) -> tuple[CombinationData, CombinationData]:
    """Arrays of what was seen and of what is asked about, over the same groups.

    Args:
        rows: What was seen.
        drugs: Priors of the two drugs.
        interaction: Prior of the interaction.
        group: The group predicted for; it may be new.
        pairs: Pairs of doses asked about.
        sequence: The sequence there.

    Returns:
        Data, and rows without patients for the prediction.

    Raises:
        InputError: If a count or a dose cannot be.
    """
    for number, row in enumerate(rows):
        place = f"combination, row {number + 1}"
        if not 0 <= row.y <= row.n:
            raise InputError(place, f"found {row.y} DLTs in {row.n}", "give 0 to n")
        if min(row.dose1, row.dose2) < 0 or row.dose1 + row.dose2 <= 0:
            found = f"found doses {row.dose1:g} and {row.dose2:g}"
            raise InputError(place, found, "give at least one dose above 0 and none below")
    asked = [Row(group, one, two, 0, 0, sequence) for one, two in pairs]
    both = [*rows, *asked]
    members = [
        _membership(both, lambda r: r.dose1 > 0),
        _membership(both, lambda r: r.dose2 > 0),
        _membership(both, lambda r: r.dose1 > 0 and r.dose2 > 0),
        _membership(
            both, lambda r: r.sequence != "" and r.dose1 > 0 and r.dose2 > 0, lambda r: r.sequence
        ),
    ]
    shared = {
        "reference": np.array([d.dose_reference for d in drugs]),
        "mean": np.array([d.mean for d in drugs]),
        "sd": np.array([d.sd for d in drugs]),
        "tau_log_mean": np.array([d.tau_log_mean for d in drugs]),
        "tau_log_sd": np.array([d.tau_log_sd for d in drugs]),
        "eta": np.array([
            interaction.mean, interaction.sd, interaction.tau_log_mean, interaction.tau_log_sd
        ]),
        "sequence_sd": np.array(interaction.sequence_sd),
        "on_risk": np.array(float(interaction.sequence_on == "risk")),
        "saturating": np.array(float(interaction.form == "saturating")),
    }  # fmt: skip

    def part(chosen: Sequence[Row], at: slice) -> CombinationData:
        # Rows of nobody fill up to a multiple, so that one more cohort compiles nothing again.
        more = -len(chosen) % _ROWS

        def filled(values: np.ndarray) -> np.ndarray:
            return np.concatenate([values, np.zeros((more, *values.shape[1:]))])

        return CombinationData(
            dose=filled(np.array([[r.dose1, r.dose2] for r in chosen], float).reshape(-1, 2)),
            sequence=filled(members[3][at]),
            n=filled(np.array([r.n for r in chosen], float)),
            y=filled(np.array([r.y for r in chosen], float)),
            member1=filled(members[0][at]),
            member2=filled(members[1][at]),
            member_eta=filled(members[2][at]),
            **shared,
        )

    return part(rows, slice(len(rows))), part(asked, slice(len(rows), None))


def _membership(rows: Sequence[Row], takes_part, name=lambda row: row.group) -> np.ndarray:
    """One column for each group, or whatever `name` gives, with such a row."""
    names = list(dict.fromkeys(name(r) for r in rows if takes_part(r)))
    return np.array(
        [[float(takes_part(r) and name(r) == one) for one in names] for r in rows]
    ).reshape(len(rows), len(names))

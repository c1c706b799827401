"""Small sums on printed numbers and on columns of Table 1."""

import math
from collections import Counter

import xarray as xr

from myelodose.trial.paper import Paper


def half_up(value: float) -> int:
    """Round as people do: 68.5 becomes 69."""
    return math.floor(value + 0.5)


def only_count(percent: float, n: int) -> list[int]:
    """Every k for which k of n rounds to the printed percentage."""
    return [k for k in range(n + 1) if half_up(100 * k / n) == percent]


def patients(mask: xr.DataArray) -> list[int]:
    """Numbers of the patients for whom the mask holds."""
    return [int(number) for number in mask.patient.values[mask.values]]


def named(mask: xr.DataArray) -> str:
    """The same as text."""
    return "patients " + ", ".join(map(str, patients(mask)))


def counts_of(values: xr.DataArray, order: tuple[str, ...]) -> str:
    """How often each value stands in a column, best first: '1 CR, 3 CRi, 1 PR'."""
    count = Counter(values.values.tolist())
    return ", ".join(f"{count[name]} {name}" for name in reversed(order) if count[name])


def by_cohort(paper: Paper, kind) -> tuple[list[int], list[int]]:
    """Responders and patients in each cohort."""
    cohorts = paper.trial.cohort
    mask = paper.responders(kind)
    names = list(dict.fromkeys(cohorts.values.tolist()))
    return (
        [int((mask & (cohorts == name)).sum()) for name in names],
        [int((cohorts == name).sum()) for name in names],
    )


def additional_abnormalities(karyotype: str) -> int:
    """Abnormalities besides del(5q): parts between commas that stand outside brackets."""
    if karyotype == "None":
        return 0
    depth, parts = 0, 1
    for letter in karyotype:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        parts += letter == "," and depth == 0
    return parts

"""Random regimens, and how doses are compared."""

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from myelodose.regimen import Doses, Regimen, azacitidine, course, lenalidomide

AREA = 1.83

day_sets = st.sets(st.integers(1, 21), min_size=1, max_size=12)
hours = st.sampled_from([0.0, 8.0, 8.5, 8.1, 22.75])
# Whole minutes, as quotients: the nearest float to the length that was meant.
infusions = st.integers(0, 300).map(lambda minutes: minutes / 60)


@st.composite
def single_cycles(draw) -> Regimen:
    """Azacitidine, lenalidomide and an infusion on any days of one cycle."""
    route_length = draw(infusions)
    first = azacitidine(
        draw(st.sampled_from([30, 50, 75])),
        days=draw(day_sets),
        route="iv" if route_length else "sc",
        hour=draw(hours),
        infusion_h=route_length,
    )
    second = lenalidomide(
        draw(st.sampled_from([5, 10, 15, 20, 25])), days=draw(day_sets), hour=draw(hours)
    )
    both = first.with_(second)
    if draw(st.booleans()):
        third = course("cytarabine", 100, unit="mg/m2", days=draw(day_sets), route="iv",
                       infusion_h=draw(infusions))  # fmt: skip
        both = both.with_(third)
    return both


@st.composite
def regimens(draw) -> Regimen:
    """A cycle laid out one to four times."""
    return draw(single_cycles()).cycles(draw(st.integers(1, 4)), every=draw(st.integers(21, 56)))


def rows(doses: Doses) -> list[tuple]:
    """Real doses as comparable rows."""
    columns = (doses.time_d, doses.amount_mg, doses.duration_d)
    names = [doses.drugs[index] for index in doses.drug]
    every = zip(*(column.tolist() for column in columns), names, strict=True)
    return list(every)[: int(doses.count)]


def total(doses: Doses, drug: str) -> Fraction:
    """Amount of a drug, summed without rounding: sums in another order must agree exactly."""
    amounts = doses.of(drug).amount_mg
    return sum((Fraction(float(amount)) for amount in np.asarray(amounts)), Fraction(0))

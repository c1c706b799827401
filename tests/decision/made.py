"""A small decision from simulated counts that several tests look at; made once."""

import dataclasses
from functools import lru_cache

from myelodose.decision.choose import choose
from myelodose.decision.from_counts import CountDecision, decide_from_counts
from myelodose.decision.question import Question

FEW = {"doses_mg": (10.0, 20.0, 25.0), "draws": 12, "patients": 20, "pairs": 20}


@lru_cache(maxsize=1)
def few() -> CountDecision:
    """Three doses, 240 virtual patients."""
    return decide_from_counts(Question(seed=3, **FEW))


def with_overdose(*values: float) -> CountDecision:
    """The decision where P(risk > limit) is exactly this."""
    found = few().estimates
    table = found.table.copy(deep=True)
    table["mean"].loc[{"quantity": "over"}] = list(values)
    table.error.loc[{"quantity": "over"}] = 0.0
    found = found._replace(table=table)
    return dataclasses.replace(few(), estimates=found, choice=choose(few().question, found))

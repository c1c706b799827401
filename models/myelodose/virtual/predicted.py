"""A printed fact beside its predictive distribution, and a table of them.

A fact that the model cannot say is listed as "not modelled" with the reason, and none is left out.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

SURPRISING, CONTRADICTED = 0.1, 0.02
"""Tail probabilities below which a fact is in tension with the model, or contradicts it. CHOSEN."""


@dataclass(frozen=True)
class Predicted:
    """A quantity of every replicate beside what is printed.

    Args:
        finding: R1 to R13.
        fact: Row of facts.csv or dlt.csv, or the discrepancy.
        quantity: What it is, in words.
        printed: What the paper prints, or follows from Table 1.
        values: In each replicate; NaN where it has none.
        note: What to know in reading it.
        event: Whether it is 1 where something happened and 0 where not.
    """

    finding: str
    fact: str
    quantity: str
    printed: float
    values: np.ndarray
    note: str = ""
    event: bool = False

    @property
    def tail(self) -> float:
        """Twice the smaller of P(as much or more) and P(as much or less); P of an event."""
        seen = self.values[~np.isnan(self.values)]
        if not len(seen) or np.isnan(self.printed):
            return float("nan")
        if self.event:
            return float((seen == self.printed).mean())
        return float(
            min(1.0, 2 * min((seen >= self.printed).mean(), (seen <= self.printed).mean()))
        )

    @property
    def verdict(self) -> str:
        """In words."""
        if np.isnan(self.printed):
            return "not printed"
        if np.isnan(self.tail):
            return "no replicate has one"
        if self.tail < CONTRADICTED:
            return "contradicted"
        return "in tension" if self.tail < SURPRISING else "compatible"


NOT_MODELLED = (
    ("R4", "F10", "haematologic responses among 19", "5", "needs marrow blasts, not in the model"),
    ("R6", "F16-F18", "responses, untreated against pretreated", "5/9 against 3/10",
     "no effect of prior therapy in the model, and who was untreated is not printed"),
    ("R7", "F21", "haematologic responses by TP53", "4/11 against 1/6", "needs marrow blasts"),
    ("R12", "F23", "median haematologic response [months]", "2.3", "needs marrow blasts"),
)  # fmt: skip
"""Finding, fact, quantity, printed, reason."""


def fact_table(predicted: list[Predicted]) -> pd.DataFrame:
    """Printed, predictive median and 95 % interval, tail probability, verdict. SIMULATED.

    Of an event the median column holds its probability, and so does the tail.

    Args:
        predicted: From `predicted_facts`; what is not modelled is added.

    Example:
        >>> row = Predicted("R2", "F54", "so many", 9.0, np.arange(20.0))
        >>> fact_table([row]).verdict.iloc[0]
        'compatible'
    """
    rows = []
    for one in predicted:
        seen = one.values[~np.isnan(one.values)]
        low, middle, high = np.quantile(seen, [0.025, 0.5, 0.975]) if len(seen) else [np.nan] * 3
        if one.event:
            low, middle, high = np.nan, float(seen.mean()), np.nan
        numbers = (f"{one.printed:.3g}", middle, low, high, one.tail)
        rows.append((one.finding, one.fact, one.quantity, *numbers, one.verdict, one.note))
    for finding, fact, quantity, printed, reason in NOT_MODELLED:
        nothing = (np.nan,) * 4
        rows.append((finding, fact, quantity, printed, *nothing, "not modelled", reason))
    columns = ["finding", "fact", "quantity", "printed", "median", "low", "high", "tail",
               "verdict", "note"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    order = table.finding.str[1:].astype(int)
    by_finding = table.assign(order=order).sort_values("order", kind="stable", ignore_index=True)
    return by_finding.drop(columns="order")

"""The table of rank-based desirability scores that a BOIN12 trial is run from."""

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from myelodose.designs.boin12 import Boin12
from myelodose.designs.seen import Seen


def rank_desirability(design: Boin12, sizes: Sequence[int]) -> pd.DataFrame:
    """Ranks of P(u > u_b) among all admissible outcomes of a dose.

    Args:
        design: The design.
        sizes: Numbers of patients at a dose.

    Returns:
        One row an outcome: `n`, `tox`, `eff`, `admissible`, `desirability` and `rank` (1 the
        least desirable, ties share their mean rank, NaN if not admissible). If the utilities of
        the two middle outcomes do not add up to 100, the score depends on how many had `both`,
        and that is a column and a row too.

    Source:
        Lin et al., JCO Precis Oncol 2020, table 3 (doi 10.1200/PO.20.00257).

    Example:
        >>> design = Boin12(doses=5, toxicity=0.35, efficacy=0.25)
        >>> table = rank_desirability(design, [0, 3])
        >>> len(table), float(table["rank"].max())
        (17, 13.0)
    """
    additive = design.utility[1] + design.utility[2] == 100
    rows = [row for n in sizes for row in _outcomes(n, additive)]
    n, tox, eff, both = (np.array(column)[:, None] for column in zip(*rows, strict=True))
    seen = Seen(n, tox, eff, both)
    fine = design.admissible(seen)[:, 0]
    score = design.desirability(seen)[:, 0]
    columns: dict[str, np.ndarray] = {"n": n[:, 0], "tox": tox[:, 0], "eff": eff[:, 0]}
    if not additive:
        columns["both"] = both[:, 0]
    frame = pd.DataFrame({**columns, "admissible": fine, "desirability": score})
    # Equal scores come from equal x; rounding must not part them.
    rank = pd.Series(score.round(12)).where(fine).rank()
    return frame.assign(rank=rank)


def _outcomes(n: int, additive: bool) -> list[tuple[int, int, int, int]]:
    rows = []
    for tox, eff in itertools.product(range(n + 1), repeat=2):
        fewest = max(0, tox + eff - n)
        most = fewest if additive else min(tox, eff)
        rows += [(n, tox, eff, both) for both in range(fewest, most + 1)]
    return rows

"""Decision tables for the wall of the ward: what follows so many DLTs in so many patients."""

from collections.abc import Callable, Sequence

import pandas as pd

type Letters = Callable[[int], list[str]]


def decision_table(letters: Letters, sizes: Sequence[int]) -> pd.DataFrame:
    """Decisions at a middle dose: rows are DLTs, columns patients.

    E escalate, S stay, D de-escalate, DU de-escalate and never come back; "" where there cannot
    be so many DLTs.

    Args:
        letters: The decisions for 0, 1, ... n DLTs in n patients.
        sizes: Numbers of patients.

    Example:
        >>> decision_table(lambda n: ["E", *["D"] * n], [1, 2]).loc[2].tolist()
        ['', 'D']
    """
    most = max(sizes)
    columns = {n: letters(n) + [""] * (most - n) for n in sizes}
    index = pd.RangeIndex(most + 1, name="DLTs")
    return pd.DataFrame(columns, index=index).rename_axis(columns="patients")


def decision_boundaries(letters: Letters, most: int) -> pd.DataFrame:
    """A decision table as limits.

    Args:
        letters: The decisions for 0, 1, ... n DLTs in n patients.
        most: Patients up to this many.

    Returns:
        Per number of patients `escalate_if_le`, `deescalate_if_ge` and `eliminate_if_ge`, as
        numbers of DLTs: -1 to escalate if none does, and <NA> for the others.

    Example:
        >>> decision_boundaries(lambda n: ["E", *["D"] * n], 2).values.tolist()
        [[0, 1, <NA>], [0, 1, <NA>]]
    """
    rows = []
    for n in range(1, most + 1):
        decided = letters(n)
        up = [y for y, letter in enumerate(decided) if letter == "E"]
        down = [y for y, letter in enumerate(decided) if letter in ("D", "DU")]
        out = [y for y, letter in enumerate(decided) if letter == "DU"]
        rows.append([max(up, default=-1), min(down, default=None), min(out, default=None)])
    columns = ["escalate_if_le", "deescalate_if_ge", "eliminate_if_ge"]
    index = pd.RangeIndex(1, most + 1, name="patients")
    return pd.DataFrame(rows, columns=columns, index=index, dtype="Int64")

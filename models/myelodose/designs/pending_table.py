"""The decision table of TITE-BOIN: what follows, and how much follow-up it takes."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from myelodose.designs.boin import Boin
from myelodose.designs.follow_up import Estimate, follow_up_at
from myelodose.designs.interval import LETTER, ON_THE_END
from myelodose.errors import InputError


class _Row(NamedTuple):
    """One state of the current dose."""

    n: int
    y: int
    pending: int
    decision: str
    escalate_from: float = np.nan
    deescalate_to: float = np.nan


def pending_table(
    boin: Boin, *, estimate: Estimate, most_pending: float, most: int = 12
) -> pd.DataFrame:
    """Decisions at a middle dose while patients are pending.

    Args:
        boin: The design once everyone was followed up.
        estimate: How pending patients enter the DLT rate; see `follow_up`.
        most_pending: Largest share of pending patients.
        most: Patients up to this many.

    Returns:
        One row for every n, y and number pending. `decision` is E, S, D, DU as in `Boin.table`,
        W for wait; or E/S, S/D, E/S/D where it hangs on the follow-up: E from `escalate_from`
        windows in sum over the pending patients, D up to `deescalate_to`.

    Raises:
        InputError: If `most` is no number of patients.

    Example:
        >>> table = pending_table(Boin(3, 0.2), estimate="imputed", most_pending=0.5, most=9)
        >>> known = table.query("n == 9 and y == 1 and pending == 4").iloc[0]
        >>> known.decision, round(float(known.escalate_from), 2)
        ('E/S', 2.15)
    """
    if not 1 <= most <= 1000:
        raise InputError("pending_table, most", f"found {most}", "give 1 to 1000 patients")
    rows = [
        _row(boin, n, y, pending, estimate, most_pending)
        for n in range(1, most + 1)
        for y in range(n + 1)
        for pending in range(n - y + 1)
    ]
    return pd.DataFrame(rows, columns=list(_Row._fields))


def _row(boin: Boin, n: int, y: int, pending: int, estimate: Estimate, most_pending: float) -> _Row:
    count, dlts = np.array([[n]]), np.array([[y]])
    if boin.exclude(count, dlts)[0, 0]:
        return _Row(n, y, pending, "DU")
    if not pending:
        return _Row(n, y, 0, LETTER[int(boin.step(count[0], dlts[0])[0])])
    escalate, deescalate = boin.limits
    if estimate == "imputed" and y / n >= deescalate - ON_THE_END:
        return _Row(n, y, pending, "D")
    if pending / n > most_pending:
        return _Row(n, y, pending, "W")
    up, down = (
        float(follow_up_at(limit, n, y, pending, estimate=estimate, target=boin.target))
        for limit in (escalate, deescalate)
    )
    if estimate == "imputed":
        # Coherence: a pending patient alone moves nothing across the observed rate's side.
        below = y / n < boin.target - ON_THE_END
        up, down = (up, -np.inf) if below else (np.inf, down)
    if up <= 0:
        return _Row(n, y, pending, "E")
    if down >= pending:
        return _Row(n, y, pending, "D")
    letters = ["E"] * (up < pending) + ["S"] + ["D"] * (down > 0)
    inside = (up if up < pending else np.nan, down if down > 0 else np.nan)
    return _Row(n, y, pending, "/".join(letters), *inside)

"""What happens under an option, yes or no, in every draw: recovery, grade 4, nadir, relapse."""

from typing import Any

import numpy as np
import xarray as xr

from myelodose.forecast.options import longest_run
from myelodose.marrow.grades import GRADE_LIMITS

CYCLE_D, VISITS_D = 28, 7
"""From this day of its cycle on a patient may have recovered, and visits thereafter [d]."""


def events_of(
    data: xr.Dataset,
    cells: np.ndarray,
    *,
    starts: np.ndarray,
    baseline: np.ndarray,
    lowest_vaf: np.ndarray,
    rules: Any,
) -> dict[str, Any]:
    """Events of every option and draw.

    Args:
        data: `count` (option, day, lineage, draw) and `vaf` (option, day, draw).
        cells: Clonal cells over those of now, (option, day, draw).
        starts: Day 1 of each option [d].
        baseline: Counts before treatment, (lineage, draw).
        lowest_vaf: Lowest expected VAF at the readings so far, (draw).
        rules: `ahead.Rules`.

    Returns:
        `ready`: both counts have reached the start limits in the morning of day 1. `grade4_d`:
        longest run of mornings with neutrophils or platelets of grade 4, and `long_grade4`.
        `recovered`: both have reached the limits again at a visit from day 28 of the cycle to
        `unrecovered_by_d`. `nadir` and `nadir_day` (lineage), protocol day of the cycle.
        `cells_left`: clonal cells on the last day over those of now; `burden`: their mean over all
        days from now on, in which a delay counts, while the last day favours what was given last.
        `relapse`: the expected VAF
        of TP53 is at `relapse_vaf` or above after it had been below; `clears`: it is ever below.
    """
    day = data.day.values
    limit = np.minimum(
        np.array(rules.start.numbers[:2])[:, None], rules.start.numbers[2] * baseline[:2]
    )
    low = np.array([GRADE_LIMITS["ANC"][2], GRADE_LIMITS["PLT"][2]])[:, None]
    rows = [
        _of_one(data["count"].values[i], day - start, limit, low, rules)
        for i, start in enumerate(starts)
    ]
    both = ("option", "draw")
    by = {
        name: (both, np.stack([row[name] for row in rows]))
        for name in ("ready", "grade4_d", "recovered")
    }
    wide = ("option", "lineage", "draw")
    by |= {
        "nadir": (wide, np.stack([row["nadir"] for row in rows])),
        "nadir_day": (
            wide,
            np.stack([row["nadir_day"] for row in rows]),
            {"units": "protocol day of the cycle"},
        ),
        "long_grade4": (both, by["grade4_d"][1] > rules.grade4_over_d),
        "cells_left": (both, cells[:, -1]),
        "burden": (both, cells.mean(1)),
    }
    seen = data.vaf.values >= rules.relapse_vaf
    was_below = lowest_vaf < rules.relapse_vaf
    below = np.logical_or.accumulate(~seen, 1) | was_below
    by["relapse"] = (both, (seen & below).any(1))
    by["clears"] = (both, below.any(1))
    return by


def _of_one(counts: np.ndarray, since: np.ndarray, limit, low, rules: Any) -> dict:
    """Of one option; `since` is days since its day 1."""
    first = int(np.searchsorted(since, 0))
    last = int(np.searchsorted(since, rules.unrecovered_by_d, side="right"))
    own = counts[first:last]
    well = (own[:, :2] >= limit).all(1)
    grade4 = (own[:, :2] < low).any(1)
    visits = [k for k in range(CYCLE_D, rules.unrecovered_by_d + 1, VISITS_D) if k < len(own)]
    return {
        "ready": well[0],
        "grade4_d": longest_run(grade4),
        "recovered": well[visits].any(0),
        "nadir": own.min(0),
        "nadir_day": 1 + own.argmin(0),
    }

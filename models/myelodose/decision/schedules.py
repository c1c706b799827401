"""What a comparison of orders and schedules says, in sentences that tell known from assumed."""

import numpy as np
import xarray as xr

from myelodose.errors import InputError

_KNOWN, _TOGETHER = "sequential, gap 0 d", "concurrent"


def answer(grid: xr.Dataset, compared: xr.Dataset, maintained: xr.Dataset, spread: float) -> str:
    """What is known, and what only the model says.

    Args:
        grid: From `virtual.compare_sequences`, with the order of the trial among the rest.
        compared: From `virtual.schedules.compare_schedules`.
        maintained: From `virtual.maintenance.compare_maintenance`, with two intervals.
        spread: Relative difference between orders without arrest, feedback and rest.

    Raises:
        InputError: If the order of the trial is not in the grid.
    """
    if _KNOWN not in grid.arrangement.values:
        raise InputError("answer, grid", f"found no '{_KNOWN}'", "compare with a gap of 0 days")
    high = grid.isel(dose=-1)
    trial, both = high.sel(arrangement=_KNOWN), high.sel(arrangement=_TOGETHER)
    mildest = str(high.arrangement[int(np.argmin(high.p_dlt.values))].item())
    fewest = str(high.arrangement[int(np.argmin(high.clone_left.values))].item())
    given = [str(n) for n, k in zip(compared.schedule.values, compared.known.values, strict=True)
             if "assumption" not in str(k)]  # fmt: skip
    first, last = (maintained.isel(every=k, reading=-1) for k in (0, -1))
    return (
        f"SIMULATED, {grid.attrs['population']}. Known: {' and '.join(given)} were given to "
        f"patients. Everything else is the model's assumption. At {float(high.dose):g} mg the "
        f"order of the trial leaves {_percent(trial.clone_left)} of the clonal cells at day "
        f"{grid.attrs['read_d']}, both drugs together {_percent(both.clone_left)}; fewest are left "
        f"by '{fewest}', and P(DLT) is lowest with '{mildest}' ({_percent(high.p_dlt.min())}) "
        f"against {_percent(trial.p_dlt)} as in the trial (two Monte Carlo errors of each: "
        f"{_percent(2 * trial.error)}). Without arrest, feedback, rest "
        f"and held doses the order changes nothing in the clone (relative difference "
        f"{spread:.0e}). Maintenance every {int(first.every)} instead of {int(last.every)} days "
        f"leaves a mean clone share of {_percent(first.clone_share)} instead of "
        f"{_percent(last.clone_share)} at day {int(last.reading)}, and TP53 is seen in "
        f"{_percent(first.seen)} instead of {_percent(last.seen)} of the mutated."
    )


def _percent(share: xr.DataArray) -> str:
    return f"{100 * float(share):.1f} %"

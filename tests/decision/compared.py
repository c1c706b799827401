"""Comparisons with made-up numbers, in the shape of what is simulated."""

import numpy as np
import xarray as xr

from myelodose.virtual.schedules import schedules


def grid() -> xr.Dataset:
    """As `compare_sequences` gives it."""
    rows = ["concurrent", "reverse, gap 0 d", "sequential, gap 0 d", "sequential, gap 14 d"]
    values = np.linspace(0.1, 0.6, 16).reshape(4, 4)
    dims = ("arrangement", "dose")
    names = ("p_dlt", "clone_left", "share_left")
    return xr.Dataset(
        dict.fromkeys(names, (dims, values)) | {"error": (dims, 0.01 + 0 * values)},
        {"arrangement": rows, "dose": [10.0, 15.0, 20.0, 25.0]},
        {"population": "literature priors", "read_d": 56},
    )


def schedules_compared() -> xr.Dataset:
    """As `compare_schedules` gives it."""
    given = schedules(20)
    values = np.linspace(0.1, 0.3, len(given))
    names = ("p_dlt", "clone_left", "share_left", "response", "intensity")
    columns: dict = dict.fromkeys(names, ("schedule", values))
    columns |= dict.fromkeys(("error", "dlt_error"), ("schedule", 0.01 + 0 * values))
    columns["known"] = ("schedule", [one.known for one in given.values()])
    attrs = {"population": "literature priors", "days": 84}
    return xr.Dataset(columns, {"schedule": list(given)}, attrs)


def maintained() -> xr.Dataset:
    """As `compare_maintenance` gives it."""
    share = np.linspace(0.8, 0.2, 12) + np.array([[0.0], [0.1]])
    names = ("clone_share", "tp53_share", "seen", "low", "high")
    columns: dict = dict.fromkeys(names, (("every", "reading"), share))
    columns |= {"grade4": ("every", [0.2, 0.3])}
    columns["known"] = ("every", ["given to nobody: the model's assumption", "Platzbecker 2013"])
    attrs = {"population": "literature priors", "induction_cycles": 3}
    coords = {"every": [28, 56], "reading": np.arange(0, 309, 28)}
    return xr.Dataset(columns, coords, attrs)

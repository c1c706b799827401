"""SIMULATED tables for tests: made here, no patient's data."""

import numpy as np
import xarray as xr

COLUMNS = {
    "patient": 1,
    "time_h": 0.0,
    "evid": 0,
    "amount": 0.0,
    "compartment": 1,
    "rate": 0.0,
    "additional": 0,
    "interval_h": 0.0,
    "steady_state": 0,
    "value": np.nan,
    "observed": "",
    "censored": 0,
    "limit": np.nan,
    "occasion": 1,
}


def records(rows: list[dict], *, carry: str = "backward") -> xr.Dataset:
    """A table as the room `records` hands it over, from rows with what is not usual."""
    names = [*COLUMNS, *sorted({name for row in rows for name in row} - set(COLUMNS))]
    columns = {name: np.array([row.get(name, COLUMNS.get(name)) for row in rows]) for name in names}
    return xr.Dataset({n: ("record", c) for n, c in columns.items()}, attrs={"carry": carry})


def dose(patient: int, time_h: float = 0.0, amount: float = 100.0, **more) -> dict:
    """A dose record."""
    return {"patient": patient, "time_h": time_h, "evid": 1, "amount": amount} | more


def seen(patient: int, time_h: float, value: float = 1.0, **more) -> dict:
    """An observation record."""
    return {"patient": patient, "time_h": time_h, "value": value} | more


KINDS = ("bolus", "infusion", "more", "steady", "steady infusion", "added steady", "reset")


def random_table(seed: int, *, compartments: int = 2, carry: str = "backward") -> xr.Dataset:
    """Three patients with doses of every kind, in an order of chance, between observations.

    The order is the same in all, so that one compiled program of the reference serves them.
    """
    random = np.random.default_rng(seed)
    kinds = random.permutation(KINDS)
    into = random.integers(1, compartments + 1, len(kinds))
    rows = []
    for patient in (1, 2, 3):
        time = 0.0
        for kind, compartment in zip(kinds, into, strict=True):
            own = dose(patient, time, float(random.uniform(50, 150)), compartment=int(compartment))
            if "infusion" in kind:
                own["rate"] = float(random.uniform(30, 80))
            if kind == "more" or "steady" in kind:
                own["interval_h"] = float(random.choice([6.0, 8.0, 12.0]))
            if "steady" in kind:
                own["steady_state"] = 1 + (kind == "added steady")
            own["additional"] = 2 if kind == "more" else 0
            own["evid"] = 4 if kind == "reset" else 1
            rows.append(own)
            for _ in range(2):
                time += float(random.uniform(0.2, 7.0))
                rows.append(seen(patient, time, float(random.uniform(0.5, 2.0))))
    return records(rows, carry=carry)

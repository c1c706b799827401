"""SIMULATED designs for tests of calibration: who is dosed and when measured."""

import xarray as xr

from population.tables import dose, records, seen


def oral_design(patients: int) -> xr.Dataset:
    """One dose each, six measurements."""
    rows = []
    for patient in range(1, patients + 1):
        times = (0.5, 1.5, 4.0, 8.0, 14.0, 24.0)
        rows += [dose(patient, amount=500.0), *(seen(patient, time) for time in times)]
    return records(rows)

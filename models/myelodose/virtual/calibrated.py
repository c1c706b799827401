"""Draws of the parameters calibrated to the printed facts of the trial, as they are shipped.

Made by data/calibration/make_calibration.py with `calibrate_to_facts`. SIMULATED: calibrated to
printed aggregate facts; no patient data.
"""

from functools import lru_cache

import numpy as np
import xarray as xr
from jaxtyping import Int

from myelodose.errors import InputError
from myelodose.paths import data_folder
from myelodose.toxicity.hazards import Hazards
from myelodose.virtual.calibration.uncertain import NAMES, draws_of, hazards_of
from myelodose.virtual.draws import Draws

FILE = "platzbecker2013.nc"

CALIBRATED = "calibrated to printed aggregate facts; no patient data"
"""What the draws say of themselves in every output."""


@lru_cache(maxsize=1)
def shipped_calibration() -> xr.Dataset:
    """Everything that is shipped of the calibration: draws, contraction, targets, provenance.

    Returns:
        As `calibrate_to_facts` gives it.

    Example:
        >>> shipped_calibration().attrs["status"]
        'SIMULATED: calibrated to printed aggregate facts; no patient data'
    """
    return xr.load_dataset(data_folder() / "calibration" / FILE, engine="h5netcdf")


def calibrated_draws(draws: int, seed: int) -> Draws:
    """Typical values and spreads between patients from the calibration to the printed facts.

    Names as in `prior_draws`, and "omega_" before those whose standard deviation between patients
    was calibrated too. `virtual_patients(..., draws=...)` takes them as they are; the hazards that
    belong to them are `calibrated_hazards` with the same seed.

    Args:
        draws: How many, at most as many as are shipped.
        seed: Seed of which ones.

    Raises:
        InputError: If there are not so many.

    Example:
        >>> len(calibrated_draws(5, 1)["kill_aza"])
        5
    """
    stored = shipped_calibration().attrs
    attrs = {name: str(stored[name]) for name in ("status", "method", "rule", "facts_hash")}
    return Draws(draws_of(_chosen(draws, seed)), {"source": CALIBRATED} | attrs)


def calibrated_hazards(draws: int, seed: int) -> list[Hazards]:
    """The hazards of infection and thrombosis of the same draws.

    Args:
        draws: As in `calibrated_draws`.
        seed: As in `calibrated_draws`.

    Raises:
        InputError: If there are not so many.

    Example:
        >>> len(calibrated_hazards(5, 1))
        5
    """
    return hazards_of(_chosen(draws, seed))


def _chosen(draws: int, seed: int) -> dict[str, np.ndarray]:
    stored = shipped_calibration()
    most = stored.sizes["draw"]
    if not 1 <= draws <= most:
        raise InputError("calibrated_draws, draws", f"found {draws}", f"give 1 to {most}")
    rows: Int[np.ndarray, " draw"] = np.random.default_rng(seed).permutation(most)[:draws]
    return {name: stored[name].values[rows].astype(float) for name in NAMES}

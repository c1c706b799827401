"""Makes every file of this folder again: `python data/calibration/make_calibration.py FOLDER`.

FOLDER keeps chunks of simulated trials, so a run that was stopped goes on. About half an hour of
processor time. SIMULATED; calibrated to printed aggregate facts; no patient data.
"""

import sys
from pathlib import Path

from myelodose.virtual import calibrate_to_facts, fact_table, replayed_facts
from myelodose.virtual.calibrated import FILE, shipped_calibration

SEED = 20261126
REPLICATES = 1500
HERE = Path(__file__).parent


def main(folder: str) -> None:
    """Calibrate, store the draws, and hold them against every fact."""
    found = calibrate_to_facts(folder, SEED)
    small = {name: {"zlib": True, "dtype": "float32"} for name in found.data_vars}
    found.to_netcdf(HERE / FILE, engine="h5netcdf", encoding=small)
    shipped_calibration.cache_clear()
    for name in ("prior", "calibrated"):
        table = fact_table(replayed_facts(SEED, REPLICATES, population=name))
        table.to_csv(HERE / f"facts-{name}.csv", index=False, float_format="%.4g")


if __name__ == "__main__":
    main(sys.argv[1])

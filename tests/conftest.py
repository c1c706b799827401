"""What many tests share: the trial and one fit of each model."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import xarray as xr
from hypothesis import settings

from myelodose.precision import declare_cpu_devices

# Chains run side by side, as for a user; later it would be too late.
declare_cpu_devices(4)

# Tests assert no time.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def trial() -> xr.Dataset:
    from myelodose.trial import load_trial

    return load_trial("platzbecker2013")


@pytest.fixture(scope="session")
def counts(trial) -> xr.Dataset:
    from myelodose.trial import dlt_counts

    return dlt_counts(trial)


@pytest.fixture(scope="session")
def dlt_posterior(counts) -> xr.DataTree:
    """A converged fit of the dose-toxicity model."""
    from myelodose.inference.fit import fit_dlt

    return fit_dlt(counts, seed=1)


@pytest.fixture(scope="session")
def response_posterior(trial) -> xr.DataTree:
    """A fit of the response model, with just enough draws to pass for converged."""
    from myelodose.inference.fit import DEFAULT_SETTINGS, fit_response

    few = replace(DEFAULT_SETTINGS, warmup=500, draws=700, target_accept=0.9)
    return fit_response(trial, seed=1, settings=few)


def run_python(code: str, *, folder: Path | None = None, **environment: str):
    """Run code in a fresh process; warnings are errors there too."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

"""The notebooks from a table to a checked fit run from end to end and say what the package says."""

import re

import nbformat
import pytest

from conftest import ROOT
from myelodose.posterior import load_posterior, provenance
from myelodose.records import example_records
from myelodose.report import run_notebook

pytestmark = pytest.mark.slow
NOTEBOOKS = ROOT / "notebooks"
FEW = {"chains": 2, "warmup": 100, "draws": 60, "geometry": "structured"}


def outputs(report):
    executed = nbformat.read(report.notebook, as_version=4)
    return [out for cell in executed.cells for out in cell.get("outputs", [])]


def figures(report):
    return sum("image/png" in out.get("data", {}) for out in outputs(report))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("population")


@pytest.fixture(scope="module")
def fitted(folder):
    given = FEW | {"folder": str(folder)}
    return run_notebook(NOTEBOOKS / "05-fit-cohort.ipynb", given, folder=folder)


def test_fit_cohort_says_what_it_stored(fitted, folder):
    posterior = load_posterior(
        folder / "theophylline-population-theophylline-combined2.nc",
        data=example_records("theophylline"),
    )
    assert provenance(posterior).sampler["draws"] == 60
    clearance = float(posterior["posterior"]["CL"].mean())
    assert f"Typical CL {clearance:.3g} L/h" in " ".join(fitted.answer.split())
    # Every textbook of these data has 2.7 to 2.9 L/h; 120 dependent draws err by a tenth.
    assert 2.3 < clearance < 3.3
    assert figures(fitted) == 2
    # Too few draws for the limits, and the page says so.
    assert "NOT CONVERGED" in fitted.notebook.read_text()


def test_check_fit_uses_the_stored_posterior(fitted, folder):
    given = FEW | {"folder": str(folder), "simulations": 60, "bins": 4}
    report = run_notebook(NOTEBOOKS / "06-check-fit.ipynb", given, folder=folder)
    answer = " ".join(report.answer.split())
    inside = re.search(r"SIMULATED from the posterior: (\d+) of 12 observed percentiles", answer)
    assert inside
    assert int(inside[1]) >= 9
    assert "no stored posterior" not in report.notebook.read_text()
    assert figures(report) == 4


def test_compare_models_prefers_an_error_with_two_parts(fitted, folder):
    given = FEW | {"folder": str(folder)}
    report = run_notebook(NOTEBOOKS / "07-compare-models.ipynb", given, folder=folder)
    answer = " ".join(report.answer.split())
    assert re.search(r"The data prefer combined[12], .* over combined[12]", answer)

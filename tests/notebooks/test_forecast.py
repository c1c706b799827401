"""The notebooks of one patient and of the clone run, and answer their question."""

import re

import nbformat
import pytest

from conftest import ROOT
from myelodose.report import run_notebook

NOTEBOOKS = ROOT / "notebooks"


def figures(notebook):
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    return sum("image/png" in out.get("data", {}) for out in outputs)


def said_on_stderr(notebook):
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    return [out.text for out in outputs if out.get("name") == "stderr"]


@pytest.mark.slow
def test_forecast_patient_recommends_with_reasons(tmp_path):
    given = {"doses_mg": "10, 20", "delays_d": "0, 7", "draws": 100}
    report = run_notebook(NOTEBOOKS / "12-forecast-patient.ipynb", given, folder=tmp_path)
    answer = " ".join(report.answer.split())
    assert answer.startswith("SIMULATED patient. P(counts ready on day 56) is")
    assert re.search(r"options keep all limits|options break a limit", answer)
    executed = nbformat.read(report.notebook, as_version=4)
    assert figures(executed) == 2
    assert said_on_stderr(executed) == []


@pytest.mark.slow
def test_follow_clone_gives_limits_values_and_lead_time(tmp_path):
    given = {"draws": 30, "patients": 10}
    report = run_notebook(NOTEBOOKS / "13-follow-clone.ipynb", given, folder=tmp_path)
    answer = " ".join(report.answer.split())
    assert "FISH of 200 nuclei sees a clone of 10.9% of cells" in answer  # exact
    assert "sequencing of 1000 reads one of 3.7%" in answer  # exact
    auc = re.search(r"AUC (0\.\d+)", answer)
    assert auc
    assert 0.75 < float(auc[1]) < 0.97  # 300 patients: 0.87 with a standard error of 0.02
    executed = nbformat.read(report.notebook, as_version=4)
    assert figures(executed) == 4
    assert said_on_stderr(executed) == []

"""The notebooks about decisions from counts and about sequences run and answer."""

import json

import nbformat
import pytest

from conftest import ROOT
from myelodose.report import run_notebook

NOTEBOOKS = ROOT / "notebooks"
FEW = {"draws": 12, "patients": 20}


def outputs(report):
    executed = nbformat.read(report.notebook, as_version=4)
    return [out for cell in executed.cells for out in cell.get("outputs", [])]


@pytest.mark.slow
def test_decide_from_counts_answers_and_writes_its_page(tmp_path):
    given = FEW | {"folder": str(tmp_path), "doses_mg": "10, 20, 25", "explore": True}
    report = run_notebook(NOTEBOOKS / "11-decide-from-counts.ipynb", given, folder=tmp_path)
    answer = " ".join(report.answer.split())
    assert answer.startswith("SIMULATED. ")
    assert "the toxicity data alone" in answer
    document = json.loads((tmp_path / "decision.json").read_text())
    assert document["question"]["doses_mg"] == [10.0, 20.0, 25.0]
    # Sliders need a kernel: they are in the notebook and not on the page.
    page = report.page.read_text()
    assert "Sliders for dose" not in page
    assert sum("image/png" in out.get("data", {}) for out in outputs(report)) >= 2
    said = [out.text for out in outputs(report) if out.get("name") == "stderr"]
    # 240 virtual patients are few to resemble one; nothing else may be said.
    assert all("PendingWarning" in text for text in said)


@pytest.mark.slow
def test_compare_sequences_is_exact_without_arrest_and_tells_known_from_assumed(tmp_path):
    given = FEW | {"doses_mg": "10, 20", "gaps_d": "0", "maintenance_weeks": 8}
    report = run_notebook(NOTEBOOKS / "14-compare-sequences.ipynb", given, folder=tmp_path)
    answer = " ".join(report.answer.split())
    assert "Everything else is the model's assumption" in answer
    spread = float(answer.split("relative difference ")[1].split(")")[0])
    # Single precision over 56 days.
    assert spread < 1e-5
    assert sum("image/png" in out.get("data", {}) for out in outputs(report)) == 3
    assert [out.text for out in outputs(report) if out.get("name") == "stderr"] == []

"""The notebooks about designs run from end to end and say what the package says."""

import re

import nbformat
import pytest

from conftest import ROOT
from myelodose.report import run_notebook

NOTEBOOKS = ROOT / "notebooks"


def outputs(report):
    executed = nbformat.read(report.notebook, as_version=4)
    return [out for cell in executed.cells for out in cell.get("outputs", [])]


def test_compare_designs_finds_the_one_design_that_chooses_another_dose(tmp_path):
    few = {"patients": 12, "pathway_cohorts": 1}
    report = run_notebook(NOTEBOOKS / "08-compare-designs.ipynb", few, folder=tmp_path)
    answer = " ".join(report.answer.split())
    assert "20: 3+3, BOIN, keyboard, mTPI-2, i3+3, BLRM, overdose control" in answer
    assert "25: CRM, one parameter" in answer
    # The posterior means of docs/dose-toxicity.md.
    assert "(6, 12, 21, 35 %)" in answer
    shown = outputs(report)
    assert sum("image/png" in out.get("data", {}) for out in shown) == 3
    assert [out.text for out in shown if out.get("name") == "stderr"] == []


def test_compare_designs_refuses_doses_that_are_no_numbers(tmp_path):
    with pytest.raises(Exception, match="give numbers with commas"):
        run_notebook(
            NOTEBOOKS / "08-compare-designs.ipynb", {"doses_mg": "ten, 20"}, folder=tmp_path
        )


def test_calibrate_design_names_the_best_setting_of_every_design(tmp_path):
    few = {"patients": 9, "overdose_limits": "0.2, 0.4", "halfwidths": "0.05", "stop_at": "6, 9"}
    report = run_notebook(NOTEBOOKS / "09-calibrate-design.ipynb", few, folder=tmp_path)
    answer = " ".join(report.answer.split())
    found = re.findall(
        r"(BLRM|CRM|BOIN): [a-z_]+ [\d.]+.*? selects correctly in ([\d.]+) %", answer
    )
    assert [name for name, _ in found] == ["BLRM", "CRM", "BOIN"]
    assert all(0 < float(share) < 100 for _, share in found)
    shown = outputs(report)
    assert sum("image/png" in out.get("data", {}) for out in shown) == 2
    assert [out.text for out in shown if out.get("name") == "stderr"] == []

"""The notebook 04-explore-regimen runs from end to end and says what the package says."""

import re

import nbformat
import pytest

from conftest import ROOT
from myelodose.errors import InputError
from myelodose.report import run_notebook

NOTEBOOK = ROOT / "notebooks" / "04-explore-regimen.ipynb"
FEW = {"patients": 5, "cycles": 1, "compare_gaps_d": "0"}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return run_notebook(NOTEBOOK, FEW, folder=tmp_path_factory.mktemp("explore"))


def outputs(report):
    executed = nbformat.read(report.notebook, as_version=4)
    return [out for cell in executed.cells for out in cell.get("outputs", [])]


def test_the_answer_is_simulated_and_names_the_regimen_and_the_orders(report):
    answer = " ".join(report.answer.split())
    assert answer.startswith(
        "SIMULATED, 5 virtual patients: azacitidine 75 mg/m2 sc d1-5, lenalidomide 20 mg po d6-19."
    )
    left = re.search(r"'concurrent' \(([\d.]+) %\) and fewest by '([^']+)' \(([\d.]+) %\)", answer)
    assert left
    assert left[2] == "sequential, gap 0 d"
    assert float(left[3]) < float(left[1])
    apart = re.search(r"differs by ([\d.]+) percentage points", answer)
    assert apart
    assert float(apart[1]) < 1


def test_two_figures_a_calendar_and_no_warnings(report):
    shown = outputs(report)
    assert sum("image/png" in out.get("data", {}) for out in shown) == 2
    assert any("azacitidine 75 mg/m²" in out.get("data", {}).get("text/html", "") for out in shown)
    assert [out.text for out in shown if out.get("name") == "stderr"] == []


def test_a_parameter_in_another_unit_stops_it_with_the_remedy(tmp_path):
    with pytest.raises(Exception, match=re.escape("give 0.5 to 3.5 m2")) as stopped:
        run_notebook(NOTEBOOK, FEW | {"body_surface_area_m2": 180.0}, folder=tmp_path)
    assert isinstance(stopped.value, InputError) or "InputError" in str(stopped.value)

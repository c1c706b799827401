"""The notebook that replays the trial runs with small numbers and answers its question."""

import nbformat
import pytest

from conftest import ROOT
from myelodose.report import run_notebook


@pytest.mark.slow
def test_replay_trial_judges_every_finding_in_both_populations(tmp_path):
    given = {"replicates": 30, "draws": 8, "patients": 20}
    report = run_notebook(ROOT / "notebooks" / "10-replay-trial.ipynb", given, folder=tmp_path)
    answer = " ".join(report.answer.split())
    assert answer.startswith("Of R1 to R13")
    assert "R6 has no mechanism" in answer
    assert "Of 7 quantities that were held out" in answer
    assert "The facts narrowed kill_del5q_per_d_um most (by 83% of its variance)" in answer
    executed = nbformat.read(report.notebook, as_version=4)
    outputs = [out for cell in executed.cells for out in cell.get("outputs", [])]
    assert sum("image/png" in out.get("data", {}) for out in outputs) == 3
    assert [out.text for out in outputs if out.get("name") == "stderr"] == []

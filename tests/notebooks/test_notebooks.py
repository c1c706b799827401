"""Every notebook runs from end to end and says what it should; run as users run them."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from conftest import ROOT
from myelodose.posterior import DLT_LOGISTIC, load_posterior, provenance
from myelodose.report import notebook_parameters, run_notebook

NOTEBOOKS = ROOT / "notebooks"
# A notebook that is not listed here fails test_every_notebook_is_tested.
MANIFEST = {
    "01-look-at-the-trial",
    "02-fit-trial",
    "03-decide-dose",
    "04-explore-regimen",
    "05-fit-cohort",
    "06-check-fit",
    "07-compare-models",
    "08-compare-designs",
    "09-calibrate-design",
    "10-replay-trial",
    "11-decide-from-counts",
    "12-forecast-patient",
    "13-follow-clone",
    "14-compare-sequences",
}


def figures(notebook):
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    return sum("image/png" in out.get("data", {}) for out in outputs)


def said_on_stderr(notebook):
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    return [out.text for out in outputs if out.get("name") == "stderr"]


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("notebooks")


@pytest.fixture(scope="session")
def fitted(folder):
    """The second notebook, with few draws; the third decides from what it stored."""
    given = {"folder": str(folder / "posteriors"), "warmup": 500, "draws": 600}
    return run_notebook(NOTEBOOKS / "02-fit-trial.ipynb", given, folder=folder)


def test_every_notebook_is_tested():
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == MANIFEST


@pytest.mark.parametrize("name", sorted(MANIFEST))
def test_the_house_style(name):
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert re.fullmatch(r"\d\d-[a-z]+(-[a-z]+)+", name)
    assert notebook.metadata.kernelspec.name == "python3"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert "parameters" in code[0].metadata.tags
    assert notebook.cells[0].source.splitlines()[0].endswith("?")
    assert all(
        parameter.help for parameter in notebook_parameters(NOTEBOOKS / f"{name}.ipynb").values()
    )
    source = "\n".join(cell.source for cell in code)
    kinds = {type(node) for node in ast.walk(ast.parse(source))}
    assert not kinds & {ast.ClassDef, ast.FunctionDef}
    assert "../data" not in source


def test_look_at_the_trial(folder):
    report = run_notebook(NOTEBOOKS / "01-look-at-the-trial.ipynb", folder=folder)
    assert "29 agree, 8 agree under a named condition, 1 differs" in " ".join(report.answer.split())
    executed = nbformat.read(report.notebook, as_version=4)
    assert figures(executed) == 2
    assert said_on_stderr(executed) == []


def test_fit_trial_stores_what_it_fitted(fitted, folder, counts):
    path = folder / "posteriors" / "platzbecker2013-dlt-logistic.nc"
    posterior = load_posterior(path, model=DLT_LOGISTIC, data=counts)
    assert provenance(posterior).sampler["draws"] == 600
    assert posterior["posterior"].sizes["draw"] == 600
    narrowed = re.search(r"narrowed the DLT level \(log_alpha\) by (\d+) %", fitted.answer)
    # Exactly 90.5 %; the variance of 2,400 dependent draws errs by about 5 % of the rest.
    assert narrowed
    assert 88 <= int(narrowed[1]) <= 93
    executed = nbformat.read(fitted.notebook, as_version=4)
    assert figures(executed) == 2
    assert said_on_stderr(executed) == []


def test_decide_dose_recommends_20_mg_from_the_stored_posterior(fitted, folder):
    given = {"folder": str(folder / "posteriors")}
    report = run_notebook(NOTEBOOKS / "03-decide-dose.ipynb", given, folder=folder)
    answer = " ".join(report.answer.split())
    assert "Give the next 3 patients 20 mg." in answer
    assert "2400 stored draws" in answer
    assert "The trial reported an MTD of 20 mg: the same dose." in answer
    executed = nbformat.read(report.notebook, as_version=4)
    assert figures(executed) == 4
    assert said_on_stderr(executed) == []


def test_plain_papermill_runs_without_registering_a_kernel(fitted, folder, tmp_path):
    """From another folder, with the path of the notebook: as a user's scheduler would."""
    command = [str(Path(sys.executable).parent / "papermill")]
    command += [str(NOTEBOOKS / "03-decide-dose.ipynb"), "out.ipynb", "--no-progress-bar"]
    command += ["-p", "target_dlt", "0.25", "-p", "folder", str(folder / "posteriors")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    executed = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    last = [cell for cell in executed.cells if cell.cell_type == "code"][-1]
    assert "Give the next 3 patients 15 mg." in last.outputs[0].text


@pytest.mark.slow
def test_a_fresh_start_at_the_third_notebook_fits_first(tmp_path):
    given = {"folder": str(tmp_path / "posteriors")}
    report = run_notebook(NOTEBOOKS / "03-decide-dose.ipynb", given, folder=tmp_path)
    assert "Give the next 3 patients 20 mg." in report.answer
    assert "fitting it now" in report.notebook.read_text()
    assert len(list((tmp_path / "posteriors").glob("*.nc"))) == 2

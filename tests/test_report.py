"""The strict runner: parameters are checked, failures leave old reports alone."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from conftest import ROOT, run_python
from myelodose.errors import InputError
from myelodose.report import NotebookError, notebook_parameters, run_notebook

PARAMETERS = """\
target: float = 0.33  # highest acceptable risk
seed: int = 1
name: str = "trial"  # a # in a comment
quiet: bool = False
"""


def write(path, *cells, parameters=PARAMETERS, kernel="python3"):
    notebook = nbformat.v4.new_notebook()
    if kernel:
        notebook.metadata["kernelspec"] = {
            "name": kernel,
            "display_name": kernel,
            "language": "python",
        }
    tagged = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]
    notebook.cells = [nbformat.v4.new_markdown_cell("# A question?"), tagged, *code]
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def notebook(tmp_path):
    return write(
        tmp_path / "07-ask.ipynb",
        "print('not this')",
        "print(f'{target=} {seed=} {name=} {quiet=}')",
    )


def test_parameters_are_read_with_type_default_and_help(notebook):
    found = notebook_parameters(notebook)
    assert [(p.name, p.kind, p.default) for p in found.values()] == [
        ("target", "float", 0.33),
        ("seed", "int", 1),
        ("name", "str", "trial"),
        ("quiet", "bool", False),
    ]
    assert found["target"].help == "highest acceptable risk"


def test_a_run_writes_notebook_and_page_and_returns_the_answer(notebook, tmp_path):
    report = run_notebook(
        notebook, {"target": "0.25", "quiet": "true", "seed": 3}, folder=tmp_path / "reports"
    )
    assert report.answer == "target=0.25 seed=3 name='trial' quiet=True"
    executed = nbformat.read(report.notebook, as_version=4)
    nbformat.validate(executed)
    record = executed.metadata["myelodose"]
    assert record["parameters"] == {"target": 0.25, "seed": 3, "name": "trial", "quiet": True}
    assert {"myelodose", "jax", "numpyro", "arviz", "python"} <= set(record["packages"])
    assert len(record["notebook_sha256"]) == 64
    page = report.page.read_text()
    assert "How this report was made" in page
    assert "not this" in page
    # Text to read, no code; nothing is fetched from elsewhere when it is opened.
    assert "print(" not in page
    assert not re.search(r'<(script|link)[^>]+(src|href)="https?:', page)
    names = sorted(path.name for path in (tmp_path / "reports").iterdir())
    assert names == ["07-ask.html", "07-ask.ipynb"]


def test_code_is_shown_if_asked_and_reports_may_be_named(notebook, tmp_path):
    report = run_notebook(notebook, folder=tmp_path, name="mine", show_code=True)
    assert report.page.name == "mine.html"
    assert "print" in report.page.read_text()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"targt": "0.25"},
            "found no parameter 'targt'; did you mean 'target'? it has target, seed",
        ),
        ({"zebra": "1"}, "found no parameter 'zebra'; it has target, seed, name, quiet"),
        ({"target": "high"}, "parameter 'target': found 'high'; give a value of type float"),
        ({"target": "nan"}, "parameter 'target': found 'nan'"),
        ({"target": True}, "parameter 'target': found True"),
        ({"seed": "1.5"}, "parameter 'seed': found '1.5'; give a value of type int, such as 4"),
        ({"seed": 1.0}, "parameter 'seed': found 1.0"),
        ({"seed": True}, "parameter 'seed': found True"),
        ({"quiet": "maybe"}, "parameter 'quiet': found 'maybe'; give a value of type bool"),
        ({"name": 3}, "parameter 'name': found 3"),
    ],
)
def test_unknown_names_and_wrong_types_are_refused_before_anything_runs(
    notebook, tmp_path, given, says
):
    with pytest.raises(InputError) as caught:
        run_notebook(notebook, given, folder=tmp_path / "reports")
    assert says in str(caught.value)
    assert "07-ask.ipynb" in str(caught.value)
    assert not (tmp_path / "reports").exists()


def test_a_failure_keeps_the_old_report_and_the_failed_notebook(tmp_path):
    path = write(tmp_path / "07-ask.ipynb", "assert seed < 5, 'seed too large'", "print(seed)")
    folder = tmp_path / "reports"
    good = run_notebook(path, folder=folder)
    before = good.notebook.read_bytes(), good.page.read_bytes()
    with pytest.raises(NotebookError, match=r"AssertionError: seed too large; .*07-ask\.failed"):
        run_notebook(path, {"seed": 9}, folder=folder)
    assert (good.notebook.read_bytes(), good.page.read_bytes()) == before
    failed = folder / "07-ask.failed.ipynb"
    assert "seed too large" in failed.read_text()
    run_notebook(path, folder=folder)
    assert not failed.exists()


def test_an_interrupt_leaves_the_old_report_and_no_rest(notebook, tmp_path, monkeypatch):
    folder = tmp_path / "reports"
    good = run_notebook(notebook, folder=folder)
    before = good.notebook.read_bytes()

    def interrupted(source, partial, **_):
        Path(partial).write_text("{")
        raise KeyboardInterrupt

    monkeypatch.setattr("papermill.execute_notebook", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_notebook(notebook, folder=folder)
    assert good.notebook.read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["07-ask.html", "07-ask.ipynb"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kernel": "conda-env"}, "found the kernel 'conda-env'; set the kernelspec name"),
        ({"kernel": None}, "found the kernel None"),
        ({"parameters": "seed = 1"}, "parameters cell, line 1: found 'seed = 1'; write 'name:"),
        ({"parameters": "seed: int = 1 + 1"}, "line 1: found 'seed: int = 1 + 1'"),
        ({"parameters": "doses: list = [1]"}, "line 1: found 'doses: list = [1]'"),
    ],
)
def test_a_notebook_that_could_surprise_is_refused(tmp_path, change, says):
    with pytest.raises(InputError) as caught:
        run_notebook(write(tmp_path / "odd.ipynb", "1", **change), folder=tmp_path)
    assert says in str(caught.value)


def test_what_is_no_notebook_is_refused(tmp_path):
    with pytest.raises(InputError, match="there is no such notebook"):
        run_notebook(tmp_path / "nowhere.ipynb")
    (tmp_path / "half.ipynb").write_text(json.dumps({"cells": []})[:5])
    with pytest.raises(InputError, match="this is no notebook"):
        run_notebook(tmp_path / "half.ipynb")


def test_the_runner_loads_no_model():
    done = run_python(
        "import sys, myelodose.report\n"
        "print(sorted({'jax', 'numpyro', 'arviz', 'xarray'} & set(sys.modules)))",
        folder=ROOT,
    )
    assert done.stdout.strip() == "[]", done.stderr

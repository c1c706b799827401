"""The command line: one line of error, exit status, nothing half-done."""

import json
import re

import nbformat
import pytest

from myelodose.cli import main
from myelodose.posterior import save_posterior


def test_decide_without_a_table_answers_for_the_published_trial(capsys):
    assert main(["decide"]) == 0
    assert "Give the next 3 patients 20 mg." in capsys.readouterr().out


def test_decide_reads_a_table_and_all_options(tmp_path, capsys):
    path = tmp_path / "mine.csv"
    path.write_text("dose,dlt\n100,0\n100,0\n100,0\n")
    words = ["decide", str(path), "--doses", "100", "200", "400", "--reference-dose", "200"]
    words += ["--reference-risk", "0.3", "--target", "0.3", "--target-low", "0.2"]
    words += ["--overdose-limit", "0.3", "--cohort-size", "1"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "Give the next patient 200 mg." in out
    assert "prior standard BLRM, 30 % at 200 mg" in out
    assert "P(over 30 %)" in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["decide", "nowhere.csv"], "nowhere.csv: there is no such file"),
        (["decide", "--target", "2"], "DecisionRule, target_dlt: found 2.0"),
        (["decide", "--doses", "10", "500"], "found a dose of 500 mg outside the modelled range"),
        (["decide", "--posterior", "x.nc", "--reference-dose", "5"], "give one of them"),
        (["run", "nowhere.ipynb"], "there is no such notebook"),
        (["run", "x.ipynb", "-p", "a", "1", "-p", "a", "2"], "-p: found 'a' twice"),
        (["facts", "--trial", "viola"], "found no trial 'viola'"),
        (["posterior", "nowhere.nc"], "there is no such posterior"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(words, says, capsys):
    assert main(words) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1


def test_a_bad_table_writes_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.csv").write_text("dose,n,dlt\n10,3,4\n")
    assert main(["decide", "mine.csv"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "mine.csv, row 2, column 'dlt': found 4 DLTs in 3 patients" in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.csv"]


@pytest.mark.parametrize(
    "text", ["dose,n,dlt\n10,3,0\n2000,3,1\n", "dose,dlt\n10,0\n2000,1\n10,0\n2000,0\n"]
)
def test_a_dose_outside_the_modelled_range_is_named_by_its_row(tmp_path, capsys, text):
    (tmp_path / "mine.csv").write_text(text)
    assert main(["decide", str(tmp_path / "mine.csv")]) == 2
    err = capsys.readouterr().err
    assert "mine.csv, row 3, column 'dose': found a dose of 2000 mg outside" in err
    assert "'standard BLRM, 25 % at 20 mg' holds from 5 to 75 mg" in err


def test_a_notebook_that_fails_is_status_1(tmp_path, capsys):
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        cells=[
            nbformat.v4.new_code_cell("x: int = 1", metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell("1 / (x - 1)"),
        ],
    )
    nbformat.write(notebook, tmp_path / "bad.ipynb")
    assert main(["run", str(tmp_path / "bad.ipynb"), "--folder", str(tmp_path / "out")]) == 1
    assert "failed with ZeroDivisionError" in capsys.readouterr().err
    assert (
        main(["run", str(tmp_path / "bad.ipynb"), "-p", "x", "3", "--folder", str(tmp_path)]) == 0
    )
    assert "report:" in capsys.readouterr().out


def test_facts_are_told_with_their_verdicts(capsys):
    assert main(["facts"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"F72 +differs +responders with a mutation", out)
    assert out.splitlines()[-1].startswith("29 agrees")


def test_a_stored_posterior_is_described(dlt_posterior, tmp_path, capsys):
    path = save_posterior(dlt_posterior, tmp_path / "dlt.nc")
    assert main(["posterior", str(path)]) == 0
    out = capsys.readouterr().out
    assert "model: dlt-logistic version 1" in out
    assert "divergences: 0, E-BFMI" in out
    assert out.rstrip().endswith("converged")


def test_decide_uses_a_stored_posterior_and_its_gate(dlt_posterior, tmp_path, capsys):
    path = save_posterior(dlt_posterior, tmp_path / "dlt.nc")
    assert main(["decide", "--posterior", str(path)]) == 0
    assert "method 10000 stored draws" in capsys.readouterr().out
    record = json.loads(dlt_posterior.attrs["provenance"])
    record["diagnostics"]["divergences"] = 2
    bad = dlt_posterior.copy()
    bad.attrs["provenance"] = json.dumps(record)
    path = save_posterior(bad, tmp_path / "bad.nc")
    assert main(["decide", "--posterior", str(path)]) == 2
    assert "divergences = 2, above 0" in capsys.readouterr().err
    words = ["decide", "--posterior", str(path), "--accept-failed", "divergences"]
    assert main(words) == 0
    assert "Accepted although it failed: divergences = 2" in capsys.readouterr().out


def test_an_interrupt_is_status_130(monkeypatch, capsys):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("myelodose.cli._decide", interrupt)
    assert main(["decide"]) == 130
    assert "interrupted" in capsys.readouterr().err

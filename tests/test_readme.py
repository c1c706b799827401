"""What the README tells a newcomer to type works."""

import re

from conftest import ROOT, run_python
from myelodose.cli import main
from myelodose.trial import read_dlt_table

README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_two_commands_come_first_and_exist():
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    first = re.findall(r"make ([a-z-]+)", blocks("console")[0])
    assert first == ["decision", "test"]
    assert set(re.findall(r"`make ([a-z-]+)`", README)) <= set(targets)


def test_the_python_of_the_readme_runs(tmp_path):
    (code,) = blocks("python")
    done = run_python(code, folder=tmp_path)
    assert done.stdout.count("Give the next 3 patients 20 mg.") == 2, done.stderr
    assert (tmp_path / "dlt.nc").exists()


def test_both_tables_of_the_readme_are_read(tmp_path):
    both = next(block for block in blocks("text") if block.startswith("dose,n,dlt"))
    columns = zip(*(line.split() for line in both.splitlines()), strict=True)
    for name, lines in zip(("cohorts", "patients"), columns, strict=True):
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(lines))
        assert read_dlt_table(path).dlt.sum() == 1


def test_the_commands_for_an_own_table_run(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.csv").write_text("dose,n,dlt\n100,3,0\n200,0,0\n")
    commands = re.findall(r"^\.venv/bin/myelodose (decide .*?) +#", README, re.MULTILINE)
    assert len(commands) == 1
    assert main(commands[0].split()) == 0
    assert "Give the next 3 patients 200 mg." in capsys.readouterr().out

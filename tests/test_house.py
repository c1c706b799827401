"""The house keeps its promises: light import, one list of dependencies, rooms."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from conftest import ROOT, run_python

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_import_loads_neither_numpyro_nor_arviz_nor_a_plotting_library():
    done = run_python(
        "import sys, myelodose\n"
        "heavy = {'numpyro', 'arviz', 'arviz_base', 'arviz_stats', 'arviz_plots', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_a_decision_loads_neither_numpyro_nor_arviz_nor_a_plotting_library():
    done = run_python(
        "import sys, myelodose as md\n"
        "print(md.decide(md.dlt_counts(md.load_trial())).recommended_dose_mg)\n"
        "heavy = {'numpyro', 'arviz', 'arviz_base', 'arviz_stats', 'arviz_plots', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert done.stdout.split("\n")[:2] == ["20.0", "[]"], done.stderr


def test_every_public_name_is_there_and_an_unknown_one_says_so():
    import myelodose

    assert all(getattr(myelodose, name) is not None for name in myelodose.__all__)
    assert set(dir(myelodose)) == set(myelodose.__all__)
    with pytest.raises(AttributeError, match="no attribute 'fit_everything'"):
        _ = myelodose.fit_everything


def test_arviz_imported_first_does_not_break_numpyro():
    # ArviZ leaves a lazy stand-in for numpyro; see population/__init__.py.
    done = run_python(
        "import arviz, myelodose.inference.fit, numpyro\n"
        "print(hasattr(numpyro.infer, 'initialization'))"
    )
    assert done.stdout.strip() == "True", done.stderr


def test_conda_installs_the_same_list():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, through_pip = conda["dependencies"]
    assert python.replace(" ", "") == f"python{PROJECT['requires-python']}"
    assert pip == "pip"
    assert through_pip == {"pip": ["--constraint constraints.txt", "--editable .[dev]"]}


def test_constraints_pin_every_dependency_within_its_bounds():
    wanted = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]
    pins = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        name, _, rest = line.partition("==")
        pins[name] = Version(rest.split(";")[0].strip())
    for text in wanted:
        requirement = Requirement(text)
        operators = {specifier.operator for specifier in requirement.specifier}
        assert {">=", "<"} <= operators, f"{text} is not bounded on both sides"
        assert pins[requirement.name] in requirement.specifier, text


def test_constraints_name_no_address():
    assert not re.search(r"://| @ |--index|--find", (ROOT / "constraints.txt").read_text())


def test_python_version_is_the_one_that_is_required():
    assert (ROOT / ".python-version").read_text().strip() == "3.12"
    assert PROJECT["requires-python"] == ">=3.12"


BREAKINGS = {
    "a file without a room": ("attic.py", '"""No room."""\n', "not listed as layers"),
    "an import from above": (
        "trial/upward.py",
        "from myelodose.decision import decide  # noqa\n",
        "not allowed to import myelodose.decision",
    ),
    "a circle": (
        "trial/proportions.py",
        "from myelodose.trial.by_dose import counts_by_dose  # noqa\n",
        "No imports in circles BROKEN",
    ),
    "a decision that reaches NumPyro": (
        "decision/sampling.py",
        "def later():\n    import numpyro\n",
        "not allowed to import numpyro",
    ),
    "a decision that reaches NumPyro through another room": (
        "decision/indirect.py",
        "from myelodose.inference import fit  # noqa\n",
        "not allowed to import numpyro",
    ),
}


@pytest.mark.parametrize("breaking", [None, *BREAKINGS])
def test_the_rooms_are_guarded(breaking, tmp_path):
    shutil.copytree(ROOT / "models", tmp_path / "models")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    if breaking:
        place, code, _ = BREAKINGS[breaking]
        (tmp_path / "models" / "myelodose" / place).write_text(code)
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "models"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    if breaking is None:
        assert done.returncode == 0, done.stdout
    else:
        assert done.returncode != 0
        assert BREAKINGS[breaking][2] in " ".join(done.stdout.split()), done.stdout


def test_the_wheel_carries_the_data_and_finds_them(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    done = run_python(
        "import myelodose, myelodose.paths as paths\n"
        "from myelodose.literature import load_literature\n"
        "from myelodose.trial import load_facts\n"
        "print(myelodose.__file__)\n"
        "print(myelodose.load_trial().sizes['patient'], len(load_facts()),"
        " len(load_literature('priors')))\n"
        "print(paths.posteriors_folder())",
        folder=tmp_path,
        PYTHONPATH=str(tmp_path / "site"),
    )
    where, sizes, posteriors = done.stdout.splitlines()
    assert where.startswith(str(tmp_path / "site")), done.stderr
    assert sizes == "19 54 20"
    assert posteriors == str(tmp_path / "posteriors")


def test_every_file_of_the_package_starts_with_what_it_is():
    for file in (ROOT / "models").rglob("*.py"):
        assert file.read_text().startswith(('"""', 'r"""')), file

"""A prior is checked without NumPyro, and refuses what NumPyro would refuse."""

import pytest

from conftest import run_python
from myelodose.errors import InputError
from myelodose.population import Prior
from myelodose.population.prior import NAMES

GOOD = {
    "Beta": (2, 3),
    "Exponential": (1.5,),
    "Gamma": (2, 1),
    "HalfCauchy": (1,),
    "HalfNormal": (0.5,),
    "InverseGamma": (3, 2),
    "LogNormal": (-1, 0.5),
    "Normal": (-1, 0.5),
    "StudentT": (4, 0, 1),
    "TruncatedNormal": (0, 1, -2, 5),
    "Uniform": (-1, 2),
}


@pytest.mark.parametrize("name", NAMES)
def test_good_arguments_make_numpyros_distribution(name):
    prior = Prior(name, *GOOD[name])
    assert prior.distribution().cdf(prior.median) == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("Normal", (0,)),
        ("Normal", (0, 0)),
        ("LogNormal", (0, -1)),
        ("Beta", (0, 1)),
        ("HalfNormal", (1, 2)),
        ("Uniform", (2, 1)),
        ("TruncatedNormal", (0, 1, 3, 2)),
        ("Normal", (float("nan"), 1)),
        ("Gamma", (float("inf"), 1)),
    ],
)
def test_arguments_that_do_not_fit_are_refused(name, numbers):
    with pytest.raises(InputError, match=f"Prior, {name}: found"):
        Prior(name, *numbers)


def test_open_ends_of_a_truncated_normal_are_allowed():
    assert Prior("TruncatedNormal", 0, 1, 0, float("inf")).median > 0
    assert Prior("TruncatedNormal", 0, 1).median == 0


def test_a_stored_model_is_read_without_numpyro():
    done = run_python(
        "import sys\n"
        "from myelodose.population.document import from_document, to_document\n"
        "from myelodose.population.examples import marrow_model\n"
        "print(len(from_document(to_document(marrow_model())).sites()))\n"
        "print('numpyro' in sys.modules)"
    )
    assert done.stdout.split() == ["19", "False"], done.stderr

"""A fit that failed says what was seen and what to try."""

import numpy as np
import pytest
import xarray as xr

from myelodose.diagnostics import convergence, energy_fraction, findings, verdict
from myelodose.posterior import CHECKS, Diagnostics

GOOD = {"r_hat": 1.0, "ess_bulk": 900.0, "ess_tail": 800.0, "divergences": 0, "e_bfmi": 0.9}


def tree(**stats):
    generator = np.random.default_rng(1)
    dims = ("chain", "draw")
    given = {"diverging": np.zeros((4, 500), bool)} | stats
    return xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset({"x": (dims, generator.normal(size=(4, 500)))}),
            "sample_stats": xr.Dataset({name: (dims, value) for name, value in given.items()}),
        }
    )


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"r_hat": 1.74}, "ka > ke"),
        ({"ess_bulk": 20.0}, "dense mass matrix"),
        ({"ess_tail": 20.0}, "heavy tail"),
        ({"divergences": 7}, "non-centred"),
        ({"e_bfmi": 0.1}, "non-centred"),
    ],
)
def test_each_failed_check_has_a_meaning_and_a_remedy(change, remedy):
    (found,) = findings(Diagnostics(**(GOOD | change)))
    assert found.check == next(iter(change))
    assert remedy in found.remedy
    assert "NOT CONVERGED" in verdict(Diagnostics(**(GOOD | change)))


def test_every_check_has_words():
    everything = Diagnostics(2.0, 3.0, 3.0, 5, e_bfmi=0.01, pareto_k=1.8)
    assert {found.check for found in findings(everything)} == set(CHECKS)


def test_a_good_fit_says_so():
    assert findings(Diagnostics(**GOOD)) == []
    assert verdict(Diagnostics(**GOOD)).startswith("Converged: R-hat at most 1.000")
    assert "E-BFMI at least 0.90" in verdict(Diagnostics(**GOOD))


def test_energy_that_moves_slowly_fails_and_its_chain_is_named():
    generator = np.random.default_rng(2)
    energy = generator.normal(size=(4, 500))
    energy[2] = np.cumsum(energy[2])
    found = convergence(tree(energy=energy))
    assert found.failures().keys() == {"e_bfmi"}
    assert found.worst["e_bfmi"] == "chain 2"
    # Steps of 1 over the variance of a random walk.
    expected = np.mean(np.diff(energy[2]) ** 2) / energy[2].var()
    assert found.e_bfmi == pytest.approx(expected, rel=0.01)


def test_without_energy_there_is_no_such_check():
    found = convergence(tree())
    assert found.e_bfmi is None
    assert energy_fraction(tree()) is None
    assert found.failures() == {}


def test_records_of_before_have_no_energy_and_are_read():
    before = {"r_hat": 1.0, "ess_bulk": 500.0, "ess_tail": 500.0, "divergences": 0, "worst": {}}
    assert Diagnostics(**before).failures() == {}


def test_trajectories_that_were_cut_are_a_finding_but_no_failure():
    found = tree(reached_max_treedepth=np.arange(2000).reshape(4, 500) % 10 == 0)
    assert [one.check for one in findings(found)] == ["tree_depth"]
    assert verdict(found).startswith("Converged, but slowly.")
    assert "10.0 % of draws" in verdict(found)

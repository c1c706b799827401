"""Convergence and contraction."""

import json

import numpy as np
import pytest
import xarray as xr

from myelodose.diagnostics import contraction, convergence
from myelodose.posterior import Diagnostics


def tree(draws, prior=None, diverging=None):
    chains, length = draws.shape[:2]
    shape = ("chain", "draw")
    return xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset({"x": (shape, draws)}),
            "prior": xr.Dataset({"x": (shape, draws if prior is None else prior)}),
            "sample_stats": xr.Dataset(
                {
                    "diverging": (
                        shape,
                        np.zeros((chains, length), bool) if diverging is None else diverging,
                    )
                }
            ),
        }
    )


@pytest.fixture
def good():
    return np.random.default_rng(0).normal(size=(4, 1000))


def test_independent_draws_pass_every_check(good):
    found = convergence(tree(good))
    assert found.failures() == {}
    assert found.r_hat < 1.005
    assert 3000 < found.ess_bulk < 5000


def test_a_chain_elsewhere_fails_r_hat_and_ess(good):
    good[0] += 3
    found = convergence(tree(good)).failures()
    assert set(found) == {"r_hat", "ess_bulk", "ess_tail"} or set(found) == {"r_hat", "ess_bulk"}
    assert "above 1.01 (x)" in found["r_hat"]


def test_sticky_chains_fail_ess(good):
    sticky = np.repeat(good[:, :50], 20, axis=1)
    assert "ess_bulk" in convergence(tree(sticky)).failures()


def test_divergences_fail(good):
    diverging = np.zeros(good.shape, bool)
    diverging[2, 17] = True
    assert convergence(tree(good, diverging=diverging)).failures() == {"divergences": "1, above 0"}


def test_a_parameter_that_never_moves_or_is_no_number_fails(good):
    good[0, 0] = np.nan
    assert set(convergence(tree(good)).failures()) == {"r_hat", "ess_bulk", "ess_tail"}


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"r_hat": 1.0101}, "r_hat"),
        ({"ess_bulk": 399.0}, "ess_bulk"),
        ({"ess_tail": 399.0}, "ess_tail"),
        ({"divergences": 1}, "divergences"),
        ({"r_hat": float("nan")}, "r_hat"),
    ],
)
def test_limits_are_where_they_are_said_to_be(change, name):
    fine = {"r_hat": 1.01, "ess_bulk": 400.0, "ess_tail": 400.0, "divergences": 0}
    assert Diagnostics(**fine).failures() == {}
    assert list(Diagnostics(**(fine | change)).failures()) == [name]


def with_array(draws, **arrays):
    """A fit with arrays over further dimensions."""
    fit = tree(draws)
    dims = ("chain", "draw", "row", "column")
    more = {name: (dims[: value.ndim], value) for name, value in arrays.items()}
    fit["posterior"] = xr.DataTree(fit["posterior"].to_dataset().assign(more))
    return fit


def test_entries_that_are_fixed_by_what_they_are_do_not_fail(good):
    factor = np.zeros((*good.shape, 2, 2))
    factor[..., 0, 0] = 1
    factor[..., 1, 0] = np.tanh(good)
    factor[..., 1, 1] = np.sqrt(1 - np.tanh(good) ** 2)
    # 1 on the diagonal but for rounding, as L L' gives it.
    correlation = factor @ factor.swapaxes(-1, -2)
    assert convergence(with_array(good, L=factor, correlation=correlation)).failures() == {}


def test_an_array_or_a_number_that_never_moves_fails(good):
    assert "r_hat" in convergence(with_array(good, L=np.ones((*good.shape, 2)))).failures()
    assert "r_hat" in convergence(tree(np.zeros_like(good))).failures()


def test_contraction_is_the_share_of_variance_lost(good):
    found = contraction(tree(0.5 * good, prior=good)).loc["x"]
    assert found.contraction == pytest.approx(0.75)
    assert found.prior_sd == pytest.approx(2 * found.sd)


def test_contraction_of_the_trial_is_that_of_the_exact_posterior(counts, dlt_posterior):
    from myelodose.decision import risk_by_quadrature

    exact = risk_by_quadrature(counts, thresholds=[0.3]).parameter_sd.values
    found = contraction(dlt_posterior).contraction
    # The variance of 10,000 prior draws errs by 1.4 %, that of the posterior by about 3 %.
    assert found["log_alpha"] == pytest.approx(1 - (exact[0] / 2) ** 2, abs=0.02)
    assert found["log_beta"] == pytest.approx(1 - exact[1] ** 2, abs=0.15)


def test_every_scalar_of_the_response_model_has_its_contraction(response_posterior):
    found = contraction(response_posterior)
    names = ["slope[haem]", "tp53_effect[cyto]", "cohort_effect[25]", "share_haem[CRi]"]
    assert set(names) <= set(found.index)
    assert found.contraction.notna().all()
    assert json.loads(found.loc[names].contraction.to_json()).keys() == set(names)


def test_what_is_constant_by_construction_does_not_count_and_a_stuck_chain_does():
    rng = np.random.default_rng(1)
    one = np.ones((2, 400))
    r = rng.uniform(-0.5, 0.5, (2, 400))
    correlation = np.stack([np.stack([one, r], -1), np.stack([r, one], -1)], -1)
    stats = {"diverging": (("chain", "draw"), np.zeros((2, 400), bool))}

    def tree(matrix):
        dims = ("chain", "draw", "row", "column")
        posterior = xr.Dataset({"correlation": (dims, matrix)}, coords={"row": ["a", "b"]})
        posterior = posterior.assign_coords(column=["a", "b"])
        return xr.DataTree.from_dict({"posterior": posterior, "sample_stats": xr.Dataset(stats)})

    fine = convergence(tree(correlation))
    assert fine.r_hat < 1.02
    stuck = correlation.copy()
    stuck[0, :, 0, 1] = stuck[0, :, 1, 0] = 0.9
    assert "r_hat" in convergence(tree(stuck)).failures()

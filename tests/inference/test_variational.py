"""Variational inference: right where it can be, and refused for decisions everywhere."""

import numpy as np
import numpyro
import numpyro.distributions as dist
import pytest

from myelodose.errors import InputError
from myelodose.inference.variational import VariationalSettings, pareto_k, variational
from myelodose.posterior import PosteriorError, provenance, require_converged


def normal(data, y=None):
    mean = numpyro.sample("mean", dist.Normal(0.0, 2.0).expand([2]).to_event(1))
    numpyro.sample("y", dist.Normal(mean[data["group"]], 1.0), obs=y)


@pytest.fixture(scope="module")
def found():
    data = {"group": np.repeat([0, 1], 8)}
    y = np.where(data["group"] == 0, 1.0, -2.0) + np.resize([0.5, -0.5], 16)
    settings = VariationalSettings(steps=2000)
    return variational(normal, data, y, seed=1, settings=settings)


def test_a_normal_posterior_is_found(found):
    draws = found["posterior"]["mean"].values[0]
    # Precision 1/4 + 8; means shrink by 8 / 8.25. The ascent itself ends within a few per cent.
    assert draws.mean(0) == pytest.approx([8 / 8.25, -16 / 8.25], abs=0.06)
    assert draws.std(0) == pytest.approx([8.25**-0.5] * 2, rel=0.15)
    k = provenance(found).diagnostics.pareto_k
    assert k is not None
    assert k < 0.7


def test_a_decision_refuses_it_even_so(found):
    with pytest.raises(PosteriorError, match="has not converged: r_hat = nan"):
        require_converged(found, "decide")


def test_a_bad_approximation_is_named_by_its_pareto_k(found):
    from dataclasses import replace

    record = provenance(found)
    poor = replace(record.diagnostics, pareto_k=1.8)
    assert poor.failures()["pareto_k"] == "1.80, above 0.7"


def test_weights_with_a_heavy_tail_have_a_large_k():
    random = np.random.default_rng(1)
    # Weights u^-2 have a generalised Pareto tail of shape 2.
    heavy, even = -2 * np.log(random.uniform(size=(1, 4000))), np.zeros((1, 4000))
    assert pareto_k(heavy) == pytest.approx(2, abs=0.5)
    assert pareto_k(even) == 0


def test_an_unknown_guide_is_refused():
    with pytest.raises(InputError, match="guide: found 'flow'; give one of normal, low-rank"):
        VariationalSettings(guide="flow")

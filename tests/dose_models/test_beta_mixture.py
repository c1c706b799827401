"""Beta mixtures: updates, predictions and effective sample sizes, as RBesT has them."""

import numpy as np
import pytest

from designs.cases import case
from myelodose.dose_models.beta_mixture import BetaMixture, effective_size
from myelodose.errors import InputError

KNOWN = case("map_ess.mix1")


@pytest.fixture
def prior():
    weight, a, b = zip(*KNOWN["inputs"]["mixture"], strict=True)
    return BetaMixture(weight, a, b)


@pytest.mark.parametrize("definition", ["elir", "moment", "morita"])
def test_rbests_effective_sizes_are_met(prior, definition):
    # RBesT 1.6-6, ess().
    expected = KNOWN["outputs"][f"ess_{definition}"]
    assert effective_size(prior, definition) == pytest.approx(expected, abs=1e-4)


def test_rbests_posterior_and_predictive_are_met(prior):
    # RBesT 1.6-6, postmix() and preddist().
    out = KNOWN["outputs"]["posterior_after_3of6"]
    found = prior.update(y=3, n=6)
    assert found.weight == pytest.approx(out["weights"], abs=2e-5)
    assert (found.a, found.b) == (tuple(out["a"]), tuple(out["b"]))
    assert (found.mean, found.sd) == pytest.approx((out["mean"], out["sd"]), abs=2e-5)
    assert 1 - found.at_most(1 / 3) == pytest.approx(out["p_gt_third"], abs=2e-5)
    between = found.at_most(0.33) - found.at_most(0.16)
    assert between == pytest.approx(out["p_016_033"], abs=2e-5)
    expected = KNOWN["outputs"]["predictive_n3"]
    assert prior.predictive(3) == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("definition", ["elir", "moment"])
@pytest.mark.parametrize(("a", "b"), [(4.0, 16.0), (2.5, 3.0), (30.0, 2.0)])
def test_a_single_beta_counts_a_plus_b(definition, a, b):
    found = effective_size(BetaMixture((1.0,), (a,), (b,)), definition)
    assert found == pytest.approx(a + b, rel=1e-6)


def test_elir_is_predictively_consistent(prior):
    # Neuenschwander et al. 2020: the expected size after n patients is the size plus n.
    n = 8
    sizes = [effective_size(prior.update(y=y, n=n)) for y in range(n + 1)]
    expected = effective_size(prior) + n
    assert prior.predictive(n) @ sizes == pytest.approx(expected, abs=1e-4)


def test_a_robust_mixture_gives_way_to_conflicting_data():
    prior = BetaMixture((1.0,), (4.0,), (16.0,))
    robust = prior.robust(0.2)
    assert effective_size(robust, "moment") < effective_size(prior, "moment")
    surprise = robust.update(y=9, n=10)
    assert surprise.weight[-1] > 0.9
    assert surprise.mean > prior.update(y=9, n=10).mean + 0.2


def test_density_integrates_to_the_distribution(prior):
    p = np.linspace(1e-6, 0.4, 4001)
    area = np.trapezoid(prior.pdf(p), p)
    assert area == pytest.approx(float(prior.at_most(0.4)), abs=1e-5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda p: BetaMixture((0.5, 0.4), (1, 1), (1, 1)), "sum to 1"),
        (lambda p: BetaMixture((1.0,), (0.0,), (1,)), "above 0"),
        (lambda p: p.update(y=4, n=3), "give 0 to n"),
        (lambda p: p.robust(1.0), "between 0 and 1"),
        (
            lambda p: effective_size(p, "other"),  # pyrefly: ignore
            "'elir', 'moment' or 'morita'",
        ),
        (lambda p: effective_size(BetaMixture((1.0,), (0.5,), (2,)), "elir"), "diverges"),
    ],
)
def test_impossible_input_is_refused(prior, call, words):
    with pytest.raises(InputError, match=words):
        call(prior)

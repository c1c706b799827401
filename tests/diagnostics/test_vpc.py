"""Visual predictive checks agree with the R package vpc and with a recomputation by pandas."""

import numpy as np
import pandas as pd
import pytest

from conftest import ROOT
from myelodose.diagnostics.correction import Correction
from myelodose.diagnostics.vpc import vpc
from myelodose.errors import InputError

EDGES = [0, 1, 2, 4, 6, 8, 12, 16, 25]
TABLES = ROOT / "tests/reference/vpc"


@pytest.mark.parametrize("corrected", [False, True])
def test_percentiles_and_bands_are_those_of_the_r_package_vpc(simple, corrected):
    # ronkeizer/vpc@b1d6a722: vpc() on its simple_data, pi 5-95, ci 5-95.
    found = vpc(
        simple.times, simple.observed, simple.simulated, bins=EDGES, band=0.9,
        prediction=simple.prediction if corrected else None,
    ).isel(stratum=0)  # fmt: skip
    observed, simulated = (
        pd.read_csv(TABLES / f"vpc_{kind}_pc{str(corrected).upper()}.csv")
        for kind in ("obs", "sim")
    )
    used = found["count"].values > 0
    assert used.tolist() == [True] * 7 + [False]
    lines = observed[["obs5", "obs50", "obs95"]].to_numpy()
    assert found.observed.values[used] == pytest.approx(lines, rel=1e-9)
    bands = simulated.filter(regex=r"^q\d").to_numpy().reshape(7, 3, 3)
    assert found.simulated.values[used] == pytest.approx(bands, rel=1e-9)
    for name, column in (
        ("bin_low", "bin_min"),
        ("bin_high", "bin_max"),
        ("bin_middle", "bin_mid"),
    ):
        assert found[name].values[used] == pytest.approx(observed[column].to_numpy(), rel=1e-12)


def test_an_empty_bin_is_not_known(simple):
    found = vpc(simple.times, simple.observed, simple.simulated, bins=EDGES)
    assert np.isnan(found.observed.isel(bin=-1)).all()
    assert np.isnan(found.simulated.isel(bin=-1)).all()


def test_other_bins_and_percentiles_agree_with_pandas(simple):
    edges, wanted = [0, 3, 7, 12], [10.0, 25.0, 90.0]
    found = vpc(
        simple.times, simple.observed, simple.simulated, bins=edges, percentiles=wanted, band=0.8
    ).isel(stratum=0)
    frame = pd.DataFrame(simple.simulated.T)
    cut = pd.cut(simple.times, [0, 3, 7, 12.001], right=False, labels=False)
    by_bin = frame.groupby(cut).quantile([0.1, 0.25, 0.9]).to_numpy().reshape(3, 3, -1)
    band = np.moveaxis(np.quantile(by_bin, [0.1, 0.5, 0.9], axis=-1), 0, -1)
    assert found.simulated.values == pytest.approx(band, rel=1e-12)
    lines = pd.Series(simple.observed).groupby(cut).quantile(np.array([0.1, 0.25, 0.9])).to_numpy()
    assert found.observed.values == pytest.approx(lines.reshape(3, 3), rel=1e-12)


def test_strata_are_checks_of_their_own(simple):
    sex = simple.table.ISM.to_numpy()
    both = vpc(
        simple.times, simple.observed, simple.simulated, bins=EDGES, prediction=simple.prediction,
        stratify_by=sex,
    )  # fmt: skip
    for label in (0, 1):
        own = sex == label
        one = vpc(
            simple.times[own], simple.observed[own], simple.simulated[:, own], bins=EDGES,
            prediction=simple.prediction[own],
        ).isel(stratum=0)  # fmt: skip
        for name in ("observed", "simulated", "bin_middle"):
            np.testing.assert_allclose(both.sel(stratum=label)[name], one[name], rtol=1e-12)


def test_the_censored_fraction_is_the_share_below_the_limit(simple):
    found = vpc(simple.times, simple.observed, simple.simulated, bins=EDGES, band=0.9,
                lower_limit=30.0).isel(stratum=0)  # fmt: skip
    cut = pd.cut(simple.times, EDGES, right=False, labels=False)
    observed = pd.Series(simple.observed < 30).groupby(cut).mean()
    assert found.observed_censored.values[:7] == pytest.approx(observed.to_numpy())
    shares = pd.DataFrame(simple.simulated.T < 30).groupby(cut).mean().to_numpy()
    band = np.quantile(shares, [0.05, 0.5, 0.95], axis=1).T
    assert found.simulated_censored.values[:7] == pytest.approx(band)


def test_an_upper_limit_and_flags_count_as_censored_too():
    flags = np.array([1, 0, 0, 0])
    data = np.array([np.nan, 2.0, 3.0, 9.0])
    found = vpc(np.zeros(4), data, np.ones((3, 4)), bins=1, censored=flags, upper_limit=5.0,
                percentiles=[20.0, 40.0])  # fmt: skip
    assert float(found.observed_censored.squeeze()) == 0.5
    assert np.isnan(float(found.observed.sel(percentile=20.0).squeeze()))
    # Sorted: -inf, 2, 3, inf; 40 % lies at place 1.2.
    assert float(found.observed.sel(percentile=40.0).squeeze()) == pytest.approx(2.2)


def test_percentiles_are_unknown_below_the_limit_and_unchanged_above(simple):
    plain = vpc(simple.times, simple.observed, simple.simulated, bins=EDGES)
    cut = vpc(simple.times, simple.observed, simple.simulated, bins=EDGES, lower_limit=30.0)
    known = np.isfinite(cut.observed)
    assert 0 < int(known.sum()) < known.size
    assert cut.observed.values[known] == pytest.approx(plain.observed.values[known])
    below = plain.observed.values < 30
    assert not known.values[below].any()


def test_a_band_is_unknown_only_where_simulations_do_not_know_it():
    # The median of the first simulation is censored, those of the others are not.
    simulated = np.array([[0.0, 0.0, 9.0], *[[k, k, k] for k in range(2, 42)]], float)
    found = vpc(np.zeros(3), np.ones(3), simulated, bins=1, percentiles=[50], lower_limit=1.0)
    low, middle, high = found.simulated.values.ravel()
    plain = vpc(np.zeros(3), np.ones(3), simulated, bins=1, percentiles=[50]).simulated.values
    assert [low, middle, high] == pytest.approx(plain.ravel())
    lower = vpc(np.zeros(3), np.ones(3), simulated[:5], bins=1, percentiles=[50], lower_limit=1.0)
    assert np.isnan(lower.simulated.values.ravel()[0])
    assert np.isfinite(lower.simulated.values.ravel()[1:]).all()


def test_without_differences_in_design_correction_changes_nothing(simple):
    same = vpc(simple.times, simple.observed, simple.simulated, bins=EDGES,
               prediction=np.full(len(simple.times), 7.0))  # fmt: skip
    plain = vpc(simple.times, simple.observed, simple.simulated, bins=EDGES)
    np.testing.assert_allclose(same.observed, plain.observed)
    np.testing.assert_allclose(same.simulated, plain.simulated)


def test_differences_of_logarithms_are_ratios(simple):
    positive = simple.observed > 0
    positive &= (simple.simulated > 0).all(0)
    parts = [np.asarray(part)[..., positive] for part in simple[1:]]
    times, observed, simulated, prediction = parts
    ratio = vpc(times, observed, simulated, bins=4, prediction=prediction, percentiles=[0, 100])
    # The median of an even number of predictions is a mean, which is no mean of logarithms.
    shift = vpc(
        times, np.log(observed), np.log(simulated), bins=4, prediction=np.log(prediction),
        percentiles=[0, 100], correction=Correction("difference"),
    )  # fmt: skip
    ranges = [float(np.log(ratio.observed).diff("percentile").sum()),
              float(shift.observed.diff("percentile").sum())]  # fmt: skip
    assert ranges[0] == pytest.approx(ranges[1])


def test_a_lower_bound_is_left_where_it_is():
    data = np.array([2.0, 4.0, 10.0])
    found = vpc(
        np.zeros(3),
        data,
        np.tile(data, (2, 1)),
        bins=1,
        percentiles=[0, 50, 100],
        prediction=np.array([3.0, 2.0, 6.0]),
        correction=Correction(lower_bound=2.0),
    )
    # PRED_bin 3: 2 + 0 * 1 / 1, PRED at the bound leaves 4, and 2 + 8 * 1 / 4 = 4.
    assert found.value.values.tolist() == [2.0, 4.0, 4.0]


def test_correction_of_variability_makes_spreads_alike():
    generator = np.random.default_rng(2)
    spread = np.repeat([0.1, 0.4], 50)
    simulated = 10 + spread * generator.normal(size=(4000, 100))
    observed = 10 + spread * generator.normal(size=100)
    found = vpc(np.zeros(100), observed, simulated, bins=1, prediction=np.full(100, 10.0),
                correction=Correction(variability=True))  # fmt: skip
    away = found.value.values - 10
    # Each sd is scaled to their median, 0.25.
    assert away[:50] / (observed[:50] - 10) == pytest.approx(2.5, rel=0.06)
    assert away[50:] / (observed[50:] - 10) == pytest.approx(0.625, rel=0.06)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"observed": np.array([1.0, np.nan])}, "in row 1"),
        ({"simulated": np.ones((3, 3))}, "give \\[obs\\], \\[obs\\]"),
        ({"simulated": np.full((3, 2), np.nan)}, "no number"),
        ({"stratify_by": ["a"]}, "1 labels for 2"),
        ({"prediction": np.array([1.0, np.nan])}, "PRED"),
    ],
)
def test_what_cannot_be_is_refused(change, said):
    given = {"times": np.zeros(2), "observed": np.ones(2), "simulated": np.ones((3, 2)), "bins": 1}
    with pytest.raises(InputError, match=said):
        vpc(**(given | change))


def test_an_unknown_scale_is_refused():
    with pytest.raises(InputError, match="'ratio' or 'difference'"):
        Correction("log")

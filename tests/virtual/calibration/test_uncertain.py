"""Standard normal numbers become values of the literature priors, and patients that can be."""

import numpy as np
import pytest

from myelodose.marrow.values import TYPICAL
from myelodose.toxicity.hazards import Hazards, hazard_draws
from myelodose.virtual.calibration.uncertain import (
    INFECTION,
    NAMES,
    SPREAD,
    THROMBOSIS,
    draws_of,
    hazards_of,
    values_at,
)
from myelodose.virtual.covariates import drawn_covariates
from myelodose.virtual.draws import OMEGA
from myelodose.virtual.hyperprior import ROWS, prior_draws
from myelodose.virtual.population import virtual_patients

Z = np.random.default_rng(1).standard_normal((20_000, len(NAMES)))


def test_quantiles_are_those_of_the_prior_draws():
    ours, drawn = values_at(Z), prior_draws(1, 20_000)
    for name in ROWS:
        three = [0.1, 0.5, 0.9]
        spread = np.subtract(*np.quantile(drawn[name], [0.84, 0.16]))
        away = np.quantile(ours[name], three) - np.quantile(drawn[name], three)
        # 20,000 draws each: quantiles err by about 2 % of the spread.
        assert np.abs(away).max() < 0.06 * spread, name


def test_a_value_rises_with_its_number_alone():
    low, high = (values_at(np.full((1, len(NAMES)), z)) for z in (-1.0, 1.0))
    assert all(low[name] < high[name] for name in NAMES)
    moved = np.zeros((1, len(NAMES)))
    moved[0, 0] = 2.0
    one, base = values_at(moved), values_at(np.zeros((1, len(NAMES))))
    assert [name for name in NAMES if one[name] != base[name]] == [NAMES[0]]


@pytest.mark.parametrize("z", [-6.0, 6.0])
def test_the_tails_make_patients_that_can_be(z):
    draws = draws_of(values_at(np.full((1, len(NAMES)), z)))
    people = virtual_patients(1, drawn_covariates(2, 50), draws=draws)
    assert np.isfinite(people.baseline).all()
    assert len(hazards_of(values_at(np.full((1, len(NAMES)), z)))) == 1


def test_hazards_are_spread_as_hazard_draws_spreads_them():
    values, drawn = values_at(Z), hazard_draws(1, 20_000)
    few = np.array([h.infection_per_d for h in drawn])
    clots = np.array([h.thrombosis for h in drawn])
    assert Hazards().infection_per_d * values[INFECTION].mean() == pytest.approx(
        few.mean(), rel=0.05
    )
    assert values[THROMBOSIS].std() == pytest.approx(clots.std(), rel=0.05)


def test_the_factor_multiplies_every_spread_that_was_not_measured():
    z = np.zeros((1, len(NAMES)))
    z[0, NAMES.index(SPREAD)] = 1.0
    factor = values_at(z)[SPREAD][0]
    draws = draws_of(values_at(z))
    omegas = {k.removeprefix(OMEGA): v[0] for k, v in draws.items() if k.startswith(OMEGA)}
    assert {"kill_aza", "clone_share", "mtt_anc_h"} <= set(omegas)
    assert not {"set_point_anc", "len_volume_l", "aza_clearance_l_per_h"} & set(omegas)
    for name, sd in omegas.items():
        assert sd == pytest.approx(factor * TYPICAL[name].between_patient_sd)

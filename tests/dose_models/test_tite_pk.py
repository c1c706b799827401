"""TITE-PK: exposure at the effect site, and the published everolimus analysis."""

import numpy as np
import pytest
from scipy import integrate

from designs.cases import case
from myelodose.dose_models.tite_pk import (
    EffectSite,
    Schedule,
    TitePkData,
    TitePkPrior,
    cloglog,
    effect_area,
    every,
    fit_tite_pk,
)
from myelodose.errors import InputError

SITE = EffectSite(np.log(2) / 30, np.exp(0.41))


def test_everolimus_daily_is_met():
    # TITEPK_sequential (Stan) and one-dimensional quadrature, Guenhan et al. 2021. The reference
    # regimen starts at 0 h, the patients at 1 h: only so are the printed numbers met.
    known = case("tite_pk.everolimus_daily")["outputs"]
    reference = effect_area(every(5.0, interval_h=24, until_h=504), [504.0], SITE)[0]

    def area(dose, time):
        schedule = every(dose, interval_h=24, until_h=504, first_h=1.0)
        return effect_area(schedule, [time], SITE)[0] / reference

    seen = [(2.5, 2, 2), (5.0, 3, 3)]
    areas = [area(d, 336.0) for d, y, _ in seen for _ in range(y)]
    areas += [area(d, 504.0) for d, _, none in seen for _ in range(none)]
    dlt = np.array([1] * 5 + [0] * 5)
    asked = np.array(known["P"]["dose"]) / 5
    fit = fit_tite_pk(
        TitePkPrior(cloglog(0.175), 1.25),
        TitePkData(np.array(areas), dlt),
        asked,
        thresholds=(0.16, 0.33),
    )
    log_beta = [known["log_beta"]["mean"], known["log_beta"]["sd"]]
    assert fit.log_beta == pytest.approx(log_beta, abs=1e-4)
    assert fit.mean == pytest.approx(known["P"]["mean"], abs=1e-4)
    assert fit.exceed[:, 1] == pytest.approx(known["P"]["over033"], abs=1e-3)
    assert 1 - fit.exceed[:, 0] == pytest.approx(known["P"]["under016"], abs=1e-3)
    assert fit.mean == pytest.approx(known["stan_20k"]["mean"], abs=6e-3)


@pytest.mark.parametrize("transfer", [1.5, 0.05, np.log(2) / 30])
def test_area_is_that_of_the_differential_equation(transfer):
    site = EffectSite(np.log(2) / 30, transfer)
    schedule = Schedule((2.0, 3.0), (5.0, 40.0))

    def rates(t, x):
        return [-site.elimination * x[0], transfer * (x[0] - x[1]), x[1]]

    state, time = np.array([0.0, 0.0, 0.0]), 5.0
    for dose, until in ((2.0, 40.0), (3.0, 100.0)):
        state = state + np.array([dose, 0.0, 0.0])
        solved = integrate.solve_ivp(rates, (time, until), state, rtol=1e-10, atol=1e-12)
        state, time = solved.y[:, -1], until
    assert effect_area(schedule, [100.0], site)[0] == pytest.approx(state[2], rel=1e-7)


def test_area_of_a_dose_ends_at_dose_over_elimination():
    once = Schedule((4.0,), (0.0,))
    assert effect_area(once, [1e5], SITE)[0] == pytest.approx(4.0 / SITE.elimination)
    assert effect_area(once, [0.0, -3.0], SITE).tolist() == [0.0, 0.0]


def test_without_patients_the_reference_has_its_prior_risk():
    fit = fit_tite_pk(
        TitePkPrior(cloglog(0.175), 1.25),
        TitePkData(np.zeros(0), np.zeros(0)),
        [1.0],
        thresholds=(0.175,),
    )
    assert fit.exceed[0, 0] == pytest.approx(0.5, abs=1e-9)
    assert fit.log_beta == pytest.approx([cloglog(0.175), 1.25], abs=1e-8)


def test_impossible_regimens_are_refused():
    with pytest.raises(InputError, match="a time above 0 h"):
        every(5.0, interval_h=0, until_h=10)
    with pytest.raises(InputError, match="a dose above 0 mg"):
        every(0.0, interval_h=24, until_h=10)

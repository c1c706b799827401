"""A stored posterior of the joint model becomes draws for virtual patients, or says why not."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from conftest import run_python
from myelodose.errors import InputError
from myelodose.marrow.values import TYPICAL
from myelodose.population import Parameter, PopulationModel, Power, Prior
from myelodose.population.document import to_document
from myelodose.population.examples import marrow_model, theophylline_model
from myelodose.population.structures.marrow import MarrowAndClones
from myelodose.posterior import Diagnostics, Model, PosteriorError, Provenance, save_posterior
from myelodose.virtual import drawn_covariates, posterior_draws, virtual_patients
from myelodose.virtual.from_posterior import ExtrapolationWarning
from myelodose.virtual.hyperprior import CRCL_EXPONENT

FINE = Diagnostics(r_hat=1.001, ess_bulk=900.0, ess_tail=800.0, divergences=0)
"""As if chains had converged: the draws below are made up and fitted to nothing."""

CHAINS, DRAWS = 2, 30


def made_up(
    model: PopulationModel, *, diagnostics: Diagnostics = FINE, records: xr.Dataset | None = None
) -> xr.DataTree:
    """SIMULATED: a tree as `fit_population` stores it, with draws from a random generator."""
    random = np.random.default_rng(1)
    data = {}
    for site, prior in model.sites().items():
        middle = 0.4 if site.startswith("omega_") else prior.median
        noise = np.exp(0.05 * random.standard_normal((CHAINS, DRAWS)))
        data[site] = (("chain", "draw"), middle * noise)
    record = Provenance(
        Model("population-marrow", 1),
        "made up",
        "0" * 64,
        seed=1,
        sampler={},
        diagnostics=diagnostics,
        created="2026-11-26",
        packages={},
        prior={"population_model": to_document(model)},
    )
    groups = {"posterior": xr.Dataset(data)}
    tree = xr.DataTree.from_dict(groups if records is None else groups | {"records": records})
    tree.attrs["provenance"] = record.to_json()
    return tree


@pytest.fixture(scope="module")
def stored():
    return made_up(marrow_model())


def test_estimated_values_are_those_of_the_posterior_draw_by_draw(stored):
    draws = posterior_draws(stored, 60, 1)
    own = stored["posterior"]["kill_aza"].values.ravel()
    assert np.sort(draws["kill_aza"]) == pytest.approx(np.sort(own))
    # One draw stays together: sorting by one parameter sorts its omega alike.
    omega = stored["posterior"]["omega_kill_aza"].values.ravel()
    order = np.argsort(draws["kill_aza"])
    assert draws["omega_kill_aza"][order] == pytest.approx(omega[np.argsort(own)])


def test_what_the_fit_lacks_comes_from_the_priors_and_is_named(stored):
    draws = posterior_draws(stored, 10, 1)
    named = draws.attrs["from_priors"].split(", ")
    assert {"mtt_anc_h", "gamma_plt", CRCL_EXPONENT} <= set(named)
    assert "kill_aza" not in named
    assert "kill_aza" in draws.attrs["fitted"]
    assert set(draws) == set(named) | {"omega_" + n for n in draws.attrs["fitted"].split(", ")} | (
        set(draws.attrs["fitted"].split(", "))
    )


def test_patients_differ_by_the_omegas_of_the_posterior(stored):
    draws = posterior_draws(stored, 1, 1)
    people = virtual_patients(2, drawn_covariates(3, 4000), draws=draws)
    sd = np.log(people.patient.clones.kill_aza).std()
    # 4000 patients: the standard error of an sd is 1.1 %.
    assert sd == pytest.approx(draws["omega_kill_aza"][0], rel=0.04)
    assert people.source == draws.attrs["source"]
    assert "made up" in people.source


def test_a_fit_that_did_not_converge_is_refused_by_its_checks():
    bad = made_up(marrow_model(), diagnostics=replace(FINE, r_hat=1.2))
    with pytest.raises(PosteriorError, match="r_hat"):
        posterior_draws(bad, 5, 1)
    assert len(posterior_draws(bad, 5, 1, accept_failed=["r_hat"])["kill_aza"]) == 5


def test_a_parameter_that_is_needed_and_missing_is_named(stored):
    with pytest.raises(PosteriorError, match="gamma_anc"):
        posterior_draws(stored, 5, 1, needs=["kill_aza", "gamma_anc"])
    lost = stored.copy()
    lost["posterior"] = stored["posterior"].to_dataset().drop_vars("omega_kill_aza")
    with pytest.raises(PosteriorError, match="omega_kill_aza"):
        posterior_draws(lost, 5, 1)


def test_a_posterior_of_another_model_is_refused():
    with pytest.raises(PosteriorError, match="CompartmentPk"):
        posterior_draws(made_up(theophylline_model(correlated=False)), 5, 1)


def test_more_draws_than_are_stored_are_refused(stored):
    with pytest.raises(InputError, match="found 61"):
        posterior_draws(stored, 61, 1)


def with_clearance(covariates: tuple) -> PopulationModel:
    base = marrow_model()
    clearance = Parameter("len_clearance_l_per_h", Prior("LogNormal", 2.5, 0.1), unit="L/h",
                          covariates=covariates)  # fmt: skip
    names = (*(one.name for one in base.parameters), clearance.name)
    return replace(
        base,
        structure=MarrowAndClones(estimated=names),
        parameters=(*base.parameters, clearance),
    )


def test_a_power_of_creatinine_clearance_is_moved_to_its_reference_here():
    tree = made_up(with_clearance((Power("CRCL", 60.0, Prior("Normal", 0.4, 0.1)),)))
    draws = posterior_draws(tree, 60, 1)
    exponent = tree["posterior"].to_dataset()["len_clearance_l_per_h_CRCL"].values.ravel()
    assert np.sort(draws[CRCL_EXPONENT]) == pytest.approx(np.sort(exponent))
    # The value at 90 mL/min is that at 60 times (90 / 60)^exponent.
    fitted = tree["posterior"].to_dataset()["len_clearance_l_per_h"].values.ravel()
    expected = np.sort(fitted * 1.5**exponent)
    assert np.sort(draws["len_clearance_l_per_h"]) == pytest.approx(expected)


def test_an_effect_that_virtual_patients_do_not_know_is_refused():
    tree = made_up(with_clearance((Power("WT", 70.0, 0.75),)))
    with pytest.raises(PosteriorError, match="effect of WT"):
        posterior_draws(tree, 5, 1)


@pytest.mark.parametrize("kept", [True, False])
def test_covariates_beyond_the_fitted_ones_need_a_switch_and_warn(kept):
    table = xr.Dataset({"CRCL": ("record", [70.0, 80.0]), "BSA": ("record", [1.5, 2.3])})
    tree = made_up(marrow_model(), records=table if kept else None)
    people = drawn_covariates(1, 40)
    with pytest.raises(InputError, match="creatinine_clearance"):
        posterior_draws(tree, 5, 1, covariates=people)
    with pytest.warns(ExtrapolationWarning, match="70 to 80" if kept else "not known"):
        posterior_draws(tree, 5, 1, covariates=people, extrapolate=True)


def test_covariates_within_the_fitted_ones_pass_in_silence():
    table = xr.Dataset({"CRCL": ("record", [1.0, 400.0]), "BSA": ("record", [1.0, 3.0])})
    tree = made_up(marrow_model(), records=table)
    assert len(posterior_draws(tree, 5, 1, covariates=drawn_covariates(1, 40))["kill_aza"]) == 5


def test_a_fresh_process_needs_no_numpyro(stored, tmp_path):
    path = save_posterior(stored, tmp_path / "made-up.nc")
    done = run_python(
        "import sys, warnings\n"
        "warnings.simplefilter('ignore')\n"  # made up by no version of any package
        "from myelodose.posterior import load_posterior\n"
        "from myelodose.virtual import posterior_draws\n"
        f"found = posterior_draws(load_posterior({str(path)!r}), 5, 1)\n"
        "heavy = {'numpyro', 'arviz', 'arviz_base', 'matplotlib', 'myelodose.population'}\n"
        "print(len(found['kill_aza']), sorted(heavy & set(sys.modules)))"
    )
    assert done.stdout.strip() == "5 []", done.stderr


def test_typical_values_stay_within_what_the_marrow_accepts(stored):
    draws = posterior_draws(stored, 60, 1)
    for name, values in draws.items():
        if name in TYPICAL:
            assert TYPICAL[name].low <= values.min() <= values.max() <= TYPICAL[name].high

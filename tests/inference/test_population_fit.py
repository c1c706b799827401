"""From a table to a stored posterior, and to predictions in a process without the data."""

import numpy as np
import pytest

from conftest import run_python
from myelodose.errors import InputError
from myelodose.inference.population_fit import fit_population
from myelodose.inference.predict import model_of, predict
from myelodose.inference.settings import FitSettings
from myelodose.population import (
    OneCompartmentPk,
    Parameter,
    PopulationModel,
    Prior,
    RandomEffects,
    Residual,
)
from myelodose.posterior import PosteriorError, load_posterior, provenance, save_posterior
from myelodose.records import example_records, of_patient

FEW = FitSettings(
    chains=2, warmup=60, draws=40, chunk=20, geometry="structured", chain_method="vectorized"
)
CHECKS = ("r_hat", "ess_bulk", "ess_tail", "divergences")
MODEL = PopulationModel(
    "theophylline",
    OneCompartmentPk(oral=True),
    (
        Parameter("CL", Prior("LogNormal", np.log(3.0), 0.5), unit="L/h"),
        Parameter("V", Prior("LogNormal", np.log(32.0), 0.5), unit="L"),
        Parameter("ka", Prior("LogNormal", np.log(1.5), 0.7), unit="1/h"),
    ),
    RandomEffects(correlated=("CL", "ka")),
    {"": Residual("combined2", Prior("HalfNormal", 1.0), Prior("HalfNormal", 0.3))},
)


@pytest.fixture(scope="module")
def records():
    return example_records("theophylline")


@pytest.fixture(scope="module")
def posterior(records):
    return fit_population(
        MODEL, records, seed=3, settings=FEW, prior_count=20, keep_records=True, progress=False
    )


def test_the_posterior_is_labelled_by_patient_and_effect(posterior):
    draws = posterior["posterior"].to_dataset()
    assert draws["eta"].dims == ("chain", "draw", "patient", "effect")
    assert draws.patient.values.tolist() == [str(number) for number in range(1, 13)]
    assert draws.effect.values.tolist() == ["CL", "V", "ka"]
    assert draws["correlation"].sel(row="CL", column="CL").values == pytest.approx(1.0)
    assert "z_eta" not in draws
    # Where 132 measurements put it; the prior's median is 3 with a factor of 2.7 to each side.
    assert 2.3 < float(draws["CL"].mean()) < 3.3


def test_the_provenance_holds_the_model_and_the_data_only_if_asked(posterior):
    record = provenance(posterior)
    assert record.model.name == "population-theophylline"
    assert model_of(posterior).sites() == MODEL.sites()
    assert "records" in posterior
    assert posterior["prior"].sizes["draw"] == 20


def test_a_posterior_that_has_not_converged_predicts_only_if_each_check_is_named(
    posterior, records
):
    with pytest.raises(PosteriorError, match="has not converged"):
        predict(posterior, records, seed=1, draws=5)


def test_predictions_of_fitted_patients_are_nearer_to_what_was_seen(posterior, records):
    seen = records.value.values[records.evid.values == 0]
    asked = {"seed": 1, "draws": 30, "accept_failed": CHECKS}
    miss = {
        who: np.abs(
            predict(posterior, records, patients=who, **asked).individual.mean("draw") - seen
        ).mean()
        for who in ("new", "fitted")
    }
    assert float(miss["fitted"]) < 0.6 * float(miss["new"])


def test_a_patient_who_was_not_fitted_is_refused_as_fitted(posterior, records):
    other = of_patient(records, "1").assign(patient=("record", ["99"] * 12))
    with pytest.raises(InputError, match="found patient '99'"):
        predict(posterior, other, seed=1, draws=5, patients="fitted", accept_failed=CHECKS)


@pytest.mark.parametrize("ending", ["nc", "zarr"])
def test_a_fresh_process_predicts_the_same_without_the_data(posterior, records, tmp_path, ending):
    path = tmp_path / f"fit.{ending}"
    save_posterior(posterior, path)
    here = predict(posterior, records, seed=7, draws=4, accept_failed=CHECKS)
    if ending == "zarr":
        loaded = load_posterior(path)
        there = predict(loaded, records, seed=7, draws=4, accept_failed=CHECKS)
        np.testing.assert_array_equal(there.individual, here.individual)
        return
    code = f"""
import pandas as pd
from myelodose.inference.predict import predict
from myelodose.posterior import load_posterior
from myelodose.records import read_records
rows = [(1, 0, 320.0, 1, None)] + [(1, t, 0.0, 0, None) for t in (0.25, 4.0)]
table = pd.DataFrame(rows, columns=["ID", "TIME", "AMT", "EVID", "DV"]).assign(MDV=1)
new = read_records(table, allow=("patient without observations",))
found = predict(load_posterior({str(path)!r}), new, seed=7, draws=4, accept_failed={CHECKS!r})
print(found.individual.shape, float(found.individual.min()) > 0)
"""
    done = run_python(code)
    assert done.stdout.strip() == "(4, 2) True", done.stderr

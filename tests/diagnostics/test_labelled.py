"""Checks of a table take their rows, limits and strata from it."""

import numpy as np
import pytest
import xarray as xr

from myelodose.diagnostics.labelled import measured_beside, npde_of, vpc_of
from myelodose.diagnostics.vpc import vpc
from myelodose.errors import InputError
from myelodose.plots.individual import individual_figure
from myelodose.plots.patient_fits import patient_fits
from plots.whole import assert_whole
from population.tables import dose, records, seen

TIMES = (1.0, 2.0, 4.0, 8.0)


def table(limit=np.nan):
    """SIMULATED: forty patients, ten a value, half with another dose; one row not measured."""
    generator = np.random.default_rng(1)
    rows = []
    for patient in range(1, 41):
        amount = 100.0 if patient % 2 else 200.0
        rows.append(dose(patient, amount=amount, DOSE=amount, additional=1, interval_h=6.0))
        for time in TIMES:
            value = amount / 20 * np.exp(-0.2 * time + 0.3 * generator.normal())
            flag = int(value < limit)
            rows.append(seen(patient, time, max(value, limit) if flag else value, censored=flag,
                             DOSE=amount))  # fmt: skip
        rows.append(seen(patient, 12.0, np.nan, DOSE=amount))
    return records(rows)


def predicted(rows, draws=200):
    """SIMULATED predictions for the records of EVID 0."""
    own = rows.isel(record=np.flatnonzero(rows.evid.values == 0))
    typical = own.DOSE.values / 20 * np.exp(-0.2 * own.time_h.values)
    noise = np.random.default_rng(2).normal(size=(draws, own.sizes["record"]))
    dims = ("draw", "record")
    return xr.Dataset(
        {
            "measured": (dims, typical * np.exp(0.3 * noise)),
            "individual": (dims, np.tile(typical, (draws, 1))),
            "typical": (dims, np.tile(typical, (draws, 1))),
        },
        {
            "patient": ("record", own.patient.values.astype(str)),
            "time_h": ("record", own.time_h.values),
            "observed": ("record", own.observed.values),
        },
    )


def test_rows_that_were_not_measured_are_left_out():
    found = measured_beside(table(), predicted(table()))
    assert found.simulated.shape == (200, 160)
    assert set(found.times) == set(TIMES)


def test_the_check_of_a_table_is_that_of_its_arrays():
    rows = table()
    found = measured_beside(rows, predicted(rows))
    one = vpc_of(rows, predicted(rows), bins=[0, 3, 9], corrected=True, stratify_by="DOSE")
    other = vpc(found.times, found.observed, found.simulated, bins=[0, 3, 9],
                prediction=found.typical, stratify_by=found.table.DOSE)  # fmt: skip
    xr.testing.assert_identical(one, other)
    assert one.stratum.values.tolist() == [100.0, 200.0]


def test_simulations_are_censored_where_the_data_would_have_been():
    rows = table(limit=2.0)
    found = vpc_of(rows, predicted(rows), bins=[0, 3, 9])
    observed = found.observed_censored.values.ravel()
    low, _, high = np.moveaxis(found.simulated_censored.values, -1, 0)
    assert 0 < observed[0] < observed[1]
    assert ((low.ravel() <= observed) & (observed <= high.ravel())).all()


def test_npde_of_a_table_carry_their_times():
    rows = table(limit=2.0)
    found = npde_of(rows, predicted(rows), seed=1)
    assert found.sizes["obs"] == 160
    assert found.time_h.values[:4].tolist() == list(TIMES)
    assert abs(float(found.npde.mean())) < 3 / np.sqrt(160)


def test_individual_fits_of_a_table_have_its_doses_and_limits():
    rows = table(limit=2.0)
    fits = patient_fits(rows, predicted(rows))
    assert len(fits) == 40
    assert fits[0].dose_times.tolist() == [0.0, 6.0]
    assert fits[1].dose_amounts.tolist() == [200.0, 200.0]
    assert fits[0].times.tolist() == [*TIMES, 12.0]
    for fit in fits:
        assert (fit.observed[np.asarray(fit.censored) == 1] == 2.0).all()
    assert_whole(individual_figure(fits[:2]))


def test_a_prediction_for_another_table_is_refused():
    rows = table()
    with pytest.raises(InputError, match="200 records"):
        measured_beside(rows, predicted(rows).isel(record=slice(9)))
    shifted = predicted(rows).assign_coords(time_h=predicted(rows).time_h + 1)
    with pytest.raises(InputError, match="other times"):
        measured_beside(rows, shifted)


def test_labels_and_columns_that_are_not_there_are_refused():
    rows = table()
    with pytest.raises(InputError, match="no measurement of 'ANC'"):
        measured_beside(rows, predicted(rows), observed="ANC")
    with pytest.raises(InputError, match="no column 'SEX'"):
        vpc_of(rows, predicted(rows), stratify_by="SEX")

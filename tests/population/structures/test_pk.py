"""All patients at once against one patient at a time, over random event tables."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.pk import Events, OneCompartment, TwoCompartment, concentrations
from myelodose.population import CompartmentPk
from myelodose.precision import float64
from population.tables import dose, random_table, records, seen

ONE = {"CL": [5.0, 9.0, 3.0], "V": [40.0, 25.0, 60.0], "ka": [1.1, 0.6, 2.0]}
TWO = {"CL": [5.0, 9.0, 3.0], "Q": [8.0, 4.0, 12.0], "V1": [35.0, 20.0, 50.0]} | {
    "V2": [90.0, 60.0, 40.0],
    "ka": [1.1, 0.6, 2.0],
}


def events(table, patient: int) -> Events:
    own = table.where(table.patient == patient, drop=True)
    return Events(
        time_h=own.time_h.values,
        evid=own.evid.values,
        amount_mg=own.amount.values,
        compartment=own.compartment.values,
        rate_mg_per_h=own.rate.values,
        additional=own.additional.values,
        interval_h=own.interval_h.values,
        steady_state=own.steady_state.values,
    )


def predicted(structure: CompartmentPk, values: dict, table) -> np.ndarray:
    with float64():
        arrays = {name: jnp.asarray(value) for name, value in values.items()}
        return np.asarray(structure.predict(arrays, structure.prepare(table)))


def one_by_one(table, make, **settings) -> np.ndarray:
    parts = []
    for i in (1, 2, 3):
        own = events(table, i)
        parts.append(concentrations(make(i - 1), own, **settings)[own.evid == 0])
    return np.concatenate(parts)


@pytest.mark.parametrize(
    ("kind", "values", "seed"),
    [
        (OneCompartment, ONE, 0),
        pytest.param(OneCompartment, ONE, 1, marks=pytest.mark.slow),
        pytest.param(TwoCompartment, TWO, 2, marks=pytest.mark.slow),
        pytest.param(TwoCompartment, TWO, 3, marks=pytest.mark.slow),
    ],
)
def test_all_patients_at_once_are_each_patient_alone(kind, values, seed):
    table = random_table(seed)
    structure = CompartmentPk(compartments=1 + (kind is TwoCompartment))
    alone = one_by_one(table, lambda i: kind(**{name: value[i] for name, value in values.items()}))
    np.testing.assert_allclose(predicted(structure, values, table), alone, rtol=1e-9)


def test_lag_and_bioavailability_move_doses_and_infusions():
    table = random_table(5)
    lag, share = [0.3, 0.7, 0.1], [0.6, 0.9, 0.4]
    structure = CompartmentPk(lag=True, bioavailability=True)
    alone = np.concatenate(
        [
            concentrations(
                OneCompartment(CL=ONE["CL"][i], V=ONE["V"][i], ka=ONE["ka"][i]),
                own := events(table, i + 1),
                lag_h={"gut": lag[i]},
                bioavailability={"gut": share[i]},
            )[own.evid == 0]
            for i in range(3)
        ]
    )
    both = predicted(structure, ONE | {"lag": lag, "F": share}, table)
    np.testing.assert_allclose(both, alone, rtol=1e-9)


@pytest.mark.parametrize("carry", ["backward", "forward"])
def test_parameters_that_change_with_time_are_carried_as_asked(carry):
    table = random_table(7, compartments=1, carry=carry)
    structure = CompartmentPk(oral=False)
    counts = [int((table.patient == i).sum()) for i in (1, 2, 3)]
    clearance = np.random.default_rng(1).uniform(3, 9, (3, max(counts)))
    alone = np.concatenate(
        [
            concentrations(
                OneCompartment(CL=clearance[i, : counts[i]], V=ONE["V"][i]),
                own := events(table, i + 1),
                carry=carry,
            )[own.evid == 0]
            for i in range(3)
        ]
    )
    together = predicted(structure, {"CL": clearance, "V": ONE["V"]}, table)
    np.testing.assert_allclose(together, alone, rtol=1e-9)


def test_rate_and_duration_can_be_parameters():
    rows = [dose(1, rate=-2.0), seen(1, 1.0), seen(1, 4.0), dose(2, rate=-1.0), seen(2, 3.0)]
    structure = CompartmentPk(oral=False, modelled_rate=True, modelled_duration=True)
    values = {"CL": [5.0, 4.0], "V": [40.0, 30.0], "rate": [1.0, 25.0], "duration": [2.0, 1.0]}
    got = predicted(structure, values, records(rows))
    rows[0]["rate"], rows[3]["rate"] = 50.0, 25.0
    given = predicted(CompartmentPk(oral=False), {k: values[k] for k in ("CL", "V")}, records(rows))
    np.testing.assert_allclose(got, given, rtol=1e-12)


def test_gradients_are_finite_and_right_where_an_infusion_ends_by_bioavailability():
    structure = CompartmentPk(bioavailability=True, oral=False)
    data = structure.prepare(records([dose(1, rate=50.0), seen(1, 1.0), seen(1, 3.0)]))

    def total(share):
        values = {"CL": jnp.array([5.0]), "V": jnp.array([40.0]), "F": jnp.reshape(share, 1)}
        return structure.predict(values, data).sum()

    with float64():
        step = 1e-6
        slope = (total(0.8 + step) - total(0.8 - step)) / (2 * step)
        np.testing.assert_allclose(jax.grad(total)(0.8), slope, rtol=1e-7)


def test_a_modelled_rate_without_its_parameter_is_refused():
    table = records([dose(1, rate=-2.0), seen(1, 1.0)])
    with pytest.raises(InputError, match="modelled_duration=True"):
        CompartmentPk().prepare(table)


def test_an_error_in_a_record_names_the_patient():
    table = records([dose(7, compartment=5), seen(7, 1.0)])
    with pytest.raises(InputError, match="patient 7"):
        CompartmentPk().prepare(table)

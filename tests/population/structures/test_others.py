"""The other structures against the functions that they stand on, patient by patient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import betabinom, lognorm, norm

from myelodose.blood.friberg import Friberg, simulate_friberg
from myelodose.blood.turnover import INHIBITED_LOSS, Turnover, simulate_turnover
from myelodose.effect import Linear, Saturating
from myelodose.errors import InputError
from myelodose.marrow import simulate, virtual_population
from myelodose.marrow.values import TYPICAL
from myelodose.pk import Events, OneCompartment, concentrations, doses
from myelodose.pk.michaelis_menten import MichaelisMenten, simulate_michaelis_menten
from myelodose.pk.simulate import simulate as simulate_pk
from myelodose.population import (
    CellCount,
    CompartmentPk,
    EffectCompartment,
    Event,
    FribergCounts,
    IndirectResponse,
    MarrowAndClones,
    MichaelisMentenPk,
    Parameter,
    PopulationModel,
    Prior,
    RandomEffects,
    ReadCount,
    Residual,
)
from myelodose.population.structures.marrow import make_patients
from myelodose.population.structures.toxicity import PARAMETERS
from myelodose.precision import float64
from myelodose.solve.plan import plan
from population.tables import dose, records, seen

PK = {"CL": [5.0, 9.0], "V": [40.0, 25.0], "ka": [1.1, 0.6]}
TIMES = ((3.0, 30.0, 100.0), (8.0, 50.0))


def table(label: str, *, amount: float = 100.0):
    rows = []
    for i, times in enumerate(TIMES):
        own = {"observed": label}
        rows.append(dose(i + 1, 0.0, amount, additional=1, interval_h=24.0))
        rows.append(dose(i + 1, 48.0, 2 * amount))
        rows += [seen(i + 1, t, **own) for t in times]
    order = sorted(rows, key=lambda row: (row["patient"], row["time_h"]))
    return records(order)


def windows(i: int, *, amount: float = 100.0):
    times_d = np.array(TIMES[i]) / 24
    given = [amount, amount, 2 * amount]
    return plan([0.0, 1.0, 2.0], given, [0, 0, 0], drugs=1, times_d=times_d)


def predicted(structure, values: dict, rows) -> np.ndarray:
    data = structure.prepare(rows)
    with float64():
        arrays = {name: jnp.asarray(value) for name, value in values.items()}
        slope = jax.grad(lambda v: structure.predict(v, data).sum())(arrays)
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(slope))
        return np.asarray(structure.predict(arrays, data))


def patient_of(values: dict, i: int, names) -> dict:
    return {name: np.float64(values[name][i]) for name in names}


def test_friberg_counts_are_those_of_simulate_friberg_beside_concentrations():
    own = {"circ0": [5.0, 4.0], "mtt": [100.0, 130.0], "gamma": [0.17, 0.2], "slope": [0.2, 0.1]}
    rows = table("neutrophils")
    labels = rows.observed.values.astype("U16")
    labels[-1] = "concentration"
    rows["observed"] = ("record", labels)
    got = predicted(FribergCounts(pk=CompartmentPk()), PK | own, rows)
    alone = []
    for i in (0, 1):
        v = patient_of(own, i, own)
        with float64():
            friberg = Friberg(
                baseline=jnp.atleast_1d(v["circ0"]),
                mtt_d=jnp.atleast_1d(v["mtt"] / 24),
                gamma=jnp.atleast_1d(v["gamma"]),
                effects=(Linear(jnp.atleast_1d(v["slope"])),),
            )
            drug = OneCompartment(**patient_of(PK, i, PK))
            alone.append(simulate_friberg(friberg, (drug,), windows(i)).counts[:, 0])
    np.testing.assert_allclose(got[:-1], np.concatenate(alone)[:-1], rtol=1e-6)
    last = concentrations(drug, doses([100.0, 100.0, 200.0], [0.0, 24.0, 48.0]), TIMES[1])[-1]
    np.testing.assert_allclose(got[-1], last, rtol=1e-9)


def test_saturable_elimination_is_that_of_simulate_michaelis_menten():
    own = {"V": [40.0, 25.0], "Vm": [20.0, 10.0], "Km": [3.0, 4.0], "ka": [1.1, 0.6]}
    got = predicted(MichaelisMentenPk(), own, table("concentration"))
    alone = []
    for i in (0, 1):
        with float64():
            one = MichaelisMenten(**patient_of(own, i, own))
            alone.append(simulate_michaelis_menten(one, windows(i)).concentration_mg_per_l)
    # The windows here are longer than the structure's, and that is the difference.
    np.testing.assert_allclose(got, np.concatenate(alone), rtol=1e-5)


@pytest.mark.slow
def test_indirect_response_is_that_of_simulate_turnover():
    own = {"R0": [10.0, 12.0], "kout": [0.1, 0.05], "Emax": [0.8, 0.6], "EC50": [0.5, 1.0]}
    structure = IndirectResponse(pk=CompartmentPk(), mechanism="II")
    got = predicted(structure, PK | own, table("response"))
    alone = []
    for i in (0, 1):
        v = patient_of(own, i, own)
        with float64():
            kout = v["kout"] * 24
            one = Turnover(v["R0"] * kout, kout, Saturating(v["Emax"], v["EC50"]))
            drug = OneCompartment(**patient_of(PK, i, PK))
            course = simulate_turnover(one, drug, windows(i), mechanism=INHIBITED_LOSS)
            alone.append(course.response)
    np.testing.assert_allclose(got, np.concatenate(alone), rtol=1e-6)


def test_effect_compartment_is_that_of_the_linear_model():
    own = {"ke0": [0.3, 0.1], "Emax": [100.0, 50.0], "EC50": [1.0, 2.0], "E0": [5.0, 0.0]}
    structure = EffectCompartment(pk=CompartmentPk(), baseline=True)
    got = predicted(structure, PK | own, table("response"))
    alone = []
    for i in (0, 1):
        events = Events(
            time_h=[0.0, 24.0, 48.0], evid=1, amount_mg=[100.0, 100.0, 200.0]
        ).observed_at(TIMES[i])
        drug = OneCompartment(**patient_of(PK, i, PK), ke0=own["ke0"][i])
        site = simulate_pk(drug, events[0]).amount_mg[events[1], -1]
        alone.append(own["E0"][i] + own["Emax"][i] * site / (own["EC50"][i] + site))
    np.testing.assert_allclose(got, np.concatenate(alone), rtol=1e-9)


def test_patients_of_the_marrow_are_those_of_a_virtual_population():
    names = list(TYPICAL)
    with float64():
        typical = {name: jnp.full(2, TYPICAL[name].value) for name in names}
        ours = make_patients(typical)
        theirs = virtual_population(1, 2, disease="del(5q) TP53", values=None)
        same = jax.tree.map(jnp.shape, ours)
    assert jax.tree.structure(same) == jax.tree.structure(jax.tree.map(np.shape, theirs))


@pytest.mark.slow
def test_marrow_counts_and_shares_are_those_of_simulate():
    estimated = ("clone_share", "kill_del5q_per_d_um", "set_point_plt")
    own = {"clone_share": [0.7, 0.9], "kill_del5q_per_d_um": [0.5, 0.8]} | {
        "set_point_plt": [200.0, 260.0]
    }
    structure = MarrowAndClones(estimated=estimated)
    with float64():
        v = {name: jnp.full(2, value.value) for name, value in TYPICAL.items()}
        patients = make_patients(v | {name: jnp.asarray(x) for name, x in own.items()})
    for label, row in (("PLT", 1), ("clone", None)):
        got = predicted(structure, own, table(label, amount=10.0))
        alone = []
        for i in (0, 1):
            with float64():
                one = jax.tree.map(lambda x, i=i: x[..., i], patients)
                two = plan(
                    [0.0, 1.0, 2.0],
                    [10.0, 10.0, 20.0],
                    [0, 0, 0],
                    drugs=2,
                    times_d=np.array(TIMES[i]) / 24,
                )
                course = simulate(one, two)
                share = course.clone_share
                alone.append(course.counts[:, row] if row else share[:, 1] + share[:, 2])
        np.testing.assert_allclose(got, np.concatenate(alone), rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "found"),
    [({"steady_state": 1}, "SS"), ({"rate": -2.0}, "RATE"), ({"evid": 4}, "EVID")],
)
def test_windows_refuse_what_they_cannot_do(change, found):
    rows = [dose(1, interval_h=12.0) | change, seen(1, 5.0)]
    structure = MichaelisMentenPk()
    with pytest.raises(InputError, match=found):
        structure.prepare(records(rows))


def test_a_parameter_that_changes_with_time_is_refused_where_windows_are_solved():
    structure = MichaelisMentenPk()
    data = structure.prepare(table("concentration"))
    values = {name: jnp.ones((2, 4)) for name in structure.needs}
    with pytest.raises(InputError, match="change with time"):
        structure.predict(values, data)


def test_pharmacokinetics_whose_doses_depend_on_parameters_is_refused_behind_windows():
    with pytest.raises(InputError, match="doses that are data"):
        FribergCounts(pk=CompartmentPk(lag=True))


@pytest.mark.slow
def test_toxicity_is_judged_from_the_counts_of_the_days_before_it():
    estimated = ("clone_share", "set_point_anc")
    own = {"clone_share": [0.7, 0.9], "set_point_anc": [4.0, 3.0]} | {
        "dlt_count_sd": [0.3, 0.3],
        "dlt_infection_per_d": [0.05, 0.05],
        "dlt_thrombosis": [0.02, 0.02],
    }
    rows = []
    for i in (1, 2):
        rows.append(seen(i, 0.0, observed="ANC"))
        rows.append(dose(i, 0.0, 25.0, additional=13, interval_h=24.0))
        for label in ("ANC", "PLT"):
            rows += [seen(i, 24.0 * day, observed=label) for day in range(1, 29)]
        rows.append(seen(i, 24.0 * 28, 0.0, observed="DLT"))
    structure = MarrowAndClones(estimated=estimated, toxicity_until_d=28)
    got = predicted(structure, own, records(rows)).reshape(2, 58)
    for anc, plt, judged in zip(got[:, :29], got[:, 56], got[:, 57], strict=True):
        below = norm.cdf(np.log(0.5 / anc) / 0.3)
        free = np.exp(-0.05 * (below[1:] + below[:-1]).sum() / 2)
        recovered = norm.cdf(np.log(anc[-1] / 0.5) / 0.3) * norm.cdf(np.log(plt / 25) / 0.3)
        np.testing.assert_allclose(judged, 1 - recovered * free * 0.98, rtol=1e-9)


@pytest.mark.slow
def test_counts_shares_and_toxicity_make_one_likelihood():
    estimated = ("clone_share", "set_point_plt")
    model = PopulationModel(
        "joint",
        MarrowAndClones(estimated=estimated, toxicity_until_d=28),
        (
            Parameter("clone_share", Prior("Beta", 8.0, 2.0), link="logit"),
            Parameter("set_point_plt", Prior("LogNormal", float(np.log(230)), 0.3)),
            *(Parameter(name, Prior("Fixed", 0.1), random=False) for name in PARAMETERS),
        ),
        RandomEffects(),
        {
            "PLT": Residual("log-normal", Prior("Fixed", 0.2)),
            "FISH": CellCount("clone", false_positive=0.02, overdispersion=0.01),
            "VAF": ReadCount("TP53", overdispersion=0.001),
            "DLT": Event(),
        },
    )
    rows = [
        dose(1, 0.0, 10.0, additional=13, interval_h=24.0, trials=0),
        seen(1, 240.0, 60.0, observed="PLT", trials=0),
        seen(1, 336.0, 150.0, observed="FISH", trials=200),
        seen(1, 336.0, 30.0, observed="VAF", trials=1000),
        seen(1, 672.0, 1.0, observed="DLT", trials=0),
    ]
    data = model.prepare(records(rows))
    theta = {"clone_share": 0.85, "set_point_plt": 230.0}
    got = model.log_likelihood(theta, np.zeros((1, 2)), data)
    platelets, clone, tp53, toxicity = np.asarray(model.predict(theta, np.zeros((1, 2)), data))
    expected = [
        lognorm.logpdf(60.0, 0.2, scale=platelets),
        betabinom.logpmf(150, 200, 99 * (p := 0.02 + 0.98 * clone), 99 * (1 - p)),
        betabinom.logpmf(30, 1000, 999 * (p := tp53 / 2), 999 * (1 - p)),
        np.log(toxicity),
    ]
    np.testing.assert_allclose(got, expected, rtol=1e-6)

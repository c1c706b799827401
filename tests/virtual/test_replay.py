"""The trial replayed: every finding has a row, and what is not modelled says why."""

import numpy as np
import pytest

from myelodose.virtual.covariates import trial_covariates
from myelodose.virtual.facts import predicted_facts
from myelodose.virtual.predicted import Predicted, fact_table
from myelodose.virtual.replay import PATIENT_13, PATIENT_15, protocol_of, replay_trial

REPLICATES = 5
DAYS = 337


@pytest.fixture(scope="module")
def replayed():
    return replay_trial(1, REPLICATES, days=DAYS)


def test_twenty_patients_in_every_replicate(replayed):
    assert len(replayed.events) == 20
    assert replayed.replicates == REPLICATES
    assert replayed.stacked("dlt").shape == (3, REPLICATES, 20)


def test_printed_doses_cycles_and_tp53_are_used(replayed):
    printed = trial_covariates(1)
    known = [i for i in range(19) if i not in (2, 10)]
    mutated = replayed.stacked("tp53_mutated")
    assert (mutated[:, known] == printed.tp53_mutated.values[known]).all()
    most = printed.induction_cycles + printed.maintenance_cycles
    most[PATIENT_15] += 1  # the second course that only the legend has (D3)
    assert (replayed.stacked("cycles") <= most.values).all()


def test_patient_13_has_the_printed_maintenance_and_patient_15_a_second_course():
    patients = trial_covariates(1)
    thirteen = protocol_of(PATIENT_13, 20.0, patients.isel(patient=PATIENT_13))
    assert thirteen.cycles == 3
    assert thirteen.maintenance is not None
    assert thirteen.maintenance.cycles == 4
    often = protocol_of(PATIENT_13, 20.0, patients.isel(patient=PATIENT_13), every=28)
    assert often.maintenance is not None
    assert often.maintenance.cycles == 8
    assert protocol_of(PATIENT_15, 25.0, patients.isel(patient=PATIENT_15)).cycles == 2


def test_every_finding_of_the_trial_has_a_verdict(replayed):
    table = fact_table(predicted_facts(replayed))
    assert set(table.finding) == {f"R{i}" for i in range(1, 14)} - {"R11", "R13"}
    assert (table.verdict != "").all()
    assert table.note[table.verdict == "not modelled"].str.len().min() > 10


def test_the_same_seed_gives_the_same_replicates(replayed):
    again = replay_trial(1, REPLICATES, days=DAYS)
    one, other = (fact_table(predicted_facts(r)) for r in (replayed, again))
    assert one.equals(other)


@pytest.mark.parametrize(
    ("printed", "values", "tail", "verdict"),
    [
        (9.0, np.arange(20.0), 1.0, "compatible"),
        (19.0, np.arange(20.0), 0.1, "compatible"),
        (18.5, np.arange(40.0) / 2, 0.15, "compatible"),
        (19.5, np.arange(40.0) / 2, 0.05, "in tension"),
        (50.0, np.arange(20.0), 0.0, "contradicted"),
        (np.nan, np.arange(20.0), np.nan, "not printed"),
        (3.0, np.full(5, np.nan), np.nan, "no replicate has one"),
    ],
)
def test_a_tail_is_twice_the_smaller_side(printed, values, tail, verdict):
    one = Predicted("R1", "F", "so many", printed, values)
    assert one.tail == pytest.approx(tail, nan_ok=True)
    assert one.verdict == verdict


def test_an_event_has_its_probability():
    happened = np.array([1.0, 0.0, 0.0, 0.0])
    one = Predicted("R8", "F73", "remission", 1.0, happened, event=True)
    assert one.tail == 0.25
    table = fact_table([one]).set_index("finding")
    assert table["median"]["R8"] == 0.25

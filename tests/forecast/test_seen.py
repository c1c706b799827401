"""What was seen is checked: units, drugs, times and covariates, each by its name."""

import warnings

import pandas as pd
import pytest

from myelodose.errors import InputError
from myelodose.forecast import ForecastWarning, Given, Reading, Seen, seen_in
from myelodose.records import read_records
from myelodose.regimen import platzbecker2013

DOSE = (Given(0, "azacitidine", 135.0),)


def test_platelets_per_ul_are_told_apart():
    with pytest.raises(InputError, match=r"PLT: found 45000; .* 45,000 per uL are 45"):
        Seen(DOSE, (Reading(0, "PLT", 45_000),))


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (Reading(0, "ANC", 1200), "1,200 per uL are 1.2"),
        (Reading(0, "Hb", 85), "85 g/L are 8.5"),
        (Reading(0, "WBC", 2.0), "use ANC, PLT"),
        (Reading(-7, "ANC", 2.0), "what was before is day 0"),
        (Reading(0, "FISH", 120, 100), "120 of 100"),
        (Reading(0, "VAF", 3), "3 of 0"),
        (Reading(0, "ANC", float("nan")), "found nan"),
    ],
)
def test_a_reading_that_cannot_be_is_refused(reading, words):
    with pytest.raises(InputError, match=words):
        Seen(DOSE, (reading,))


@pytest.mark.parametrize(
    ("dose", "words"),
    [
        (Given(0, "decitabine", 20.0), "found 'decitabine'; use lenalidomide or azacitidine"),
        (Given(0, "lenalidomide", 0.0), "above 0 to 100 mg"),
        (Given(-1, "lenalidomide", 10.0), "at least 0"),
    ],
)
def test_a_dose_that_cannot_be_is_refused(dose, words):
    with pytest.raises(InputError, match=words):
        Seen((dose,), (Reading(0, "ANC", 2.0),))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"doses": (Given(14, "lenalidomide", 10.0),)}, "before dose"),
        ({"doses": ()}, "no dose"),
        ({"creatinine_clearance_ml_per_min": 12.0}, "covariate range"),
    ],
)
def test_what_the_model_does_not_know_is_refused_until_it_is_named(given, name):
    known = {"doses": DOSE, "readings": (Reading(0, "ANC", 2.0),)} | given
    with pytest.raises(InputError, match=name):
        Seen(**known)
    with pytest.warns(ForecastWarning, match=name):
        Seen(**known, accept=(name,))


def test_an_unknown_switch_is_refused():
    with pytest.raises(InputError, match="'all'"):
        Seen(DOSE, (Reading(0, "ANC", 2.0),), accept=("all",))


def test_until_keeps_readings_of_the_morning_and_doses_before_it():
    readings = [Reading(day, "ANC", 2.0) for day in (0, 7, 14)]
    seen = Seen.of(platzbecker2013(20), readings).until(7)
    assert seen.now_d == 7
    assert max(one.day for one in seen.doses) == 6


def test_an_event_table_gives_the_same_patient():
    rows = [(0, ".", ".", 1.9, "ANC", "."), (0, 135, 2, ".", ".", "."), (24, 20, 1, ".", ".", ".")]
    rows += [(168, ".", ".", 30, "FISH", 200), (168, ".", ".", 0.05, "ANC", ".")]
    table = pd.DataFrame(rows, columns=["TIME", "AMT", "CMT", "DV", "DVID", "TRIALS"])
    table["ID"], table["CRCL"], table["BSA"] = 1, 75.0, 1.9
    table["EVID"] = [0, 1, 1, 0, 0]
    table["CENS"] = [0, 0, 0, 0, 1]
    seen = seen_in(read_records(table), "1", tp53_mutated=False)
    assert seen.doses == (Given(0, "azacitidine", 135), Given(1, "lenalidomide", 20))
    assert seen.readings[0] == Reading(0, "ANC", 1.9)
    assert set(seen.readings[1:]) == {Reading(7, "FISH", 30, 200), Reading(7, "ANC", 0.05, 0, 1)}
    assert (seen.creatinine_clearance_ml_per_min, seen.tp53_mutated) == (75.0, False)


def test_a_dose_of_an_unknown_drug_in_a_table_is_refused():
    table = pd.DataFrame({"ID": 1, "TIME": [0, 0], "AMT": [".", 10], "CMT": [".", 3]})
    table["DV"], table["EVID"] = [1.9, "."], [0, 1]
    records = read_records(table, observed="ANC", allow=("dose after the last observation",))
    with pytest.raises(InputError, match="compartment 3"):
        seen_in(records, "1")


def test_good_input_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Seen(DOSE, (Reading(0, "ANC", 2.0),))

"""Named regimens are what the trials printed."""

import re

import pytest

from myelodose.errors import InputError
from myelodose.literature import load_literature
from myelodose.regimen import (
    azacitidine,
    lenalidomide,
    platzbecker2013,
    platzbecker2013_maintenance,
    viola,
)
from myelodose.regimen.named import PLATZBECKER_COHORTS, PLATZBECKER_MTD_MG
from myelodose.trial import load_facts


def _days(text: str) -> tuple[int, ...]:
    first, last = map(int, re.findall(r"d(\d+)-(\d+)", text)[0])
    return tuple(range(first, last + 1))


def test_the_cohorts_have_the_doses_of_their_patients(trial):
    pairs = set(zip(trial.cohort.values.tolist(), trial.len_dose_mg.values.tolist(), strict=True))
    assert pairs == set(PLATZBECKER_COHORTS.items())


def test_every_cohort_is_the_row_of_the_trial_table():
    table = load_literature("dlt_trials").query("trial_id == 'platzbecker-2013'")
    assert len(table) == 4
    for _, row in table.iterrows():
        regimen = platzbecker2013(float(row.len_dose_mg))
        cycle = regimen.cycle(1)
        first, second = cycle.courses
        assert (first.dose, first.unit) == (float(row.aza_dose_mg_m2), "mg/m2")
        assert (first.route, first.days) == ("sc", _days(row.aza_route_days))
        assert (second.dose, second.days) == (float(row.len_dose_mg), _days(row.len_days))
        assert cycle.length_d == int(row.cycle_days)
        assert float(row.mtd_or_rp2d.split()[0]) == PLATZBECKER_MTD_MG


def test_a_cohort_by_name_and_by_dose_are_the_same():
    for name, dose in PLATZBECKER_COHORTS.items():
        assert platzbecker2013(name, cycles=2) == platzbecker2013(dose, cycles=2)


def test_maintenance_is_the_printed_one():
    # F06: "azacitidine 30 mg/m2 d1-5 + lenalidomide MTD d6-19 every 8 weeks, up to 6 cycles".
    facts = load_facts().set_index("fact_id")
    assert "30 mg/m2 d1-5 + lenalidomide MTD d6-19 every 8 weeks" in facts.as_printed["F06"]
    first, second = platzbecker2013_maintenance().cycle(1).courses
    assert (first.dose, first.days) == (30, (1, 2, 3, 4, 5))
    assert (second.dose, second.days) == (20, tuple(range(6, 20)))
    assert platzbecker2013_maintenance().cycle(1).length_d == 8 * 7


def test_patient_13_is_treated_for_the_308_days_of_the_schedule():
    # F74: three cycles of induction and four of maintenance, 3 * 28 + 4 * 56 = 308 d.
    last = platzbecker2013("III", cycles=3, maintenance=4).plan[-1]
    assert (last.start_d, last.length_d) == (308 - 56, 56)


def test_viola_is_the_row_of_the_trial_table():
    row = load_literature("dlt_trials").query("trial_id == 'viola-2019'").iloc[0]
    first, second = viola(25).cycle(1).courses
    assert first.dose == float(row.aza_dose_mg_m2)
    assert f"{len(first.days)} days" == row.aza_route_days
    assert second.days == _days(row.len_days)
    assert second.first_day - first.last_day - 1 == 2  # "AZA then LEN, gap about 2 days"
    assert "gap about 2 days" in row.sequence
    assert f"{viola(25).cycle(1).length_d} (unverified)" == row.cycle_days


def test_other_orders_are_composed():
    azacitidine_alone = azacitidine(75, days=range(1, 6))
    reverse = lenalidomide(20, days=range(1, 15)).then(azacitidine_alone, gap=0)
    together = azacitidine_alone.with_(lenalidomide(20, days=range(1, 15)))
    published = platzbecker2013("III")
    for drug in published.drugs:
        amounts = {
            regimen.total_dose_mg(drug, body_surface_area_m2=1.8)
            for regimen in (published, reverse, together)
        }
        assert len(amounts) == 1
    assert reverse.cycle(1).days_of("azacitidine") == (15, 16, 17, 18, 19)


@pytest.mark.parametrize("cohort", ["V", 30, "20", None, [20]])
def test_a_cohort_that_was_not_there_is_refused(cohort):
    with pytest.raises(InputError, match="give 'I', 'II', 'III' or 'IV', or 10, 15, 20 or 25 mg"):
        platzbecker2013(cohort)


def test_a_number_of_cycles_that_cannot_be_is_refused():
    with pytest.raises(InputError, match="maintenance: found -1"):
        platzbecker2013("I", maintenance=-1)
    with pytest.raises(InputError, match=r"found cycles of 14 d, .* until day 19"):
        platzbecker2013_maintenance(2, every=14)

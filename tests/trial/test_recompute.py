"""Every number that Table 1 determines is recomputed, and a wrong table is noticed."""

import pytest

from myelodose.trial import load_discrepancies, load_facts, recompute_facts
from myelodose.trial.arithmetic import additional_abnormalities, only_count


@pytest.fixture(scope="module")
def recomputed(trial):
    return recompute_facts(trial)


def test_every_fact_that_table_1_determines_is_recomputed(recomputed):
    facts = load_facts()
    derivable = set(facts.fact_id[facts.derivable_from_table1 != "no"])
    assert derivable <= set(recomputed.index)


def test_verdicts(recomputed):
    differs = recomputed.index[recomputed.verdict == "differs"].tolist()
    assert differs == ["F72"]
    conditional = recomputed.index[recomputed.verdict == "agrees if"].tolist()
    assert conditional == ["F01", "F04", "F31", "F33", "F35", "F51", "F52", "F70"]
    contradictions = recomputed.index[recomputed.verdict == "contradiction"].tolist()
    assert set(contradictions) <= set(load_discrepancies().discrepancy_id)
    # The other three, D8, D12 and D13, are about words and have no number to recompute.
    assert set(load_discrepancies().discrepancy_id) - set(contradictions) == {"D8", "D12", "D13"}
    assert recomputed.why.str.len().gt(0).all()


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("F10", "5/19 = 26.3 %"),
        ("F11", "8/19 = 42.1 %"),
        ("F18", "1/10 and 3/10"),
        ("F21", "haem 4/11, 1/6; cyto 6/11, 1/6 (mutated, wild type)"),
        ("F30", "11/17 = 64.7 %"),
        ("F42", "2 (1-6)"),
        ("F57", "13"),
        ("F70", "|t| = 8.61, mean/SD = 3.85"),
        ("F74", "308 d = 10.1 months of treatment"),
    ],
)
def test_values(recomputed, fact, value):
    assert recomputed.recomputed[fact] == value


def altered(trial, name, patient, value):
    changed = trial.copy(deep=True)
    changed[name].loc[{"patient": patient}] = value
    return changed


@pytest.mark.parametrize(
    ("name", "patient", "value", "fact"),
    [
        ("best_haem_response", 1, "SD", "F10"),
        ("best_cyto_response", 5, "SD", "F11"),
        ("best_haem_response", 13, "PR", "F13"),
        ("best_haem_response", 3, "PR", "F14"),
        ("best_cyto_response", 17, "SD", "F15"),
        ("tp53", 1, "mutated", "F30"),
        ("age_years", 1, 40, "F31"),
        ("who", 2, "RAEB-1", "F33"),
        ("cytogenetics_additional_to_del5q", 4, "+8", "F34"),
        ("ipss_risk", 4, "High", "F38"),
        ("induction_cycles", 11, 7, "F42"),
        ("maintenance_cycles", 2, 1, "F43"),
        ("maintenance_cycles", 13, 0, "F74"),
        ("cohort", 19, "I", "F19"),
    ],
)
def test_a_wrong_cell_in_the_table_is_noticed(trial, recomputed, name, patient, value, fact):
    assert recomputed.verdict[fact] in ("agrees", "agrees if")
    assert recompute_facts(altered(trial, name, patient, value)).verdict[fact] == "differs"


def test_a_contradiction_that_is_mended_is_one_no_more(trial):
    mended = altered(trial, "tp53", 12, "wild type")
    verdicts = recompute_facts(mended).verdict
    assert verdicts["F72"] == "agrees"
    assert verdicts["D1"] == "agrees"


def test_a_percentage_names_its_count_only_where_one_count_fits():
    assert only_count(44, 9) == [4]
    assert only_count(45, 20) == [9]
    assert only_count(30, 19) == []
    assert only_count(50, 200) == [99, 100]


@pytest.mark.parametrize(
    ("karyotype", "count"),
    [("None", 0), ("r(11)hrs(11)(q23)", 1), ("del(1)(p36p32), +8", 2), ("+11, -17", 2)],
)
def test_abnormalities_are_counted_outside_brackets(karyotype, count):
    assert additional_abnormalities(karyotype) == count

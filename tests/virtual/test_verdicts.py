"""Every finding has a verdict in every population, and what has no mechanism has a name."""

import numpy as np
import pytest

from myelodose.errors import InputError
from myelodose.virtual.calibrated import shipped_calibration
from myelodose.virtual.calibration_report import answer, dose_risks, observed_dlts
from myelodose.virtual.predicted import Predicted
from myelodose.virtual.verdicts import (
    FINDINGS,
    finding_table,
    replayed_facts,
    role_of,
    typical_of,
)

VALUES = np.arange(200.0)


def made_up(printed: float) -> list[Predicted]:
    """One quantity for each finding but R6, not from any simulation."""
    rest = [one for one in FINDINGS if one not in ("R6", "R12")]
    own = [Predicted(one, "F", f"quantity of {one}", printed, VALUES) for one in rest]
    return [*own, Predicted("R12", "F24", "median cytogenetic response [months]", 2.0, VALUES)]


def test_a_finding_is_judged_by_its_most_surprising_quantity():
    facts = [
        Predicted("R4", "F11", "usual", 100.0, VALUES),
        Predicted("R4", "F12", "odd", 197.0, VALUES),
        Predicted("R4", "F13", "not printed", np.nan, VALUES),
    ]
    row = finding_table({"prior": facts}).set_index("finding").loc["R4"]
    assert row["prior"] == "in tension"
    assert row["prior, by"] == "odd (0.03)"
    assert "marrow blasts" in str(row["not modelled"])


def test_every_finding_has_a_row_and_the_missing_mechanism_its_name():
    table = finding_table({"prior": made_up(100.0), "calibrated": made_up(500.0)})
    table = table.set_index("finding")
    assert table.index.tolist() == [f"R{i}" for i in range(1, 14)]
    assert table.prior["R6"] == table.calibrated["R6"] == "not modelled"
    assert "prior therapy" in str(table.loc["R6", "not modelled"])
    assert (table.drop(index=["R6", "R12"]).calibrated == "contradicted").all()


def test_the_answer_counts_verdicts_and_names_what_fails():
    facts = {"prior": made_up(100.0), "calibrated": made_up(100.0)}
    words = answer(finding_table(facts), facts, shipped_calibration())
    assert "prior: 11 compatible, 1 in tension, 0 contradicted" in words
    assert "1 do not: median cytogenetic response [months]" in words
    assert "R6 has no mechanism" in words


@pytest.mark.parametrize(
    ("quantity", "role"),
    [
        ("DLTs at 25 mg", "used"),
        ("patient 15: cycle 2 delayed", "held out"),
        ("sequential leaves fewer clonal cells than concurrent at day 56", "not used"),
    ],
)
def test_roles_are_those_of_the_calibration(quantity, role):
    assert role_of(quantity) == role


def test_an_unknown_population_is_refused():
    with pytest.raises(InputError, match="posterior"):
        typical_of("posterior", 5, 1)


def test_observed_dlts_are_those_of_the_trial():
    assert observed_dlts().dlt.values.tolist() == [0, 0, 1, 3]
    assert observed_dlts().n.values.tolist() == [4, 4, 6, 6]


@pytest.mark.slow
def test_both_populations_run_and_say_the_same_facts():
    facts = {
        name: replayed_facts(1, 20, population=name, draws=5, patients=10)
        for name in ("prior", "calibrated")
    }
    quantities = [[one.quantity for one in predicted] for predicted in facts.values()]
    assert quantities[0] == quantities[1]
    assert set(finding_table(facts).finding) == set(FINDINGS)
    risks = dose_risks(1, 5, 10)
    assert risks["calibrated"].attrs["population"].startswith("calibrated to printed")

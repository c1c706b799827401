"""Dose-transition pathways: published counts and tables, and agreement with `exact`."""

import numpy as np
import pandas as pd
import pytest

from designs.cases import case
from myelodose.characteristics import exact, pathways
from myelodose.characteristics.path_counts import path_counts
from myelodose.designs import Boin, ThreePlusThree
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes


def test_korns_3_plus_3_has_the_published_numbers_of_paths():
    # dcnorris/precautionary, exec/T2..T5.tab.
    known = case("three_plus_three_exact.korn_variant_path_counts")
    found = [
        path_counts(ThreePlusThree(doses, fill_the_top=True), cohorts=99)[0]
        for doses in known["inputs"]["doses"]
    ]
    assert found == known["outputs"]["paths"]


@pytest.mark.parametrize("name", ["A_deesc", "A_esconly"])
def test_3_plus_3_has_as_many_paths_as_bcrm_lists(name):
    known = case(f"three_plus_three_exact.{name}")
    design = ThreePlusThree(5, de_escalate=name == "A_deesc")
    assert path_counts(design, cohorts=99) == [known["outputs"]["paths"]]
    assert pathways(design, cohorts=99).terminal == known["outputs"]["paths"]


def test_counting_paths_needs_no_tree():
    design = Boin(3, 0.3)
    for cohorts in range(1, 6):
        tree = pathways(design, cohorts=cohorts)
        assert path_counts(design, cohorts=cohorts) == [tree.terminal]
        assert len(tree.table()) == tree.terminal


def test_the_table_names_dose_and_dlts_of_each_cohort():
    table = pathways(ThreePlusThree((10, 15, 20)), cohorts=2).table()
    assert table.columns.tolist() == ["dose1", "dlt1", "dose2", "dlt2", "dose3"]
    first = table.iloc[0].tolist()
    assert first == [10, 0, 15, 0, 20]
    stopped = table[(table.dlt1 == 2)]
    assert len(stopped) == 1
    assert stopped.iloc[0, 2:].isna().all()


def test_a_repeated_table_has_a_row_for_every_outcome():
    tree = pathways(Boin(3, 0.25), cohorts=3)
    table = tree.table(repeat=True)
    assert len(table) == 4**3
    assert len(table.drop_duplicates()) == tree.terminal
    pd.testing.assert_frame_equal(table.drop_duplicates(ignore_index=True), tree.table())


def test_pathways_go_on_from_what_was_seen():
    seen = Outcomes.read("10:NNN 15:NNT", doses=(10, 15, 20))
    tree = pathways(ThreePlusThree((10, 15, 20)), cohorts=1, previous=seen)
    table = tree.table()
    assert table.dose1.tolist() == [15] * 4
    assert table.dose2.isna().tolist() == [False] * 4
    assert table.dose2.tolist() == [20, 10, 10, 10]


def test_cohorts_can_differ_in_size():
    tree = pathways(Boin(2, 0.3), cohorts=[1, 2])
    assert [len(layer.next) for layer in tree.layers] == [1, 2, 6]


@pytest.mark.parametrize("design", [ThreePlusThree(3), Boin(3, 0.3, stop_at=6)])
def test_the_tree_weighs_its_paths_as_exact_does(design):
    risk = [0.1, 0.25, 0.5]
    tree = pathways(design, cohorts=4)
    layers = tree.probabilities(risk)
    selected = np.zeros(design.levels + 1)
    for depth, (layer, prob) in enumerate(zip(tree.layers, layers, strict=True)):
        ends = (layer.next < 0) | (depth == len(tree.layers) - 1)
        picked = design.pick(layer.n[ends], layer.y[ends])
        np.add.at(selected, picked, prob[0][ends])
    found = exact(design, risk, cohorts=4)
    assert selected[:-1] == pytest.approx(found.selected.values, abs=1e-13)
    assert selected[-1] == pytest.approx(found.selected_none.item(), abs=1e-13)


def test_the_tree_as_text_has_a_line_a_node():
    tree = pathways(ThreePlusThree((10, 20)), cohorts=2)
    lines = tree.tree().splitlines()
    assert len(lines) == tree.nodes
    assert lines[0] == "-> 10"
    assert "   0/3 -> 20" in lines


def test_a_trial_that_has_ended_has_one_path():
    seen = Outcomes.read("1TT", doses=2)
    tree = pathways(ThreePlusThree(2), cohorts=3, previous=seen)
    assert (tree.nodes, tree.terminal) == (1, 1)
    assert tree.table().iloc[0].isna().all()


@pytest.mark.parametrize("cohorts", [0, [], [3, 0], [21]])
def test_cohorts_that_cannot_be_are_refused(cohorts):
    with pytest.raises(InputError, match="give cohorts of 1 to 20 patients"):
        pathways(Boin(2, 0.3), cohorts=cohorts)

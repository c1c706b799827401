"""The CRM's published numbers of paths and exact characteristics, by the general enumeration."""

import pytest

from designs.cases import case
from myelodose.characteristics import exact, path_counts, pathways
from myelodose.designs import StopWhen, enough_at, too_toxic
from myelodose.designs.model_based.crm import Crm


def test_a_crm_with_stopping_has_the_published_numbers_of_paths():
    # Braun 2020; dcnorris/precautionary, vignette MCSE-Free.
    known = case("complete_path_enumeration.braun2020_small")
    given = known["inputs"]
    crm = Crm(
        len(given["skeleton"]),
        skeleton=tuple(given["skeleton"]),
        target=given["target"],
        cohort_size=given["cohort_size"],
        prior_sd=0.85,
    )
    rule = enough_at(patients=5, level=0) | enough_at(patients=10, level="any")
    found = path_counts(StopWhen(crm, rule), cohorts=given["cohorts"])
    assert found == known["outputs"]["paths"]


def test_dose_paths_of_a_crm_are_those_of_the_package_escalation():
    # escalation 0.2.3, vignette A600.
    known = case("exact_oc_paths.crm_truth_eq_skeleton")
    given, expected = known["inputs"], known["outputs"]
    design = Crm(
        5,
        skeleton=tuple(given["skeleton"]),
        target=given["target"],
        no_skip="none",
        stop=too_toxic(above=0.35, limit=0.9, level=0, by="normal"),
    )
    tree = pathways(design, cohorts=given["cohorts"])
    assert (tree.nodes, tree.terminal) == (expected["nodes"], expected["terminal"])
    found = exact(design, given["truth"], cohorts=len(given["cohorts"]))
    within = known["tolerance"]["abs"]
    recommend = expected["prob_recommend"]
    assert found.selected.values == pytest.approx(recommend["d"], abs=within)
    assert found.selected_none.item() == pytest.approx(recommend["none"], abs=within)
    assert found["size"].item() == pytest.approx(expected["expected_n"], abs=within)
    assert found.size_dlts.item() == pytest.approx(expected["expected_tox"], abs=within)
    # What escalation calls prob_administer on dose paths is the mean share.
    assert found.share.values == pytest.approx(expected["mean_share_at_dose"], abs=within)

"""Figures of decisions from counts: whole, with units, simulated, and with their numbers."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from decision.compared import grid, maintained, schedules_compared
from decision.made import few
from myelodose.plots.decision_bands import bands_figure
from myelodose.plots.decision_counts import frontier_figure, small_multiples
from myelodose.plots.decision_explorer import dose_explorer, draw_cycle
from myelodose.plots.decision_schedules import maintenance_figure, order_map, schedule_figure
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.hazards import Hazards
from myelodose.virtual import prior_draws
from plots.whole import assert_units, assert_whole


@pytest.mark.parametrize(
    "make",
    [
        lambda: small_multiples(few()),
        lambda: frontier_figure(few()),
        lambda: order_map(grid()),
        lambda: schedule_figure(schedules_compared()),
        lambda: maintenance_figure(maintained()),
    ],
    ids=["small multiples", "frontier", "orders", "schedules", "maintenance"],
)
def test_figures_are_whole_labelled_simulated_and_bring_their_numbers(make):
    figure, numbers = make()
    assert_whole(figure)
    assert_units(figure)
    titles = [figure.get_suptitle(), *(axis.get_title() for axis in figure.axes)]
    assert any("SIMULATED" in title for title in titles)
    assert len(numbers) > 2


def test_the_order_of_the_trial_is_outlined_and_no_other():
    figure, _ = order_map(grid())
    assert [len(axis.patches) for axis in figure.axes] == [1, 1, 1]
    box = figure.axes[0].patches[0]
    assert isinstance(box, Rectangle)
    assert box.get_y() == pytest.approx(2 - 0.47)


def test_schedules_that_were_given_are_filled():
    figure, _ = schedule_figure(schedules_compared())
    given, assumed = figure.axes[0].collections[-2:]
    assert [np.shape(dots.get_offsets())[0] for dots in (given, assumed)] == [2, 5]
    assert np.allclose(np.asarray(assumed.get_facecolor(), float), 1)


@pytest.mark.slow
def test_the_explorer_draws_one_cycle():
    draws = prior_draws(1, 4)
    figure, numbers = draw_cycle(draws, Hazards(), DltRule(), gap_d=3, order="concurrent")
    assert_whole(figure)
    assert len(numbers) == 5 * 57 * 3
    widget = dose_explorer(draws, Hazards())
    assert [one.description for one in widget.children[:2]] == ["lenalidomide [mg]", "order"]
    before = bytes(widget.children[4].value)
    widget.children[0].value = 10.0
    assert bytes(widget.children[4].value) not in (b"", before)


@pytest.mark.slow
def test_bands_are_drawn_with_grades_and_risk():
    from decision.test_bands import bands_at

    figure, _ = bands_figure(bands_at(60), "20 mg.")
    assert_whole(figure)
    assert_units(figure)

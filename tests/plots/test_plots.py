"""Figures show the numbers that they are given, with labels and units."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Rectangle

from myelodose import plots
from myelodose.decision import decide, response_probability, risk_by_quadrature
from myelodose.diagnostics import contraction
from myelodose.trial import counts_by_dose, dlt_table


@pytest.fixture(scope="module")
def decision(trial):
    from myelodose.trial import dlt_counts

    return decide(dlt_counts(trial))


def all_figures(trial, decision, response_posterior):
    curve = risk_by_quadrature(decision.table, thresholds=[0.33], doses=np.linspace(8, 27, 12))
    counts = counts_by_dose(trial)
    return {
        "swimmer": plots.swimmer(trial),
        "counts": plots.dose_counts(counts),
        "curve": plots.dose_toxicity(decision, curve),
        "intervals": plots.interval_probabilities(decision),
        "mtd": plots.mtd_distribution(decision),
        "response": plots.response_by_dose(response_probability(response_posterior), counts),
        "contraction": plots.prior_to_posterior(contraction(response_posterior)),
    }


@pytest.fixture(scope="module")
def figures(trial, decision, response_posterior):
    return all_figures(trial, decision, response_posterior)


def test_every_axis_with_ticks_has_a_label_and_nothing_is_cut_off(figures):
    for name, figure in figures.items():
        figure.savefig(io.BytesIO())
        frame = figure.bbox
        for axis in figure.axes:
            assert axis.get_xlabel(), name
            for text in [*axis.texts, axis.xaxis.label, axis.yaxis.label, axis.title]:
                if text.get_text() and text.get_visible():
                    box = text.get_window_extent()
                    inside = box.x0 >= -1 and box.y0 >= -1
                    inside &= box.x1 <= frame.x1 + 1 and box.y1 <= frame.y1 + 1
                    assert inside, (name, text.get_text())


def test_doses_are_labelled_with_their_unit(figures):
    for name in ("counts", "curve", "intervals", "mtd", "response"):
        for axis in figures[name].axes:
            assert "[mg/day" in axis.get_xlabel()


def test_pyplot_keeps_no_figure(figures):
    assert plt.get_fignums() == []


def test_bars_are_the_interval_probabilities(figures, decision):
    bars = [patch for patch in figures["intervals"].axes[0].patches if isinstance(patch, Rectangle)]
    heights = np.array([bar.get_height() for bar in bars]).reshape(3, 4)
    table = decision.table
    expected = np.stack([table.prob_over, table.prob_target, table.prob_under])
    assert heights == pytest.approx(expected)


def test_the_mtd_bars_sum_to_one(figures):
    bars = figures["mtd"].axes[0].patches
    assert len(bars) == 5
    assert sum(bar.get_height() for bar in bars) == pytest.approx(1)


def test_the_swimmer_has_a_lane_for_each_patient_and_a_bar_for_each_cycle(figures, trial):
    axis = figures["swimmer"].axes[0]
    words = [text.get_text() for text in axis.texts]
    assert sum(word.startswith("patient ") for word in words) == 19
    assert words.count("CRi") == 3
    cycles = int(trial.induction_cycles.sum() + trial.maintenance_cycles.sum())
    # One box per cycle and two response boxes per patient.
    assert len(axis.patches) == cycles + 2 * 19


def test_a_stopped_trial_can_be_drawn(trial):
    stopped = decide(dlt_table([10, 15], [3, 0], [3, 0]))
    curve = risk_by_quadrature(stopped.table, thresholds=[0.33], doses=[10, 12, 15])
    for figure in (
        plots.dose_toxicity(stopped, curve),
        plots.interval_probabilities(stopped),
        plots.mtd_distribution(stopped),
    ):
        figure.savefig(io.BytesIO())


def test_tables_are_whole_and_marked(trial):
    import pandas as pd

    frame = pd.DataFrame(
        {"P(over)": [0.2519, 0.1], "x": [1.23456, 2.0], "changes": [True, False]}, index=["a", "b"]
    )
    html = plots.table(frame, percent=("P(",), digits=2).to_html()
    for part in ("25.2%", "1.23", "yes", "no", "#FCE5D4"):
        assert part in html

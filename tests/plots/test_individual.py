"""Individual fits show doses, data and curves of every patient."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from myelodose.errors import InputError
from myelodose.plots.individual import PatientFit, individual_figure
from plots.whole import assert_units, assert_whole


def patients(count, draws=True):
    """SIMULATED patients with two doses."""
    times = np.linspace(0, 24, 40)
    curve = 10 * np.exp(-0.1 * times)
    noise = np.random.default_rng(1).normal(size=(20, 1))
    return [
        PatientFit(
            f"patient {k}", times, curve * np.exp(0.1 * noise) if draws else curve,
            np.array([1.0, 8.0, 20.0]), np.array([9.0, 5.0, 2.0]), population=curve,
            censored=np.array([0, 0, 1]), dose_times=np.array([0.0, 12.0]),
            dose_amounts=np.array([100.0, 100.0 + 50 * (k == 2)]),
        )
        for k in range(1, count + 1)
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("logarithmic", [False, True])
def test_figures_are_whole_and_have_units(count, logarithmic):
    figure = individual_figure(patients(count), logarithmic=logarithmic, title="SIMULATED")
    assert_whole(figure)
    assert_units(figure)


def test_doses_stand_at_their_times_and_in_words():
    figure = individual_figure(patients(2))
    ticks = figure.axes[0].collections[-1]
    assert isinstance(ticks, LineCollection)
    assert [segment[0][0] for segment in ticks.get_segments()] == [0.0, 12.0]
    assert figure.axes[0].get_title() == "patient 1: 2 doses of 100 mg"
    assert figure.axes[1].get_title() == "patient 2: 2 doses of 100 to 150 mg"


def test_the_curve_is_the_median_of_the_draws():
    (one,) = patients(1)
    curve = individual_figure([one]).axes[0].lines[1]
    assert curve.get_ydata() == pytest.approx(np.median(one.individual, axis=0))


def test_censored_values_have_a_mark_of_their_own():
    axis = individual_figure(patients(1, draws=False)).axes[0]
    marks = {line.get_marker(): np.asarray(line.get_xdata()).tolist() for line in axis.lines}
    assert marks["o"] == [1.0, 8.0]
    assert marks["v"] == [20.0]


def test_no_patients_are_refused():
    with pytest.raises(InputError, match="found none"):
        individual_figure([])

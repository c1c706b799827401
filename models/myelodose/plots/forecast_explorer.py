"""Sliders over one patient's next cycle, and over an assay's detection limit."""

from importlib.util import find_spec
from typing import Any

import numpy as np

from myelodose.errors import InputError
from myelodose.forecast.ahead import forecast, so_far
from myelodose.forecast.detection import Assay, cutoff, detected, detection_limit
from myelodose.forecast.individual import Individual
from myelodose.forecast.options import NextCycle
from myelodose.plots.forecast import forecast_figure
from myelodose.plots.style import BLUE, VERMILION, new_figure, percent_axis


def draw_next_cycle(
    individual: Individual,
    planned_d: float,
    *,
    lenalidomide_mg: float = 20.0,
    delay_d: int = 0,
    gap_d: int = 0,
    days: int = 70,
) -> Any:
    """The figure that the sliders of a patient move, and its numbers.

    Args:
        individual: His posterior.
        planned_d: The planned date of the next cycle [d].
        lenalidomide_mg: A day [mg].
        delay_d: Delay [d].
        gap_d: Days between azacitidine and lenalidomide [d].
        days: Days to look ahead [d].
    """
    choice = NextCycle(lenalidomide_mg, delay_d, gap_d)
    ahead = forecast(individual, planned_d=planned_d, choices=[choice], days=days)
    return forecast_figure(individual.seen, so_far(individual), ahead)


def patient_explorer(individual: Individual, planned_d: float) -> Any:
    """Sliders for JupyterLab over `draw_next_cycle`.

    Args:
        individual: His posterior.
        planned_d: The planned date of the next cycle [d].

    Raises:
        InputError: If ipywidgets is not there.
    """
    widgets = _widgets("patient_explorer")

    def show(lenalidomide_mg: float, delay_d: int, gap_d: int):
        return draw_next_cycle(
            individual, planned_d, lenalidomide_mg=lenalidomide_mg, delay_d=delay_d, gap_d=gap_d
        )[0]

    words = {"style": {"description_width": "12em"}, "layout": {"width": "34em"}}
    return widgets.interactive(
        show,
        lenalidomide_mg=widgets.FloatSlider(
            20, min=0, max=30, step=2.5, description="lenalidomide [mg]", **words
        ),
        delay_d=widgets.IntSlider(0, min=0, max=28, step=7, description="delay [d]", **words),
        gap_d=widgets.IntSlider(0, min=0, max=14, description="gap [d]", **words),
    )


def draw_detection(
    what: str = "FISH", *, number: int = 200, error: float = 0.03, overdispersion: float = 0.01
) -> Any:
    """How often a clone is seen by its share, for one assay; and the numbers.

    Args:
        what: "FISH" or "VAF".
        number: Nuclei or reads.
        error: Error rate of the assay.
        overdispersion: rho.
    """
    assay = Assay(what, error, overdispersion)
    share = np.geomspace(1e-3, 0.5, 60)
    seen = np.array([detected(assay, float(f), number) for f in share])
    figure, axis = new_figure(7.5, 4.2)
    axis.plot(100 * share, seen, color=BLUE)
    limit = detection_limit(assay, number)
    if np.isfinite(limit):
        axis.axvline(100 * limit, color=VERMILION, linewidth=1)
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_xlabel("clone [% of cells]")
    percent_axis(axis, "seen [%]")
    axis.set_title(
        f"{what}, {number}: called from {cutoff(assay, number)} positive on; 95 % at {limit:.2%}",
        fontsize=10,
    )
    return figure, {"share": share, "seen": seen, "limit": limit}


def detection_explorer() -> Any:
    """Sliders for JupyterLab over `draw_detection`.

    Raises:
        InputError: If ipywidgets is not there.
    """
    widgets = _widgets("detection_explorer")

    def show(what: str, number: int, error: float, overdispersion: float):
        return draw_detection(what, number=number, error=error, overdispersion=overdispersion)[0]

    words = {"style": {"description_width": "12em"}, "layout": {"width": "34em"}}
    return widgets.interactive(
        show,
        what=widgets.Dropdown(options=("FISH", "VAF"), description="assay", **words),
        number=widgets.IntSlider(
            200, min=50, max=2000, step=50, description="nuclei or reads", **words
        ),
        error=widgets.FloatSlider(
            0.03, min=0, max=0.1, step=0.002, readout_format=".3f", description="error", **words
        ),
        overdispersion=widgets.FloatSlider(
            0.01, min=0, max=0.1, step=0.005, readout_format=".3f", description="overdispersion",
            **words,
        ),
    )  # fmt: skip


def _widgets(function: str) -> Any:
    if find_spec("ipywidgets") is None:
        raise InputError(function, "found no ipywidgets", "install it: pip install ipywidgets")
    import ipywidgets

    return ipywidgets

"""Sliders over one patient's next cycle, and over an assay's detection limit."""

from typing import Any

import numpy as np
import xarray as xr

from myelodose.forecast.ahead import forecast, so_far
from myelodose.forecast.individual import Individual
from myelodose.forecast.options import NextCycle
from myelodose.markers.detection import Assay, cutoff, detected, detection_limit
from myelodose.plots.forecast import forecast_figure
from myelodose.plots.sliders import Choice, Slider, explorer
from myelodose.plots.style import BLUE, VERMILION, new_figure, percent_axis


def draw_next_cycle(
    individual: Individual,
    planned_d: float,
    *,
    lenalidomide_mg: float = 20.0,
    delay_d: int = 0,
    gap_d: int = 0,
    days: int = 70,
    past: xr.Dataset | None = None,
) -> Any:
    """The figure that the sliders of a patient move, and its numbers.

    Args:
        individual: His posterior.
        planned_d: The planned date of the next cycle [d].
        lenalidomide_mg: A day [mg].
        delay_d: Delay [d].
        gap_d: Days between azacitidine and lenalidomide [d].
        days: Days to look ahead [d].
        past: From `so_far`, if it is there already.
    """
    choice = NextCycle(lenalidomide_mg, delay_d, gap_d)
    ahead = forecast(individual, planned_d=planned_d, choices=[choice], days=days)
    return forecast_figure(individual.seen, so_far(individual) if past is None else past, ahead)


def patient_explorer(individual: Individual, planned_d: float) -> Any:
    """Sliders for JupyterLab over `draw_next_cycle`.

    Args:
        individual: His posterior.
        planned_d: The planned date of the next cycle [d].

    Raises:
        InputError: If ipywidgets is not there.
    """
    past = so_far(individual)

    def show(**values: Any) -> Any:
        return draw_next_cycle(individual, planned_d, past=past, **values)[0]

    return explorer(
        "patient_explorer",
        show,
        lenalidomide_mg=Slider("lenalidomide [mg]", 20.0, 0.0, 30.0, 2.5),
        delay_d=Slider("delay [d]", 0, 0, 28, 7),
        gap_d=Slider("gap [d]", 0, 0, 14, 1),
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

    def show(**values: Any) -> Any:
        return draw_detection(**values)[0]

    return explorer(
        "detection_explorer",
        show,
        what=Choice("assay", ("FISH", "VAF")),
        number=Slider("nuclei or reads", 200, 50, 2000, 50),
        error=Slider("error", 0.03, 0.0, 0.1, 0.002, ".3f"),
        overdispersion=Slider("overdispersion", 0.01, 0.0, 0.1, 0.005, ".3f"),
    )

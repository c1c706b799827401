"""Sliders over one cycle: dose, order, gap and renal function, with counts, clone and P(DLT)."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from jaxtyping import Float
from numpy import ndarray

from myelodose.decision.bands import cycle_bands, people_with
from myelodose.errors import InputError
from myelodose.plots.decision_bands import bands_figure
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.hazards import Hazards
from myelodose.virtual.sequences import ORDERS, arrangement


def draw_cycle(
    draws: Mapping[str, Float[ndarray, " draw"]],
    hazards: Hazards | Sequence[Hazards],
    rule: DltRule,
    *,
    dose_mg: float = 20.0,
    order: str = "sequential",
    gap_d: int = 0,
    creatinine_clearance_ml_per_min: float = 90.0,
    seed: int = 1,
) -> Any:
    """The figure that the sliders move.

    Args:
        draws: Typical values by name; a few draws will do.
        hazards: Of the other causes, one for all or one for each draw.
        rule: The DLT rule of counts; its cycle is that of the regimen.
        dose_mg: Lenalidomide a day [mg].
        order: One of `virtual.sequences.ORDERS`.
        gap_d: Days without a drug between the two; lenalidomide starts so much later [d].
        creatinine_clearance_ml_per_min: Of all patients [mL/min].
        seed: Seed of the patients; the same ones at every position of the sliders.

    Returns:
        The figure and its numbers, as `bands_figure` gives them.

    Raises:
        InputError: If the doses do not fit into the cycle, or a value cannot be.
    """
    gap = 0 if order == "concurrent" else gap_d
    cycle = arrangement(order, gap, dose_mg, every=rule.cycle_d)
    people = people_with(
        seed, draws, creatinine_clearance_ml_per_min=creatinine_clearance_ml_per_min
    )
    title = "; ".join(map(str, cycle.cycle(1).courses))
    title += f"; creatinine clearance {creatinine_clearance_ml_per_min:g} mL/min."
    return bands_figure(cycle_bands(people, cycle, rule, hazards), title)


def dose_explorer(
    draws: Mapping[str, Float[ndarray, " draw"]],
    hazards: Hazards | Sequence[Hazards],
    rule: DltRule | None = None,
) -> Any:
    """Sliders for JupyterLab over `draw_cycle`.

    Args:
        draws: Typical values by name; a few draws will do.
        hazards: Of the other causes, one for all or one for each draw.
        rule: The DLT rule of counts; the default if not given.

    Raises:
        InputError: If ipywidgets is not there.
    """
    if find_spec("ipywidgets") is None:
        raise InputError(
            "dose_explorer", "found no ipywidgets", "install it: pip install ipywidgets"
        )
    from ipywidgets import Dropdown, FloatSlider, IntSlider, interactive

    used = rule or DltRule()

    def show(dose_mg: float, order: str, gap_d: int, creatinine_clearance: float):
        figure, _ = draw_cycle(
            draws,
            hazards,
            used,
            dose_mg=dose_mg,
            order=order,
            gap_d=gap_d,
            creatinine_clearance_ml_per_min=creatinine_clearance,
        )
        return figure

    words = {"style": {"description_width": "12em"}, "layout": {"width": "34em"}}
    return interactive(
        show,
        dose_mg=FloatSlider(
            20, min=2.5, max=30, step=2.5, description="lenalidomide [mg]", **words
        ),
        order=Dropdown(options=ORDERS, description="order", **words),
        gap_d=IntSlider(0, min=0, max=used.cycle_d - 19, description="gap [d]", **words),
        creatinine_clearance=FloatSlider(
            90, min=20, max=150, step=10, description="creatinine clearance [mL/min]", **words
        ),
    )

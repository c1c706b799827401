"""Sliders over one cycle: dose, order, gap and renal function, with counts, clone and P(DLT)."""

from collections.abc import Mapping, Sequence
from typing import Any

from jaxtyping import Float
from numpy import ndarray

from myelodose.decision.bands import cycle_bands, people_with
from myelodose.plots.decision_bands import bands_figure
from myelodose.plots.sliders import Choice, Slider, explorer
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
    used = rule or DltRule()

    def show(**values: Any) -> Any:
        return draw_cycle(draws, hazards, used, **values)[0]

    return explorer(
        "dose_explorer",
        show,
        dose_mg=Slider("lenalidomide [mg]", 20.0, 2.5, 30.0, 2.5),
        order=Choice("order", ORDERS),
        gap_d=Slider("gap [d]", 0, 0, used.cycle_d - 19, 1),
        creatinine_clearance_ml_per_min=Slider(
            "creatinine clearance [mL/min]", 90.0, 20.0, 150.0, 10.0, ".0f"
        ),
    )

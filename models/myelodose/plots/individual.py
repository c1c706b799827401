"""Figures of individual fits with their doses."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from myelodose.errors import InputError
from myelodose.plots.style import BLUE, GREY, INK, ORANGE, VERMILION, new_figure


@dataclass(frozen=True)
class PatientFit:
    """What is drawn of one patient.

    Args:
        name: Label of the patient.
        times: Times of the curves, (time,).
        individual: Predictions of the patient, (time,), or draws (draw, time).
        population: Prediction at the typical values, (time,), or None.
        observed_times: Times of observations, (obs,).
        observed: Observed values, (obs,); where censored, the limit.
        censored: 1 left-censored, -1 right-censored, 0 neither, (obs,); none if not given.
        dose_times: Times of doses, (dose,).
        dose_amounts: Amounts of doses, (dose,).
    """

    name: str
    times: np.ndarray
    individual: np.ndarray
    observed_times: np.ndarray
    observed: np.ndarray
    population: np.ndarray | None = None
    censored: np.ndarray | None = None
    dose_times: np.ndarray = field(default_factory=lambda: np.zeros(0))
    dose_amounts: np.ndarray = field(default_factory=lambda: np.zeros(0))


def individual_figure(
    patients: Sequence[PatientFit],
    *,
    time: str = "time [h]",
    value: str = "concentration [mg/L]",
    dose_unit: str = "mg",
    logarithmic: bool = False,
    interval: float = 0.95,
    columns: int = 4,
    title: str = "",
) -> Figure:
    """One panel a patient: observations, individual and population curve, doses as ticks below.

    Args:
        patients: What is drawn.
        time: Label of the times with their unit.
        value: Label of the values with their unit.
        dose_unit: Unit of the doses.
        logarithmic: Whether values are on a logarithmic axis.
        interval: Width of the band where draws are given, with equal tails.
        columns: Panels side by side.
        title: What is shown.

    Raises:
        InputError: If there are no patients.
    """
    if not patients:
        raise InputError("individual_figure, patients", "found none", "give one or more")
    columns = min(columns, len(patients))
    rows = -(-len(patients) // columns)
    figure, axes = new_figure(
        max(2.9 * columns + 0.5, 5.4), 2.45 * rows + 1.4, rows=rows, columns=columns, squeeze=False
    )
    for axis, patient in zip(axes.flat, patients, strict=False):
        if logarithmic:
            axis.set_yscale("log")
        _panel(axis, patient, interval=interval, dose_unit=dose_unit)
    for axis in list(axes.flat)[len(patients) :]:
        axis.set_visible(False)
    for column in range(columns):
        # The lowest panel of each column, also above an empty place.
        axes[(len(patients) - 1 - column) // columns, column].set_xlabel(time)
    figure.supylabel(value, fontsize=10)
    figure.legend(
        handles=_legend(patients, interval), loc="outside lower center", frameon=False,
        ncols=2 if columns < 3 else 6, fontsize=9,
    )  # fmt: skip
    figure.suptitle(title, fontsize=10, x=0.01, ha="left")
    return figure


def _panel(axis: Axes, patient: PatientFit, *, interval: float, dose_unit: str) -> None:
    curve = np.asarray(patient.individual)
    if curve.ndim == 2:
        low, high = np.quantile(curve, [(1 - interval) / 2, (1 + interval) / 2], axis=0)
        axis.fill_between(patient.times, low, high, color=BLUE, alpha=0.22, linewidth=0)
        curve = np.median(curve, axis=0)
    if patient.population is not None:
        axis.plot(
            patient.times, patient.population, color=GREY, linewidth=1.2, linestyle=(0, (4, 2))
        )
    axis.plot(patient.times, curve, color=BLUE, linewidth=1.6)
    flags = np.zeros(len(patient.observed), int) if patient.censored is None else patient.censored
    for flag, mark, colour in ((0, "o", INK), (1, "v", VERMILION), (-1, "^", VERMILION)):
        own = np.asarray(flags) == flag
        axis.plot(
            np.asarray(patient.observed_times)[own], np.asarray(patient.observed)[own],
            linestyle="", marker=mark, color=colour, markersize=3.8, zorder=4,
        )  # fmt: skip
    axis.vlines(
        patient.dose_times, 0.0, 0.06, transform=axis.get_xaxis_transform(), color=ORANGE,
        linewidth=1.6, zorder=3,
    )  # fmt: skip
    axis.set_title(f"{patient.name}{_doses(patient, dose_unit)}", fontsize=9)
    axis.tick_params(labelsize=8)
    if axis.get_yscale() == "linear":
        axis.set_ylim(bottom=min(0.0, axis.get_ylim()[0]))


def _doses(patient: PatientFit, unit: str) -> str:
    """What was given, in words short enough for a title."""
    amounts = np.asarray(patient.dose_amounts, float)
    if len(amounts) == 0:
        return ""
    if len(amounts) == 1:
        return f": {amounts[0]:.4g} {unit}"
    same = np.ptp(amounts) == 0
    each = f"{amounts[0]:.4g}" if same else f"{amounts.min():.4g} to {amounts.max():.4g}"
    return f": {len(amounts)} doses of {each} {unit}"


def _legend(patients: Sequence[PatientFit], interval: float) -> list:
    handles: list = [
        Line2D([], [], color=INK, marker="o", linestyle="", markersize=4, label="observed"),
        Line2D([], [], color=BLUE, linewidth=1.6, label="individual prediction"),
    ]
    if any(np.asarray(p.individual).ndim == 2 for p in patients):
        handles.append(Patch(color=BLUE, alpha=0.22, label=f"{100 * interval:g} % of its draws"))
    if any(p.population is not None for p in patients):
        handles.append(
            Line2D([], [], color=GREY, linestyle=(0, (4, 2)), label="typical prediction")
        )
    if any(p.censored is not None and np.any(p.censored) for p in patients):
        handles.append(Line2D([], [], color=VERMILION, marker="v", linestyle="", markersize=4,
                              label="censored, at its limit"))  # fmt: skip
    if any(len(p.dose_times) for p in patients):
        handles.append(Line2D([], [], color=ORANGE, marker="|", linestyle="", markersize=8,
                              markeredgewidth=1.6, label="dose"))  # fmt: skip
    return handles

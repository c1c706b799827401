"""Figures of simulated courses: exposure, counts, clones, and the order of two drugs."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MultipleLocator, NullFormatter

from myelodose.marrow.grades import GRADE_LIMITS
from myelodose.marrow.labelled import morning
from myelodose.plots.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, VERMILION, new_figure
from myelodose.units import DAYS_PER_WEEK

DRUG_COLOURS = {"azacitidine": BLUE, "lenalidomide": ORANGE}
"""As in the calendar of a regimen that begins with azacitidine."""

CLONE_COLOURS = {"normal": GREEN, "del(5q)": VERMILION, "del(5q) TP53": PURPLE}

NAMES = {"ANC": "neutrophils", "PLT": "platelets", "Hb": "haemoglobin"}

_UNITS = {"1e9/L": "10⁹/L"}
_GRADES = (2, 3, 4)
_BANDS = ((0.05, 0.95, 0.16), (0.25, 0.75, 0.30))
_LONG = 18 * DAYS_PER_WEEK


def course_figure(course: xr.Dataset) -> Figure:
    """One regimen: exposure, three counts with CTCAE grades, clone shares, and the doses below.

    Of many patients the median with the middle 50 % and 90 %. Thin vertical lines are the starts
    of cycles. Counts are those of the morning, before a dose, as blood is drawn.

    Args:
        course: From `marrow.explore`.
    """
    ratios = [0.85, 1.3, 1.3, 1.0, 1.2, 0.36]
    figure, axes = new_figure(9.5, 11.2, rows=6, sharex=True, gridspec_kw={"height_ratios": ratios})
    exposure, *counts, clones, strip = axes
    _exposure(exposure, course)
    for axis, lineage in zip(counts, ("ANC", "PLT", "Hb"), strict=True):
        _count(axis, course, lineage)
    _clones(clones, course)
    _strip(strip, course)
    for axis in axes:
        for start in course.cycle_start_d.values:
            axis.axvline(start, color=GREY, linewidth=0.8, alpha=0.7, zorder=0)
    days = float(course.time_d[-1])
    for number, start in enumerate(course.cycle_start_d.values, start=1):
        named = number == 1 or days <= _LONG
        exposure.text(
            start, 1.02, f" cycle {number}" if named else f" {number}",
            transform=exposure.get_xaxis_transform(), fontsize=9, color=INK,
        )  # fmt: skip
    _days(strip, days)
    figure.align_ylabels(axes)
    figure.suptitle(_title(course), fontsize=10, x=0.01, ha="left")
    return figure


def _title(course: xr.Dataset) -> str:
    count = course.sizes["patient"]
    who = "one typical patient" if count == 1 else f"{count} virtual patients"
    what = "" if count == 1 else ": median, middle 50 % and 90 %"
    drugs = course.attrs["cycle_1"].replace("mg/m2", "mg/m²")
    return f"SIMULATED, {who}{what}; counts of the morning\ncycle 1: {drugs}"


def _bands(axis: Axes, time: xr.DataArray, values: xr.DataArray, colour: str, **kwargs) -> None:
    """Median, and of several patients the middle 50 % and 90 %."""
    if values.sizes["patient"] > 1:
        for low, high, alpha in _BANDS:
            edges = values.quantile([low, high], "patient")
            axis.fill_between(time, *edges, color=colour, alpha=alpha, linewidth=0)
    axis.plot(time, values.median("patient"), color=colour, linewidth=1.8, **kwargs)


def _exposure(axis: Axes, course: xr.Dataset) -> None:
    time = course.exposure_time_d
    for drug in ("azacitidine", "lenalidomide"):
        middle = course.concentration.sel(drug=drug).median("patient")
        if float(middle.max()) > 0:
            colour = DRUG_COLOURS[drug]
            axis.plot(time, middle, color=colour, linewidth=0.9, label=drug)
    axis.set_ylim(0, 1.35 * max(float(course.concentration.median("patient").max()), 0.1))
    axis.set_ylabel("plasma\nconcentration [µM]")
    if axis.lines:
        axis.legend(loc="upper right", frameon=False, ncols=2, fontsize=9)


def _count(axis: Axes, course: xr.Dataset, lineage: str) -> None:
    values = morning(course["count"].sel(lineage=lineage))
    unit = str(values.unit.item())
    _bands(axis, values.time_d, values, INK)
    top = 1.08 * float(values.quantile(0.95, "patient").max())
    bottom = 0.0 if lineage != "Hb" else min(6.0, 0.95 * float(values.min()))
    axis.set_ylim(bottom, max(top, 1.25 * GRADE_LIMITS[lineage][0]))
    _grade_lines(axis, lineage)
    axis.set_ylabel(f"{NAMES[lineage]}\n[{_UNITS.get(unit, unit)}]")


def _grade_lines(axis: Axes, lineage: str) -> None:
    """Limits below which grades begin, named on the right."""
    bottom = axis.get_ylim()[0]
    for grade, limit in zip(_GRADES, GRADE_LIMITS[lineage], strict=False):
        if limit <= bottom:
            continue
        axis.axhline(limit, color=VERMILION, linewidth=0.9, linestyle=(0, (5, 3)), zorder=1)
        axis.text(
            1.008, limit, f"grade {grade}: < {_limit(limit)}", transform=axis.get_yaxis_transform(),
            va="center", fontsize=8, color="#8F3E00",
        )  # fmt: skip


def _limit(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:g}"


def _clones(axis: Axes, course: xr.Dataset) -> None:
    for clone in course.clone.values:
        share = course.clone_share.sel(clone=clone)
        if float(share.max()) > 0:
            label = str(clone) if clone == "normal" else f"{clone} clone"
            _bands(axis, course.time_d, share, CLONE_COLOURS[str(clone)], label=label)
    axis.set_ylim(0, 1.02)
    axis.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axis.set_ylabel("share of cycling\nprogenitors [%]")
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9)


def _strip(axis: Axes, course: xr.Dataset) -> None:
    """One mark for each day with a dose."""
    axis.grid(False)
    # Gaps between days of less than a pixel would be drawn at random.
    width = 0.8 if float(course.time_d[-1]) <= _LONG else 1.02
    for row, drug in enumerate(("azacitidine", "lenalidomide")):
        at = np.floor(course.dose_time_d.values[course.dose_drug.values == drug])
        axis.bar(
            at + 0.5, 0.74, width, bottom=1 - row + 0.13, color=DRUG_COLOURS[drug], linewidth=0
        )
    axis.set_yticks([1.5, 0.5], ["azacitidine", "lenalidomide"], fontsize=9)
    axis.set_ylim(0, 2)
    axis.tick_params(axis="y", length=0)
    axis.set_xlabel("days since the start of cycle 1 [d]")


def _days(axis: Axes, days: float) -> None:
    axis.set_xlim(0, days)
    weeks = 1 if days <= _LONG else 4
    axis.xaxis.set_major_locator(MultipleLocator(weeks * DAYS_PER_WEEK))


def compare_figure(comparison: xr.Dataset) -> Figure:
    """The same doses in several orders: days of doses, nadirs of cycle 1, clone share and size.

    Dots are medians and lines the middle 90 % of the patients. Open dots are read before the last
    dose of the first cycle, so they show less treatment than the others.

    Args:
        comparison: From `marrow.compare`.
    """
    rows = comparison.sizes["arrangement"]
    figure, axes = new_figure(
        12.0, 0.46 * rows + 2.4, columns=5, sharey=True,
        gridspec_kw={"width_ratios": [1.5, 1.0, 1.0, 1.05, 1.05]},
    )  # fmt: skip
    schedule, anc, platelets, share, size = axes
    _schedules(schedule, comparison)
    _nadirs(anc, comparison, "ANC")
    _nadirs(platelets, comparison, "PLT")
    _clone(share, comparison, "clone_share", "clone share of cycling\nprogenitors [%]")
    _clone(size, comparison, "clone_size", "clone cells relative\nto the start [%]")
    for axis in axes:
        axis.grid(True, axis="x", color="#E6E6E6", linewidth=0.8)
        axis.grid(False, axis="y")
        axis.tick_params(axis="y", length=0)
    schedule.set_yticks(np.arange(rows), list(comparison.arrangement.values))
    schedule.set_ylim(rows - 0.4, -0.6)
    legend = _legend_of_reads(comparison)
    figure.legend(handles=legend, loc="outside lower right", ncols=len(legend), frameon=False)
    count = comparison.sizes["patient"]
    who = "one typical patient" if count == 1 else f"{count} virtual patients, median, middle 90 %"
    length, cycles = comparison.attrs["cycle_length_d"], comparison.attrs["cycles"]
    said = f"SIMULATED, {who}; {cycles} cycles of {length} days; counts of the morning"
    figure.suptitle(said, fontsize=10, x=0.01, ha="left")
    return figure


def _schedules(axis: Axes, comparison: xr.Dataset) -> None:
    for row in range(comparison.sizes["arrangement"]):
        for shift, drug in ((-0.17, "azacitidine"), (0.17, "lenalidomide")):
            at = comparison.isel(arrangement=row).sel(drug=drug)
            first, last = int(at.first_day), int(at.last_day)
            if last:
                label = drug if row == 0 else None
                axis.barh(row + shift, last - first + 1, 0.3, left=first - 1,
                          color=DRUG_COLOURS[drug], label=label)  # fmt: skip
    axis.set_xlim(0, comparison.attrs["cycle_length_d"])
    # None at the right end, where it would meet the 0 of the next panel.
    axis.set_xticks(range(0, int(comparison.attrs["cycle_length_d"]), DAYS_PER_WEEK))
    axis.set_xlabel("doses, days since the\nstart of a cycle [d]")
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, fontsize=9)


def _nadirs(axis: Axes, comparison: xr.Dataset, lineage: str) -> None:
    values = comparison.nadir.sel(lineage=lineage)
    where = np.arange(values.sizes["arrangement"])
    for grade, limit in zip(_GRADES, GRADE_LIMITS[lineage], strict=False):
        axis.axvline(limit, color=VERMILION, linewidth=0.9, linestyle=(0, (5, 3)), zorder=1)
        axis.text(limit, 1.005, f"gr. {grade}", transform=axis.get_xaxis_transform(),
                  fontsize=8, color="#8F3E00", ha="right")  # fmt: skip
    _dots(axis, where, values, INK, np.full(len(where), True))
    day = comparison.nadir_day.sel(lineage=lineage).median("patient").values
    for y, value, x in zip(where, day, values.median("patient").values, strict=True):
        axis.annotate(f"day {value:.0f}", (x, y), (0, 6), textcoords="offset points",
                      ha="center", fontsize=8)  # fmt: skip
    unit = str(values.unit.item())
    axis.set_xlabel(f"{NAMES[lineage]}, nadir of\ncycle 1 [{_UNITS.get(unit, unit)}]")
    axis.set_xlim(left=0)


_READS = ((-0.16, INK), (0.16, PURPLE))


def _clone(axis: Axes, comparison: xr.Dataset, name: str, label: str) -> None:
    where = np.arange(comparison.sizes["arrangement"])
    last = comparison.last_day.max("drug").values
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g}")
    axis.xaxis.set_minor_formatter(NullFormatter())
    for (shift, colour), read in zip(_READS, comparison.read.values, strict=False):
        _dots(axis, where + shift, comparison[name].sel(read=read), colour, last <= read)
    low, high = axis.get_xlim()
    # Two powers of ten at least, so that small differences look small.
    axis.set_xlim(min(low, 0.008), max(high, 1.05))
    axis.set_xlabel(label)


def _legend_of_reads(comparison: xr.Dataset) -> list[Line2D]:
    plain: dict[str, Any] = {"linestyle": "", "marker": "o", "markersize": 6}
    reads = zip(_READS, comparison.read.values, strict=False)
    handles = [
        Line2D([], [], color=c, label=f"after {read:g} days", **plain) for (_, c), read in reads
    ]
    if (comparison.last_day.max("drug") > comparison.read[0]).any():
        early = "before the last dose of cycle 1"
        handles.append(Line2D([], [], color=INK, markerfacecolor="white", label=early, **plain))
    return handles


def _dots(axis: Axes, where, values: xr.DataArray, colour: str, full) -> None:
    """Medians, and the middle 90 % of several patients."""
    middle = values.median("patient").values
    if values.sizes["patient"] > 1:
        low, high = values.quantile([0.05, 0.95], "patient").values
        axis.hlines(where, low, high, color=colour, linewidth=1.6, alpha=0.55)
    face = np.where(full, colour, "white")
    axis.scatter(middle, where, s=38, edgecolor=colour, facecolor=face, zorder=3)

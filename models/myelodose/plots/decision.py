"""Figures of a dose decision."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from myelodose.decision import Decision
from myelodose.plots.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    OVER,
    PURPLE,
    TARGET,
    UNDER,
    new_figure,
    percent_axis,
)

DOSE_LABEL = "lenalidomide [mg/day, d6-19]"


def dose_toxicity(decision: Decision, curve: xr.Dataset, *, dose_label: str = DOSE_LABEL) -> Figure:
    """DLT risk over the dose with its 95 % interval, the counts, the target and the next dose.

    Args:
        decision: From `decide`.
        curve: From `risk_from_draws` or `risk_by_quadrature` on a fine grid of doses.
        dose_label: Label of the dose axis, with unit.
    """
    figure, axis = new_figure(8.2, 4.6)
    rule, table = decision.rule, decision.table
    axis.axhspan(rule.target_low, rule.target_dlt, color=TARGET, alpha=0.15, linewidth=0)
    axis.text(
        1.01,
        (rule.target_low + rule.target_dlt) / 2,
        f"target\n{100 * rule.target_low:.0f} to {100 * rule.target_dlt:.0f} %",
        transform=axis.get_yaxis_transform(),
        va="center",
        color="#00664B",
    )
    low, middle, high = (curve["quantile"].sel(level=q) for q in (0.025, 0.5, 0.975))
    axis.fill_between(
        curve.dose, low, high, color=BLUE, alpha=0.18, linewidth=0, label="95 % interval"
    )
    axis.plot(curve.dose, middle, color=BLUE, linewidth=2, label="median DLT risk")
    tried = table.sel(dose=table.dose[(table.n > 0).values])
    axis.scatter(
        tried.dose,
        tried.dlt / tried.n,
        s=30 + 18 * tried.n,
        color=INK,
        zorder=3,
        label="observed: DLTs / patients",
    )
    for dose, k, n in zip(tried.dose.values, tried.dlt.values, tried.n.values, strict=True):
        axis.annotate(f"{k}/{n}", (dose, k / n), (10, -4), textcoords="offset points")
    chosen = decision.recommended_dose_mg
    if chosen is not None:
        axis.axvline(chosen, color=GREEN, linestyle="--", linewidth=1.5, zorder=0)
        axis.text(
            chosen,
            1.01,
            f"next dose {chosen:g} mg",
            ha="center",
            va="bottom",
            color="#00664B",
            fontweight="bold",
        )
    axis.set_xticks(table.dose.values, [f"{dose:g}" for dose in table.dose.values])
    axis.set_xlabel(dose_label)
    percent_axis(axis, "risk of a DLT in cycle 1")
    axis.legend(loc="upper left", frameon=False)
    return figure


def interval_probabilities(decision: Decision, *, dose_label: str = DOSE_LABEL) -> Figure:
    """Stacked bars: probability that the DLT risk is under, on or over the target.

    Args:
        decision: From `decide`.
        dose_label: Label of the dose axis, with unit.
    """
    figure, axis = new_figure(8.2, 4.4)
    rule, table = decision.rule, decision.table
    where = np.arange(table.sizes["dose"])
    bottom = np.zeros(where.size)
    low, high = (f"{100 * v:.0f} %" for v in (rule.target_low, rule.target_dlt))
    # The overdose probability stands at the bottom, so that its limit is a line to read against.
    for name, colour, label in (
        ("prob_over", OVER, f"over: risk above {high}"),
        ("prob_target", TARGET, f"on target: {low} to {high}"),
        ("prob_under", UNDER, f"under: risk below {low}"),
    ):
        share = table[name].values
        axis.bar(where, share, 0.62, bottom=bottom, color=colour, label=label)
        for x, base, value in zip(where, bottom, share, strict=True):
            if value >= 0.045:
                middle = base + value / 2
                on_limit = name == "prob_over" and abs(middle - rule.overdose_limit) < 0.03
                axis.text(
                    x,
                    middle + 0.06 * on_limit,
                    f"{100 * value:.0f} %",
                    ha="center",
                    va="center",
                    color=INK if colour == UNDER else "white",
                    fontweight="bold",
                )
        bottom += share
    axis.hlines(
        rule.overdose_limit, -0.6, where[-1] + 0.34, color=INK, linestyle="--", linewidth=1.2
    )
    axis.text(
        where[-1] + 0.36,
        rule.overdose_limit,
        f"limit for\nover: {100 * rule.overdose_limit:.0f} %",
        va="center",
    )
    labels = [
        f"{dose:g}" + ("\nnext dose" if dose == decision.recommended_dose_mg else "")
        for dose in table.dose.values
    ]
    axis.set_xticks(where, labels)
    axis.set_xlim(-0.6, where[-1] + 1.0)
    axis.set_xlabel(dose_label)
    percent_axis(axis, "posterior probability")
    axis.set_ylim(0, 1)
    figure.legend(
        *axis.get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False
    )
    return figure


def mtd_distribution(decision: Decision, *, dose_label: str = DOSE_LABEL) -> Figure:
    """Probability that each level is the MTD: the highest with a risk of at most the target.

    Args:
        decision: From `decide`.
        dose_label: Label of the dose axis, with unit.
    """
    figure, axis = new_figure(8.2, 3.8)
    table = decision.table
    share = np.concatenate([[float(table.prob_mtd_none)], table.prob_mtd.values])
    doses = [f"{dose:g}" for dose in table.dose.values]
    labels = [f"below {doses[0]}", *doses[:-1], f"{doses[-1]} or\nmore"]
    chosen = [None, *table.dose.values]
    colours = [
        GREEN if dose == decision.recommended_dose_mg and dose is not None else GREY
        for dose in chosen
    ]
    where = np.arange(share.size)
    axis.bar(where, share, 0.62, color=colours)
    for x, value in zip(where, share, strict=True):
        text = "<1 %" if 0 < value < 0.005 else f"{100 * value:.0f} %"
        axis.text(x, value + 0.01, text, ha="center", va="bottom")
    axis.set_xticks(where, labels)
    axis.set_xlabel(dose_label)
    percent_axis(axis, "probability of being the MTD")
    axis.set_ylim(0, min(1.0, share.max() + 0.12))
    axis.set_title(
        f"MTD: the highest level with a DLT risk of at most {100 * decision.rule.target_dlt:.0f} % "
        "(green: the recommended dose)",
        fontsize=10,
    )
    return figure


def response_by_dose(
    response: xr.Dataset, counts: pd.DataFrame, *, dose_label: str = DOSE_LABEL
) -> Figure:
    """Modelled probability of a response by dose and TP53 beside the observed counts.

    Args:
        response: From `response_probability`.
        counts: From `counts_by_dose`.
        dose_label: Label of the dose axis, with unit.
    """
    figure, axes = new_figure(9.5, 4.0, columns=2, sharey=True)
    outcomes = {"haem": "haematologic response", "cyto": "cytogenetic response"}
    where = np.arange(response.sizes["dose"])
    for axis, (name, title) in zip(axes, outcomes.items(), strict=True):
        for shift, status, colour, marker in (
            (-0.12, "wild type", BLUE, "s"),
            (0.12, "mutated", PURPLE, "D"),
        ):
            at = response.sel(outcome=name, tp53=status)
            axis.vlines(where + shift, at.lower, at.upper, color=colour, linewidth=2)
            axis.plot(
                where + shift,
                at["mean"],
                marker,
                color=colour,
                markersize=7,
                label=f"model, TP53 {status}",
            )
        rows = counts.loc[title]
        axis.plot(
            where,
            rows.share,
            "_",
            color=INK,
            markersize=22,
            markeredgewidth=2,
            label="observed, all patients",
        )
        for x, row in zip(where, rows.itertuples(), strict=True):
            axis.text(x, 0.965, f"{row.events}/{row.patients}", ha="center", va="center")
        axis.set_xticks(where, [f"{dose:g}" for dose in response.dose.values])
        axis.set_xlim(-0.5, where[-1] + 0.5)
        axis.set_title(title)
        axis.set_xlabel(dose_label)
    percent_axis(axes[0], "probability of PR or better (95 % interval)")
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False
    )
    return figure

"""The published trial under several designs, and what they do in the long run."""

from dataclasses import dataclass

import pandas as pd
import xarray as xr

from myelodose.characteristics.calibrate import correct_selection
from myelodose.characteristics.compare import usual_designs
from myelodose.characteristics.exact import exact
from myelodose.decision.risk import risk_by_quadrature
from myelodose.decision.rule import DecisionRule
from myelodose.designs.base import Design
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes
from myelodose.priors import LENALIDOMIDE_PRIOR


@dataclass(frozen=True)
class Comparison:
    """Which trial is replayed, under which designs, and how long trials are in the long run.

    Args:
        cohorts: The trial in the notation of `Outcomes.read`.
        doses_mg: Dose levels with commas [mg].
        target: Target DLT risk of the designs that have one.
        overdose_limit: Limit of the overdose control.
        patients: Most patients of a trial in the long run.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> Comparison("10:NNN 15:NTN", "10, 15, 20").outcomes.n
        array([3, 3, 0])
    """

    cohorts: str
    doses_mg: str
    target: float = 0.3
    overdose_limit: float = 0.25
    patients: int = 24

    def __post_init__(self) -> None:
        """Read everything while it is concrete."""
        if self.patients < 1:
            raise InputError("Comparison, patients", f"found {self.patients}", "give 1 or more")
        _ = self.outcomes, self.designs

    @property
    def doses(self) -> tuple[float, ...]:
        """Dose levels [mg].

        Raises:
            InputError: If one is no number.
        """
        try:
            return tuple(float(text) for text in self.doses_mg.split(","))
        except ValueError:
            remedy = "give numbers with commas, such as '10, 15, 20, 25'"
            raise InputError("Comparison, doses_mg", f"found {self.doses_mg!r}", remedy) from None

    @property
    def outcomes(self) -> Outcomes:
        """The trial."""
        return Outcomes.read(self.cohorts, doses=self.doses)

    @property
    def rule(self) -> DecisionRule:
        """Overdose control."""
        return DecisionRule(overdose_limit=self.overdose_limit)

    @property
    def designs(self) -> dict[str, Design]:
        """The usual designs over these doses."""
        return usual_designs(
            self.doses, target=self.target, prior=LENALIDOMIDE_PRIOR, rule=self.rule
        )


def long_run(settings: Comparison) -> xr.Dataset:
    """Exact characteristics of all designs, if the truth is what the trial's posterior says.

    Args:
        settings: The comparison.

    Returns:
        As `exact`, over `design` and `scenario`: the posterior means of the two-parameter logistic
        model, and its 10 % and 90 % quantiles of the risk at each dose.
    """
    seen = settings.outcomes
    counts = xr.Dataset(
        {"n": ("dose", seen.n), "dlt": ("dose", seen.y)}, coords={"dose": list(settings.doses)}
    )
    risk = risk_by_quadrature(
        counts,
        prior=LENALIDOMIDE_PRIOR,
        thresholds=[settings.target],
        doses=list(settings.doses),
        levels=(0.1, 0.9),
    )
    truth = {
        "posterior mean": risk["mean"].values,
        "lower: 10 % quantiles": risk["quantile"].sel(level=0.1).values,
        "higher: 90 % quantiles": risk["quantile"].sel(level=0.9).values,
    }
    each = [
        exact(design, truth, patients=settings.patients, overdose_above=settings.target)
        for design in settings.designs.values()
    ]
    kept = [one.drop_dims("total").drop_attrs() for one in each]
    return xr.concat(kept, pd.Index(list(settings.designs), name="design"))


def answer(replayed: pd.DataFrame, found: xr.Dataset, *, target: float) -> str:
    """The comparison in a few sentences.

    Args:
        replayed: From `replay`.
        found: From `long_run`.
        target: Target DLT risk, which says what the right dose is.
    """
    by_dose = replayed.groupby("selected").groups
    chosen = "; ".join(f"{dose}: {', '.join(map(str, names))}" for dose, names in by_dose.items())
    middle = found.sel(scenario="posterior mean")
    truth = middle.truth.isel(design=0).values
    right = correct_selection(truth, target)
    if right < 0:
        chance, what = middle.selected_none, "no dose"
    else:
        chance, what = middle.selected.isel(level=right), f"{middle.level.values[right]:g} mg"
    order = chance.sortby(chance, ascending=False)
    pairs = zip(order.design.values, order.values, strict=True)
    words = ", ".join(f"{name} {100 * p:.0f} %" for name, p in pairs)
    return (
        f"Selected at the end of this trial [mg]: {chosen}. If the posterior means were the truth "
        f"({', '.join(f'{100 * p:.0f}' for p in truth)} %), {what} would be right at a target of "
        f"{100 * target:.0f} %, and trials would select it with probability: {words}."
    )

"""Choose the numbers of the usual model-based designs over a set of scenarios."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import xarray as xr

from myelodose.characteristics.calibrate import search_designs
from myelodose.characteristics.scenarios import logistic_scenarios
from myelodose.decision.rule import DecisionRule
from myelodose.designs.belief_rules import too_toxic
from myelodose.designs.boin import Boin
from myelodose.designs.model_based import Blrm, Crm
from myelodose.dose_models.skeleton import indifference_skeleton
from myelodose.errors import InputError
from myelodose.priors import LENALIDOMIDE_PRIOR


@dataclass(frozen=True)
class Calibration:
    """What is asked of a design, and which of its numbers may vary.

    Args:
        doses_mg: Dose levels with commas [mg].
        target: Target DLT risk.
        patients: Most patients of a trial.
        slope: Steepness of the scenarios, in steps on the logit scale from dose to dose.
        overdose_limits: Limits of the BLRM's overdose control to try, with commas.
        halfwidths: Half widths of the CRM's indifference interval to try, with commas.
        stop_at: Patients at one dose after which BOIN stops, to try, with commas.

    Raises:
        InputError: If a list is no list of numbers.
    """

    doses_mg: str = "10, 15, 20, 25"
    target: float = 0.3
    patients: int = 24
    slope: float = 0.8
    overdose_limits: str = "0.2, 0.25, 0.3, 0.35, 0.4"
    halfwidths: str = "0.03, 0.05, 0.07, 0.09"
    stop_at: str = "9, 12, 15"

    def __post_init__(self) -> None:
        """Read every list while it is concrete."""
        for name in ("doses_mg", "overdose_limits", "halfwidths", "stop_at"):
            self.numbers(name)

    def numbers(self, name: str) -> tuple[float, ...]:
        """A field as numbers.

        Raises:
            InputError: If one is no number.
        """
        text = getattr(self, name)
        try:
            return tuple(float(part) for part in text.split(","))
        except ValueError:
            remedy = "give numbers with commas"
            raise InputError(f"Calibration, {name}", f"found {text!r}", remedy) from None

    @property
    def doses(self) -> tuple[float, ...]:
        """Dose levels [mg]."""
        return self.numbers("doses_mg")

    @property
    def scenarios(self) -> xr.DataArray:
        """Curves whose MTD is each dose in turn, one too toxic and one too safe."""
        return logistic_scenarios(self.doses, target=self.target, slope=self.slope)

    def blrm(self, overdose_limit: float) -> Blrm:
        """The BLRM with one limit; the target interval ends at the target."""
        low = min(0.16, 0.8 * self.target)
        rule = DecisionRule(low, self.target, overdose_limit)
        return Blrm(self.doses, prior=LENALIDOMIDE_PRIOR, rule=rule)

    def crm(self, halfwidth: float, prior_mtd: int) -> Crm:
        """The CRM with one skeleton; the prior MTD is a level counted from 1.

        It stops as BOIN does where P(risk of the lowest dose > target) > 0.95.
        """
        skeleton = indifference_skeleton(
            halfwidth, self.target, prior_mtd=int(prior_mtd) - 1, levels=len(self.doses)
        )
        return Crm(
            self.doses,
            skeleton=tuple(skeleton.tolist()),
            target=self.target,
            stop=too_toxic(above=self.target, limit=0.95, level=0),
        )

    def boin(self, stop_at: float) -> Boin:
        """BOIN with one limit on the patients at a dose."""
        return replace(Boin(self.doses, target=self.target), stop_at=int(stop_at))

    def search(self) -> dict[str, pd.DataFrame]:
        """Every setting of every design, best first, by exact enumeration."""
        levels = range(1, len(self.doses) + 1)
        asked: dict[str, tuple[Callable, dict[str, Sequence]]] = {
            "BLRM": (self.blrm, {"overdose_limit": self.numbers("overdose_limits")}),
            "CRM": (self.crm, {"halfwidth": self.numbers("halfwidths"), "prior_mtd": levels}),
            "BOIN": (self.boin, {"stop_at": self.numbers("stop_at")}),
        }
        return {
            name: search_designs(
                make, grid, self.scenarios, target=self.target, patients=self.patients
            )
            for name, (make, grid) in asked.items()
        }


def recommendation(found: dict[str, pd.DataFrame]) -> str:
    """The best setting of every design in a sentence each.

    Args:
        found: From `Calibration.search`.
    """
    sentences = []
    for name, table in found.items():
        best = table.iloc[0]
        setting = best.name if isinstance(best.name, tuple) else (best.name,)
        pairs = zip(table.index.names, setting, strict=True)
        words = ", ".join(f"{key} {value:g}" for key, value in pairs)
        sentences.append(
            f"{name}: {words} selects correctly in {100 * best.correct:.1f} % (worst scenario "
            f"{100 * best.worst:.1f} %), with {100 * best.overdosed_patients:.1f} % of the "
            f"patients above the target and {best['size']:.1f} patients a trial."
        )
    return " ".join(sentences)

"""The numbers of the typical patient, each with what it rests on.

A number stands in a row of data/literature, or it was chosen here and says so ("chosen") with the
reason. A test holds both kinds together with the tables. Times of transit are in hours, as in the
priors; everything else is in the unit of its row.
"""

import math
from dataclasses import dataclass, fields

import pandas as pd

from myelodose.errors import check_fields

SCALES = ("log", "logit", "fixed")
SUPPORT = ("read", "recalled", "computed", "combined", "chosen")


@dataclass(frozen=True)
class Value:
    """A parameter of the typical patient, and how patients differ in it.

    Args:
        parameter: Name, as `typical_patient(values=...)` takes it.
        symbol: Symbol in the equations (docs/marrow.md).
        value: Typical value, the median of the patients.
        unit: Its unit; empty for a pure number.
        low: Lowest value that is accepted.
        high: Highest value that is accepted; catches a wrong unit.
        support: "read", "recalled", "computed" or "combined" from literature, or "chosen" here.
        source: Table and row, or the reason of the choice.
        between_patient_sd: Standard deviation between patients on `scale`; 0 if fixed.
        scale: "log", "logit" or "fixed".
        sd_source: What the standard deviation rests on.

    Raises:
        InputError: If a value cannot be.
    """

    parameter: str
    symbol: str
    value: float
    unit: str
    low: float
    high: float
    support: str
    source: str
    between_patient_sd: float = 0.0
    scale: str = "fixed"
    sd_source: str = ""

    def __post_init__(self) -> None:
        """Check that the row can be."""
        varies = self.between_patient_sd > 0
        checks = {
            "value": (self.low <= self.value <= self.high, f"{self.low:g} to {self.high:g}"),
            "support": (self.support in SUPPORT, f"one of {', '.join(SUPPORT)}"),
            "scale": (
                self.scale in SCALES and varies == (self.scale != "fixed"),
                "'log' or 'logit' with a standard deviation, or 'fixed' without",
            ),
            "source": (bool(self.source), "a table and row, or the reason of the choice"),
            "sd_source": (varies == bool(self.sd_source), "a source for the standard deviation"),
        }
        check_fields(self, checks)


def sd_from_cv(percent: float) -> float:
    """Standard deviation of the logarithm from a coefficient of variation [%].

    sqrt(log(1 + CV^2)), exact for a log-normal variable.

    Args:
        percent: Coefficient of variation [%].

    Example:
        >>> round(sd_from_cv(42), 3)
        0.403
    """
    return math.sqrt(math.log1p((percent / 100) ** 2))


def sd_from_range(low: float, high: float) -> float:
    """Standard deviation of the logarithm if the middle 95 % lie between two values.

    Args:
        low: 2.5 % quantile.
        high: 97.5 % quantile.

    Example:
        >>> round(sd_from_range(1.8, 7.5), 3)
        0.364
    """
    return math.log(high / low) / (2 * 1.959964)


_CRAIG = "pd_parameters.csv: HSC pool"
_SET_POINT = "priors.csv: set point (healthy) and disease factor"
_RANGE = "pd_parameters.csv: normal range, taken as 95 % of people"
_FRIBERG_CV = "pd_parameters.csv: mean transit time, docetaxel, 16 %CV"
_GAMMA = "priors.csv: feedback neutrophils / platelets"
_BLOCK = "priors.csv: maturation block, half-effect"
_BASELINE = (
    "chosen so that a typical baseline has 68 platelets, the median of pd_parameters.csv: "
    "baseline in HR-MDS/AML on AZA->LEN"
)
_ONE_TARGET = "chosen equal to the maturation block (one target, cereblon); no row gives it"

VALUES = (
    # Exposure.
    Value("len_clearance_l_per_h", "CL/F", 12.5, "L/h", 1, 60, "combined",
          "priors.csv: apparent clearance, CrCL 90", 0.35, "log",
          "priors.csv: apparent clearance, CrCL 90 (note)"),
    Value("len_volume_l", "V/F", 64.0, "L", 10, 400, "combined",
          "priors.csv: apparent volume", 0.35, "log",
          "priors.csv: apparent volume, IIV about 20-50 %, its middle"),
    Value("aza_clearance_l_per_h", "CL_A/F", 160.0, "L/h", 20, 1000, "combined",
          "priors.csv: sc AUC per dose", sd_from_cv(30), "log",
          "priors.csv: sc AUC per dose, IIV about 30 %"),
    # Progenitors.
    Value("cycle_d", "1/(k_G phi*) + 1/k_S", 2.8, "day", 0.5, 10, "read", _CRAIG),
    Value("s_share", "S/P", 0.20, "", 0.05, 0.5, "chosen",
          "chosen within 0.15-0.30 of pd_parameters.csv: S-phase fraction (recalled)",
          0.225, "logit", "pd_parameters.csv: S-phase fraction, 0.15-0.30 taken as 95 %"),
    Value("wake_per_d", "b", 0.043, "1/day", 1e-4, 2, "read", _CRAIG),
    Value("rest_share", "q", 0.03, "", 0.0, 0.5, "combined", "priors.csv: quiescent fraction"),
    Value("capacity", "K", 8.0, "healthy pools", 0.05, math.inf, "chosen",
          "chosen by trial so that nadir and recovery are late under d6-19 lenalidomide (R13); "
          "no row gives it, and at 3 counts are back by day 28"),
    Value("crowding_clone", "w_D, w_T", 1.0, "", 0.0, 10, "chosen",
          "chosen: a clonal cell takes the room of a normal one"),
    Value("growth_clone_per_d", "r_D - r_N", 0.005, "1/day", 1e-6, 0.3, "combined",
          "priors.csv: relative growth without drug", 1.0, "log",
          "chosen so that 95 % span clonal haematopoiesis (0.0007) to relapse (0.035)"),
    # Drugs on progenitors.
    Value("kill_aza", "kappa_A", 0.25, "", 0.0, 5, "combined",
          "priors.csv: log kill of S-phase cells per dose", sd_from_cv(57.5), "log",
          "pd_parameters.csv: slope, decitabine neutrophils, 57.5 %CV (borrowed)"),
    Value("kill_del5q_per_d_um", "kappa_D", 0.6, "1/(day uM)", 0.0, 20, "combined",
          "priors.csv: selective kill slope on del(5q), TP53 wt", sd_from_cv(44), "log",
          "pd_parameters.csv: leukocyte fit, paclitaxel slope 44 %CV (borrowed)"),
    Value("tp53_sensitivity", "rho_T", 0.31, "", 0.0, 1, "combined",
          "priors.csv: TP53-mutant relative sensitivity"),
    Value("kill_normal_share", "kappa_N/kappa_D", 0.1, "", 0.0, 1, "chosen",
          "chosen small; only the difference between clones can be learnt from FISH"),
    Value("arrest_max", "Amax", 0.9, "", 0.0, 1, "chosen", _ONE_TARGET),
    Value("arrest_half_um", "EC50_A", 0.5, "uM", 0.01, 50, "chosen", _ONE_TARGET),
    # Blood.
    Value("set_point_anc", "Circ*", 4.0, "1e9/L", 0.5, 50, "combined", _SET_POINT,
          sd_from_range(1.8, 7.5), "log", _RANGE),
    Value("set_point_plt", "Circ*", 230.0, "1e9/L", 30, 2000, "combined", _SET_POINT,
          sd_from_range(150, 400), "log", _RANGE),
    Value("set_point_hb", "Circ*", 14.0, "g/dL", 7, 25, "combined", _SET_POINT,
          sd_from_range(12.0, 17.5), "log", _RANGE),
    Value("mtt_anc_h", "MTT", 125.0, "h", 20, 1000, "combined",
          "priors.csv: MTT neutrophils", sd_from_cv(16), "log", _FRIBERG_CV),
    Value("mtt_plt_h", "MTT", 130.0, "h", 20, 1000, "combined",
          "priors.csv: MTT platelets", sd_from_cv(16), "log", _FRIBERG_CV + " (borrowed)"),
    Value("mtt_hb_h", "MTT", 130.0, "h", 20, 1000, "chosen",
          "chosen as for platelets: no row gives it, and a life of 117 days hides it"),
    Value("half_life_anc_h", "ln 2 / loss", 7.6, "h", 1, 100, "read",
          "pd_parameters.csv: circulating half-life"),
    Value("life_plt_d", "1/loss", 9.0, "day", 1, 30, "recalled",
          "pd_parameters.csv: platelet life span, 8-10, its middle"),
    Value("life_hb_d", "1/loss", 117.5, "day", 10, 200, "recalled",
          "pd_parameters.csv: RBC life span, 115-120, its middle"),
    Value("gamma_anc", "gamma", 0.18, "", 0.01, 3, "combined", _GAMMA),
    Value("gamma_plt", "gamma", 0.25, "", 0.01, 3, "combined", _GAMMA),
    Value("gamma_hb", "gamma", 0.25, "", 0.01, 3, "chosen",
          "chosen as for platelets; no row gives it"),
    Value("block_max", "Imax", 0.9, "", 0.0, 1, "combined", _BLOCK + " (note)"),
    Value("block_half_um", "IC50", 0.5, "uM", 0.01, 50, "combined", _BLOCK, sd_from_cv(50),
          "log", "pd_parameters.csv: Emax / EC50, docetaxel EC50 50 %CV (borrowed)"),
    Value("block_max_hb", "Imax", 0.0, "", 0.0, 1, "chosen",
          "chosen: no row reports a block of red cells"),
    # Disease.
    Value("effectiveness_clone", "eps (ANC, PLT)", 0.08, "", 0.0, 1, "chosen", _BASELINE,
          0.8, "logit", "chosen; 95 % of baseline platelets then lie between about 33 and 135"),
    Value("effectiveness_clone_hb", "eps (Hb)", 0.50, "", 0.0, 1, "chosen",
          "chosen so that a typical baseline has 9 g/dL; transfusions are not modelled"),
    Value("clone_share", "f", 0.85, "", 0.0, 0.999, "computed",
          "pd_parameters.csv: decline rate needed (derived), 80-90 %, its middle", 0.5, "logit",
          "chosen: 95 % lie between 0.68 and 0.94"),
    Value("tp53_share_of_clone", "f_T/f", 0.11, "", 0.0, 1, "read",
          "pd_parameters.csv: TP53 clone size at diagnosis, taken as share of the clone", 1.0,
          "logit", "chosen: 95 % lie between 0.02 and 0.47; 1-54 % were seen in 10 patients"),
)  # fmt: skip
"""All parameters, in the order of the equations."""

TYPICAL = {value.parameter: value for value in VALUES}
"""The same by name."""


def typical_values() -> pd.DataFrame:
    """Every number of the typical patient with unit, spread between patients, source and support.

    Example:
        >>> float(typical_values().value["kill_aza"]), typical_values().support["kill_aza"]
        (0.25, 'combined')
    """
    names = [field.name for field in fields(Value) if field.name not in ("low", "high")]
    rows = [[getattr(value, name) for name in names] for value in VALUES]
    return pd.DataFrame(rows, columns=names).set_index("parameter")

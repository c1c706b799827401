"""Priors of two drugs and of their interaction; see `combination`."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from myelodose.errors import check_fields


@dataclass(frozen=True)
class DrugPrior:
    """Prior of one drug's curve.

    Args:
        dose_reference: d_ref.
        mean: Means of mu for log a and log b.
        sd: Their standard deviations.
        tau_log_mean: Means of log tau, the spread between groups, for log a and log b.
        tau_log_sd: Standard deviations of log tau.

    Raises:
        InputError: If a value cannot be.
    """

    dose_reference: float
    mean: tuple[float, float]
    sd: tuple[float, float]
    tau_log_mean: tuple[float, float] = (float(np.log(0.25)), float(np.log(0.125)))
    tau_log_sd: tuple[float, float] = (float(np.log(4) / 1.96), float(np.log(4) / 1.96))

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        checks = {
            "dose_reference": (self.dose_reference > 0, "a dose above 0"),
            "sd": (min(self.sd) > 0, "two numbers above 0"),
            "tau_log_sd": (min(self.tau_log_sd) >= 0, "two numbers of at least 0"),
        }
        check_fields(self, checks)


@dataclass(frozen=True)
class InteractionPrior:
    """Prior of the interaction eta and of the effects delta of other sequences.

    Args:
        mean: Mean of mu_eta.
        sd: Its standard deviation.
        tau_log_mean: Mean of log tau_eta.
        tau_log_sd: Its standard deviation.
        sequence_sd: Standard deviation of delta_s ~ Normal(0, sd) of each unusual sequence; 0 for
            none.
        sequence_on: What delta_s moves: the "interaction", which vanishes with the doses, or the
            log-odds of the "risk" wherever both drugs are given.
        form: "product" or "saturating"; see above.

    Raises:
        InputError: If a value cannot be.
    """

    mean: float = 0.0
    sd: float = 1.121
    tau_log_mean: float = float(np.log(0.125))
    tau_log_sd: float = float(np.log(4) / 1.96)
    sequence_sd: float = 0.0
    sequence_on: Literal["interaction", "risk"] = "interaction"
    form: Literal["product", "saturating"] = "product"

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        checks = {
            "sd": (self.sd >= 0, "a number of at least 0"),
            "sequence_sd": (self.sequence_sd >= 0, "a number of at least 0"),
            "sequence_on": (
                self.sequence_on in ("interaction", "risk"),
                "'interaction' or 'risk'",
            ),
            "form": (self.form in ("product", "saturating"), "'product' or 'saturating'"),
        }
        check_fields(self, checks)

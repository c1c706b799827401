"""Maximum-likelihood estimates with their errors, as a table that a report takes."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from myelodose.inference.marginal.conventions import cv_from_sd
from myelodose.inference.marginal.individual import IndividualEstimates
from myelodose.inference.marginal.joint import Predict
from myelodose.inference.marginal.objective import Objective
from myelodose.inference.marginal.observed import Observed, Parameters


@dataclass(frozen=True, eq=False)
class MaximumLikelihood:
    """What a fit found.

    Args:
        method: How the marginal likelihood was approximated.
        names: Names of the estimates.
        estimate: Estimates [unknown]: typical values, sds (never variances), correlations.
        covariance: Covariance of the estimates [unknown, unknown].
        covariance_kind: "hessian" (R^-1, NONMEM's MATRIX=R) or "sandwich" (R^-1 S R^-1, NONMEM's
            default).
        objective: Objective function value at the estimates.
        individual: Each patient's estimates there.
        effects: For each random effect, the name of its omega.
        predict: With `parameters` and `observed`, what `objective` and `individual_estimates` take.
        parameters: The estimates.
        observed: The observations.
        converged: Whether a minimum was reached: the gradient vanishes, the Hessian is positive
            definite, and every patient's mode was found.
        evaluations: Evaluations of the objective.
        decrement: By how much a Newton step would still lower the objective.
        log_normal: Omegas that are sds of logarithms, so that a CV can be given.
    """

    method: str
    names: tuple[str, ...]
    estimate: np.ndarray
    covariance: np.ndarray
    covariance_kind: str
    objective: Objective
    individual: IndividualEstimates
    effects: tuple[str, ...]
    predict: Predict = field(repr=False)
    parameters: Parameters = field(repr=False)
    observed: Observed = field(repr=False)
    converged: bool
    evaluations: int
    decrement: float
    log_normal: tuple[str, ...]

    @property
    def values(self) -> dict[str, float]:
        """Estimates by name."""
        return dict(zip(self.names, map(float, self.estimate), strict=True))

    @property
    def se(self) -> dict[str, float]:
        """Standard errors by name; NaN where the Hessian is not positive definite."""
        variance = np.diag(self.covariance)
        sd = np.sqrt(np.where(variance >= 0, variance, np.nan))
        return dict(zip(self.names, map(float, sd), strict=True))

    @property
    def ofv(self) -> float:
        """-2 log L - n log(2 pi)."""
        return self.objective.ofv

    @property
    def log_likelihood(self) -> float:
        """Log L with all its constants, as nlme's logLik."""
        return -self.objective.minus2ll / 2.0

    @property
    def aic(self) -> float:
        """-2 log L + 2 p."""
        return self.objective.minus2ll + 2.0 * len(self.names)

    @property
    def bic(self) -> float:
        """-2 log L + p log n, n the number of observations, as nlme and nlmixr2 count."""
        return self.objective.minus2ll + len(self.names) * float(np.log(self.observed.used))

    @property
    def bic_patients(self) -> float:
        """-2 log L + p log N, N the number of patients, as saemix and Monolix count."""
        return self.objective.minus2ll + len(self.names) * float(np.log(self.observed.patients))

    def shrinkage(self) -> dict[str, float]:
        """1 - sd(eta) / omega by omega; of an omega that several effects share, their mean."""
        sd = np.sqrt(np.square(np.asarray(self.parameters.factor)).sum(1))
        with np.errstate(invalid="ignore", divide="ignore"):
            each = self.individual.eta_shrinkage(sd)
        return {
            name: float(np.mean([s for s, e in zip(each, self.effects, strict=True) if e == name]))
            for name in dict.fromkeys(self.effects)
        }

    def to_frame(self) -> pd.DataFrame:
        """Estimate, standard error, RSE %, 95 % interval (+- 1.96 se), CV % and shrinkage %.

        One row an estimate, with its name as index. Blank cells are NaN.
        """
        shrinkage, se = self.shrinkage(), self.se
        rows = []
        for name, value in self.values.items():
            error = se[name]
            rows.append(
                {
                    "parameter": name,
                    "estimate": value,
                    "se": error,
                    "rse_percent": 100.0 * error / abs(value) if value else np.nan,
                    "low_95": value - 1.96 * error,
                    "high_95": value + 1.96 * error,
                    "cv_percent": (
                        100.0 * float(cv_from_sd(value)) if name in self.log_normal else np.nan
                    ),
                    "shrinkage_percent": 100.0 * shrinkage.get(name, np.nan),
                }
            )
        return pd.DataFrame(rows).set_index("parameter")

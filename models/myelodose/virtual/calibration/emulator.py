"""The synthetic likelihood of the printed facts, with its moments from regressions on parameters.

Given the parameters the patients of a trial are independent, so DLTs of a dose are binomial by
cause with the mean risk of its patients. The other facts, changed to be nearly normal, are
multivariate normal with a mean and spread that depend on the parameters and a common correlation
(Wood, Nature 2010;466:1102, doi 10.1038/nature09319; regressions in place of repeats at every
point: Meeds and Welling, arXiv 1401.2838).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import log_expit

from myelodose.errors import InputError
from myelodose.toxicity.causes import CAUSES
from myelodose.virtual.calibration.regression import (
    features,
    least_squares,
    logistic,
    simple_features,
    with_dose,
)
from myelodose.virtual.calibration.simulated import Trials
from myelodose.virtual.calibration.targets import (
    DLTS,
    PATIENTS,
    TARGETS,
    observed,
    read_targets,
)
from myelodose.virtual.calibration.uncertain import thrombosis_at
from myelodose.virtual.facts import COHORTS

EMULATED = ("recovery", "infection")
"""Causes whose risk is learnt; that of a thrombosis is a parameter itself."""

DLT_FACT = "DLTs by dose and cause"
"""The name of the first fact, beside `targets.TARGETS`."""

_LOG_CHI2_MEAN = -1.2703628454614782
_BLOCK = 20_000


@dataclass(frozen=True)
class Emulator:
    """Coefficients of the regressions.

    Args:
        mean: Of each target, (target, feature).
        log_variance: Of the logarithm of the residual variance, (target, simple feature).
        correlation: Of the residuals over their standard deviations.
        risk: Of the logit of the risk by cause of `EMULATED`, (cause, feature with dose).
        explained: Share of each target's variance that the mean explains, in trials left out of
            the fit.
    """

    mean: Float[np.ndarray, "target feature"]
    log_variance: Float[np.ndarray, "target feature"]
    correlation: Float[np.ndarray, "target target"]
    risk: Float[np.ndarray, "cause feature"]
    explained: Float[np.ndarray, " target"]

    def moments(
        self, z: Float[np.ndarray, "draw parameter"]
    ) -> tuple[Float[np.ndarray, "draw target"], Float[np.ndarray, "draw target"]]:
        """Expected targets and their standard deviations.

        Args:
            z: Parameters.
        """
        return features(z) @ self.mean.T, np.exp(simple_features(z) @ self.log_variance.T / 2)

    def log_risk(
        self, z: Float[np.ndarray, "draw parameter"]
    ) -> tuple[Float[np.ndarray, "draw cause dose"], Float[np.ndarray, "draw cause dose"]]:
        """Logarithms of the risk of a DLT by cause and dose, and of its complement.

        Args:
            z: Parameters.
        """
        x = features(z)
        logit = np.stack([with_dose(x, z, dose) @ self.risk.T for dose in COHORTS], -1)
        clots = np.broadcast_to(thrombosis_at(z)[:, None, None], (len(z), 1, len(COHORTS)))
        return (
            np.concatenate([log_expit(logit), np.log(clots)], 1),
            np.concatenate([log_expit(-logit), np.log1p(-clots)], 1),
        )

    def log_likelihood(
        self, z: Float[np.ndarray, "draw parameter"], *, without: str = ""
    ) -> Float[np.ndarray, " draw"]:
        """Of all calibrated facts, up to a constant.

        Args:
            z: Parameters.
            without: A fact that is left out: the words of a target, or `DLT_FACT`.

        Raises:
            InputError: If there is no such fact.
        """
        words = [one.quantity for one in TARGETS]
        if without and without not in (*words, DLT_FACT):
            remedy = f"give one of {', '.join((DLT_FACT, *words))}"
            raise InputError("log_likelihood, without", f"found {without!r}", remedy)
        kept = np.array([word != without for word in words])
        root = np.linalg.cholesky(self.correlation[np.ix_(kept, kept)])
        seen, found = observed(), []
        for start in range(0, len(z), _BLOCK):
            some = z[start : start + _BLOCK]
            mean, sd = self.moments(some)
            away = np.linalg.solve(root, ((seen - mean) / sd)[:, kept].T)
            one = -(away**2).sum(0) / 2 - np.log(sd[:, kept]).sum(1)
            if without != DLT_FACT:
                yes, no = self.log_risk(some)
                one = one + (DLTS * yes + (PATIENTS - DLTS) * no).sum((1, 2))
            found.append(one)
        return np.concatenate(found)


def fit_emulator(trials: Trials) -> Emulator:
    """Learn from simulated trials what the facts look like at any parameters.

    Args:
        trials: One simulated trial at each of thousands of sets of parameters.
    """
    y, x, simple = read_targets(trials), features(trials.z), simple_features(trials.z)
    mean = np.stack([least_squares(x, column) for column in y.T])
    away = y - x @ mean.T
    floor = 1e-3 * np.nanvar(y, 0)
    log_variance = np.stack([least_squares(simple, column) for column in np.log(away**2 + floor).T])
    log_variance[:, 0] -= _LOG_CHI2_MEAN
    scaled = away / np.exp(simple @ log_variance.T / 2)
    log_variance[:, 0] += np.log(np.nanmean(scaled**2, 0))
    return Emulator(mean, log_variance, _correlation(scaled), _risks(trials, x), _explained(x, y))


def _correlation(scaled: np.ndarray) -> np.ndarray:
    """Pairwise complete, moved towards independence until it is positive definite."""
    masked = np.ma.corrcoef(np.ma.masked_invalid(scaled), rowvar=False)
    found, one = np.asarray(masked.filled(0.0)), np.eye(scaled.shape[1])
    for step in np.linspace(0, 1, 21):
        moved = (1 - step) * found + step * one
        if np.linalg.eigvalsh(moved)[0] > 0.02:
            return moved
    return one


def _risks(trials: Trials, x: np.ndarray) -> np.ndarray:
    rows = np.concatenate([with_dose(x, trials.z, dose) for dose in COHORTS])
    weight = np.repeat(PATIENTS, len(x)).astype(float)
    shares = [trials.p_dlt[:, CAUSES.index(cause)].T.ravel() for cause in EMULATED]
    return np.stack([logistic(rows, np.clip(share, 0, 1), weight) for share in shares])


def _explained(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """R2 in every fifth trial of a fit to the others."""
    test = np.arange(len(x)) % 5 == 0
    found = []
    for column in y.T:
        beta = least_squares(x[~test], column[~test])
        found.append(1 - np.nanvar(column[test] - x[test] @ beta) / np.nanvar(column[test]))
    return np.array(found)

r"""From what is believed about risks to the prior of a model.

Source:
    Neuenschwander, Branson and Gsponer, Stat Med 2008 (doi 10.1002/sim.3230, appendix: quantiles
    and minimally informative beta distributions), as crmPack's Quantiles2LogisticNormal and
    MinimalInformative; Lee and Cheung, Stat Med 2011;30:2081 (doi 10.1002/sim.4139, the prior
    variance of the CRM).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import ArrayLike
from scipy.optimize import brentq, least_squares, minimize_scalar
from scipy.special import betaincinv, logit, ndtr
from scipy.stats import norm

from myelodose.dose_models.crm import CrmModel
from myelodose.dose_models.skeleton import sensitivity
from myelodose.errors import InputError, check_numbers

_LARGEST_CORRELATION = 0.95


class QuantilePrior(NamedTuple):
    """A bivariate normal prior of (log a, log b), with how well it meets what was asked.

    Attributes:
        mean: Means of log a and log b.
        sd: Their standard deviations.
        correlation: Their correlation.
        error: Largest difference between the probability below a given risk and its level.
    """

    mean: tuple[float, float]
    sd: tuple[float, float]
    correlation: float
    error: float


def probability_below(
    risk: ArrayLike,
    log_dose: ArrayLike,
    *,
    mean: Sequence[float],
    sd: Sequence[float],
    correlation: float,
) -> Float[np.ndarray, "dose ..."]:
    """P(p(d) <= risk) under a bivariate normal prior of (log a, log b).

    Args:
        risk: Risks, (dose, ...).
        log_dose: log(d / d_ref), (dose,).
        mean: Means of log a and log b.
        sd: Their standard deviations.
        correlation: Their correlation.
    """
    x, weight = hermegauss(61)
    v = mean[1] + sd[1] * x
    centre = mean[0] + correlation * sd[0] * x
    spread = sd[0] * np.sqrt(1 - correlation**2)
    effect = np.exp(v) * np.asarray(log_dose, float)[:, None]
    eta = logit(np.asarray(risk, float))
    away = (eta[..., None] - (effect + centre)[:, None, :]) / spread
    return ndtr(away) @ (weight / weight.sum())


def prior_from_quantiles(
    doses: ArrayLike,
    risks: ArrayLike,
    levels: Sequence[float],
    *,
    dose_reference: float,
) -> QuantilePrior:
    """The logistic prior whose quantiles are nearest to those given.

    Args:
        doses: Doses, above 0.
        risks: Risk at each dose and level, increasing in both, dose x level.
        levels: Probabilities below these risks, such as (0.025, 0.5, 0.975).
        dose_reference: d_ref.

    Returns:
        Prior of (log a, log b) and its largest error in probability.

    Raises:
        InputError: If doses, risks or levels cannot be.

    Example:
        >>> wish = [[0.01, 0.1, 0.4], [0.05, 0.3, 0.75]]
        >>> prior_from_quantiles([10, 20], wish, (0.05, 0.5, 0.95), dose_reference=20).error < 0.02
        True
    """
    dose, wish, asked = (np.asarray(v, float) for v in (doses, risks, levels))
    place = "prior_from_quantiles"
    check_numbers(f"{place}, doses", dose, dose > 0, "give doses above 0")
    check_numbers(f"{place}, risks", wish, (wish > 0) & (wish < 1), "give risks between 0 and 1")
    check_numbers(f"{place}, levels", asked, (asked > 0) & (asked < 1), "give 0 to 1")
    if wish.shape != (dose.size, asked.size):
        remedy = f"give {dose.size} x {asked.size}"
        raise InputError(f"{place}, risks", f"found shape {wish.shape}", remedy)
    log_dose = np.log(dose / dose_reference)

    def prior(x: np.ndarray) -> tuple[list[float], list[float], float]:
        return [x[0], x[1]], [np.exp(x[2]), np.exp(x[3])], _LARGEST_CORRELATION * np.tanh(x[4])

    def away(x: np.ndarray) -> np.ndarray:
        mean, sd, rho = prior(x)
        found = probability_below(wish, log_dose, mean=mean, sd=sd, correlation=rho)
        # On the normal scale tails count as much as the middle.
        return (norm.ppf(np.clip(found, 1e-12, 1 - 1e-12)) - norm.ppf(asked)).ravel()

    middle = logit(wish)[:, np.abs(asked - 0.5).argmin()]
    start = np.array([np.interp(0.0, log_dose, middle), 0.0, np.log(1.5), np.log(0.7), 0.0])
    best = least_squares(away, start, method="trf", max_nfev=500)
    mean, sd, rho = prior(best.x)
    found = probability_below(wish, log_dose, mean=mean, sd=sd, correlation=rho)
    return QuantilePrior(
        (float(mean[0]), float(mean[1])),
        (float(sd[0]), float(sd[1])),
        float(rho),
        float(np.abs(found - asked).max()),
    )


def minimally_informative_beta(risk: float, level: float) -> tuple[float, float]:
    """The least informative unimodal beta distribution with P(p <= risk) = level.

    Beta(a, 1) for a low probability below the risk, Beta(1, b) for a high one.

    Args:
        risk: The risk.
        level: Probability below it.

    Raises:
        InputError: If either is not between 0 and 1.

    Example:
        >>> a, b = minimally_informative_beta(0.3, 0.95)
        >>> a, round(b, 3)
        (1.0, 8.399)
    """
    for name, value in (("risk", risk), ("level", level)):
        if not 0 < value < 1:
            place = f"minimally_informative_beta, {name}"
            raise InputError(place, f"found {value:g}", "give a number between 0 and 1")
    if level > risk:
        return 1.0, float(np.log1p(-level) / np.log1p(-risk))
    return float(np.log(level) / np.log(risk)), 1.0


def minimally_informative_prior(
    doses: ArrayLike,
    *,
    lowest: tuple[float, float],
    highest: tuple[float, float],
    dose_reference: float,
    levels: Sequence[float] = (0.025, 0.5, 0.975),
) -> QuantilePrior:
    """A weak logistic prior from one statement at the lowest and one at the highest dose.

    Medians in between are linear in log dose on the logit scale; at every dose the beta
    distribution with that median is minimally informative.

    Args:
        doses: Doses, increasing.
        lowest: (risk, probability below it) at the lowest dose, such as (0.3, 0.95).
        highest: The same at the highest dose, such as (0.2, 0.05).
        dose_reference: d_ref.
        levels: Quantiles that the prior is fitted to.

    Raises:
        InputError: If a value cannot be.
    """
    dose = np.asarray(doses, float)
    ends = [
        float(betaincinv(*minimally_informative_beta(*statement), 0.5))
        for statement in (lowest, highest)
    ]
    if not ends[0] < ends[1]:
        found = f"found medians {ends[0]:.3g} and {ends[1]:.3g}"
        place = "minimally_informative_prior, highest"
        raise InputError(place, found, "give a higher median at the highest dose")
    share = np.log(dose / dose[0]) / np.log(dose[-1] / dose[0])
    medians = 1 / (1 + np.exp(-(logit(ends[0]) * (1 - share) + logit(ends[1]) * share)))
    betas = [minimally_informative_beta(m, 0.5) for m in medians]
    risks = [[float(betaincinv(a, b, q)) for q in levels] for a, b in betas]
    return prior_from_quantiles(dose, risks, levels, dose_reference=dose_reference)


def least_informative_sd(skeleton: Sequence[float], target: float, **curve) -> float:
    """The prior sd of b for which every level is about equally likely to be the MTD.

    The variance of the prior MTD's level is made equal to that of a uniform one, (K^2 - 1) / 12.

    Args:
        skeleton: Prior risks per level.
        target: The target risk.
        curve: `curve` and `intercept` of `CrmModel`.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> 0.3 < least_informative_sd((0.05, 0.12, 0.25, 0.4, 0.55), 0.25) < 1.5
        True
    """
    cuts = sensitivity(CrmModel(tuple(skeleton), **curve), target).b[1:, 0]
    level = np.arange(len(skeleton))
    wanted = (len(level) ** 2 - 1) / 12

    def excess(log_sd: float) -> float:
        below = np.concatenate([[0.0], ndtr(cuts / np.exp(log_sd)), [1.0]])
        share = np.diff(below)
        return float(share @ (level - share @ level) ** 2) - wanted

    if excess(np.log(0.01)) * excess(np.log(20.0)) < 0:
        return float(np.exp(brentq(excess, np.log(0.01), np.log(20.0))))
    # A skeleton far off the target never spreads that much; then the nearest.
    found = minimize_scalar(lambda s: excess(s) ** 2, bounds=(np.log(0.01), np.log(20.0)))
    return float(np.exp(found.x))

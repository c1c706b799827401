r"""Efficacy and toxicity together: the model and the trade-off of EffTox.

    logit P(T) = alpha + beta x,   logit P(E) = gamma + zeta x + eta x^2,   x = log d - mean log d
    P(E = a, T = b) = pE^a (1-pE)^(1-a) pT^b (1-pT)^(1-b)
                      + (-1)^(a+b) pE (1-pE) pT (1-pT) (e^psi - 1) / (e^psi + 1)

with independent normal priors. The utility of a pair (pE, pT) is

    1 - [((1 - pE) / (1 - e0))^p + (pT / t1)^p]^(1/p)

where (e0, 0) and (1, t1) are worth 0, and p puts a third point (e*, t*) on the same contour.

Source:
    Thall and Cook, Biometrics 2004;60:684 (doi 10.1111/j.0006-341X.2004.00218.x); Thall, Cook and
    Estey, J Biopharm Stat 2006;16:623 (the L^p contour). Checked with trialr 0.1.6 and the MD
    Anderson program.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

from myelodose.dose_models.importance import POINTS, Estimate, Points, posterior_points
from myelodose.errors import InputError

PARAMETERS = ("alpha", "beta", "gamma", "zeta", "eta", "psi")
_TINY = 1e-300


class Contour(NamedTuple):
    """The trade-off: two ends of the neutral contour and its curvature p."""

    eff0: float
    tox1: float
    p: float

    def utility(self, eff: ArrayLike, tox: ArrayLike) -> np.ndarray:
        """Utility of a pair of probabilities; above 0 inside the neutral contour.

        Example:
            >>> contour = contour_through(0.5, 0.65, eff=0.7, tox=0.25)
            >>> abs(contour.utility(0.7, 0.25).item()) < 1e-9
            True
        """
        a = (1 - np.asarray(eff, float)) / (1 - self.eff0)
        b = np.asarray(tox, float) / self.tox1
        return 1 - (a**self.p + b**self.p) ** (1 / self.p)


def contour_through(eff0: float, tox1: float, *, eff: float, tox: float) -> Contour:
    """The contour through (eff0, 0), (1, tox1) and (eff, tox).

    Args:
        eff0: Smallest acceptable efficacy without toxicity.
        tox1: Largest acceptable toxicity with certain efficacy.
        eff: Efficacy of the third point, above `eff0`.
        tox: Its toxicity, below `tox1`.

    Raises:
        InputError: If no contour passes the three points.

    Example:
        >>> round(contour_through(0.5, 0.65, eff=0.7, tox=0.25).p, 4)
        0.9774
    """
    place = "contour_through"
    if not 0 < eff0 < eff < 1:
        raise InputError(f"{place}, eff", f"found {eff:g}", f"give more than eff0 = {eff0:g}")
    if not 0 < tox < tox1 < 1:
        raise InputError(f"{place}, tox", f"found {tox:g}", f"give less than tox1 = {tox1:g}")
    a, b = (1 - eff) / (1 - eff0), tox / tox1
    return Contour(eff0, tox1, _curvature(a, b))


def _curvature(a: float, b: float) -> float:
    """The p at which a^p + b^p = 1, by bisection in log p; the sum falls with p."""
    low, high = np.log(1e-6), np.log(1e4)
    for _ in range(80):
        middle = (low + high) / 2
        p = np.exp(middle)
        low, high = (middle, high) if a**p + b**p > 1 else (low, middle)
    return float(np.exp((low + high) / 2))


class EffToxData(NamedTuple):
    """Dose codes, prior and counts; every field an array.

    `counts` (cell, level): patients with neither, toxicity only, efficacy only and both.
    """

    code: Float[np.ndarray, " level"]
    mean: Float[np.ndarray, " 6"]
    sd: Float[np.ndarray, " 6"]
    counts: Float[np.ndarray, "4 level"]


def dose_code(doses: ArrayLike) -> Float[np.ndarray, " level"]:
    """The dose codes x = log d - mean of log d."""
    log_dose = np.log(np.asarray(doses, float))
    return log_dose - log_dose.mean()


def log_likelihood(z: Float[Array, " 6"], data: EffToxData) -> Float[Array, ""]:
    """Log likelihood of one value of the standardised parameters."""
    theta = data.mean + data.sd * z
    alpha, beta, gamma, zeta, eta, psi = theta
    code = data.code
    eff = jax.nn.sigmoid(gamma + zeta * code + eta * code**2)
    tox = jax.nn.sigmoid(alpha + beta * code)
    # (e^psi - 1) / (e^psi + 1)
    tie = jnp.tanh(psi / 2) * eff * (1 - eff) * tox * (1 - tox)
    cells = jnp.stack([
        (1 - eff) * (1 - tox) + tie,
        (1 - eff) * tox - tie,
        eff * (1 - tox) - tie,
        eff * tox + tie,
    ])  # fmt: skip
    return (data.counts * jnp.log(jnp.maximum(cells, _TINY))).sum()


class EffToxFit(NamedTuple):
    """Posterior per level, each with its numerical error.

    Attributes:
        eff: Mean probability of efficacy.
        tox: Mean probability of toxicity.
        utility: Mean utility.
        utility_plug_in: Utility of the mean probabilities, as trialr prints it.
        acceptable_eff: P(efficacy > its hurdle).
        acceptable_tox: P(toxicity < its hurdle).
        ess: Effective number of points.
    """

    eff: Estimate
    tox: Estimate
    utility: Estimate
    utility_plug_in: Float[np.ndarray, " level"]
    acceptable_eff: Estimate
    acceptable_tox: Estimate
    ess: float


def fit_efftox(
    data: EffToxData,
    contour: Contour,
    *,
    eff_hurdle: float,
    tox_hurdle: float,
    points: int = POINTS,
) -> EffToxFit:
    """Posterior of efficacy, toxicity and utility.

    Args:
        data: Dose codes, prior and counts.
        contour: The trade-off.
        eff_hurdle: Efficacy that a dose should exceed.
        tox_hurdle: Toxicity that it should stay below.
        points: Points of each scramble, a power of 2.
    """
    found = posterior_points(log_likelihood, data, len(PARAMETERS), points=points)
    eff, tox = risks(found, data)
    mean_eff, mean_tox = found.mean(eff), found.mean(tox)
    return EffToxFit(
        eff=mean_eff,
        tox=mean_tox,
        utility=found.mean(contour.utility(eff, tox)),
        utility_plug_in=contour.utility(mean_eff.value, mean_tox.value),
        acceptable_eff=found.mean(eff > eff_hurdle),
        acceptable_tox=found.mean(tox < tox_hurdle),
        ess=found.ess,
    )


def risks(found: Points, data: EffToxData) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of efficacy and toxicity at weighted points, (shift, point, level) each."""
    theta = np.asarray(data.mean) + np.asarray(data.sd) * found.z
    code = np.asarray(data.code)
    alpha, beta, gamma, zeta, eta, _ = np.moveaxis(theta[..., None], -2, 0)
    eff = 1 / (1 + np.exp(-(gamma + zeta * code + eta * code**2)))
    return eff, 1 / (1 + np.exp(-(alpha + beta * code)))

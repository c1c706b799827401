r"""Mixtures of beta distributions: priors of a risk, their updates and their effective sample size.

Three definitions of the effective sample size of a prior, which differ as soon as it is no single
beta distribution:

    moment   a + b of the beta distribution with the same mean and variance
    Morita   (information of the prior at its mode - that of a flat one there) / expected
             information of one patient there
    ELIR     the prior mean of (information of the prior at p) / (Fisher information of one
             patient); the only one that is predictively consistent

Source:
    Morita, Thall and Müller, Biometrics 2008;64:595 (doi 10.1111/j.1541-0420.2007.00888.x), at the
    mode as in RBesT; Neuenschwander, Weber, Schmidli and O'Hagan, Biometrics 2020;76:578 (doi
    10.1111/biom.13252, ELIR). Numbers are those of RBesT 1.6-6.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy.polynomial.legendre import leggauss
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from scipy.special import betainc, betaln, comb, softmax
from scipy.stats import beta as beta_law

from myelodose.errors import InputError, check_fields

_FLAT = 100.0


@dataclass(frozen=True)
class BetaMixture:
    """sum_k w_k Beta(a_k, b_k).

    Args:
        weight: Weights, above 0, summing to 1.
        a: First parameters, above 0.
        b: Second parameters, above 0.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> prior = BetaMixture((0.6, 0.4), (4, 1), (16, 1))
        >>> round(prior.update(y=3, n=6).mean, 4)
        0.3865
    """

    weight: tuple[float, ...]
    a: tuple[float, ...]
    b: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        sizes = len(self.weight) == len(self.a) == len(self.b) > 0
        sums = abs(sum(self.weight) - 1) < 1e-9
        checks = {
            "weight": (sizes and min(self.weight) >= 0 and sums, "weights that sum to 1"),
            "a": (sizes and min(self.a) > 0, "numbers above 0, one for each weight"),
            "b": (sizes and min(self.b) > 0, "numbers above 0, one for each weight"),
        }
        check_fields(self, checks)

    @property
    def _arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return np.array(self.weight, float), np.array(self.a, float), np.array(self.b, float)

    @property
    def mean(self) -> float:
        """Mean of the risk."""
        w, a, b = self._arrays
        return float(w @ (a / (a + b)))

    @property
    def sd(self) -> float:
        """Standard deviation of the risk."""
        w, a, b = self._arrays
        square = a * (a + 1) / ((a + b) * (a + b + 1))
        return float(np.sqrt(w @ square - self.mean**2))

    def pdf(self, p: ArrayLike) -> Float[np.ndarray, "..."]:
        """Density at a risk."""
        w, a, b = self._arrays
        return beta_law.pdf(np.asarray(p, float)[..., None], a, b) @ w

    def at_most(self, p: ArrayLike) -> Float[np.ndarray, "..."]:
        """P(risk <= p)."""
        w, a, b = self._arrays
        return betainc(a, b, np.asarray(p, float)[..., None]) @ w

    def update(self, *, y: int, n: int) -> "BetaMixture":
        """The posterior after y DLTs in n patients.

        Raises:
            InputError: If y is not between 0 and n.
        """
        if not 0 <= y <= n:
            raise InputError("BetaMixture.update, y", f"found {y} in {n}", "give 0 to n")
        w, a, b = self._arrays
        log_weight = np.log(np.maximum(w, 1e-300)) + betaln(a + y, b + n - y) - betaln(a, b)
        return BetaMixture(
            tuple(softmax(log_weight).tolist()),
            tuple((a + y).tolist()),
            tuple((b + n - y).tolist()),
        )

    def predictive(self, n: int) -> Float[np.ndarray, " count"]:
        """Probability of 0, 1, ..., n DLTs in n patients."""
        w, a, b = self._arrays
        k = np.arange(n + 1)[:, None]
        return (comb(n, k) * np.exp(betaln(a + k, b + n - k) - betaln(a, b))) @ w

    def robust(self, weight: float, *, mean: float = 0.5, n: float = 1.0) -> "BetaMixture":
        """This prior with a weak beta distribution mixed in, against conflict with the data.

        Args:
            weight: Weight of the weak part.
            mean: Its mean.
            n: Its size: Beta((n + 1) mean, (n + 1) (1 - mean)) as RBesT's robustify has it, so
                that the weak part is uniform by default.

        Raises:
            InputError: If the weight is no probability.
        """
        if not 0 < weight < 1:
            remedy = "give a weight between 0 and 1"
            raise InputError("BetaMixture.robust, weight", f"found {weight:g}", remedy)
        kept = tuple(w * (1 - weight) for w in self.weight)
        weak = (mean * (n + 1), (1 - mean) * (n + 1))
        return BetaMixture((*kept, weight), (*self.a, weak[0]), (*self.b, weak[1]))

    def information(self, p: ArrayLike) -> Float[np.ndarray, "..."]:
        """Minus the second derivative of the log density."""
        w, a, b = self._arrays
        p = np.asarray(p, float)[..., None]
        slope = (a - 1) / p - (b - 1) / (1 - p)
        curve = slope**2 - (a - 1) / p**2 - (b - 1) / (1 - p) ** 2
        share = softmax(beta_law.logpdf(p, a, b) + np.log(np.maximum(w, 1e-300)), axis=-1)
        return (share * slope).sum(-1) ** 2 - (share * curve).sum(-1)

    @property
    def mode(self) -> float:
        """The risk of highest density."""
        grid = np.linspace(0, 1, 2003)[1:-1]
        best = grid[int(self.pdf(grid).argmax())]
        step = grid[1] - grid[0]
        bounds = (max(best - step, 1e-9), min(best + step, 1 - 1e-9))
        found = minimize_scalar(
            lambda p: -float(self.pdf(p)), bounds=bounds, options={"xatol": 1e-12}
        )
        return float(found.x)


def effective_size(
    prior: BetaMixture, definition: Literal["elir", "moment", "morita"] = "elir"
) -> float:
    """The effective sample size of a prior of a risk, in patients.

    Args:
        prior: The prior.
        definition: See the module.

    Returns:
        Patients.

    Raises:
        InputError: If the definition is unknown, or its integral diverges (ELIR with a parameter
            below 1).

    Example:
        >>> round(effective_size(BetaMixture((1.0,), (4.0,), (16.0,)), "elir"), 6)
        20.0
    """
    if definition == "moment":
        mean, variance = prior.mean, prior.sd**2
        return mean * (1 - mean) / variance - 1
    if definition == "morita":
        at = prior.mode
        flat = (1 / _FLAT) * np.array([at, 1 - at])
        flat_information = (flat[0] - 1) / at**2 + (flat[1] - 1) / (1 - at) ** 2
        expected = prior.mean / at**2 + (1 - prior.mean) / (1 - at) ** 2
        return float((prior.information(at) - flat_information) / expected)
    if definition != "elir":
        remedy = "give 'elir', 'moment' or 'morita'"
        raise InputError("effective_size, definition", f"found {definition!r}", remedy)
    least = min(*prior.a, *prior.b)
    if least < 1:
        found = f"found a parameter of {least:g} with 'elir', whose integral diverges below 1"
        raise InputError("effective_size, prior", found, "give 'moment', or parameters from 1")
    # On the logit scale p (1 - p) dz = dp, and every term is smooth.
    node, half = leggauss(10)
    edges = np.linspace(-36, 36, 241)
    z = ((edges[1:] + edges[:-1]) / 2)[:, None] + (edges[1] - edges[0]) / 2 * node
    p = np.clip(1 / (1 + np.exp(-z)), 1e-16, 1 - 1e-16)
    value = prior.pdf(p) * prior.information(p) * (p * (1 - p)) ** 2
    return float((value * half).sum() * (edges[1] - edges[0]) / 2)

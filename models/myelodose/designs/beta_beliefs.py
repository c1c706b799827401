"""Beliefs about every level by its own data alone: independent beta posteriors."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.special import betaincinv

from myelodose.designs.posterior_beta import prob_at_most


class BetaBeliefs(NamedTuple):
    """p of each level ~ Beta(a + y, b + n - y), what interval designs believe.

    Attributes:
        n: Evaluable patients per level, of one state or of many.
        y: Patients with a DLT, likewise.
        prior: a and b.

    Example:
        >>> BetaBeliefs(np.array([3, 0]), np.array([1, 0])).mean().round(3)
        array([0.4, 0.5])
    """

    n: Int[np.ndarray, "*state level"]
    y: Int[np.ndarray, "*state level"]
    prior: tuple[float, float] = (1.0, 1.0)

    def prob(
        self, low: float, high: float
    ) -> tuple[Float[np.ndarray, "*state level"], Float[np.ndarray, "*state level"]]:
        """See `Beliefs.prob`; the error is that of the incomplete beta function."""
        below, upto = (prob_at_most(end, self.n, self.y, prior=self.prior) for end in (low, high))
        return upto - below, np.full(np.shape(below), 1e-14)

    def mean(self) -> Float[np.ndarray, "*state level"]:
        """See `Beliefs.mean`."""
        a, b = self._shapes()
        return a / (a + b)

    def sd(self) -> Float[np.ndarray, "*state level"]:
        """See `Beliefs.sd`."""
        a, b = self._shapes()
        return np.sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))

    def quantile(self, share: float) -> Float[np.ndarray, "*state level"]:
        """See `Beliefs.quantile`."""
        a, b = self._shapes()
        return betaincinv(a, b, share)

    def _shapes(self) -> tuple[np.ndarray, np.ndarray]:
        return self.prior[0] + self.y, self.prior[1] + self.n - self.y

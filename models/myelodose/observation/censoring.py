r"""Likelihood of a measurement that may lie beyond a limit of quantification.

With density p and distribution function P of the measurement (`error.Spread`), limit L:

    M1   a measurement beyond the limit is left out: log-likelihood 0
    M3   below the limit: log P(L);  above it: log (1 - P(L))
    M4   as M3, given that the measurement is positive: every value is divided by 1 - P(0)

(Beal, J Pharmacokinet Pharmacodyn 2001;28:481, doi 10.1023/A:1012299115260.) A log-normal
measurement is positive, so M3 and M4 are the same for it. Where the lower end of what was censored
is known too (Monolix' LIMIT), M3 takes log (P(L) - P(lower)).
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import log_ndtr
from jaxtyping import Array, Float, Int

from myelodose.observation.error import Spread

METHODS = ("M1", "M3", "M4")
"""How what is beyond a limit is treated."""

_HALF_LOG_2PI = 0.5 * float(np.log(2 * np.pi))


def log_likelihood(
    value: Float[Array, " obs"],
    spread: Spread,
    *,
    censored: Int[Array, " obs"],
    limit: Float[Array, " obs"],
    lower: Float[Array, " obs"] | None = None,
    method: str = "M3",
) -> Float[Array, " obs"]:
    """Log-likelihood of measurements, on the scale on which they were measured.

    Args:
        value: y, (obs,); not looked at where censored.
        spread: Their distribution.
        censored: 0 measured, 1 below the limit, -1 above it, (obs,).
        limit: The limit, (obs,); looked at where censored.
        lower: Lower end of what is censored below, (obs,), NaN where there is none.
        method: "M1", "M3" or "M4".

    Returns:
        Shape (obs,). The density of a log-normal measurement is that of y, with the term -log y.

    Example:
        >>> from myelodose.observation.error import spread
        >>> y, seen = jnp.array([0.0]), spread("additive", jnp.array([0.0]), 1.0)
        >>> where = {"censored": jnp.array([1]), "limit": jnp.array([0.0])}
        >>> float(jnp.exp(log_likelihood(y, seen, **where))[0].round(3))
        0.5
    """
    measured = _density(value, spread, censored == 0)
    beyond = _beyond(spread, censored, limit, lower)
    if method == "M1":
        beyond = jnp.zeros_like(beyond)
    if method == "M4" and not spread.logarithmic:
        positive = log_ndtr(spread.centre / spread.sd)
        below = _log_minus(_below(spread, limit, censored == 1), log_ndtr(-_ratio(spread)))
        beyond = jnp.where(censored == 1, below, beyond) - positive
        measured = measured - positive
    return jnp.where(censored == 0, measured, beyond)


def _ratio(spread: Spread) -> Float[Array, " obs"]:
    return spread.centre / spread.sd


def _scaled(value, spread: Spread, used) -> tuple[Array, Array]:
    """Value and standardised distance, harmless where not used."""
    if spread.logarithmic:
        value = jnp.log(jnp.where(used & (value > 0), value, 1.0))
    value = jnp.where(used, value, jax.lax.stop_gradient(spread.centre))
    return value, (value - spread.centre) / spread.sd


def _density(value, spread: Spread, used) -> Float[Array, " obs"]:
    value, z = _scaled(value, spread, used)
    jacobian = value if spread.logarithmic else 0.0
    return -0.5 * z**2 - jnp.log(spread.sd) - _HALF_LOG_2PI - jacobian


def _below(spread: Spread, limit, used) -> Float[Array, " obs"]:
    return log_ndtr(_scaled(limit, spread, used)[1])


def _beyond(spread: Spread, censored, limit, lower) -> Float[Array, " obs"]:
    _, z = _scaled(limit, spread, censored != 0)
    beyond = log_ndtr(jnp.where(censored < 0, -z, z))
    if lower is None:
        return beyond
    known = (censored == 1) & jnp.isfinite(lower)
    if spread.logarithmic:
        known = known & (lower > 0)
    between = _log_minus(beyond, jnp.where(known, _below(spread, lower, known), -1e30))
    return jnp.where(known, between, beyond)


def _log_minus(more: Array, less: Array) -> Array:
    """log(exp(more) - exp(less))."""
    gap = jnp.minimum(less - more, -1e-15)
    return more + jnp.log1p(-jnp.exp(gap))

r"""Log-likelihood of each observation given its prediction, with censoring.

With prediction f, residual sd s(f) and standard normal distribution Phi, a measured y has
log N(y; f, s^2), one below its limit log[Phi((y - f)/s) - Phi((lower - f)/s)], one above
log Phi((f - y)/s); each less log Phi((f - above)/s) where it is conditional on y > above.
A log-normal residual error is normal in log y around log f.

FOCE without interaction takes s at the prediction with eta = 0, so s has its own argument.
"""

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import log_ndtr
from jaxtyping import Array, Float

from myelodose.inference.marginal.conventions import LOG_2PI
from myelodose.inference.marginal.observed import LEFT_OUT, Observed

type PerObs = Float[Array, " obs"] | np.ndarray
type Sigma = Float[Array, "label 2"] | np.ndarray

_TINY = 1e-300


def on_log_scale(observed: Observed) -> Array:
    """Which observations have log-normal residual error [obs]."""
    return _among(observed, ("log-normal",))


def _among(observed: Observed, kinds: tuple[str, ...]) -> Array:
    return jnp.array([kind in kinds for kind in observed.kinds])[observed.label]


def mean_of(f: PerObs, observed: Observed) -> PerObs:
    """Mean of the normal distribution: f, or log f where the residual error is log-normal."""
    logarithmic = on_log_scale(observed)
    return jnp.where(logarithmic, jnp.log(jnp.where(logarithmic, f, 1.0)), f)


def sd_of(f: PerObs, sigma: Sigma, observed: Observed) -> PerObs:
    """Residual sd, on the scale of log y where the residual error is log-normal."""
    a, b = sigma[observed.label].T
    # |f| by hand: its derivative at 0 is that of f > 0, not 0.
    size = jnp.where(f < 0, -f, f)
    slope = b * size
    quadratic = _among(observed, ("combined2",))
    inside = jnp.where(quadratic, a**2 + slope**2, 1.0)
    sd = jnp.where(quadratic, jnp.sqrt(jnp.where(inside > 0, inside, 1.0)) * (inside > 0), a)
    sd = jnp.where(_among(observed, ("proportional",)), slope, sd)
    return jnp.where(_among(observed, ("combined1",)), a + slope, sd)


def log_likelihood(f: PerObs, f_of_sd: PerObs, sigma: Sigma, observed: Observed) -> PerObs:
    """Log-likelihood of each observation; -inf where the prediction or its sd cannot be.

    Args:
        f: Predictions [obs].
        f_of_sd: Predictions that the residual sd is taken at; f itself with interaction.
        sigma: a and b of each label.
        observed: The observations.
    """
    logarithmic = on_log_scale(observed)
    possible = jnp.isfinite(f) & (~logarithmic | (f > 0))
    mean = mean_of(jnp.where(possible, f, 1.0), observed)
    sd = sd_of(f_of_sd, sigma, observed)
    possible = possible & (sd > _TINY)
    sd = jnp.where(possible, sd, 1.0)

    def scaled(bound: PerObs) -> PerObs:
        # An open end stays out of the arithmetic, where inf times 0 would make NaN derivatives.
        closed = jnp.isfinite(bound) & (~logarithmic | (bound > 0))
        inside = jnp.where(closed, bound, 1.0)
        on_scale = jnp.where(logarithmic, jnp.log(jnp.where(logarithmic, inside, 1.0)), inside)
        return jnp.where(closed, (on_scale - mean) / sd, -jnp.inf)

    z = scaled(observed.y)
    value = -0.5 * (z**2 + LOG_2PI) - jnp.log(sd)
    if not observed.plain:
        value = jnp.where(observed.censored == 1, _log_between(scaled(observed.lower), z), value)
        value = jnp.where(observed.censored == -1, log_ndtr(-z), value)
        value = value - _log_above(scaled(observed.above))
    value = jnp.where(possible, value, -jnp.inf)
    return jnp.where(observed.censored == LEFT_OUT, 0.0, value)


def _log_above(z: PerObs) -> PerObs:
    """Log Phi(-z), 0 with a derivative of 0 at z = -inf."""
    bounded = jnp.isfinite(z)
    return jnp.where(bounded, log_ndtr(-jnp.where(bounded, z, 0.0)), 0.0)


def _log_between(low: PerObs, high: PerObs) -> PerObs:
    """log[Phi(high) - Phi(low)], low below high or -inf."""
    bounded = jnp.isfinite(low)
    low = jnp.where(bounded, low, high - 1.0)
    # In the upper tail both are 1 and their difference is lost; mirror it.
    mirror = low > 0
    top = jnp.where(mirror, -low, high)
    bottom = jnp.where(mirror, -high, low)
    log_top, log_bottom = log_ndtr(top), log_ndtr(bottom)
    gap = jnp.where(log_bottom < log_top, log_bottom - log_top, -1.0)
    between = jnp.where(log_bottom < log_top, log_top + jnp.log(-jnp.expm1(gap)), -jnp.inf)
    return jnp.where(bounded, between, log_ndtr(high))

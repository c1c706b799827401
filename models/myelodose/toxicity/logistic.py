"""The empirical dose-toxicity function: from a dose to the risk of a DLT."""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float


def logit_dlt_risk(
    dose: ArrayLike, log_alpha: ArrayLike, log_beta: ArrayLike, *, dose_reference: ArrayLike
) -> Float[Array, "..."]:
    """Log-odds of a DLT in cycle 1, the two-parameter logistic model.

    logit p(d) = log a + b log(d / d_ref), so exp(log a) is the odds of a DLT at the reference
    dose, and b > 0 makes the risk rise with the dose.

    Args:
        dose: Dose [mg], above 0.
        log_alpha: log a.
        log_beta: log b.
        dose_reference: d_ref, in the unit of `dose`.

    Returns:
        logit p, in the shape to which the arguments broadcast.

    Source:
        Neuenschwander, Branson and Gsponer, Stat Med 2008 (doi 10.1002/sim.3230).

    Example:
        >>> float(logit_dlt_risk(20.0, -1.5, 0.0, dose_reference=20.0))
        -1.5
    """
    return jnp.asarray(log_alpha) + jnp.exp(log_beta) * jnp.log(jnp.asarray(dose) / dose_reference)

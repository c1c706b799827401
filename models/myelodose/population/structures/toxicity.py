r"""Dose-limiting toxicity in the first cycle by competing causes, from simulated counts.

    P = 1 - (1 - p_recovery)(1 - p_infection)(1 - p_thrombosis)
    p_recovery  = 1 - Phi(log(ANC_T / 0.5) / s) Phi(log(PLT_T / 25) / s)
    p_infection = 1 - exp(-h D),   D = integral from 0 to T of Phi(log(0.5 / ANC) / s) dt

T is when the toxicity was judged, s the sd of a logarithmic count around the simulated one, so that
D counts days with fewer than 0.5 neutrophils. A model that is driven by nadirs alone is wrong by
construction: of the four toxicities of the trial one was a failure to recover, two were infections
and one a thrombosis.

The limits 0.5 and 25 are those of grade 4 (CTCAE v5); the trial's own definition is not printed.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm
from jaxtyping import Array, Float

ANC_LIMIT, PLT_LIMIT = 0.5, 25.0
"""Neutrophils and platelets [1e9/L] below which counts have not recovered."""

PARAMETERS = ("dlt_count_sd", "dlt_infection_per_d", "dlt_thrombosis")
"""s, h [1/day] and p_thrombosis."""


class Causes(NamedTuple):
    """Probability of each cause, (judged, patient)."""

    recovery: Float[Array, "judged patient"]
    infection: Float[Array, "judged patient"]
    thrombosis: Float[Array, "judged patient"]

    @property
    def any(self) -> Float[Array, "judged patient"]:
        """Probability of at least one."""
        return 1 - (1 - self.recovery) * (1 - self.infection) * (1 - self.thrombosis)


def causes(
    anc: Float[Array, "day patient"],
    plt: Float[Array, "day patient"],
    *,
    count_sd: Float[Array, " patient"],
    infection_per_d: Float[Array, " patient"],
    thrombosis: Float[Array, " patient"],
    day_d: np.ndarray,
) -> Causes:
    """Causes of toxicity as judged at each time of a grid.

    Args:
        anc: Neutrophils [1e9/L] at the times of the grid.
        plt: Platelets [1e9/L].
        count_sd: s, above 0.
        infection_per_d: h, infections per day below the limit [1/day].
        thrombosis: Probability of a thrombosis in the cycle.
        day_d: The grid, from 0 [d].

    Example:
        >>> low = jnp.full((3, 1), 0.1)
        >>> zero = jnp.zeros(1)
        >>> one = causes(low, 100 + low, count_sd=jnp.full(1, 0.2), infection_per_d=zero + 0.1,
        ...              thrombosis=zero, day_d=np.arange(3.0))
        >>> [round(float(x), 3) for x in one.infection[:, 0]]
        [0.0, 0.095, 0.181]
    """
    recovered = norm.cdf(jnp.log(anc / ANC_LIMIT) / count_sd)
    recovered = recovered * norm.cdf(jnp.log(plt / PLT_LIMIT) / count_sd)
    below = norm.cdf(jnp.log(ANC_LIMIT / anc) / count_sd)
    step = jnp.asarray(np.diff(day_d))[:, None] * (below[1:] + below[:-1]) / 2
    days = jnp.concatenate([jnp.zeros_like(below[:1]), jnp.cumsum(step, 0)])
    infection = -jnp.expm1(-infection_per_d * days)
    return Causes(1 - recovered, infection, jnp.broadcast_to(thrombosis, days.shape))

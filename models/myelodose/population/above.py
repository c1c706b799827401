"""Draws and density of parameters of which one lies above a rate that the others make.

The joint prior is the product of all priors where the order holds, divided by the probability that
it holds. Given the others, the parameter above follows its prior cut at the bound; the others
follow their priors times the probability of being above, so a draw of them is kept with just that
probability.
"""

from typing import Protocol

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.population.constraint import AboveRate
from myelodose.population.numpyro_first import dist, numpyro
from myelodose.population.parameter import Parameter
from myelodose.population.prior import Prior
from myelodose.population.structures.structure import Structure

MOST_TRIES = 10_000
"""Then the last draw is taken: such priors contradict the order that is asked for."""


class Ordered(Protocol):
    """What is asked of a population model here."""

    @property
    def structure(self) -> Structure:
        """What happens in a patient."""
        ...

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its parameters."""
        ...

    @property
    def constraint(self) -> AboveRate | None:
        """The order."""
        ...


def accepted_keys(model: Ordered) -> dict[str, Array]:
    """Keys by which the other parameters are drawn from the joint prior; none without a seed.

    Args:
        model: A population model with a constraint.
    """
    key, order = numpyro.prng_key(), model.constraint
    if key is None or order is None:
        return {}
    above = next(one.prior for one in model.parameters if one.name == order.parameter)
    others = {
        one.name: one.prior
        for one in model.parameters
        if one.name != order.parameter and not one.prior.fixed
    }

    def keys(number: Array) -> list[Array]:
        return list(jax.random.split(jax.random.fold_in(key, number), len(others) + 1))

    def refused(number: Array) -> Array:
        *own, last = keys(number)
        drawn = zip(others.items(), own, strict=True)
        theta = {name: prior.distribution().sample(k) for (name, prior), k in drawn}
        bound = order.bound(model.structure, model.parameters, theta)
        kept = 1 - above.distribution().cdf(bound)
        return (jax.random.uniform(last) >= kept) & (number < MOST_TRIES)

    number = jax.lax.while_loop(refused, lambda number: number + 1, jnp.asarray(0))
    return dict(zip(others, keys(number), strict=False))


class Above(dist.Distribution):
    """By how much a parameter with a prior exceeds a bound that other parameters set.

    The density is that of the prior at bound + excess, not divided by the prior probability of
    being above: prior times indicator is the joint prior given the constraint, as in Stan where a
    declared bound stands without a truncation. Draws follow the truncated prior.
    """

    support = dist.constraints.positive
    arg_constraints: dict = {}  # noqa: RUF012 - NumPyro's name

    def __init__(self, prior: Prior, bound: Float[Array, ""]) -> None:
        self.prior, self.bound = prior, jnp.asarray(bound)
        super().__init__(batch_shape=jnp.shape(self.bound), event_shape=())

    def sample(self, key: Array, sample_shape: tuple = ()) -> Array:
        """Draws of the excess."""
        base = self.prior.distribution()
        low = base.cdf(self.bound)
        share = jax.random.uniform(key, sample_shape + self.batch_shape)
        tiny = jnp.finfo(share.dtype).eps
        drawn = base.icdf(jnp.clip(low + share * (1 - low), tiny, 1 - tiny))
        return jnp.maximum(drawn - self.bound, tiny)

    def log_prob(self, value: Array) -> Array:
        """Log density of the prior at bound + value."""
        return self.prior.log_density(self.bound + value)

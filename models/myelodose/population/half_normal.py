"""The half-normal distribution, sampled on a scale that is nearly linear.

NumPyro samples a positive value as its logarithm. A standard deviation of which the data say
little then has a long tail to the left: towards 0 its density hardly falls, and the logarithm has
all the way to minus infinity. Here x = a softplus(t) with a = sd / 5: linear where the prior is, so
that t has the tails of a normal distribution there, and is a logarithm only below a. Import it from
`numpyro_first`.
"""

import jax.numpy as jnp
import numpyro.distributions as dist
from jaxtyping import Array, Bool, Float

SHARE = 0.2
"""Of the prior's sd: where linear begins. Smaller shares bend the end at 0 too sharply."""


class NearlyLinear(dist.constraints.Constraint):
    """Positive numbers whose unconstrained value is the inverse of `scale * softplus`.

    Args:
        scale: Where it turns from logarithmic to linear.
    """

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def __call__(self, x: Float[Array, "..."]) -> Bool[Array, "..."]:
        """Whether numbers are positive."""
        return x > 0

    def feasible_like(self, prototype: Float[Array, "..."]) -> Float[Array, "..."]:
        """Numbers that are."""
        return jnp.full_like(prototype, self.scale)

    def tree_flatten(self) -> tuple:
        """As a tree of JAX: it holds no array."""
        return (), ((), {"scale": self.scale})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NearlyLinear) and other.scale == self.scale

    def __hash__(self) -> int:
        return hash((NearlyLinear, self.scale))


@dist.biject_to.register(NearlyLinear)
def _(constraint: NearlyLinear) -> dist.transforms.Transform:
    kinds = dist.transforms
    stretched = kinds.AffineTransform(0.0, constraint.scale, dist.constraints.positive)
    return kinds.ComposeTransform([kinds.SoftplusTransform(), stretched])


class HalfNormal(dist.HalfNormal):
    """NumPyro's half-normal distribution, with its own unconstrained scale.

    Args:
        sd: Of the normal distribution that is halved.

    Example:
        >>> from myelodose.population.numpyro_first import HalfNormal
        >>> from numpyro.distributions import biject_to
        >>> to_value = biject_to(HalfNormal(0.5).support)
        >>> [round(float(to_value(t)), 3) for t in (-3.0, 0.0, 3.0, 6.0)]
        [0.005, 0.069, 0.305, 0.6]
    """

    pytree_aux_fields = ("_linear_from",)

    def __init__(self, sd: float) -> None:
        super().__init__(sd)
        self._linear_from = SHARE * sd

    @property
    def support(self) -> NearlyLinear:
        """Positive numbers."""
        return NearlyLinear(self._linear_from)

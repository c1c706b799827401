"""An order between parameters that keeps them apart."""

from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.population.parameter import Parameter
from myelodose.population.structures.structure import Structure


@dataclass(frozen=True)
class AboveRate:
    """A typical rate constant lies above one that others make.

    Absorption and disposition may change places without a change of the curve (flip-flop); a
    typical ka above the largest rate constant of disposition keeps to one of the two.

    Args:
        parameter: The parameter that lies above.
        rate: Name of the rate constant, as `structure.rate_constants` gives them: "fast" of two
            compartments (lambda_1), "ke" of one.

    Example:
        >>> AboveRate("ka", "fast").parameter
        'ka'
    """

    parameter: str
    rate: str

    def bound(
        self, structure: Structure, parameters: tuple[Parameter, ...], theta: dict
    ) -> Float[Array, ""]:
        """The rate constant at the typical values.

        Args:
            structure: Whose rate constant.
            parameters: The parameters of the model.
            theta: Typical values by name, without that of the parameter above.
        """
        others = [one for one in parameters if one.name != self.parameter]
        typical = {one.name: jnp.asarray(one.typical(theta)) for one in others}
        return structure.rate_constants(typical)[self.rate]

r"""What is estimated, as one vector on the whole real line.

Typical values are estimated on the scale of their link, standard deviations on the log scale. A
correlation matrix of k effects is R = C C' with rows of C that are (x_1, ..., x_j, 1) divided by
their length: k (k - 1) / 2 unbounded numbers x, all 0 for independence.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from myelodose.errors import InputError
from myelodose.inference.marginal.observed import Parameters

type Link = Literal["log", "logit", "identity"]

_LINKS: dict[str, tuple[Callable, Callable, Callable]] = {
    # To the real line, back, and where it is possible.
    "log": (np.log, jnp.exp, lambda x: x > 0),
    "logit": (lambda x: np.log(x / (1 - x)), jax.nn.sigmoid, lambda x: 0 < x < 1),
    "identity": (float, lambda x: x, np.isfinite),
}


@dataclass(frozen=True, eq=False)
class Unknowns:
    """Names, starts and links of what is estimated, and how the likelihood's parameters follow.

    Args:
        theta: Start of each typical value by name.
        omega: Start of each sd of random effects by name, "omega_CL" for example.
        sigma: Start of each residual sd by name.
        effects: For each random effect, the name of its omega; two may share one.
        residual: For each label the names of a and b; "" is 0.
        links: Link of each typical value that is not "log".
        blocks: Groups of places in `effects` that are correlated within.
        fixed: Names that keep their start.

    Raises:
        InputError: Naming the parameter and its start.
    """

    theta: Mapping[str, float]
    omega: Mapping[str, float]
    sigma: Mapping[str, float]
    effects: tuple[str, ...]
    residual: tuple[tuple[str, str], ...]
    links: Mapping[str, Link]
    blocks: tuple[tuple[int, ...], ...] = ()
    fixed: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse starts that cannot be."""
        for name in self.fixed - set(self.starts):
            raise InputError("fixed", f"found {name!r}", f"give some of {', '.join(self.starts)}")
        for name, link in self._estimated().items():
            if not _LINKS[link][2](self.starts[name]):
                raise InputError(
                    f"start of {name}",
                    f"found {self.starts[name]:g} on the {link} scale",
                    "give a value inside the range, or name it in fixed",
                )

    @property
    def starts(self) -> dict[str, float]:
        """Every start by name."""
        return {**self.theta, **self.omega, **self.sigma}

    def _link(self, name: str) -> Link:
        return self.links.get(name, "log") if name in self.theta else "log"

    def _estimated(self) -> dict[str, Link]:
        return {name: self._link(name) for name in self.starts if name not in self.fixed}

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Correlated pairs of effects, by rows of each block."""
        return [
            (one, two) for block in self.blocks for k, one in enumerate(block) for two in block[:k]
        ]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the estimates, correlations last."""
        short = [name.removeprefix("omega_") for name in self.effects]
        correlations = [f"corr_{short[two]}_{short[one]}" for one, two in self.pairs]
        return (*self._estimated(), *correlations)

    def start(self) -> np.ndarray:
        """The start on the real line; correlations are 0."""
        moved = [_LINKS[link][0](self.starts[name]) for name, link in self._estimated().items()]
        return np.array([*moved, *np.zeros(len(self.pairs))], float)

    def values(self, x: Float[Array, " unknown"]) -> dict[str, Any]:
        """Every value by name, the fixed ones among them, without correlations."""
        values: dict[str, Any] = {name: jnp.asarray(v, float) for name, v in self.starts.items()}
        for k, (name, link) in enumerate(self._estimated().items()):
            values[name] = _LINKS[link][1](x[k])
        return values

    def natural(self, x: Float[Array, " unknown"]) -> Float[Array, " unknown"]:
        """The estimates themselves, in the order of `names`."""
        values = self.values(x)
        single = jnp.stack([values[name] for name in self._estimated()])
        matrix = self._correlation_factor(x)
        correlation = matrix @ matrix.T
        pairs = [correlation[one, two] for one, two in self.pairs]
        return jnp.concatenate([single, jnp.stack(pairs)]) if pairs else single

    def _correlation_factor(self, x: Float[Array, " unknown"]) -> Float[Array, "eta eta"]:
        count = len(self.effects)
        factor = jnp.eye(count)
        if not self.pairs:
            return factor
        rows, columns = np.array(self.pairs).T
        factor = factor.at[rows, columns].set(x[len(self._estimated()) :])
        return factor / jnp.sqrt((factor**2).sum(1, keepdims=True))

    def parameters(self, x: Float[Array, " unknown"], data: Any = None) -> Parameters:
        """Parameters of the likelihood; theta is {"theta": by name, "data": data}."""
        values = self.values(x)
        sd = jnp.stack([values[name] for name in self.effects])
        zero = jnp.zeros(())
        table = [[values[name] if name else zero for name in pair] for pair in self.residual]
        theta = {name: values[name] for name in self.theta}
        return Parameters(
            {"theta": theta, "data": data},
            sd[:, None] * self._correlation_factor(x),
            jnp.stack([jnp.stack(pair) for pair in table]),
        )


def residual_unknowns(
    kinds: Sequence[str], labels: Sequence[str], sigma: Mapping[str, Any]
) -> tuple[dict[str, float], tuple[tuple[str, str], ...]]:
    """Starts of residual sds, and which of them each label reads.

    Args:
        kinds: Residual error of each label.
        labels: The labels.
        sigma: Start of each label: an sd, or (a, b) of a combined error.

    Raises:
        InputError: If a label has no start, or a combined error not two.
    """
    starts: dict[str, float] = {}
    reads = []
    for kind, label in zip(kinds, labels, strict=True):
        if label not in sigma:
            raise InputError("sigma", f"found none for {label!r}", "give one for each label")
        pair = np.atleast_1d(np.asarray(sigma[label], float))
        name = f"sigma_{label}" if label else "sigma"
        if kind.startswith("combined"):
            if len(pair) != 2:
                raise InputError(f"sigma of {label!r}", f"found {sigma[label]}", "give (a, b)")
            starts |= {f"{name}_add": float(pair[0]), f"{name}_prop": float(pair[1])}
            reads.append((f"{name}_add", f"{name}_prop"))
        else:
            starts[name] = float(pair[0])
            reads.append((name, name))
    return starts, tuple(reads)

r"""The three lineages through windows of collocation.

In the time tau of the block, d tau = k (1 - M) dt, the chain is one of equal steps: Z_i = e^tau T_i
are iterated integrals, and so is u = exp(loss t) Circ. Only the feedback has to be iterated; it
passes four integrations before it returns.
"""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.lax import optimization_barrier
from jaxtyping import Array, Float

from myelodose.blood.model import STAGES, Chain, Lineages
from myelodose.effect import saturating
from myelodose.solve.lanes import Lanes
from myelodose.solve.march import March, integral, march
from myelodose.solve.rule import Rule
from myelodose.solve.settings import Fast


class Supply(NamedTuple):
    """What reaches the blood in each window.

    `length_d` (window, ...) [d]; `concentration_um` (window, node, ...) of lenalidomide;
    `produced` (window, node, lineage, ...) = pi.
    """

    length_d: Float[Array, "window ..."]
    concentration_um: Float[Array, "window node ..."]
    produced: Float[Array, "window node lineage ..."]


def bleed(lineages: Lineages, start: Chain, supply: Supply, solver: Fast) -> March:
    """The lineages through all windows.

    Args:
        lineages: Parameters.
        start: The chain at the start of the first window.
        supply: What reaches the blood.
        solver: The settings.

    Returns:
        The chain at the starts of windows and at the end; nothing is recorded.
    """
    lanes = Lanes(jnp.broadcast_shapes(*(jnp.shape(x) for x in (*start, lineages.set_point))))
    rates = Rates(
        transit=lanes.flat(STAGES / lineages.mtt_d),
        loss=lanes.flat(lineages.loss_per_d),
        gamma=lanes.flat(lineages.gamma),
        block_max=lanes.flat(lineages.block_max),
        block_half_um=lanes.flat(lineages.block_half_um),
    )
    arriving = Arriving(
        h=lanes.each(supply.length_d, lead=1),
        concentration_um=_with_end(lanes.each(supply.concentration_um, lead=2)),
        produced=_with_end(lanes.flat(supply.produced, lead=2)),
    )
    found = march(BloodScheme.of(solver), jax.tree.map(lanes.flat, start), arriving, rates)
    return found._replace(state=jax.tree.map(lanes.back, found.state))


def _with_end(values: Float[Array, "window node lane"]) -> Float[Array, "window node lane"]:
    """A row for the end of each window, which every integral leaves out."""
    return jnp.concatenate([values, jnp.zeros_like(values[:, :1])], 1)


class Rates(NamedTuple):
    """Parameters of the lineages on lanes, (lane)."""

    transit: Float[Array, " lane"]
    loss: Float[Array, " lane"]
    gamma: Float[Array, " lane"]
    block_max: Float[Array, " lane"]
    block_half_um: Float[Array, " lane"]


class Arriving(NamedTuple):
    """`Supply` on lanes, with a row for the end of each window."""

    h: Float[Array, "window lane"]
    concentration_um: Float[Array, "window node lane"]
    produced: Float[Array, "window node lane"]


class Nodes(NamedTuple):
    """Z_1, Z_2, Z_3 and u at the nodes and the end, (node + 1, lane)."""

    z1: Float[Array, "node lane"]
    z2: Float[Array, "node lane"]
    z3: Float[Array, "node lane"]
    u: Float[Array, "node lane"]


class Ready(NamedTuple):
    """Start and rates of one window, (node + 1, lane); factors at its end, (lane).

    `enter` = h k pi e^tau, `step` = h k (1 - M), `leave` = h loss (1 - M) exp(loss t - tau),
    `lost` = loss t; `decay` = e^-tau and `last` = exp(-loss h) at the end.
    """

    start: Chain
    gamma: Float[Array, " lane"]
    enter: Float[Array, "node lane"]
    step: Float[Array, "node lane"]
    leave: Float[Array, "node lane"]
    lost: Float[Array, "node lane"]
    decay: Float[Array, " lane"]
    last: Float[Array, " lane"]


@dataclass(frozen=True)
class BloodScheme:
    """How one window is solved.

    Args:
        rule: The collocation rule.
        sweeps: Turns of the fixed-point equation.
        turns: Turns of its tangent.
    """

    rule: Rule
    sweeps: int = 2
    turns: int = 2

    @classmethod
    def of(cls, solver: Fast) -> "BloodScheme":
        """The scheme that a solver's settings ask for."""
        return cls(solver.rule, cls.sweeps + solver.more_sweeps, cls.turns + solver.more_sweeps)

    def prepare(self, start: Chain, now: Arriving, rates: Rates) -> Ready:
        """The chain in the time of the block."""
        h, k = now.h, rates.transit
        time = h * self.rule.column(1, h.dtype)
        block = saturating(now.concentration_um, rates.block_max, rates.block_half_um)
        tau = k * (time - h * integral(self.rule, block))
        lost, opened = rates.loss * time, 1 - block
        raised, kept = jnp.exp(tau), jnp.exp(-lost)
        return Ready(
            start=start,
            gamma=rates.gamma,
            enter=h * k * now.produced * raised,
            step=h * k * opened,
            leave=h * rates.loss * opened / (raised * kept),
            lost=lost,
            decay=1 / raised[-1],
            last=kept[-1],
        )

    def predict(self, ready: Ready) -> Nodes:
        """The chain under the feedback of the start."""
        feedback = ready.start.circulating**-ready.gamma
        return self._chain(ready, feedback)

    def sweep(self, nodes: Nodes, ready: Ready) -> Nodes:
        """The chain under the feedback of the last turn."""
        # Barriers: in one loop with the logarithm, which the compiler takes number by number, the
        # exponential would go number by number too.
        log_circulating = optimization_barrier(jnp.log(nodes.u)) - ready.lost
        return self._chain(ready, optimization_barrier(jnp.exp(-ready.gamma * log_circulating)))

    def _chain(self, ready: Ready, feedback) -> Nodes:
        start, grow = ready.start, partial(integral, self.rule)
        z1 = start.t1 + grow(ready.enter * feedback)
        z2 = start.t2 + grow(ready.step * z1)
        z3 = start.t3 + grow(ready.step * z2)
        u = start.circulating + grow(ready.leave * z3)
        return Nodes(z1, z2, z3, u)

    def close(self, nodes: Nodes, ready: Ready):
        """The chain at the end; nothing is recorded."""
        z1, z2, z3, u = (values[-1] for values in nodes)
        decay = ready.decay
        return Chain(decay * z1, decay * z2, decay * z3, ready.last * u), None

    def watched(self, nodes: Nodes) -> Float[Array, " lane"]:
        """Circulating cells at the end of the window."""
        return nodes.u[-1]

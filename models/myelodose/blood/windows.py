r"""The three lineages through windows of collocation.

In the time tau of the block, d tau = k (1 - M) dt, the chain is one of equal steps: Z_i = e^tau T_i
are iterated integrals, and so is u = exp(loss t) Circ. Only the feedback has to be iterated; it
passes four integrations before it returns.
"""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.blood.model import STAGES, Chain, Lineages
from myelodose.effect import saturating
from myelodose.solve.march import integral
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


class Nodes(NamedTuple):
    """Z_1, Z_2, Z_3 and u at the nodes and the end, (node + 1, lineage, ...)."""

    z1: Float[Array, "node lineage ..."]
    z2: Float[Array, "node lineage ..."]
    z3: Float[Array, "node lineage ..."]
    u: Float[Array, "node lineage ..."]


class Ready(NamedTuple):
    """Start and rates of one window, (node, lineage, ...); factors at its end, (lineage, ...).

    `enter` = h k pi e^tau, `step` = h k (1 - M), `leave` = h loss (1 - M) exp(loss t - tau),
    `lost` = loss t; `decay` = e^-tau and `last` = exp(-loss h) at the end.
    """

    start: Chain
    gamma: Float[Array, "lineage ..."]
    enter: Float[Array, "node lineage ..."]
    step: Float[Array, "node lineage ..."]
    leave: Float[Array, "node lineage ..."]
    lost: Float[Array, "node lineage ..."]
    decay: Float[Array, "lineage ..."]
    last: Float[Array, "lineage ..."]


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

    def prepare(self, start: Chain, now: Supply, lineages: Lineages) -> Ready:
        """The chain in the time of the block."""
        ndim = jnp.ndim(lineages.set_point)
        h = now.length_d
        c = jnp.expand_dims(now.concentration_um, -ndim)
        time = h * self.rule.column(ndim, h.dtype)
        block = saturating(c, lineages.block_max, lineages.block_half_um)
        k, loss = STAGES / lineages.mtt_d, lineages.loss_per_d
        tau = k * (time - h * integral(self.rule, block))
        lost, opened = loss * time, 1 - block
        step = h * k * opened
        return Ready(
            start=start,
            gamma=lineages.gamma,
            enter=h * k * now.produced * jnp.exp(tau[:-1]),
            step=step,
            leave=h * loss * opened * jnp.exp((lost - tau)[:-1]),
            lost=lost[:-1],
            decay=jnp.exp(-tau[-1]),
            last=jnp.exp(-lost[-1]),
        )

    def predict(self, ready: Ready) -> Nodes:
        """The chain under the feedback of the start."""
        feedback = ready.start.circulating**-ready.gamma
        return self._chain(ready, jnp.broadcast_to(feedback, ready.enter.shape))

    def sweep(self, nodes: Nodes, ready: Ready) -> Nodes:
        """The chain under the feedback of the last turn."""
        log_circulating = jnp.log(nodes.u[:-1]) - ready.lost
        return self._chain(ready, jnp.exp(-ready.gamma * log_circulating))

    def _chain(self, ready: Ready, feedback) -> Nodes:
        start, grow = ready.start, partial(integral, self.rule)
        z1 = start.t1 + grow(ready.enter * feedback)
        z2 = start.t2 + grow(ready.step * z1[:-1])
        z3 = start.t3 + grow(ready.step * z2[:-1])
        u = start.circulating + grow(ready.leave * z3[:-1])
        return Nodes(z1, z2, z3, u)

    def close(self, nodes: Nodes, ready: Ready):
        """The chain at the end; nothing is recorded."""
        z1, z2, z3, u = (values[-1] for values in nodes)
        decay = ready.decay
        return Chain(decay * z1, decay * z2, decay * z3, ready.last * u), None

    def watched(self, nodes: Nodes) -> Float[Array, "lineage ..."]:
        """Circulating cells at the end of the window."""
        return nodes.u[-1]

r"""The clones through windows of collocation.

The kill by lenalidomide is the same in both phases, so exp(K), K = kappa_L int C, is taken out:
g = G exp(K), s = S exp(K). What is left is a linear system with slowly changing rates,

    g' = -(e + a) g + r s + b Q exp(K),   s' = e g - k_S s,   Q' = a g exp(-K) - b Q
    e = k_G (1 - A) phi,   r = 2 k_S (1 - d) phi / phi*.

With the rates held at their window means (arrest) and starting values (niche), the pair (g, s) has
two real modes x_i with rates lambda_i, solved exactly; only the differences e - mean e and
r - start r are iterated:

    x_i = exp(lambda_i t) (x_i(0) + int exp(-lambda_i t) rho_i dt).

The differences average to almost nothing over a window, so every sweep gains one to two digits.
"""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.clones.model import Clones, Pools, cycling_axis, niche, self_renewal
from myelodose.effect import saturating
from myelodose.solve.march import integral
from myelodose.solve.rule import Rule
from myelodose.solve.settings import Fast


class Exposure(NamedTuple):
    """What the drugs do in each window.

    `length_d` (window, ...) [d]; `concentration_um` (window, node, ...) of lenalidomide;
    `azacitidine` (window, ...): AUC of the dose at the start, relative to the reference.
    """

    length_d: Float[Array, "window ..."]
    concentration_um: Float[Array, "window node ..."]
    azacitidine: Float[Array, "window ..."]


class Modes(NamedTuple):
    """Both modes and the pool at rest; functions of time are (node + 1, clone, ...)."""

    slow: Float[Array, "... clone patient"]
    fast: Float[Array, "... clone patient"]
    rest: Float[Array, "... clone patient"]


class Ready(NamedTuple):
    """The system with its rates held: modes, what they start from, and what is iterated.

    `h` [d]; `opened` (node, ...) = 1 - A; `kept` (node + 1, clone, ...) = exp(-K) and, at the nodes
    alone, its inverse `raised`; `phi`, `entry`, `renewal` are the rates held. `grown` and `shrunk`
    are exp(lambda t) and its inverse at the nodes; `up` and `down` (clone, ...) are the ratios
    s / g of the slow and the fast mode, `split` = 1 / (up - down).
    """

    clones: Clones
    h: Float[Array, "..."]
    opened: Float[Array, "node ..."]
    kept: Float[Array, "node clone ..."]
    raised: Float[Array, "node clone ..."]
    phi: Float[Array, "..."]
    entry: Float[Array, "clone ..."]
    renewal: Float[Array, "clone ..."]
    up: Float[Array, "clone ..."]
    down: Float[Array, "clone ..."]
    split: Float[Array, "clone ..."]
    grown: Modes
    shrunk: Modes
    start: Modes


@dataclass(frozen=True)
class CloneScheme:
    """How one window is solved; Y are both modes and the pool at rest.

    Args:
        rule: The collocation rule.
        sweeps: Turns of the fixed-point equation.
        turns: Turns of its tangent.
    """

    rule: Rule
    sweeps: int = 5
    turns: int = 5

    @classmethod
    def of(cls, solver: Fast) -> "CloneScheme":
        """The scheme that a solver's settings ask for."""
        return cls(solver.rule, cls.sweeps + solver.more_sweeps, cls.turns + solver.more_sweeps)

    def prepare(self, start: Pools, now: Exposure, clones: Clones) -> Ready:
        """The modes of the system with its rates held."""
        axis = -cycling_axis(clones)
        h, c = now.length_d, now.concentration_um
        opened = 1 - saturating(c, clones.arrest_max, clones.arrest_half_um)
        mean = jnp.tensordot(jnp.asarray(self.rule.integrate[-1], c.dtype), opened, 1)
        kill = clones.kill_len * jnp.expand_dims(h * integral(self.rule, c), axis)
        s0 = start.s * jnp.exp(-clones.kill_aza * now.azacitidine)
        phi = niche(start.g1 + s0, clones)
        entry = clones.entry_per_d * (mean * phi)
        renewal = self_renewal(phi, clones)
        leave, divide = entry + clones.to_rest_per_d, clones.division_per_d
        root = jnp.sqrt((leave - divide) ** 2 + 4 * renewal * entry)
        slow, fast = (root - leave - divide) / 2, -(root + leave + divide) / 2
        up, down = (slow + leave) / renewal, (fast + leave) / renewal
        split = 1 / (up - down)
        first = (s0 - down * start.g1) * split
        awake = jnp.broadcast_to(-clones.from_rest_per_d, first.shape)
        time = h * self.rule.column(first.ndim, h.dtype)
        grown = Modes(*(jnp.exp(rate * time) for rate in (slow, fast, awake)))
        shrunk = Modes(*(jnp.exp(-rate * time[:-1]) for rate in (slow, fast, awake)))
        begin = Modes(first, start.g1 - first, start.rest)
        return Ready(
            clones=clones,
            h=h,
            opened=opened,
            kept=jnp.exp(-kill),
            raised=jnp.exp(kill[:-1]),
            phi=phi,
            entry=entry,
            renewal=renewal,
            up=up,
            down=down,
            split=split,
            grown=grown,
            shrunk=shrunk,
            start=begin,
        )

    def predict(self, ready: Ready) -> Modes:
        """The modes as they go when the rates are held; rest as it is."""
        return jax.tree.map(jnp.multiply, ready.grown, ready.start)

    def sweep(self, nodes: Modes, ready: Ready) -> Modes:
        """The modes under the differences that the last turn shows."""
        clones, kept = ready.clones, ready.kept[:-1]
        slow, fast, rest = (values[:-1] for values in nodes)
        g, s = slow + fast, ready.up * slow + ready.down * fast
        axis = -cycling_axis(clones)
        phi = niche((g + s) * kept, clones)
        entry = clones.entry_per_d * jnp.expand_dims(ready.opened * phi, axis)
        entered = (entry - ready.entry) * g
        more = jnp.expand_dims(phi / ready.phi - 1, axis) * ready.renewal * s
        into_g = more - entered + clones.from_rest_per_d * rest * ready.raised
        into_slow = (entered - ready.down * into_g) * ready.split
        into = Modes(into_slow, into_g - into_slow, clones.to_rest_per_d * g * kept)
        return Modes(*map(partial(self._grow, ready.h), into, *ready[-3:]))

    def _grow(self, h, source, grown, shrunk, start):
        """A mode from its source: grown (start + int source shrunk)."""
        return grown * (start + h * integral(self.rule, source * shrunk))

    def close(self, nodes: Modes, ready: Ready):
        """Pools at the end; recorded is what cycles at the nodes, for the blood."""
        slow, fast, rest = nodes
        kept = ready.kept
        g, s = (slow + fast) * kept, (ready.up * slow + ready.down * fast) * kept
        return Pools(g[-1], s[-1], rest[-1]), (g + s)[:-1]

    def watched(self, nodes: Modes) -> Float[Array, "clone ..."]:
        """Cells in G1 at the end of the window, times exp(K)."""
        return nodes.slow[-1] + nodes.fast[-1]

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

Clones and patients lie on one axis, `lane` (`solve/lanes.py`). Functions of time have a last row
for the end of the window, which integrals leave out.
"""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.clones.model import CLONES, Clones, Pools, healthy_niche
from myelodose.effect import saturating
from myelodose.solve.lanes import Lanes, total
from myelodose.solve.march import March, integral, march, over_time
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


def grow(clones: Clones, start: Pools, exposure: Exposure, solver: Fast) -> March:
    """The clones through all windows.

    Args:
        clones: Parameters.
        start: Pools at the start of the first window, before the dose.
        exposure: What the drugs do.
        solver: The settings.

    Returns:
        Pools at the starts of windows and at the end; recorded are the cells that cycle at the
        nodes, (window, node, clone, ...).
    """
    lanes = Lanes(jnp.broadcast_shapes(*(jnp.shape(x) for x in (*start, clones.size))))
    scheme = CloneScheme.of(solver)
    held = _held(clones, exposure, scheme.rule, lanes)
    found = march(scheme, jax.tree.map(lanes.flat, start), held, _rates(clones, lanes))
    pools = jax.tree.map(lanes.back, found.state)
    return March(pools, lanes.back(found.record[:, :-1]), found.change)


class Rates(NamedTuple):
    """Parameters of the clones on lanes, (lane)."""

    entry: Float[Array, " lane"]
    division: Float[Array, " lane"]
    renewal: Float[Array, " lane"]
    to_rest: Float[Array, " lane"]
    from_rest: Float[Array, " lane"]
    crowding: Float[Array, " lane"]


class Held(NamedTuple):
    """What a window brings, whatever its start: computed for all windows at once.

    `h` and `survive` (window, lane): length [d], and what azacitidine leaves in S; `opened`
    (window, node + 1, lane) = 1 - A and its mean (window, lane); `kept` (window, node + 1, lane)
    = exp(-K).
    """

    h: Float[Array, "window lane"]
    survive: Float[Array, "window lane"]
    opened: Float[Array, "window node lane"]
    mean: Float[Array, "window lane"]
    kept: Float[Array, "window node lane"]


def _rates(clones: Clones, lanes: Lanes) -> Rates:
    each = lanes.each
    return Rates(
        entry=lanes.flat(clones.entry_per_d),
        division=each(clones.division_per_d),
        renewal=2
        * each(clones.division_per_d / healthy_niche(clones))
        * (1 - lanes.flat(clones.differentiation)),
        to_rest=each(clones.to_rest_per_d),
        from_rest=each(clones.from_rest_per_d),
        crowding=lanes.flat(clones.crowding) / each(clones.capacity),
    )


def _held(clones: Clones, exposure: Exposure, rule: Rule, lanes: Lanes) -> Held:
    h = lanes.each(exposure.length_d, lead=1)
    c = exposure.concentration_um
    c = jnp.concatenate([c, jnp.zeros_like(c[:, :1])], 1)
    times = c.shape[:2]
    # A number for all patients is one for each of them.
    spread = lambda value: over_time(times, jnp.broadcast_to(value, c.shape[2:]))  # noqa: E731
    opened = 1 - saturating(c, spread(clones.arrest_max), spread(clones.arrest_half_um))
    mean = jnp.tensordot(opened[:, :-1], jnp.asarray(rule.integrate[-1], c.dtype), ((1,), (0,)))
    passed = h[:, None] * lanes.each(integral(rule, c, 1), lead=2)
    return Held(
        h=h,
        survive=lanes.each(jnp.exp(-clones.kill_aza * exposure.azacitidine), lead=1),
        opened=lanes.each(opened, lead=2),
        mean=lanes.each(mean, lead=1),
        kept=jnp.exp(-over_time(times, lanes.flat(clones.kill_len)) * passed),
    )


class Modes(NamedTuple):
    """Both modes and the pool at rest; functions of time are (node + 1, lane)."""

    slow: Float[Array, "... lane"]
    fast: Float[Array, "... lane"]
    rest: Float[Array, "... lane"]


class Ready(NamedTuple):
    """The system with its rates held: modes, what they start from, and what is iterated.

    `phi`, `entry`, `renewal` are what is held. `raised` = exp(K); `grown` and `shrunk` are
    exp(lambda t) and its inverse; `up` and `down` are the ratios s / g of the slow and the
    fast mode, `split` = 1 / (up - down).
    """

    rates: Rates
    held: Held
    raised: Float[Array, "node lane"]
    phi: Float[Array, " lane"]
    entry: Float[Array, " lane"]
    renewal: Float[Array, " lane"]
    up: Float[Array, " lane"]
    down: Float[Array, " lane"]
    split: Float[Array, " lane"]
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
    turns: int = 4

    @classmethod
    def of(cls, solver: Fast) -> "CloneScheme":
        """The scheme that a solver's settings ask for."""
        return cls(solver.rule, cls.sweeps + solver.more_sweeps, cls.turns + solver.more_sweeps)

    def prepare(self, start: Pools, now: Held, rates: Rates) -> Ready:
        """The modes of the system with its rates held."""
        s0 = start.s * now.survive
        phi = _niche(start.g1 + s0, rates)
        entry, renewal = rates.entry * now.mean * phi, rates.renewal * phi
        leave, divide = entry + rates.to_rest, rates.division
        root = jnp.sqrt((leave - divide) ** 2 + 4 * renewal * entry)
        slow, fast = (root - leave - divide) / 2, -(root + leave + divide) / 2
        up, down = (slow + leave) / renewal, (fast + leave) / renewal
        split = 1 / (up - down)
        first = (s0 - down * start.g1) * split
        time = now.h * self.rule.column(1, now.h.dtype)
        grown = Modes(*(jnp.exp(rate * time) for rate in (slow, fast, -rates.from_rest)))
        return Ready(
            rates=rates,
            held=now,
            raised=1 / now.kept,
            phi=phi,
            entry=entry,
            renewal=renewal,
            up=up,
            down=down,
            split=split,
            grown=grown,
            shrunk=Modes(*(1 / values for values in grown)),
            start=Modes(first, start.g1 - first, start.rest),
        )

    def predict(self, ready: Ready) -> Modes:
        """The modes as they go when the rates are held; rest as it is."""
        return jax.tree.map(jnp.multiply, ready.grown, ready.start)

    def sweep(self, nodes: Modes, ready: Ready) -> Modes:
        """The modes under the differences that the last turn shows."""
        rates, kept = ready.rates, ready.held.kept
        slow, fast, rest = nodes
        g, s = slow + fast, ready.up * slow + ready.down * fast
        phi = _niche((g + s) * kept, rates)
        entered = (rates.entry * ready.held.opened * phi - ready.entry) * g
        more = (phi / ready.phi - 1) * ready.renewal * s
        into_g = more - entered + rates.from_rest * rest * ready.raised
        into_slow = (entered - ready.down * into_g) * ready.split
        into = Modes(into_slow, into_g - into_slow, rates.to_rest * g * kept)
        return Modes(*map(partial(self._grow, ready.held.h), into, *ready[-3:]))

    def _grow(self, h, source, grown, shrunk, start):
        """A mode from its source: grown (start + int source shrunk)."""
        return grown * (start + h * integral(self.rule, source * shrunk))

    def close(self, nodes: Modes, ready: Ready):
        """Pools at the end; recorded is what cycles at the nodes, for the blood."""
        slow, fast, rest = nodes
        kept = ready.held.kept
        g, s = (slow + fast) * kept, (ready.up * slow + ready.down * fast) * kept
        return Pools(g[-1], s[-1], rest[-1]), g + s

    def watched(self, nodes: Modes) -> Float[Array, " lane"]:
        """Cells in G1 at the end of the window, times exp(K)."""
        return nodes.slow[-1] + nodes.fast[-1]


def _niche(cycling: Float[Array, "... lane"], rates: Rates) -> Float[Array, "... lane"]:
    """phi, the same for every clone of a patient."""
    phi = 1 / (1 + total(rates.crowding * cycling, len(CLONES)))
    return jax.lax.optimization_barrier(phi)

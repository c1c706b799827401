r"""The Friberg chain through windows of collocation: forward, and its exact linearisation.

With every compartment divided by the baseline, k = 4 / MTT, f = c^-gamma and a drug effect E(t),

    p' = k p ((1 - E) f - 1),   t1' = k (p - t1),   t2' = k (t1 - t2),   t3' = k (t2 - t3),
    c' = k (t3 - c)

(Friberg et al., J Clin Oncol 2002, doi 10.1200/JCO.2002.02.140). Times exp(kt), t being the time
since the start of a window, the chain is an iterated integral of z = exp(kt) p and nothing is left
to be solved but the feedback:

    u = exp(kt) c = c0 + kt t3 + (kt)^2/2 t2 + (kt)^3/6 t1 + k^4 (fourfold integral of z),
    z = p0 exp(integral of k (1 - E) f),    f = exp(-gamma (log u - kt)).

z reaches u only through four integrations, so the fixed point contracts by about
gamma (kh)^5 / 5! in a window of length h. It starts from the Taylor polynomial of f that the chain
gives for free; one turn and a correction are then right to 1e-9 for kh up to about 2.

The tangent is that of the solved equation: linear, without a transcendental function, and
transposed by JAX into the discrete adjoint. Everything nonlinear in it is computed for all windows
at once, outside the scan.

Arrays end in one axis of lanes, a lane being one lineage of one patient.
"""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from myelodose.solve.rule import Rule


class Chain(NamedTuple):
    """State divided by the baseline: proliferating, three transit, circulating; each (lane,)."""

    p: Float[Array, " lane"]
    t1: Float[Array, " lane"]
    t2: Float[Array, " lane"]
    t3: Float[Array, " lane"]
    c: Float[Array, " lane"]


class Windows(NamedTuple):
    """What the windows depend on.

    `growth` = h k (1 - E) at the nodes (window, node, lane); `kh` (window, lane); `gamma` (lane,).
    """

    growth: Float[Array, "window node lane"]
    kh: Float[Array, "window lane"]
    gamma: Float[Array, " lane"]


class Solved(NamedTuple):
    """All windows, solved.

    `start` (window, lane) are the states at the starts, `end` (lane,) the last; `z`
    (window, node + 1, lane), `u`, `f` and `log_f` (window, node, lane) the functions above;
    `change` () the relative size of the last correction to z, infinite where a number was lost.
    """

    start: Chain
    end: Chain
    z: Float[Array, "window node+1 lane"]
    u: Float[Array, "window node lane"]
    log_f: Float[Array, "window node lane"]
    f: Float[Array, "window node lane"]
    change: Float[Array, ""]


@dataclass(frozen=True)
class Solver:
    """Static settings: the collocation rule and the number of whole turns before the correction."""

    rule: Rule
    turns: int = 1

    @cached_property
    def end(self) -> np.ndarray:
        """Rows that give the four iterated integrals at the end of the window, (4, node)."""
        return np.stack([matrix[-1] for matrix in self.rule.iterated])

    @cached_property
    def once(self) -> np.ndarray:
        """Single integration to the nodes and the end, (node + 1, node)."""
        return self.rule.iterated[0]

    @cached_property
    def fourfold(self) -> np.ndarray:
        """Fourfold integration to the nodes, (node, node)."""
        return self.rule.iterated[3][:-1]


def march(solver: Solver, start: Chain, windows: Windows) -> Solved:
    """Solve all windows, each from the end of the last."""
    return _march(solver, start, windows)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _march(solver: Solver, start: Chain, windows: Windows) -> Solved:
    mu = jnp.asarray(solver.rule.time[:-1, None], windows.kh.dtype)

    def window(carry, now):
        state, worst = carry
        growth, kh = now
        kt = kh * mu
        known, scale = _polynomial(state, kt), kh**4

        def respond(z):
            """The feedback that z leads to."""
            u = known + scale * _dot(solver.fourfold, z[:-1])
            log_f = windows.gamma * (kt - jnp.log(u))
            return u, log_f, jnp.exp(log_f)

        def grow(f):
            return state.p * jnp.exp(_dot(solver.once, growth * f))

        z = grow(_taylor(state, windows.gamma, kt))
        for _ in range(solver.turns - 1):
            z = grow(respond(z)[2])
        u, log_f, f = respond(z)
        z = grow(f)
        # The last turn changes so little that short series stand for log, power and exp.
        off = (known + scale * _dot(solver.fourfold, z[:-1])) / u - 1
        lower = -windows.gamma * off * (1 - off * (1 / 2 - off / 3))
        more = lower * (1 + lower / 2 * (1 + lower / 3))
        step = _dot(solver.once, growth * f * more)
        change = jnp.abs(step[-1]).max()
        z = z * (1 + step * (1 + step / 2 * (1 + step / 3)))
        answer = (u * (1 + off), log_f + lower, f * (1 + more))
        end = _end(state, kh, z[-1], _dot(solver.end, z[:-1]))
        return (end, jnp.maximum(worst, change)), (state, z, *answer)

    zero = jnp.zeros((), windows.kh.dtype)
    (end, change), (starts, z, u, log_f, f) = jax.lax.scan(
        window, (start, zero), (windows.growth, windows.kh)
    )
    change = jnp.where(jnp.isnan(change), jnp.inf, change)
    return Solved(starts, end, z, u, log_f, f, change)


def _dot(matrix: np.ndarray, values: Float[Array, "node lane"]) -> Float[Array, "row lane"]:
    return jnp.asarray(matrix, values.dtype) @ values


def _polynomial(state: Chain, kt):
    """The part of u that the state at the start determines."""
    return state.c + kt * (state.t3 + kt * (state.t2 / 2 + kt * (state.t1 / 6)))


def _taylor(state: Chain, gamma, kt):
    """The cubic Taylor polynomial of f = c^-gamma at the start of the window."""
    p1 = (state.t3 - state.c) / state.c
    p2 = (state.t2 - 2 * state.t3 + state.c) / state.c
    p3 = (state.t1 - 3 * state.t2 + 3 * state.t3 - state.c) / state.c
    l1 = -gamma * p1
    l2 = -gamma * (p2 - p1**2)
    l3 = -gamma * (p3 - 3 * p1 * p2 + 2 * p1**3)
    f2, f3 = l2 + l1**2, l3 + 3 * l1 * l2 + l1**3
    return state.c**-gamma * (1 + kt * (l1 + kt * (f2 / 2 + kt * (f3 / 6))))


def _end(state: Chain, kh, z_end, integrals) -> Chain:
    """The chain at the end of the window; linear in state, z and its integrals."""
    decay = jnp.exp(-kh)
    one, two, three, four = integrals
    return Chain(
        decay * z_end,
        decay * (state.t1 + kh * one),
        decay * (state.t2 + kh * (state.t1 + kh * two)),
        decay * (state.t3 + kh * (state.t2 + kh * (state.t1 / 2 + kh * three))),
        decay * (state.c + kh * (state.t3 + kh * (state.t2 / 2 + kh * (state.t1 / 6 + kh * four)))),
    )


@_march.defjvp
def _march_jvp(solver: Solver, primals, tangents):
    start, windows = primals
    d_start, d_windows = tangents
    solved = _march(solver, start, windows)
    growth, kh, gamma = windows
    mu = jnp.asarray(solver.rule.time[:-1, None], kh.dtype)
    kt, scale = kh[:, None] * mu, kh[:, None] ** 4
    # All windows at once: how f answers to u, and what moves it apart from u.
    answer = -growth * gamma * solved.f / solved.u
    z_nodes = solved.z[:, :-1]
    fourfold = jnp.einsum("ij,wjl->wil", jnp.asarray(solver.fourfold, kh.dtype), z_nodes)
    slope = (
        mu
        * (
            _first(solved.start.t3)
            + kt * (_first(solved.start.t2) + kt * _first(solved.start.t1) / 2)
        )
        + 4 * kh[:, None] ** 3 * fourfold
    )
    d_kh = d_windows.kh[:, None]
    moved_u = slope * d_kh
    moved = (
        d_windows.growth * solved.f
        + growth * solved.f * (solved.log_f / gamma * d_windows.gamma + gamma * mu * d_kh)
        + answer * moved_u
    )
    end_slope = jax.vmap(partial(_end_slope, solver))(solved.start, kh, solved.z)

    def window(d_state, now):
        state_p, z, answer, scale, kt, kh, moved, end_slope, d_kh = now
        known = answer * _polynomial(d_state, kt)
        fixed = d_state.p / state_p
        gain = answer * scale
        d_z = z * (fixed + _dot(solver.once, moved + known))
        # As many turns as the solution had, its guess and its correction included.
        for _ in range(solver.turns + 1):
            again = moved + known + gain * _dot(solver.fourfold, d_z[:-1])
            d_z = z * (fixed + _dot(solver.once, again))
        d_end = _end(d_state, kh, d_z[-1], _dot(solver.end, d_z[:-1]))
        d_end = jax.tree.map(lambda d, s: d + s * d_kh, d_end, end_slope)
        return d_end, (d_state, d_z)

    state_p = solved.start.p
    rows = (state_p, solved.z, answer, scale, kt, kh, moved, end_slope, d_windows.kh)
    d_end, (d_states, d_z) = jax.lax.scan(window, d_start, rows)
    d_u = (
        jax.vmap(_polynomial)(d_states, kt)
        + moved_u
        + scale * jnp.einsum("ij,wjl->wil", jnp.asarray(solver.fourfold, kh.dtype), d_z[:, :-1])
    )
    d_log_f = gamma * (mu * d_kh - d_u / solved.u) + solved.log_f / gamma * d_windows.gamma
    d_solved = Solved(
        d_states, d_end, d_z, d_u, d_log_f, solved.f * d_log_f, jnp.zeros_like(solved.change)
    )
    return solved, d_solved


def _first(values):
    return values[:, None]


def _end_slope(solver: Solver, state: Chain, kh, z) -> Chain:
    """Derivative of the end of a window by kh, z held fixed."""
    integrals = _dot(solver.end, z[:-1])
    return jax.jvp(lambda x: _end(state, x, z[-1], integrals), (kh,), (jnp.ones_like(kh),))[1]

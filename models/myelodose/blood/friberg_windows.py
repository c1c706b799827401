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

from myelodose.solve.march import over_time
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

    `growth` = h k (1 - E) at the nodes (window, node, lane); `length_d` = h (window, lane), which
    is taken as data; `k` [1/day] and `gamma` (lane,).
    """

    growth: Float[Array, "window node lane"]
    length_d: Float[Array, "window lane"]
    k: Float[Array, " lane"]
    gamma: Float[Array, " lane"]


class Solved(NamedTuple):
    """What a march brings home.

    `circulating` (window + 1, lane) is c at the start of every window and at the end; `change` ()
    the relative size of the last correction to z, infinite where a number was lost.
    """

    circulating: Float[Array, "window+1 lane"]
    change: Float[Array, ""]


class _Course(NamedTuple):
    """Every window as it was solved, for the tangent.

    `state` is the chain at the start, (window, lane) each; `z` (window, node + 1, lane), `u`, `f`
    and `log_f` (window, node, lane) are the functions above; `integral` (window, 4, lane) the
    iterated integrals of z at the end.
    """

    state: Chain
    z: Float[Array, "window node+1 lane"]
    u: Float[Array, "window node lane"]
    log_f: Float[Array, "window node lane"]
    f: Float[Array, "window node lane"]
    integral: Float[Array, "window 4 lane"]


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
    return _forward(solver, start, windows)[0]


def _forward(solver: Solver, start: Chain, windows: Windows) -> tuple[Solved, _Course]:
    mu = jnp.asarray(solver.rule.time[:-1, None], windows.k.dtype)

    def window(carry, now):
        state, worst = carry
        growth, h = now
        kh = windows.k * h
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
        integral = _dot(solver.end, z[:-1])
        end = _end(state, kh, z[-1], integral)
        course = _Course(state, z, u * (1 + off), log_f + lower, f * (1 + more), integral)
        return (end, jnp.maximum(worst, change)), course

    zero = jnp.zeros((), windows.k.dtype)
    rows = (windows.growth, windows.length_d)
    (end, change), course = jax.lax.scan(window, (start, zero), rows)
    change = jnp.where(jnp.isnan(change), jnp.inf, change)
    return Solved(_joined(course.state.c, end.c), change), course


def _joined(starts, end) -> Float[Array, "window+1 lane"]:
    return jnp.concatenate([starts, end[None]])


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
    solved, course = _forward(solver, start, windows)
    mu = jnp.asarray(solver.rule.time[:-1, None], windows.k.dtype)
    kh = windows.k * windows.length_d
    answer, moved = _answer_and_move(mu, course, windows, d_windows)
    end_moved = jax.tree.map(
        lambda slope: slope * windows.length_d * d_windows.k, jax.vmap(_end_slope)(course, kh)
    )

    def window(d_state, now):
        state_p, z, answer, moved, kh, end_moved = now
        gain = answer * kh**4
        known = moved + answer * _polynomial(d_state, kh * mu)
        fixed = d_state.p / state_p
        d_z = z * (fixed + _dot(solver.once, known))
        # As many turns as the solution had, its guess and its correction included.
        for _ in range(solver.turns + 1):
            again = known + gain * _dot(solver.fourfold, d_z[:-1])
            d_z = z * (fixed + _dot(solver.once, again))
        d_end = _end(d_state, kh, d_z[-1], _dot(solver.end, d_z[:-1]))
        return jax.tree.map(jnp.add, d_end, end_moved), d_state.c

    rows = (course.state.p, course.z, answer, moved, kh, end_moved)
    d_end, d_starts = jax.lax.scan(window, d_start, rows)
    return solved, Solved(_joined(d_starts, d_end.c), jnp.zeros_like(solved.change))


def _answer_and_move(mu, course: _Course, windows: Windows, d_windows: Windows):
    """For all windows at once: how growth f answers to u, and what moves it apart from u."""
    growth, gamma = windows.growth, windows.gamma
    h = windows.length_d[:, None]
    kh = windows.k * h
    state = jax.tree.map(lambda x: x[:, None], course.state)
    kt = kh * mu
    grown = growth * course.f
    answer = -grown * gamma / course.u
    # Of u, the polynomial moves with kt, and the fourfold integral with the fourth power of kh.
    integral = course.u - _polynomial(state, kt)
    slope = mu * (state.t3 + kt * (state.t2 + kt * state.t1 / 2)) + 4 * integral / jnp.where(
        kh > 0, kh, 1.0
    )
    by_k = h * (grown * gamma * mu + answer * slope)
    by_gamma = grown * course.log_f / gamma
    # The barrier keeps the compiler from computing these anew wherever they are used.
    answer, by_k, by_gamma = jax.lax.optimization_barrier((answer, by_k, by_gamma))
    spread = partial(over_time, growth.shape[:2])
    moved = (
        course.f * d_windows.growth
        + by_k * spread(d_windows.k)
        + by_gamma * spread(d_windows.gamma)
    )
    return answer, moved


def _end_slope(course: _Course, kh) -> Chain:
    """Derivative of the end of a window by kh, z held fixed."""

    def end(kh):
        return _end(course.state, kh, course.z[-1], course.integral)

    return jax.jvp(end, (kh,), (jnp.ones_like(kh),))[1]

"""diffrax as a careful user sets it up: dose-aligned, closed-form PK, all chains vmapped.

Each (lineage, patient) is one ODE of five states. What can be chosen is an argument; what was
fastest is `ALIGNED`. Two gradients are offered: diffrax's checkpointed reverse mode, and forward
mode over the seven parameters that a chain depends on, which also is what Stan does.
"""

from collections.abc import Callable
from typing import NamedTuple

import diffrax
import jax
import jax.numpy as jnp
import numpy as np

from likelihood.model import LINEAGES, Individual, effect, friberg
from likelihood.problem import Problem, Trajectories


class Setting(NamedTuple):
    """How diffrax is called.

    Args:
        solver: Name of a class in diffrax.
        rtol: Relative and absolute tolerance, states in units of the baseline.
        aligned: Whether steps end at every dose; a restart always does.
        gradient: "checkpoint" (reverse), "direct" (reverse) or "forward".
        scheme: "jump", one call with steps clipped at doses; or "restart", one call for each
            stretch between doses and observations.
        log_state: Solve for the logarithms of the states.
        lanes: How many chains advance in step; 0 means all of them.
        max_steps: Bound of the number of steps of a call; reverse mode pays for it.
        dt0: First step after a dose [h]; None lets diffrax choose.
    """

    solver: str = "Tsit5"
    rtol: float = 1e-6
    aligned: bool = True
    gradient: str = "checkpoint"
    scheme: str = "restart"
    log_state: bool = False
    lanes: int = 20
    max_steps: int = 64
    dt0: float | None = 1.0


ALIGNED = tuple(
    Setting(solver=solver, rtol=rtol)
    for solver, rtol in (
        ("Tsit5", 1e-6),
        ("Tsit5", 1e-7),
        ("Tsit5", 1e-8),
        ("Dopri8", 1e-5),
        ("Dopri8", 1e-6),
        ("Dopri8", 1e-7),
    )
)
"""The fastest setting found at each accuracy."""

UNALIGNED = Setting(aligned=False, scheme="jump", gradient="forward", max_steps=4096, dt0=None)
"""One call over the whole horizon at the usual tolerance: wrong, and no word about it."""


class Chain(NamedTuple):
    """One chain: parameters () and (dose, exponential), everything that has a derivative."""

    ktr: jax.Array
    gamma: jax.Array
    rate: jax.Array
    coefficient: jax.Array


def trajectories(problem: Problem, setting: Setting) -> Trajectories:
    """A solver in the given setting."""
    doses = np.tile(problem.dose_time_h.T, (len(LINEAGES), 1))
    seen = problem.time_h.transpose(0, 2, 1).reshape(len(doses), -1)
    one = _jump(setting) if setting.scheme == "jump" else _restart(setting)
    table = (doses, seen) if setting.scheme == "jump" else _stretches(doses, seen)

    def solve(who: Individual):
        moved = {k: v for k, v in who.items() if k != "baseline"}
        relative = _linearised(moved) if setting.gradient == "forward" else _all(moved)
        return who["baseline"][:, None] * relative

    def _all(who: Individual):
        chains = _chains(problem, who)
        flat = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), chains)
        if setting.lanes in (0, len(doses)):
            path = jax.vmap(one)(flat, *map(jnp.asarray, table))
        else:
            inputs = (flat, *map(jnp.asarray, table))
            path = jax.lax.map(lambda x: one(*x), inputs, batch_size=setting.lanes)
        return path.reshape(len(LINEAGES), problem.patients, -1).transpose(0, 2, 1)

    @jax.custom_vjp
    def _linearised(who: Individual):
        return _all(who)

    def forward(who: Individual):
        names = ("CL", "V", "ka", "mtt", "gamma", "slope_len", "slope_aza")
        ones = [_only(who, name) for name in names]
        tangents = jax.tree.map(lambda *x: jnp.stack(x), *ones)
        value, slopes = jax.vmap(lambda t: jax.jvp(_all, (who,), (t,)), out_axes=(None, 0))(
            tangents
        )
        return value, (who, dict(zip(names, slopes, strict=True)))

    def backward(kept, cotangent):
        who, slopes = kept
        zeros = jax.tree.map(jnp.zeros_like, who)
        pulled = {k: (cotangent * s).sum(1) for k, s in slopes.items()}
        return (zeros | {k: v if who[k].ndim == 2 else v.sum(0) for k, v in pulled.items()},)

    _linearised.defvjp(forward, backward)
    return solve


def _only(who: Individual, name: str) -> Individual:
    """Direction in which one parameter of every chain moves."""
    return {k: jnp.full_like(v, float(k == name)) for k, v in who.items()}


def _chains(problem: Problem, who: Individual) -> Chain:
    """Parameters of all chains, (lineage, patient, ...)."""
    drug = effect(who, problem.dose_time_h, problem.dose_mg, problem.dose_drug)
    rate = jnp.broadcast_to(drug.rate.T, (len(LINEAGES), *drug.rate.T.shape))
    coefficient = jnp.einsum("elp,dep->lpde", drug.weight, drug.amount)
    return Chain(4 / who["mtt"], who["gamma"], rate, coefficient)


def _field(log_state: bool) -> Callable:
    """Right-hand side in the state or its logarithm, given the drug effect."""

    def plain(chain, drug, y):
        return jnp.stack(friberg(tuple(y), drug, ktr=chain.ktr, gamma=chain.gamma))

    def logarithmic(chain, drug, y):
        growth = (1 - drug) * jnp.exp(-chain.gamma * y[4]) - 1
        return chain.ktr * jnp.concatenate([growth[None], jnp.expm1(y[:-1] - y[1:])])

    return logarithmic if log_state else plain


def _jump(setting: Setting) -> Callable:
    """One chain, one call; observations by the solver's interpolant."""
    field = _field(setting.log_state)

    def one(chain: Chain, doses, seen):
        def rhs(t, y, chain):
            last = jnp.searchsorted(doses, t, side="right") - 1
            decay = jnp.exp(-chain.rate * (t - doses[last]))
            return field(chain, (chain.coefficient[last] * decay).sum(), y)

        solution = _call(setting, rhs, chain, _start(setting), end=seen[-1], doses=doses, seen=seen)
        return jnp.exp(solution[:, 4]) if setting.log_state else solution[:, 4]

    return one


def _restart(setting: Setting) -> Callable:
    """One chain, a scan over stretches between doses and observations."""
    field = _field(setting.log_state)

    def one(chain: Chain, begin, length, dose, at):
        def rhs(t, y, local):
            return field(local, (local.coefficient * jnp.exp(-local.rate * t)).sum(), y)

        def stretch(y, now):
            begin, length, dose = now
            local = chain._replace(
                coefficient=chain.coefficient[dose] * jnp.exp(-chain.rate * begin)
            )
            y = _call(setting, rhs, local, y, end=length)[-1]
            return y, y[4]

        _, path = jax.lax.scan(stretch, _start(setting), (begin, length, dose))
        return jnp.exp(path[at]) if setting.log_state else path[at]

    return one


def _stretches(doses: np.ndarray, seen: np.ndarray):
    """Begin since the last dose [h], length [h], last dose, and where each observation ends."""
    times = np.sort(np.concatenate([doses, seen], axis=1), axis=1)
    # Lanes end at different counts of doses: all take as many stretches, the rest is unused.
    length = np.diff(times, axis=1)
    chains = range(len(doses))
    last = np.stack([np.searchsorted(doses[i], times[i, :-1], side="right") - 1 for i in chains])
    at = np.stack([np.searchsorted(times[i], seen[i]) - 1 for i in chains])
    begin = times[:, :-1] - np.take_along_axis(doses, last, axis=1)
    return begin, length, last, at


def _start(setting: Setting):
    return jnp.zeros(5) if setting.log_state else jnp.ones(5)


def _call(setting: Setting, rhs, args, y, *, end, doses=None, seen=None):
    """`diffeqsolve` in the given setting; states at `seen`, or at the end."""
    control = diffrax.PIDController(rtol=setting.rtol, atol=setting.rtol)
    if setting.aligned and doses is not None:
        control = diffrax.ClipStepSizeController(control, jump_ts=doses)
    adjoint = {
        "checkpoint": diffrax.RecursiveCheckpointAdjoint,
        "direct": diffrax.DirectAdjoint,
        "forward": diffrax.ForwardMode,
    }[setting.gradient]()
    return diffrax.diffeqsolve(
        diffrax.ODETerm(rhs),
        getattr(diffrax, setting.solver)(),
        t0=0.0,
        t1=end,
        dt0=None if setting.dt0 is None else jnp.minimum(setting.dt0, end),
        y0=y,
        args=args,
        saveat=diffrax.SaveAt(t1=True) if seen is None else diffrax.SaveAt(ts=seen),
        stepsize_controller=control,
        adjoint=adjoint,
        max_steps=setting.max_steps,
        throw=False,
    ).ys

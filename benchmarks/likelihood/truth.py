"""What every solver is measured against: SciPy's DOP853, restarted at every dose, at 1e-12.

The gradient is exact in the same sense. Each count depends on seven parameters of its patient;
the solver carries one copy of the chain for each of them, with that parameter moved by i h, and
the imaginary part over h is the derivative (complex step: nothing is subtracted, so no digits are
lost). JAX then differentiates the log posterior around these counts. That the gradient is good to
1e-8 is checked against a derivative that shares no step with it: `peers_diffrax` at 1e-11.
"""

from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp

from likelihood.model import LINEAGES, Individual, individual
from likelihood.problem import Problem, log_posterior
from myelodose.precision import float64

TOLERANCE = 1e-12
_MOVED = ("CL", "V", "ka", "mtt", "gamma", "slope_len", "slope_aza")
_STEP = 1e-30


class Truth(NamedTuple):
    """Counts [1e9/L] (lineage, obs, patient), log posterior, and its gradient (dimension,)."""

    trajectories: np.ndarray
    log_posterior: np.ndarray
    gradient: np.ndarray


def truth(problem: Problem, position: np.ndarray, cache: Path | str | None = None) -> Truth:
    """Counts, log posterior and gradient at one position.

    Args:
        problem: The patients.
        position: Shape (dimension,).
        cache: Where to keep the result, a file ending in .npz; read if it holds this position.
    """
    found = _read(cache, problem, position)
    if found is not None:
        return found
    with float64():
        who = {k: np.asarray(v) for k, v in individual(*problem.split(position)).items()}
        shape = (*problem.time_h.shape,)
        values, slopes = np.empty(shape), np.empty((len(_MOVED), *shape))
        for patient in range(problem.patients):
            for lineage in range(len(LINEAGES)):
                at = lineage, slice(None), patient
                values[at], slopes[:, *at] = _one_chain(problem, who, lineage, patient)
        value, gradient = _differentiate(problem, position, who, values, slopes)
    result = Truth(who["baseline"][:, None] * values, np.asarray(value), np.asarray(gradient))
    if cache is not None:
        key = {"position": position, "count": problem.count, "time_h": problem.time_h}
        np.savez(cache, **result._asdict(), **key)
    return result


def _read(cache: Path | str | None, problem: Problem, position: np.ndarray) -> Truth | None:
    if cache is None or not Path(cache).exists():
        return None
    with np.load(cache) as kept:
        key = {"position": position, "count": problem.count, "time_h": problem.time_h}
        if not all(np.array_equal(kept[name], value) for name, value in key.items()):
            return None
        return Truth(*(kept[name] for name in Truth._fields))


def _one_chain(problem: Problem, who: dict[str, np.ndarray], lineage: int, patient: int):
    """Counts over baseline (obs,) and their derivatives (parameter, obs) of one chain."""
    at = {k: (v[lineage] if v.ndim == 2 else v)[patient] for k, v in who.items()}
    # Copy 0 is the chain itself; copy k has parameter k moved by i h.
    moved = {k: np.full(len(_MOVED) + 1, v, complex) for k, v in at.items()}
    for copy, name in enumerate(_MOVED, start=1):
        moved[name][copy] += 1j * _STEP
    path = _solve(
        moved,
        problem.dose_time_h[:, patient],
        problem.dose_mg[:, patient],
        problem.dose_drug[:, patient],
        problem.time_h[lineage, :, patient],
    )
    return path[:, 0].real, path[:, 1:].imag.T / _STEP


def _solve(p: dict[str, np.ndarray], dose_time_h, dose_mg, dose_drug, time_h) -> np.ndarray:
    """Circulating cells over baseline (obs, copy), one `solve_ivp` a dose interval."""
    ktr = 4 / p["mtt"]
    rate = np.stack([p["CL"] / p["V"], p["ka"], p["CL_aza"] / p["V_aza"], p["ka_aza"]])
    scale = np.stack([_scale(p, ""), _scale(p, "_aza")])
    weight = np.stack([scale[0], -scale[0], scale[1], -scale[1]])
    amount = np.zeros_like(rate)

    def rhs(s, y):
        pool, first, second, third, circulating = y.reshape(5, -1)
        drug = (weight * amount * np.exp(-rate * s)).sum(0)
        growth = (1 - drug) * circulating ** -p["gamma"] - 1
        flows = pool * growth, pool - first, first - second, second - third, third - circulating
        return (ktr * np.stack(flows)).ravel()

    state, path = np.ones(5 * ktr.size, complex), []
    ends = np.append(dose_time_h[1:], max(time_h[-1], dose_time_h[-1]) + 1.0)
    for start, end, mg, drug in zip(dose_time_h, ends, dose_mg, dose_drug, strict=True):
        amount = amount + mg * np.array([drug == 0, drug == 0, drug == 1, drug == 1])[:, None]
        inside = time_h[(time_h >= start) & (time_h < end)] - start
        # Each observation ends a call: DOP853's interpolant is coarser than its steps.
        for a, b in zip(np.append(0, inside), np.append(inside, end - start), strict=True):
            if a > 0:
                path.append(state.reshape(5, -1)[-1])
            state = _advance(rhs, state, a, b)
        amount = amount * np.exp(-rate * (end - start))
    return np.array(path)


def _scale(p: dict[str, np.ndarray], drug: str) -> np.ndarray:
    """Drug effect for each mg of difference between the two exponentials [1/mg]."""
    slope = p["slope_aza" if drug else "slope_len"]
    ka, V = p[f"ka{drug}"], p[f"V{drug}"]
    return slope * ka / (V * (ka - p[f"CL{drug}"] / V))


def _advance(rhs, state: np.ndarray, start: float, end: float) -> np.ndarray:
    got = solve_ivp(rhs, (start, end), state, method="DOP853", rtol=TOLERANCE, atol=TOLERANCE)
    if not got.success:
        raise RuntimeError(f"DOP853 stopped between {start} and {end} h: {got.message}")
    return got.y[:, -1]


def _differentiate(problem: Problem, position, who: dict[str, np.ndarray], values, slopes):
    """Log posterior and gradient from the counts and their derivatives at this position."""

    def linear(here: Individual):
        # The first two terms of the Taylor series: at this very position nothing is left out.
        moves = [jnp.broadcast_to(here[k] - who[k], values[:, 0].shape) for k in _MOVED]
        change = jnp.einsum("klop,klp->lop", slopes, jnp.stack(moves))
        return here["baseline"][:, None] * (values + change)

    return jax.value_and_grad(lambda x: log_posterior(problem, x, linear))(jnp.asarray(position))

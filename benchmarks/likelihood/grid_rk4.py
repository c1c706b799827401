"""Classical Runge-Kutta steps on a fixed grid that is aligned with the doses and graded after them.

The cheapest solver that gets the doses right: no step control, one `lax.scan`, reverse mode.
"""

import jax
import jax.numpy as jnp
import numpy as np

from likelihood.model import Effect, Individual, effect, friberg
from likelihood.problem import Problem, Trajectories

# Hours after a dose; crowded where the concentration rises and falls.
_AFTER_DOSE_H = np.array([0.0, 0.35, 0.8, 1.5, 2.5, 4.0, 7.0, 13.0, 24.0])
_REST_PIECES = 20


def _grid(problem: Problem, refine: int):
    """Times of the grid [h] (point, patient) and the last dose before each of its steps."""
    ends = np.vstack([problem.dose_time_h[1:], problem.dose_time_h[-1:] + 240.0])
    times, doses = [], []
    for dose, (start, end) in enumerate(zip(problem.dose_time_h, ends, strict=True)):
        points = start + _AFTER_DOSE_H[:, None]
        if (end - start).max() > 24.5:
            rest = np.linspace(start + 24, end, _REST_PIECES + 1)
            points = np.vstack([points, rest[1:]])
        points = _refined(points, refine)[:-1]
        times.append(points)
        doses += [dose] * len(points)
    return np.vstack([*times, ends[-1:]]), np.array(doses)


def _refined(points: np.ndarray, refine: int) -> np.ndarray:
    part = np.arange(refine)[:, None] / refine
    inner = points[:-1, None] + part * np.diff(points, axis=0)[:, None]
    return np.vstack([inner.reshape(-1, points.shape[1]), points[-1:]])


def trajectories(problem: Problem, *, refine: int = 1) -> Trajectories:
    """A solver that takes a fixed number of steps; `refine` divides each of them."""
    time, dose = _grid(problem, refine)
    since = time[:-1] - problem.dose_time_h[dose]
    step = np.diff(time, axis=0)
    read = _hermite(time, problem.time_h)

    def solve(who: Individual):
        drug = effect(who, problem.dose_time_h, problem.dose_mg, problem.dose_drug)
        stages = [_effect_at(drug, dose, since + part * step) for part in (0.0, 0.5, 1.0)]
        ktr = 4 / who["mtt"]

        def rate(state, at):
            return jnp.stack(friberg(tuple(state), at, ktr=ktr, gamma=who["gamma"]))

        def one_step(state, now):
            h, begin, middle, end = now
            k1 = rate(state, begin)
            k2 = rate(state + h / 2 * k1, middle)
            k3 = rate(state + h / 2 * k2, middle)
            k4 = rate(state + h * k3, end)
            return state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), (state[-1], k1[-1])

        start = jnp.ones((5, *ktr.shape), ktr.dtype)
        last, (value, slope) = jax.lax.scan(one_step, start, (step, *stages))
        value = jnp.concatenate([value, last[None, -1]])
        slope = jnp.concatenate([slope, ktr[None] * (last[3] - last[4])])
        return who["baseline"][:, None] * read(value, slope)

    return solve


def _effect_at(drug: Effect, dose: np.ndarray, since: np.ndarray):
    """Drug effect (step, lineage, patient) at times since the last dose [h]."""
    left = drug.amount[dose] * jnp.exp(-drug.rate * since[:, None])
    return jnp.einsum("sep,elp->slp", left, drug.weight)


def _hermite(time: np.ndarray, wanted: np.ndarray):
    """Cubic interpolation in the grid from values and slopes (point, lineage, patient)."""
    index = np.empty(wanted.shape, int)
    for patient in range(wanted.shape[-1]):
        found = np.searchsorted(time[:, patient], wanted[..., patient], side="right") - 1
        index[..., patient] = np.clip(found, 0, len(time) - 2)
    lineage, _, patient = np.ogrid[tuple(map(slice, wanted.shape))]
    h = time[index + 1, patient] - time[index, patient]
    x = (wanted - time[index, patient]) / h

    def read(value, slope):
        v0, v1 = value[index, lineage, patient], value[index + 1, lineage, patient]
        s0, s1 = slope[index, lineage, patient] * h, slope[index + 1, lineage, patient] * h
        bend = v1 - v0
        return v0 + x * (s0 + x * (3 * bend - 2 * s0 - s1 + x * (s0 + s1 - 2 * bend)))

    return read

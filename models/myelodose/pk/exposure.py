"""Exposure over an interval: area, peak, trough, time above a threshold.

Between two steps the concentration is a short sum of exponentials. Its extremes are found by
bisection of its exact slope, so it rises or falls all the way between the knots, and a threshold is
met once at most there.

Time is in hours, amounts in mg, concentrations in mg/L.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from myelodose.errors import InputError
from myelodose.pk.events import Events
from myelodose.pk.linear import LinearModel
from myelodose.pk.parameters import Value
from myelodose.pk.simulate import ByCompartment, Course, simulate_steps
from myelodose.precision import float64

_GRID = 48
_HALVINGS = 60


class Exposure(NamedTuple):
    """Exposure from `start_h` to `end_h`.

    Attributes:
        auc_mg_h_per_l: Area under the concentration [mg h/L].
        cavg_mg_per_l: That area over the length of the interval [mg/L].
        cmax_mg_per_l: Highest concentration [mg/L].
        tmax_h: When it is reached first [h], on the clock of the events.
        trough_mg_per_l: Concentration at the end, before a dose that is given there [mg/L].
        time_above_h: Time above the threshold [h]; not a number if there is none.
    """

    auc_mg_h_per_l: float
    cavg_mg_per_l: float
    cmax_mg_per_l: float
    tmax_h: float
    trough_mg_per_l: float
    time_above_h: float


def auc_per_dose(model: LinearModel, amount_mg: Value, *, bioavailability: Value = 1.0) -> Value:
    """Area under the concentration after one dose, to infinity: F dose / CL [mg h/L].

    The same area lies under one interval at steady state.

    Args:
        model: The model.
        amount_mg: Dose [mg].
        bioavailability: F.

    Example:
        >>> from myelodose.pk import OneCompartment
        >>> auc_per_dose(OneCompartment(CL=12.5, V=64.0), 25.0)
        2.0
    """
    return bioavailability * amount_mg / model.CL


def exposure(
    model: LinearModel,
    events: Events,
    start_h: float,
    end_h: float,
    *,
    threshold_mg_per_l: float | None = None,
    bioavailability: ByCompartment = None,
    lag_h: ByCompartment = None,
) -> Exposure:
    """Exposure over an interval, exact up to rounding. For concrete parameters, not for tracing.

    Args:
        model: The model, parameters being numbers.
        events: The records.
        start_h: Start of the interval [h].
        end_h: Its end [h].
        threshold_mg_per_l: Threshold for `time_above_h` [mg/L].
        bioavailability: As in `simulate`.
        lag_h: As in `simulate`.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> from myelodose.pk import OneCompartment, doses
        >>> model = OneCompartment(CL=12.5, V=64.0, ka=1.0)
        >>> seen = exposure(model, doses(25.0), 0, 1000)
        >>> round(seen.auc_mg_h_per_l, 6), round(seen.tmax_h, 3)
        (2.0, 2.03)
    """
    _check_interval(model, start_h, end_h, threshold_mg_per_l)
    with float64():
        events, place = events.observed_at([start_h, end_h])
        course = simulate_steps(model, events, bioavailability=bioavailability, lag_h=lag_h)
        area = np.asarray(course.auc)[np.asarray(course.at_record)[place]]
        auc = area[1] - area[0]
        found = _read(model, course, start_h, end_h, threshold_mg_per_l)
        return Exposure(*map(float, (auc, auc / (end_h - start_h), *found)))


def _check_interval(model: LinearModel, start: float, end: float, threshold: float | None) -> None:
    if not 0 <= start < end < np.inf:
        found = f"found {start} and {end}"
        raise InputError("exposure, start_h and end_h", found, "give 0 <= start_h < end_h")
    if threshold is not None and not 0 <= threshold < np.inf:
        remedy = "give a concentration of at least 0 mg/L"
        raise InputError("exposure, threshold_mg_per_l", f"found {threshold}", remedy)
    if any(jnp.ndim(leaf) for leaf in jax.tree.leaves(model)):
        remedy = "give numbers; the interval adds records that would have no parameters"
        raise InputError("exposure, model", "found parameters by record", remedy)


def _read(
    model: LinearModel, course: Course, start_h: float, end_h: float, threshold: float | None
) -> tuple[float, float, float, float]:
    """Cmax, tmax, trough and time above the threshold."""
    time, state, rate = (np.asarray(x) for x in (course.time, course.state, course.rate))
    used = np.flatnonzero((np.diff(time) > 0) & (time[:-1] >= start_h) & (time[1:] <= end_h))
    start, length = time[used, None], (time[used + 1] - time[used])[:, None]
    curve = _Curve(model, state[used].T[:, :, None], rate[used].T[:, :, None])
    knots = _knots(curve, length)
    height = curve.height(knots)
    highest = np.argmax(height)
    above = np.nan if threshold is None else _above(curve, knots, height, threshold)
    return height.flat[highest], (start + knots).flat[highest], height[-1, -1], above


class _Curve(NamedTuple):
    """The concentration in each piece, a function of the time since its start [piece, time]."""

    model: LinearModel
    state: np.ndarray
    rate: np.ndarray

    def height(self, dt: np.ndarray) -> np.ndarray:
        return self._both(dt)[0]

    def slope(self, dt: np.ndarray) -> np.ndarray:
        return self._both(dt)[1]

    def _both(self, dt: np.ndarray) -> np.ndarray:
        # In blocks of one width, so that it is compiled once.
        parts = [dt[:, i : i + _GRID] for i in range(0, dt.shape[1], _GRID)]
        return np.concatenate([np.stack(_curve(*self, part)) for part in parts], axis=2)


# Compiled alone and called in a loop: inside one compiled whole the closed form would be copied
# many times over, and compiling would take minutes with many transits.
@jax.jit
def _curve(model: LinearModel, state: Array, rate: Array, dt: Array) -> tuple[Array, Array]:
    """Concentration and its slope [piece, time]."""
    then = model.advance(state, dt, rate, into="all")
    return model.concentration(then), model.concentration(model.derivative(then, rate))


def _knots(curve: _Curve, length: np.ndarray) -> np.ndarray:
    """A grid that is denser after the start, and every point where the slope changes its sign."""
    grid = length * np.linspace(0.0, 1.0, _GRID) ** 2
    # The last point has no next one: its bracket is empty, and it stands there twice.
    turn = _bisect(curve.slope, grid, np.append(grid[:, 1:], grid[:, -1:], axis=1))
    return np.sort(np.concatenate([grid, turn], axis=1), axis=1)


def _above(curve: _Curve, knots: np.ndarray, height: np.ndarray, threshold: float) -> float:
    """Time above the threshold, summed over all pieces."""
    right = np.append(knots[:, 1:], knots[:, -1:], axis=1)
    meets = _bisect(lambda dt: curve.height(dt) - threshold, knots, right)
    up = height > threshold
    then = np.append(up[:, 1:], up[:, -1:], axis=1)
    partly = np.where(up, meets - knots, right - meets)
    whole = np.where(up, right - knots, 0.0)
    return float(np.where(up == then, whole, partly).sum())


def _bisect(function, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Where a function changes its sign in each bracket; the left end where it does not."""
    sign = np.sign(function(left))
    changes = sign * np.sign(function(right)) < 0
    low, high = left, right
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        same = np.sign(function(middle)) == sign
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return np.where(changes, (low + high) / 2, left)

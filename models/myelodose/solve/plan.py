"""From doses to windows: where time is cut, what is given there, and how a time is read off.

Every dose and every end of an infusion starts a window, so no step can jump over a pulse: an
adaptive solver that is called once over the horizon is wrong by 10 to 30 % here without saying so.
Plans depend on the schedule alone, not on parameters; they are made once, with NumPy, and are
data for everything compiled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import ArrayLike

from myelodose.errors import InputError, check_numbers

LONGEST_WINDOW_D = 1.0

# Two times that differ by rounding alone are one [d].
_SAME = 1e-9

# A chain of them becomes one edge; a dose further behind an edge lies beyond the last window [d].
_MERGED = 1e-6


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Plan:
    """Windows of one patient, or of many with patients as the last axis.

    `start_d` and `length_d` have shape (window, ...) [d]; `amount` (window, drug, ...) is given at
    the start of a window and `rate` (window, drug, ...) during it [unit of the dose, per day], None
    where nothing is infused.
    Every time of interest starts a window too: `at` (time, ...) is its number, and what is read
    there is the state before the dose; the number after the last window stands for the end.
    Windows of length 0 at the end are padding.
    """

    start_d: Float[Array, "window ..."]
    length_d: Float[Array, "window ..."]
    amount: Float[Array, "window drug ..."]
    rate: Float[Array, "window drug ..."] | None
    at: Int[Array, "time ..."]

    def read(self, states: Float[Array, "window+1 ..."]) -> Float[Array, "time ..."]:
        """States at the starts of windows, and at the end, read at the times of interest."""
        if self.at.ndim == 1:
            return states[self.at]
        index = self.at.reshape(len(self.at), *(1,) * (states.ndim - 2), -1)
        return jnp.take_along_axis(states, index, 0)


def plan(
    time_d: ArrayLike,
    amount: ArrayLike,
    drug: ArrayLike,
    *,
    drugs: int,
    times_d: ArrayLike,
    duration_d: ArrayLike | None = None,
    horizon_d: float | None = None,
    longest_window_d: float = LONGEST_WINDOW_D,
    after_dose_d: float | None = None,
    windows: int | None = None,
) -> Plan:
    """Cut one patient's time into windows.

    Args:
        time_d: When doses are given [d], at or after 0.
        amount: How much; 0 is padding and is passed over.
        drug: Which drug, 0 to `drugs` - 1.
        drugs: Number of drugs.
        times_d: Times of interest [d], at or after 0. A time at a dose is read before it.
        duration_d: How long each dose is infused [d]; 0 for a bolus or a tablet.
        horizon_d: End of the last window [d]; the last of `times_d` if not given.
        longest_window_d: Longer rests are split into pieces of at most this [d].
        after_dose_d: Cut once more so long after each dose [d], where absorption is too fast or
            an effect too steep for one window.
        windows: Pad to so many windows.

    Raises:
        InputError: If a value cannot be, or there are more windows than the padding.
    """
    doses = _checked_doses(time_d, amount, drug, duration_d, drugs)
    times = _checked("times_d", times_d)
    horizon = float(times.max(initial=0.0) if horizon_d is None else horizon_d)
    if not times.max(initial=0.0) <= horizon < np.inf:
        raise InputError(
            "plan, horizon_d", f"found {horizon:g}", "give a day at or after the last of times_d"
        )
    _check_positive("longest_window_d", longest_window_d, "a length")
    if after_dose_d is not None:
        _check_positive("after_dose_d", after_dose_d, "a time")
    more = [] if after_dose_d is None else [doses.time + after_dose_d]
    edges = _edges(doses, np.concatenate([times, *more]), horizon, longest_window_d)
    count = len(edges) - 1
    if windows is not None and count > windows:
        raise InputError(
            "plan, windows",
            f"found {windows} for a schedule that needs {count}",
            f"give at least {count}",
        )
    edges = np.append(edges, np.full((windows or count) - count, edges[-1]))
    given, rate = _inputs(doses, edges, drugs)
    at = np.searchsorted(edges[: count + 1], times - _SAME)
    rate = _data(rate) if doses.duration.any() else None
    return Plan(_data(edges[:-1]), _data(np.diff(edges)), _data(given), rate, _data(at))


def _data(values: np.ndarray) -> Array:
    """NumPy's float64, kept as it is until it meets compiled code."""
    return cast(Array, values)


def stack(plans: Sequence[Plan]) -> Plan:
    """Plans of several patients side by side, patients last; windows padded to the longest."""
    longest = max(len(one.length_d) for one in plans)
    infused = any(one.rate is not None for one in plans)
    padded = [_pad(one, longest, infused) for one in plans]
    return jax.tree.map(lambda *parts: np.stack(parts, -1), *padded)


def _pad(one: Plan, windows: int, infused: bool) -> Plan:
    more = windows - len(one.length_d)
    end = one.start_d[-1] + one.length_d[-1]

    def zeros(values: Array) -> Array:
        return _data(np.concatenate([values, np.zeros((more, *values.shape[1:]))]))

    start = np.concatenate([one.start_d, np.full(more, end)])
    rate = _data(np.zeros_like(one.amount)) if one.rate is None else one.rate
    return Plan(
        _data(start),
        zeros(one.length_d),
        zeros(one.amount),
        zeros(rate) if infused else None,
        one.at,
    )


@dataclass(frozen=True)
class _Doses:
    time: np.ndarray
    amount: np.ndarray
    drug: np.ndarray
    duration: np.ndarray


def _checked(name: str, given: ArrayLike) -> np.ndarray:
    values = np.atleast_1d(np.asarray(given, float))
    fine = np.isfinite(values) & (values >= 0)
    check_numbers(f"plan, {name}", values, fine, "give finite values from 0")
    return values


def _check_positive(name: str, value: float, what: str) -> None:
    if not 0 < value < np.inf:
        raise InputError(f"plan, {name}", f"found {value:g}", f"give {what} above 0 days")


def _checked_doses(time, amount, drug, duration, drugs: int) -> _Doses:
    time, amount = _checked("time_d", time), _checked("amount", amount)
    duration = np.zeros_like(time) if duration is None else _checked("duration_d", duration)
    drug = np.atleast_1d(np.asarray(drug, int))
    sizes = {len(time), len(amount), len(duration), len(drug)}
    if len(sizes) > 1:
        raise InputError(
            "plan", f"found arrays of {sorted(sizes)} doses", "give one value for each dose"
        )
    if ((drug < 0) | (drug >= drugs)).any():
        raise InputError("plan, drug", f"found {drug.tolist()}", f"give 0 to {drugs - 1}")
    real = amount > 0
    return _Doses(time[real], amount[real], drug[real], duration[real])


def _edges(doses: _Doses, marks: np.ndarray, horizon: float, longest: float) -> np.ndarray:
    marks = np.concatenate([[0.0, horizon], marks, doses.time, doses.time + doses.duration])
    marks = np.unique(marks[marks <= horizon])
    marks = marks[np.append(True, np.diff(marks) > _SAME)]
    if len(marks) == 1:
        return np.zeros(2)
    pieces = np.maximum(np.ceil(np.diff(marks) / longest - _SAME), 1).astype(int)
    inner = [
        np.linspace(a, b, n, endpoint=False)
        for a, b, n in zip(marks[:-1], marks[1:], pieces, strict=True)
    ]
    return np.append(np.concatenate(inner), marks[-1])


def _inputs(doses: _Doses, edges: np.ndarray, drugs: int) -> tuple[np.ndarray, np.ndarray]:
    windows = len(edges) - 1
    given, rate = np.zeros((windows, drugs)), np.zeros((windows, drugs))
    # A time that was merged into an edge lies behind it: the last edge up to a time is its own.
    begin = np.searchsorted(edges, doses.time + _SAME, side="right") - 1
    stop = np.searchsorted(edges, doses.time + doses.duration + _SAME, side="right") - 1
    for i, (amount, drug) in enumerate(zip(doses.amount, doses.drug, strict=True)):
        if doses.duration[i] > 0:
            rate[begin[i] : stop[i], drug] += amount / doses.duration[i]
            continue
        where = min(begin[i], windows - 1)
        if doses.time[i] - edges[where] < _MERGED:
            given[where, drug] += amount
    return given, rate

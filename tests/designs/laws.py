"""Laws that every dose-finding design keeps, checked on states that it reaches by itself."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from myelodose.designs import NONE, STOP, UNDECIDED, Design
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes


def _height(_design: Design, level: int) -> int:
    return level


@dataclass(frozen=True)
class Promise:
    """A design and what it promises.

    `step` is how far above the highest level tried it may go at most, None if it may skip;
    `monotone` whether one more DLT at the current level never raises the next one; `height` orders
    the levels, as a sum over drugs where there are two.
    """

    design: Design
    step: int | None = 1
    monotone: bool = True
    height: Callable[[Design, int], int] = _height
    cohorts: int = 10
    walks: int = 15


def walk(promise: Promise, seed: int) -> list[Outcomes]:
    """Random trials of the design, after each of their cohorts."""
    design, draw = promise.design, np.random.default_rng(seed)
    found = []
    for _ in range(promise.walks):
        risk = np.sort(draw.uniform(0, 0.9, design.levels))
        seen = Outcomes(design.labels)
        for _ in range(promise.cohorts):
            call = design.next(seen)
            if call.stop or call.level is None:
                break
            n, y = design.counts(seen)
            size = int(design.size(n[None], y[None], np.array([call.level]))[0])
            dlts = (draw.random(size) < risk[call.level]).astype(int)
            seen = seen.add(call.level, dlts.tolist())
            found.append(seen)
    return found


def states(trials: list[Outcomes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts and last levels of some trials."""
    n, y = (np.stack([getattr(seen, name) for seen in trials]) for name in ("n", "y"))
    return n, y, np.array([seen.last_level for seen in trials])


def levels_exist(promise: Promise, trials: list[Outcomes]) -> None:
    n, y, level = states(trials)
    chosen, picked = promise.design.decide(n, y, level), promise.design.pick(n, y)
    assert set(chosen.tolist()) <= {STOP, UNDECIDED, *range(promise.design.levels)}
    assert set(picked.tolist()) <= {NONE, UNDECIDED, *range(promise.design.levels)}


def cohorts_have_patients(promise: Promise, trials: list[Outcomes]) -> None:
    n, y, level = states(trials)
    chosen = promise.design.decide(n, y, level)
    go = chosen >= 0
    assert (promise.design.size(n[go], y[go], chosen[go]) >= 1).all()


def untried_levels_are_not_skipped(promise: Promise, trials: list[Outcomes]) -> None:
    if promise.step is None:
        return
    n, y, level = states(trials)
    design = promise.design
    chosen = design.decide(n, y, level)
    for row, next_level in zip(n, chosen, strict=True):
        if next_level >= 0:
            tried = max(promise.height(design, int(k)) for k in np.flatnonzero(row))
            assert promise.height(design, int(next_level)) <= tried + promise.step


def selected_levels_were_tried(promise: Promise, trials: list[Outcomes]) -> None:
    n, y, _ = states(trials)
    picked = promise.design.pick(n, y)
    rows = np.flatnonzero(picked >= 0)
    if promise.step is not None:
        reach = [
            max(promise.height(promise.design, int(k)) for k in np.flatnonzero(n[r])) for r in rows
        ]
        heights = [promise.height(promise.design, int(k)) for k in picked[rows]]
        assert (np.array(heights) <= np.array(reach) + promise.step).all()


def one_more_dlt_never_raises_the_next_level(promise: Promise, trials: list[Outcomes]) -> None:
    if not promise.monotone:
        return
    n, y, level = states(trials)
    rows = np.arange(len(n))
    can = y[rows, level] < n[rows, level]
    n, y, level = n[can], y[can], level[can]
    worse = y.copy()
    worse[np.arange(len(n)), level] += 1
    before, after = (_effect(promise, n, counts, level) for counts in (y, worse))
    sure = (before > UNDECIDED) & (after > UNDECIDED)
    assert (after[sure] <= before[sure]).all()


def _effect(promise: Promise, n: np.ndarray, y: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Height of the next level; a trial that stops with a dose selected stays where it is."""
    chosen, picked = promise.design.decide(n, y, level), promise.design.pick(n, y)
    effect = np.where((chosen == STOP) & (picked >= 0), level, chosen)
    heights = [promise.height(promise.design, int(k)) if k >= 0 else int(k) for k in effect]
    return np.array(heights)


def one_trial_is_decided_as_many(promise: Promise, trials: list[Outcomes]) -> None:
    n, y, level = states(trials)
    design = promise.design
    chosen, picked = design.decide(n, y, level), design.pick(n, y)
    some = slice(None, None, max(len(trials) // 40, 1))
    for seen, many, best in zip(trials[some], chosen[some], picked[some], strict=True):
        call, selection = design.next(seen), design.select(seen)
        assert call.stop == (many == STOP)
        assert call.undecided == (many == UNDECIDED)
        assert selection.level == (best if best >= 0 else None)
        assert call.level == (many if many >= 0 else selection.level if call.stop else None)
        assert call.because
        assert selection.because


def decisions_do_not_depend_on_the_batch(promise: Promise, trials: list[Outcomes]) -> None:
    n, y, level = states(trials)
    order = np.random.default_rng(0).permutation(len(n))
    whole = promise.design.decide(n, y, level)
    assert (promise.design.decide(n[order], y[order], level[order]) == whole[order]).all()
    assert (promise.design.decide(n[:3], y[:3], level[:3]) == whole[:3]).all()
    picked = promise.design.pick(n, y)
    assert (promise.design.pick(n[order], y[order]) == picked[order]).all()


def arguments_are_left_alone(promise: Promise, trials: list[Outcomes]) -> None:
    before = states(trials)
    after = tuple(part.copy() for part in before)
    promise.design.decide(*after)
    promise.design.pick(*after[:2])
    assert all((a == b).all() for a, b in zip(before, after, strict=True))


def replaced_patients_change_nothing(promise: Promise, trials: list[Outcomes]) -> None:
    for seen in trials[:10]:
        call = promise.design.next(seen)
        with_one_more = promise.design.next(seen.add(seen.last_level or 0, "-"))
        assert (call.level, call.stop) == (with_one_more.level, with_one_more.stop)


def the_first_cohort_gets_the_start(promise: Promise, _trials: list[Outcomes]) -> None:
    design = promise.design
    assert design.next(Outcomes(design.labels)).level == design.start
    nothing = np.zeros((1, design.levels), int)
    assert design.decide(nothing, nothing, np.array([design.start]))[0] == design.start


def impossible_input_is_refused(promise: Promise, trials: list[Outcomes]) -> None:
    design = promise.design
    with pytest.raises(InputError, match="give outcomes at"):
        design.next(Outcomes(("elsewhere",)))
    n, y, level = states(trials[:1])
    with pytest.raises(InputError, match="give 0 to n"):
        design.decide(n, n + 1, level)
    with pytest.raises(InputError, match="give both as state x"):
        design.pick(n[:, :-1], y)


LAWS = (
    levels_exist,
    cohorts_have_patients,
    untried_levels_are_not_skipped,
    selected_levels_were_tried,
    one_more_dlt_never_raises_the_next_level,
    one_trial_is_decided_as_many,
    decisions_do_not_depend_on_the_batch,
    arguments_are_left_alone,
    replaced_patients_change_nothing,
    the_first_cohort_gets_the_start,
    impossible_input_is_refused,
)

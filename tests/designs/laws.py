"""Laws that every dose-finding design keeps, checked on trials that it reaches by itself."""

from dataclasses import replace

import numpy as np
import pytest

from designs.promises import Promise, States, answers, cohort_of, decides_many, highest_tried
from myelodose.designs import NONE, STOP, UNDECIDED, Design
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes


def levels_exist(promise: Promise, trials: list[Outcomes]) -> None:
    chosen, picked = answers(promise, trials)
    assert set(chosen.tolist()) <= {STOP, UNDECIDED, *range(promise.design.levels)}
    assert set(picked.tolist()) <= {NONE, UNDECIDED, *range(promise.design.levels)}
    assert (chosen >= 0).any()


def cohorts_have_patients(promise: Promise, trials: list[Outcomes]) -> None:
    chosen, _ = answers(promise, trials)
    for seen, level in zip(trials, chosen, strict=True):
        assert level < 0 or cohort_of(promise.design, seen, int(level)) >= 1


def untried_levels_are_not_skipped(promise: Promise, trials: list[Outcomes]) -> None:
    if promise.step is None:
        return
    chosen, _ = answers(promise, trials)
    assert (promise.heights(chosen) <= highest_tried(promise, trials) + promise.step).all()


def selected_levels_are_in_reach(promise: Promise, trials: list[Outcomes]) -> None:
    if promise.step is None:
        return
    _, picked = answers(promise, trials)
    assert (promise.heights(picked) <= highest_tried(promise, trials) + promise.step).all()


def one_more_toxicity_never_raises_the_next_level(promise: Promise, trials: list[Outcomes]) -> None:
    if not promise.monotone:
        return
    better = [seen for seen in trials if _without_toxicity(seen) is not None]
    before, after = (_effect(promise, some) for some in (better, [_worse(s) for s in better]))
    sure = (before > UNDECIDED) & (after > UNDECIDED)
    assert sure.any()
    assert (after[sure] <= before[sure]).all()


def one_more_toxicity_never_makes_its_level_safer(promise: Promise, trials: list[Outcomes]) -> None:
    if promise.safety is None:
        return
    for seen in [seen for seen in trials if _without_toxicity(seen) is not None][:12]:
        before, after = (promise.safety(promise.design, s) for s in (seen, _worse(seen)))
        assert after[seen.last_level] <= before[seen.last_level]


def _without_toxicity(seen: Outcomes) -> int | None:
    """A patient at the last level who had none."""
    pairs = enumerate(zip(seen.level, seen.dlt, strict=True))
    return next((i for i, (k, dlt) in pairs if k == seen.last_level and dlt == 0), None)


def _worse(seen: Outcomes) -> Outcomes:
    patient = _without_toxicity(seen)
    return replace(seen, dlt=tuple(1 if i == patient else d for i, d in enumerate(seen.dlt)))


def _effect(promise: Promise, trials: list[Outcomes]) -> np.ndarray:
    """Height of the next level; a trial that stops with a dose selected stays where it is."""
    chosen, picked = answers(promise, trials)
    level = np.array([seen.last_level for seen in trials])
    return promise.heights(np.where((chosen == STOP) & (picked >= 0), level, chosen))


def one_trial_is_decided_as_many(promise: Promise, trials: list[Outcomes]) -> None:
    chosen, picked = answers(promise, trials)
    some = slice(None, None, max(len(trials) // (40 if decides_many(promise) else 5), 1))
    for seen, many, best in zip(trials[some], chosen[some], picked[some], strict=True):
        call, selection = promise.design.next(seen), promise.design.select(seen)
        assert call.stop == (many == STOP)
        assert call.undecided == (many == UNDECIDED)
        assert selection.level == (best if best >= 0 else None)
        assert call.level == (many if many >= 0 else selection.level if call.stop else None)
        assert call.because
        assert selection.because


def decisions_do_not_depend_on_the_batch(promise: Promise, trials: list[Outcomes]) -> None:
    if not decides_many(promise):
        return
    states = States(promise.design, trials)
    order = np.random.default_rng(0).permutation(len(trials))
    whole, picked = states.decide(), states.pick()
    assert (states.decide(order) == whole[order]).all()
    assert (states.decide(slice(3)) == whole[:3]).all()
    assert (states.pick(order) == picked[order]).all()


def arguments_are_left_alone(promise: Promise, trials: list[Outcomes]) -> None:
    if not decides_many(promise):
        return
    before, after = (States(promise.design, trials) for _ in range(2))
    after.decide()
    after.pick()
    same = zip((*before.counts, before.level), (*after.counts, after.level), strict=True)
    assert all(np.array_equal(a, b) for a, b in same)


def a_trial_that_stopped_stays_stopped(promise: Promise, trials: list[Outcomes]) -> None:
    calls = [(seen, promise.design.next(seen)) for seen in trials[:60]]
    for seen, call in [(seen, call) for seen, call in calls if call.stop][:5]:
        later = promise.design.next(seen.add(seen.last_level or 0, "--"))
        assert later.stop
        assert later.level == call.level == promise.design.select(seen).level


def replaced_patients_change_nothing(promise: Promise, trials: list[Outcomes]) -> None:
    for seen in trials[:10]:
        call = promise.design.next(seen)
        with_one_more = promise.design.next(seen.add(seen.last_level or 0, "-"))
        assert (call.level, call.stop) == (with_one_more.level, with_one_more.stop)


def the_first_cohort_gets_the_start(promise: Promise, _trials: list[Outcomes]) -> None:
    design = promise.design
    assert design.next(Outcomes(design.labels)).level == design.start
    if isinstance(design, Design):
        nothing = np.zeros((1, design.levels), int)
        assert design.decide(nothing, nothing, np.array([design.start]))[0] == design.start


def impossible_input_is_refused(promise: Promise, trials: list[Outcomes]) -> None:
    design = promise.design
    with pytest.raises(InputError, match="give outcomes at"):
        design.next(Outcomes(("elsewhere",)))
    with pytest.raises(InputError, match="give outcomes at"):
        design.select(Outcomes(("elsewhere",)))
    if not isinstance(design, Design):
        return
    states = States(design, trials[:1])
    n, y = states.counts
    with pytest.raises(InputError, match="give 0 to n"):
        design.decide(n, n + 1, states.level)
    with pytest.raises(InputError, match="give both as state x"):
        design.pick(n[:, :-1], y)


LAWS = (
    levels_exist,
    cohorts_have_patients,
    untried_levels_are_not_skipped,
    selected_levels_are_in_reach,
    one_more_toxicity_never_raises_the_next_level,
    one_more_toxicity_never_makes_its_level_safer,
    one_trial_is_decided_as_many,
    decisions_do_not_depend_on_the_batch,
    arguments_are_left_alone,
    a_trial_that_stopped_stays_stopped,
    replaced_patients_change_nothing,
    the_first_cohort_gets_the_start,
    impossible_input_is_refused,
)

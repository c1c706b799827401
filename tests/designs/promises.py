"""What a design promises, random trials of it, and its answers to them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from myelodose.designs import NONE, STOP, UNDECIDED, Boin12, Call, Design, DoseFinder
from myelodose.outcomes import Outcomes


def _height(_design: Any, level: int) -> int:
    return level


@dataclass(frozen=True)
class Promise:
    """A design and what it promises.

    `step` is how far above the highest level tried it may go at most, None if it may skip;
    `monotone` whether one more toxicity at the current level never raises the next one; `height`
    orders the levels, as a sum over drugs where there are two; `efficacy` whether it looks at
    responses too; `safety` is a number a level that one more toxicity there never raises, for
    designs that weigh toxicity against something else and so are not monotone.
    """

    design: Any
    step: int | None = 1
    monotone: bool = True
    height: Callable[[Any, int], int] = _height
    efficacy: bool = False
    safety: Callable[[Any, Outcomes], np.ndarray] | None = None
    cohorts: int = 10
    walks: int = 15

    def heights(self, levels: Sequence[int] | np.ndarray) -> np.ndarray:
        """Heights of levels; what is no level stays."""
        return np.array([self.height(self.design, int(k)) if k >= 0 else int(k) for k in levels])


def walk(promise: Promise, seed: int) -> list[Outcomes]:
    """Random trials of the design, after each of their cohorts."""
    design, draw = promise.design, np.random.default_rng(seed)
    found = []
    for _ in range(promise.walks):
        risk, response = np.sort(draw.uniform(0, 0.9, design.levels)), draw.random(design.levels)
        seen = Outcomes(design.labels)
        for _ in range(promise.cohorts):
            call = design.next(seen)
            if call.stop or call.level is None:
                break
            toxic = draw.random(cohort_of(design, seen, call.level)) < risk[call.level]
            works = promise.efficacy & (draw.random(len(toxic)) < response[call.level])
            letters = (2 * works + toxic).tolist()
            seen = seen.add(call.level, "".join("NTEB"[k] for k in letters))
            found.append(seen)
    return found


def cohort_of(design: DoseFinder, seen: Outcomes, level: int) -> int:
    if not isinstance(design, Design):
        return design.cohort_size
    n, y = design.counts(seen)
    return int(design.size(n[None], y[None], np.array([level]))[0])


class States:
    """Trials as a design that decides on many at once takes them."""

    def __init__(self, design: Any, trials: list[Outcomes]):
        """Count what the design counts."""
        self.design = design
        self.level = np.array([seen.last_level for seen in trials])
        counted = [self.design.counts(seen) for seen in trials]
        if isinstance(design, Boin12):
            parts = zip(*counted, strict=True)
            self.counts: Any = (type(counted[0])(*(np.concatenate(part) for part in parts)),)
        else:
            self.counts = tuple(np.stack(part) for part in zip(*counted, strict=True))

    def decide(self, rows=slice(None)) -> np.ndarray:
        """The next level of some of them."""
        return self.design.decide(*_some(self.counts, rows), self.level[rows])

    def pick(self, rows=slice(None)) -> np.ndarray:
        """The level selected in some of them."""
        return self.design.pick(*_some(self.counts, rows))


def _some(counts: tuple, rows) -> list:
    return [type(c)(*(x[rows] for x in c)) if isinstance(c, tuple) else c[rows] for c in counts]


def decides_many(promise: Promise) -> bool:
    return isinstance(promise.design, Design | Boin12)


def answers(promise: Promise, trials: list[Outcomes]) -> tuple[np.ndarray, np.ndarray]:
    """Next level and level selected, as `decide` and `pick` give them."""
    if decides_many(promise):
        states = States(promise.design, trials)
        return states.decide(), states.pick()
    pairs = [_one(promise.design, seen) for seen in trials]
    chosen = [UNDECIDED if c.undecided else STOP if c.stop else c.level for c, _ in pairs]
    picked = [UNDECIDED if c.undecided else NONE if c.level is None else c.level for _, c in pairs]
    return np.array(chosen), np.array(picked)


@cache
def _one(design: DoseFinder, seen: Outcomes) -> tuple[Call, Call]:
    return design.next(seen), design.select(seen)


def highest_tried(promise: Promise, trials: list[Outcomes]) -> np.ndarray:
    """Height of the highest level tried."""
    return np.array([promise.heights(np.flatnonzero(seen.n)).max() for seen in trials])

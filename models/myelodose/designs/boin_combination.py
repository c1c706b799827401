"""BOIN for two drugs: one step in one of them, then the MTD by matrix isotonic regression."""

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from myelodose.designs.base import (
    NONE,
    STOP,
    Counts,
    Design,
    Levels,
    Reason,
    check_design,
    check_states,
)
from myelodose.designs.beta_beliefs import BetaBeliefs
from myelodose.designs.boin import Boin
from myelodose.designs.interval import DOWN, STAY, UP, WORD
from myelodose.designs.isotonic import increasing_both_ways
from myelodose.designs.posterior_beta import prob_at_most
from myelodose.outcomes import dose_labels
from myelodose.outcomes.labels import Doses, shown

# What BOIN adds per patient to the probability of a neighbour, to break ties.
PER_PATIENT = 0.0005


@dataclass(frozen=True)
class BoinCombination(Design):
    """BOIN over the grid of two drugs' doses.

    The move is that of BOIN at the current combination. Up goes to the neighbour one step higher
    in one drug, down to the one lower, of the two the one with the higher

        P(lambda_e < p < lambda_d) + 0.0005 n   with p ~ Beta(0.5 + y, 0.5 + n - y)

    Of equal ones the step in the first drug is taken (the package BOIN tosses a coin); `tied`
    names them. A combination that is excluded closes all that are at least as high in both drugs.

    A level is a cell of the grid, row after row: `cell` and `level_of` translate.

    Args:
        rows: Doses of the first drug, or their count.
        columns: Doses of the second drug, or their count.
        target: Target DLT risk.
        low: phi1; 0.6 target if not given.
        high: phi2; 1.4 target if not given.
        cohort_size: Patients in a cohort.
        start: Level of the first cohort.
        exclude_above: Certainty that excludes a combination.
        exclude_from: Patients from which one can be excluded.
        extra_safe: BOIN's offset for the lowest combination, or None.
        stop_at: Patients at the current combination that end the trial; None for never.
        rounding: Decimals to which isotonic rates are rounded before the MTD is selected, as the
            package BOIN does; None for no rounding.

    Raises:
        InputError: If a value cannot be.

    Source:
        Lin and Yin, Stat Methods Med Res 2017 (doi 10.1177/0962280215594494); BOIN 2.7, next.comb
        and select.mtd.comb.

    Example:
        >>> design = BoinCombination(rows=2, columns=2, target=0.3)
        >>> design.decide([[3, 0, 0, 0]], [[0, 0, 0, 0]], [0])
        array([2])
        >>> design.labels[2]
        '2+1'
    """

    rows: Doses
    columns: Doses
    target: float
    low: float | None = None
    high: float | None = None
    cohort_size: int = 3
    start: int = 0
    exclude_above: float = 0.95
    exclude_from: int = 3
    extra_safe: float | None = None
    stop_at: int | None = None
    rounding: int | None = 2

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        check_design(self)
        _ = self.boin

    @property
    def doses(self) -> Doses:
        """Labels such as "10+75": first drug, second drug."""
        first, second = (dose_labels(d) for d in (self.rows, self.columns))
        return tuple(f"{shown(a)}+{shown(b)}" for a, b in itertools.product(first, second))

    @property
    def shape(self) -> tuple[int, int]:
        """Doses of the first and of the second drug."""
        return len(dose_labels(self.rows)), len(dose_labels(self.columns))

    @property
    def boin(self) -> Boin:
        """The rule at one combination."""
        return Boin(
            self.levels,
            self.target,
            self.low,
            self.high,
            exclude_above=self.exclude_above,
            exclude_from=self.exclude_from,
            extra_safe=self.extra_safe,
        )

    @property
    def gives(self) -> frozenset[str]:
        """What BOIN gives."""
        return self.boin.gives

    def posterior(self, n: Counts, y: Counts) -> BetaBeliefs:
        """See `Design.posterior`; BOIN's, of each combination by its own data."""
        return self.boin.posterior(n, y)

    def cell(self, level: int) -> tuple[int, int]:
        """Row and column of a level, from 0."""
        return divmod(level, self.shape[1])

    def level_of(self, row: int, column: int) -> int:
        """Level of a cell, from 0."""
        return row * self.shape[1] + column

    def closed(self, n: Counts, y: Counts) -> Bool[np.ndarray, "state level"]:
        """Combinations that may not be given any more."""
        out = self.boin.exclude(n, y).reshape(len(n), *self.shape)
        out = np.logical_or.accumulate(np.logical_or.accumulate(out, 1), 2)
        return out.reshape(n.shape)

    def neighbours(
        self, n: Counts, y: Counts, level: Levels, direction: int
    ) -> tuple[Int[np.ndarray, "state 2"], Float[np.ndarray, "state 2"]]:
        """The two neighbours one step up (1) or down (-1), and what they are compared by.

        Returns:
            Levels and scores: -1 where there is no neighbour or, going up, it is closed.
        """
        row, column = np.divmod(np.asarray(level), self.shape[1])
        rows = np.stack([row + direction, row], 1)
        columns = np.stack([column, column + direction], 1)
        inside = (rows >= 0) & (columns >= 0)
        inside &= (rows < self.shape[0]) & (columns < self.shape[1])
        cells = np.where(inside, rows * self.shape[1] + columns, 0)
        here = np.take_along_axis(n, cells, 1), np.take_along_axis(y, cells, 1)
        escalate, deescalate = self.boin.limits
        prior = (0.5, 0.5)
        score = prob_at_most(deescalate, *here, prior=prior)
        score = score - prob_at_most(escalate, *here, prior=prior) + PER_PATIENT * here[0]
        if direction == UP:
            inside &= ~np.take_along_axis(self.closed(n, y), cells, 1)
        return np.where(inside, cells, -1), np.where(inside, score, -1.0)

    def decide(self, n: Counts, y: Counts, level: Levels) -> Levels:
        """See `Design.decide`."""
        n, y = check_states(n, y, self.levels)
        level, every = np.asarray(level), np.arange(len(n))
        here = n[every, level], y[every, level]
        move = self.boin.step(*here)
        chosen = level
        for direction in (UP, DOWN):
            cells, score = self.neighbours(n, y, level, direction)
            best = cells[every, _first_best(score)]
            chosen = np.where((move == direction) & (best >= 0), best, chosen)
        if self.stop_at is not None:
            chosen = np.where(here[0] >= self.stop_at, STOP, chosen)
        chosen = np.where(self.closed(n, y)[:, 0], STOP, chosen)
        return np.where(n.sum(-1) == 0, self.start, chosen)

    def tied(self, n: Counts, y: Counts, level: int) -> list[int]:
        """Levels between which the next cohort's is a matter of convention; one if none is."""
        n, y = check_states(n, y, self.levels)
        at = np.array([level])
        chosen = int(self.decide(n, y, at)[0])
        if chosen in (STOP, level):
            return [chosen]
        direction = UP if chosen > level else DOWN
        cells, score = self.neighbours(n, y, at, direction)
        best = score[0] >= score[0].max() - 1e-12
        return [int(cell) for cell in cells[0][best]]

    def rates(self, n: Counts, y: Counts) -> Float[np.ndarray, "state row column"]:
        """Isotonic DLT rates over the grid, with 0.05 DLTs in 0.1 patients added to each cell."""
        grid = (len(n), *self.shape)
        rate, weight = (y + 0.05) / (n + 0.1), n + 0.1
        return increasing_both_ways(rate.reshape(grid), weight.reshape(grid))

    def pick(self, n: Counts, y: Counts) -> Levels:
        """The tried, open combination whose isotonic rate is nearest the target.

        Ties: a cell counts 1e-5 higher per row and column, then the first column by column.
        """
        n, y = check_states(n, y, self.levels)
        used = (n > 0) & ~self.closed(n, y)
        rate = self.rates(n, y)
        rate = rate if self.rounding is None else rate.round(self.rounding)
        row, column = np.indices(self.shape)
        distance = np.abs(rate + 1e-5 * (row + column + 2) - self.target)
        distance = np.where(used.reshape(rate.shape), distance, np.inf)
        best = distance.swapaxes(1, 2).reshape(len(n), self.levels).argmin(-1)
        cell = (best % self.shape[0]) * self.shape[1] + best // self.shape[0]
        return np.where(used.any(-1), cell, NONE)

    def table(self, most: int = 12) -> pd.DataFrame:
        """BOIN's decision table for one dose by its own data; see `decision_table`.

        Args:
            most: Patients up to this many.
        """
        return self.boin.table(most)

    def explain(self, n: Levels, y: Levels, level: int, chosen: int) -> tuple[str, list[Reason]]:
        """See `Design.explain`."""
        if self.closed(n[None], y[None])[0, 0]:
            return f"stop: {self.name(0)} is overly toxic", []
        if n[level] == 0:
            return f"no evaluable patient at {self.name(level)} yet", []
        words, reasons = self.boin.interval_words(int(n[level]), int(y[level]))
        if chosen == STOP:
            return f"stop: {n[level]} patients at {self.name(level)}; {words}", reasons
        move = STAY if chosen == level else UP if chosen > level else DOWN
        text = f"{WORD[move]} to {self.name(chosen)}" if move else f"stay at {self.name(level)}"
        text += f": {y[level]}/{n[level]} DLTs at {self.name(level)}; {words}"
        tied = self.tied(n[None], y[None], level)
        if len(tied) > 1:
            text += f"; {' and '.join(self.name(k) for k in tied)} are equally good"
        return text, reasons


def _first_best(score: Float[np.ndarray, "state 2"]) -> Int[np.ndarray, " state"]:
    """The first of the neighbours with the highest score; equal up to rounding counts as equal."""
    return (score >= score.max(1, keepdims=True) - 1e-12).argmax(1)

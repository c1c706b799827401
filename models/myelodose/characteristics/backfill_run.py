"""Many BF-BOIN trials side by side, arrival after arrival."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float, Int

from myelodose.designs.backfill import BackfillBoin
from myelodose.designs.base import STOP
from myelodose.errors import InputError


@dataclass(frozen=True)
class Accrual:
    """How patients arrive and for how long they are observed.

    Args:
        per_month: Patients per month.
        window_months: Window for DLTs and responses.
        kind: "uniform" gaps between 0 and twice the mean, or a "poisson" process.

    Raises:
        InputError: If a value cannot be.
    """

    per_month: float
    window_months: float = 1.0
    kind: Literal["uniform", "poisson"] = "uniform"

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        for name in ("per_month", "window_months"):
            if not getattr(self, name) > 0:
                found = f"found {getattr(self, name)}"
                raise InputError(f"Accrual, {name}", found, "give a number above 0")
        if self.kind not in ("uniform", "poisson"):
            raise InputError("Accrual, kind", f"found {self.kind!r}", "give 'uniform' or 'poisson'")


class BackfillRun:
    """Many trials side by side; a column of the arrays is a level, a row a trial."""

    def __init__(
        self,
        design: BackfillBoin,
        risk: Float[np.ndarray, " level"],
        response: Float[np.ndarray, " level"],
        accrual: Accrual,
        cohorts: int,
        trials: int,
        draw: np.random.Generator,
    ) -> None:
        self.design, self.risk, self.response = design, risk, response
        self.accrual, self.cohorts, self.draw = accrual, cohorts, draw
        shape, size = (trials, design.levels), design.cohort_size
        self.level = np.full(trials, design.start)
        self.clock = np.zeros(trials)
        self.done = np.zeros(trials, int)
        self.n, self.y = np.zeros(shape, int), np.zeros(shape, int)
        self.filled = np.zeros(trials, int)
        self.cohort_time = np.zeros((trials, size))
        self.cohort_dlt = np.zeros((trials, size), bool)
        self.back_time = np.full((*shape, design.cap + 1), np.inf)
        self.back_dlt = np.zeros((*shape, design.cap + 1), bool)
        self.back = np.zeros(shape, int)
        self.responded = np.full(shape, np.inf)
        self.alive, self.stopped = np.ones(trials, bool), np.zeros(trials, bool)
        window = accrual.window_months
        # Half of the DLTs in the first half of the window.
        with np.errstate(divide="ignore", invalid="ignore"):
            hazard, half = -np.log1p(-risk), -np.log1p(-risk / 2)
            self.shape = np.log(hazard / half) / math.log(2)
            self.scale = window * hazard ** (-1 / self.shape)

    def go(self) -> None:
        """One arrival after the other, in all trials that go on."""
        first = True
        while self.alive.any():
            if not first:
                self.clock += self._gap()
            first = False
            last = self.cohort_time.max(1)
            full = self.filled == self.design.cohort_size
            ready = self.alive & full & (last < self.clock)
            joins = self.alive & ~full
            waits = self.alive & full & ~ready
            self._evaluate(np.flatnonzero(ready))
            self._join(np.flatnonzero(joins | (ready & self.alive)))
            self._backfill(np.flatnonzero(waits))

    def _gap(self) -> Float[np.ndarray, " trial"]:
        mean = 1 / self.accrual.per_month
        if self.accrual.kind == "poisson":
            return self.draw.exponential(mean, len(self.clock))
        return self.draw.uniform(0, 2 * mean, len(self.clock))

    def _dlt_time(self, level: Int[np.ndarray, " trial"]) -> Float[np.ndarray, " trial"]:
        weibull = self.draw.exponential(1.0, len(level)) ** (1 / self.shape[level])
        time = self.scale[level] * weibull
        never = self.risk[level] <= 0
        always = self.risk[level] >= 1
        window = self.accrual.window_months
        return np.where(never, np.inf, np.where(always, window / 2, time))

    def _join(self, trials: Int[np.ndarray, " trial"]) -> None:
        level, place = self.level[trials], self.filled[trials]
        window = self.accrual.window_months
        time = self._dlt_time(level)
        self.cohort_time[trials, place] = self.clock[trials] + np.minimum(time, window)
        self.cohort_dlt[trials, place] = time < window
        self.filled[trials] += 1
        known = self.clock[trials] + window
        answers = self.draw.random(len(trials)) < self.response[level]
        before = self.responded[trials, level]
        self.responded[trials, level] = np.where(answers, np.minimum(before, known), before)

    def _known_backfill(
        self, trials: Int[np.ndarray, " trial"], by: Float[np.ndarray, " trial"]
    ) -> tuple[Int[np.ndarray, "trial level"], Int[np.ndarray, "trial level"]]:
        known = self.back_time[trials] < by[:, None, None]
        return known.sum(-1), (known & self.back_dlt[trials]).sum(-1)

    def _evaluate(self, trials: Int[np.ndarray, " trial"]) -> None:
        level = self.level[trials]
        self.n[trials, level] += self.design.cohort_size
        self.y[trials, level] += self.cohort_dlt[trials].sum(1)
        more_n, more_y = self._known_backfill(trials, self.clock[trials])
        upto = np.arange(self.design.levels) <= level[:, None]
        n, y = self.n[trials] + more_n * upto, self.y[trials] + more_y * upto
        chosen = self.design.decide(n, y, level)
        self.done[trials] += 1
        ends = (chosen == STOP) | (self.done[trials] >= self.cohorts)
        self.stopped[trials] = (chosen == STOP) & (self.design.pick(n, y) < 0)
        self.alive[trials] = ~ends
        go = trials[~ends]
        self.level[go] = chosen[~ends]
        self.filled[go] = 0

    def _backfill(self, trials: Int[np.ndarray, " trial"]) -> None:
        if not len(trials):
            return
        level, clock = self.level[trials], self.clock[trials]
        n, y = self._seen(trials, level, clock)
        opened = self.design.open_for_backfill(
            n,
            y,
            level,
            responded=self.responded[trials] < clock[:, None],
            assigned=self.n[trials] + self.back[trials],
        )
        some = opened.any(-1)
        where = trials[some]
        given = self.design.levels - 1 - opened[some][:, ::-1].argmax(-1)
        window, place = self.accrual.window_months, self.back[where, given]
        time = self._dlt_time(given)
        self.back_time[where, given, place] = self.clock[where] + np.minimum(time, window)
        self.back_dlt[where, given, place] = time < window
        self.back[where, given] += 1

    def _seen(
        self,
        trials: Int[np.ndarray, " trial"],
        level: Int[np.ndarray, " trial"],
        clock: Float[np.ndarray, " trial"],
    ) -> tuple[Int[np.ndarray, "trial level"], Int[np.ndarray, "trial level"]]:
        """Everybody evaluated so far, those of the open cohort too."""
        n, y = self._known_backfill(trials, clock)
        known: Bool[np.ndarray, "trial patient"] = self.cohort_time[trials] < clock[:, None]
        n, y = n + self.n[trials], y + self.y[trials]
        rows = np.arange(len(trials))
        n[rows, level] += known.sum(1)
        y[rows, level] += (known & self.cohort_dlt[trials]).sum(1)
        return n, y

    def dataset(self) -> xr.Dataset:
        """The finished table."""
        every = np.arange(len(self.level))
        end = self.cohort_time.max(1)
        more_n, more_y = self._known_backfill(every, end)
        n, y = self.n + more_n, self.y + more_y
        chosen = np.where(self.stopped, -1, self.design.pick(n, y))
        per_trial = {
            "selected": chosen[:, None] == np.arange(self.design.levels),
            "selected_none": chosen < 0,
            "patients": n,
            "dlts": y,
            "size": n.sum(1),
            "months": end,
        }
        data = {}
        for name, values in per_trial.items():
            dims = ("level",) if values.ndim == 2 else ()
            data[name] = (dims, values.mean(0))
            data[f"{name}_se"] = (dims, values.std(0) / math.sqrt(len(every)))
        attrs = {"method": "simulated trials", "trials": len(every)}
        return xr.Dataset(data, {"level": list(self.design.labels)}, attrs)

"""Exact operating characteristics by forward enumeration of the reachable states."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from jaxtyping import Float, Int

from myelodose.characteristics.states import Round, forward
from myelodose.characteristics.truth import Truth, TruthLike, read_truth
from myelodose.designs.base import STOP, UNDECIDED, Design
from myelodose.errors import InputError

MOST_COHORT = 100


def exact(
    design: Design,
    truth: TruthLike,
    *,
    cohorts: int | None = None,
    patients: int | None = None,
    cohort_size: int | None = None,
    start: int | None = None,
    overdose_above: float | None = None,
    shares: Sequence[float] = (0.6, 0.8),
) -> xr.Dataset:
    """What a design does in the long run, without simulation.

    A trial is at any time in a state: patients and DLTs per level, and the level given last.
    From cohort to cohort all reachable states are kept with their probabilities, equal ones
    merged, and the design decides in all of them at once. There is no Monte Carlo error.

    Args:
        design: Any design whose decisions depend on that state only.
        truth: True DLT risks by level; scenario x level; or a mapping from names to risks.
        cohorts: Most cohorts. Needed, or `patients`, unless the design ends by itself.
        patients: Most patients; the last cohort is cut to what is left.
        cohort_size: Patients in every cohort; what the design says if not given.
        start: Level of the first cohort; what the design says if not given.
        overdose_above: True risk above which a dose is an overdose; the design's target, if it
            has one, if not given.
        shares: Shares of patients for `overdosed`.

    Returns:
        A dataset over `level` (its dose labels) and, unless one unnamed scenario was given,
        `scenario`, with the names of `simulate`:

        - `selected`, `selected_none`, `undecided`: P(a dose is selected at the end), P(none is),
          P(the design's numerical error left the trial or the selection undecided); they add up
          to 1.
        - `stopped`: P(the design ended the trial before the planned number of patients);
          `stopped_none`: and selected no dose.
        - `patients`, `dlts`: expected numbers per dose; `size` and `size_dlts`: over all doses.
        - `share`: E[n_d / N], the mean over trials of the share of patients at a dose;
          `share_of_means`: E[n_d] / E[N]. Packages differ in which of the two they print.
        - `prob_size` over `total`: the distribution of the number of patients.
        - `overdosed` over `more_than`: P(more than that share of the trial's patients got doses
          with a true risk above `overdose_above`).

        Attributes: `states`, how many different states were met; `cohorts`, most cohorts.

    Raises:
        InputError: If numbers of cohorts, patients or doses do not fit.

    Example:
        >>> from myelodose.designs.boin import Boin
        >>> found = exact(Boin(doses=3, target=0.3), [0.1, 0.3, 0.5], cohorts=6)
        >>> found.selected.round(3).values
        array([0.179, 0.644, 0.174])
    """
    start = design.start if start is None else start
    _check_size(design, cohorts, patients, cohort_size, start)
    known = read_truth(truth, design, "exact")
    above = getattr(design, "target", None) if overdose_above is None else overdose_above
    tally = _Tally(design, known, above, shares)
    steps = forward(
        design,
        known.risk,
        start=start,
        cohorts=cohorts,
        patients=patients,
        cohort_size=cohort_size,
    )
    for number, step in enumerate(steps):
        tally.add(step, number, cohorts, patients)
    return tally.dataset()


class _Tally:
    """Adds up the trials that have ended."""

    def __init__(
        self, design: Design, truth: Truth, above: float | None, shares: Sequence[float]
    ) -> None:
        self.design, self.truth, self.shares = design, truth, np.asarray(shares, float)
        scenarios, levels = truth.risk.shape
        over = np.zeros_like(truth.risk) if above is None else truth.risk > above + 1e-12
        self.over: Int[np.ndarray, "scenario level"] = over.astype(int)
        self.select = np.zeros((scenarios, levels))
        self.n, self.y, self.share = (np.zeros((scenarios, levels)) for _ in range(3))
        self.none, self.undecided, self.stop, self.stop_none = np.zeros((4, scenarios))
        self.overdosed = np.zeros((scenarios, len(self.shares)))
        self.sizes: dict[int, Float[np.ndarray, " scenario"]] = {}
        self.states = self.cohorts = 0
        self.above = above

    def add(self, step: Round, number: int, cohorts: int | None, patients: int | None) -> None:
        """Add the trials that end before cohort `number`, counted from 0."""
        self.states += len(step.states.level)
        ended = step.states.take(step.ends)
        if not len(ended.level):
            return
        self.cohorts = number
        decided, total, prob = step.decided[step.ends], ended.n.sum(-1), ended.prob
        chosen = np.where(decided == UNDECIDED, UNDECIDED, self.design.pick(ended.n, ended.y))
        for level in range(self.design.levels):
            self.select[:, level] += prob[chosen == level].sum(0)
        self.none += prob[chosen == STOP].sum(0)
        self.undecided += prob[chosen == UNDECIDED].sum(0)
        full = np.full(len(total), cohorts is not None and number >= cohorts)
        early = (decided == STOP) & ~(full | (patients is not None and total >= (patients or 0)))
        self.stop += prob[early].sum(0)
        self.stop_none += prob[early & (chosen == STOP)].sum(0)
        self.n += prob.T @ ended.n
        self.y += prob.T @ ended.y
        share = ended.n / np.maximum(total, 1)[:, None]
        self.share += prob.T @ share
        for size in np.unique(total):
            self.sizes[int(size)] = self.sizes.get(int(size), 0.0) + prob[total == size].sum(0)
        overdose = share @ self.over.T
        for k, limit in enumerate(self.shares):
            self.overdosed[:, k] += (prob * (overdose > limit + 1e-12)).sum(0)

    def dataset(self) -> xr.Dataset:
        """The finished table."""
        totals = sorted(self.sizes)
        both = ("scenario", "level")
        size = self.n.sum(1)
        data = {
            "selected": (both, self.select),
            "selected_none": ("scenario", self.none),
            "undecided": ("scenario", self.undecided),
            "stopped": ("scenario", self.stop),
            "stopped_none": ("scenario", self.stop_none),
            "patients": (both, self.n),
            "dlts": (both, self.y),
            "size": ("scenario", size),
            "size_dlts": ("scenario", self.y.sum(1)),
            "share": (both, self.share),
            "share_of_means": (both, self.n / size[:, None]),
            "prob_size": (("scenario", "total"), np.stack([self.sizes[t] for t in totals], 1)),
            "truth": (both, self.truth.risk),
        }
        coords: dict[str, object] = {
            "scenario": list(self.truth.names),
            "level": list(self.design.labels),
            "total": totals,
        }
        if self.above is not None:
            data["overdosed"] = (("scenario", "more_than"), self.overdosed)
            coords["more_than"] = self.shares
        attrs = {"method": "exact enumeration", "states": self.states, "cohorts": self.cohorts}
        made = xr.Dataset(data, coords, attrs | {"design": repr(self.design)})
        return made.isel(scenario=0, drop=True) if self.truth.single else made


def _check_size(
    design: Design,
    cohorts: int | None,
    patients: int | None,
    cohort_size: int | None,
    start: int,
) -> None:
    if cohorts is None and patients is None and not design.ends:
        remedy = "give cohorts or patients: this design has no end of its own"
        raise InputError("exact, cohorts", "found neither cohorts nor patients", remedy)
    for name, value in (("cohorts", cohorts), ("patients", patients)):
        if value is not None and value < 1:
            raise InputError(f"exact, {name}", f"found {value}", "give 1 or more")
    if cohort_size is not None and not 1 <= cohort_size <= MOST_COHORT:
        found = f"found {cohort_size}"
        raise InputError("exact, cohort_size", found, f"give 1 to {MOST_COHORT}")
    if not 0 <= start < design.levels:
        remedy = f"give a level from 0 to {design.levels - 1}"
        raise InputError("exact, start", f"found {start}", remedy)

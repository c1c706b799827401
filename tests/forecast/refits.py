"""SIMULATED patients and their posteriors by NUTS, stored: what forecasts are held against.

`python tests/forecast/refits.py SEED CASE ...` refits cases by their number, all if none is given,
and adds the run to tests/reference/forecast_refits, in place of one with that seed; a case takes
some minutes.
"""

import json
import sys
import time
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

from myelodose.forecast import (
    ForecastWarning,
    Individual,
    People,
    Seen,
    individual_posterior,
    prior_of,
    simulate_patient,
)
from myelodose.forecast.coordinates import linked
from myelodose.forecast.course import NAMES
from myelodose.forecast.individual import Prior
from myelodose.forecast.refit import RefitSettings, refit
from myelodose.regimen import platzbecker2013
from myelodose.virtual import prior_draws

FOLDER = Path(__file__).parents[1] / "reference" / "forecast_refits"


class Case(NamedTuple):
    """A SIMULATED patient: seed, readings until when and how often [d], readings, what he shows.

    `draws` of NUTS, 48 chains together.
    """

    seed: int
    until_d: int
    counts_every_d: int
    clone_every_d: int
    readings: int
    words: str
    draws: int = 4800

    @property
    def label(self) -> str:
        """A name."""
        return f"{self.seed} by day {self.until_d}, {self.readings} readings"


CASES = (
    Case(12, 7, 7, 28, 8, "early, few readings"),
    Case(24, 14, 7, 14, 13, "early, clone read twice"),
    Case(11, 28, 7, 28, 19, "one cycle; growth of the clone bounded from above only", 7200),
    Case(13, 28, 7, 28, 19, "one cycle"),
    Case(12, 28, 14, 28, 13, "one cycle, counts read twice a month"),
    Case(33, 56, 28, 56, 13, "two cycles, few readings; the clone falls"),
    Case(22, 56, 7, 28, 33, "two cycles; the clone is gone and does not come back", 7200),
    Case(30, 84, 7, 28, 47, "two cycles and a month after them; the clone comes back", 9600),
)


def patient_of(case: Case) -> tuple[Seen, People, Prior]:
    """The patient, what patients are like, and what is known of him before his readings."""
    people = People(prior_draws(1, 2000))
    him = simulate_patient(
        people,
        case.seed,
        platzbecker2013(20, cycles=2 if case.until_d > 28 else 1),
        count_days=range(0, case.until_d + 1, case.counts_every_d),
        clone_days=range(0, case.until_d + 1, case.clone_every_d),
    ).seen
    assert len(him.readings) == case.readings
    return him, people, prior_of(people, him, 3)


def by_nuts(case: Case, seed: int) -> Individual:
    """A full refit by NUTS, which moves where importance sampling says."""
    him, people, own = patient_of(case)
    near = individual_posterior(him, people, 7, prior=own)
    with warnings.catch_warnings():
        # Draws are counted by whoever asks; short chains have an R-hat of 1.01 and more.
        warnings.simplefilter("ignore", ForecastWarning)
        settings = RefitSettings(chains=48, warmup=100, draws=case.draws // 48)
        return refit(him, people, seed, prior=own, settings=settings, near=near)


class Refit(NamedTuple):
    """What NUTS says on the scale of the link, (parameter,), and how many draws that is worth."""

    parameters: list[str]
    readings: list[list]
    mean: np.ndarray
    sd: np.ndarray
    ess: float


def path_of(case: Case) -> Path:
    """Where it is stored."""
    return FOLDER / f"patient-{case.seed}-day-{case.until_d}-readings-{case.readings}.json"


def stored(case: Case) -> Refit:
    """All stored runs of a case together, each by its effective draws."""
    found = json.loads(path_of(case).read_text())
    ess, mean, sd = (np.array([run[k] for run in found["runs"]]) for k in ("ess", "mean", "sd"))
    share = ess / ess.sum()
    names, readings = found["parameters"], found["readings"]
    return Refit(names, readings, share @ mean, np.sqrt(share @ sd**2), float(ess.sum()))


def run(case: Case, seed: int) -> dict:
    """One run for the file."""
    _, _, own = patient_of(case)
    full = by_nuts(case, seed)
    x = linked(own.coordinates, full.weighted[0])
    return {
        "seed": seed,
        "draws": case.draws,
        "ess": round(full.tried[-1].ess),
        "method": full.method,
        "mean": np.round(x.mean(1), 5).tolist(),
        "sd": np.round(x.std(1), 5).tolist(),
    }


def add(case: Case, new: dict) -> None:
    """Write a run beside those of other seeds."""
    him, _, own = patient_of(case)
    path = path_of(case)
    old = json.loads(path.read_text())["runs"] if path.exists() else []
    found = {
        "words": case.words,
        "readings": [[one.day, one.what, round(float(one.value), 6)] for one in him.readings],
        "parameters": [NAMES[k] for k in own.coordinates.place],
        "runs": [*(one for one in old if one["seed"] != new["seed"]), new],
    }
    path.write_text(json.dumps(found, indent=1) + "\n")


def main() -> None:
    """Refit and write."""
    FOLDER.mkdir(exist_ok=True)
    seed, *numbers = map(int, sys.argv[1:])
    for case in [CASES[number] for number in numbers] or CASES:
        start = time.process_time()
        new = run(case, seed)
        add(case, new)
        seconds = time.process_time() - start
        print(case.label, new["method"], new["ess"], f"{seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()

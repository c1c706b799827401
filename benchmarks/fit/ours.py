"""A whole fit by the driver, and what it cost; kept, so that a killed benchmark goes on."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fit.cost import Draws, cost
from likelihood.problem import Problem
from myelodose.inference.settings import FitSettings
from myelodose.posterior import provenance


class Fit(NamedTuple):
    """What a fit cost, and its draws."""

    row: dict
    draws: Draws


def whole_fit(
    problem: Callable[[], Problem], place: Path, settings: FitSettings, *, seed: int
) -> Fit:
    """One fit, with its processor times.

    Args:
        problem: Makes the patients; asked only where the fit is not there yet.
        place: Folder of this one fit. Of a fit that was killed the seconds are not known: NaN.
        settings: Settings; the warm-up is told from the draws by stopping between the two.
        seed: Of all randomness.
    """
    row, draws = place / "row.json", place / "draws.npz"
    if not draws.exists():
        found = _fitted(problem(), place, settings, seed)
        np.savez(draws, theta=found.draws.theta, z_eta=found.draws.z_eta)
        row.write_text(json.dumps(found.row))
    with np.load(draws) as kept:
        return Fit(json.loads(row.read_text()), Draws(kept["theta"], kept["z_eta"]))


def _fitted(problem: Problem, place: Path, settings: FitSettings, seed: int) -> Fit:
    # Imported late: JAX has to know its devices first.
    from fit.model import data_of, friberg_population
    from myelodose.inference.driver import fit

    data, begun = data_of(problem), place.exists()

    def draw(settings: FitSettings):
        start = time.process_time()
        tree = fit(
            friberg_population, data, seed=seed, settings=settings, folder=place, hide=("eta",)
        )
        return tree, time.process_time() - start

    _, first = draw(replace(settings, draws=settings.chunk))
    tree, then = draw(settings)
    if begun:
        first = then = float("nan")
    values = tree["posterior"].to_dataset()
    drawn = Draws(values["theta"].values, values["z_eta"].values)
    spent = provenance(tree).sampler
    each = (settings.draws - settings.chunk) / settings.draws
    row = cost(
        drawn,
        leapfrogs=spent["leapfrogs"],
        leapfrogs_warmup=spent["leapfrogs_warmup"],
        diverging=int(tree["sample_stats"].diverging.sum()),
        seconds=then / each,
        seconds_whole=first + then,
    )
    return Fit({"geometry": settings.geometry, "seed": seed} | row, drawn)

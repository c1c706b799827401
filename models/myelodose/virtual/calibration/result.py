"""The result of a calibration as one labelled dataset that says what it is."""

import hashlib
import json
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import xarray as xr

from myelodose.packages import package_versions
from myelodose.paths import data_folder
from myelodose.toxicity.dlt_rule import DltRule
from myelodose.virtual.calibration.check import SelfCheck
from myelodose.virtual.calibration.emulator import DLT_FACT, Emulator
from myelodose.virtual.calibration.monte_carlo import Weighted, population_monte_carlo
from myelodose.virtual.calibration.simulated import Trials
from myelodose.virtual.calibration.targets import (
    HELD_OUT,
    TARGETS,
    described,
    observed,
    read_targets,
)
from myelodose.virtual.calibration.uncertain import NAMES, values_at
from myelodose.virtual.facts import COHORTS

LABEL = "SIMULATED: calibrated to printed aggregate facts; no patient data"
"""What every result says of itself."""

METHOD = (
    "synthetic likelihood (binomial DLTs by dose and cause, multivariate normal for the rest) with "
    "moments from regressions on simulated 20-patient trials; population Monte Carlo under the "
    "literature priors"
)

_RISK_DRAWS = 1000


class Calibration(NamedTuple):
    """What a run has made."""

    trials: Trials
    emulator: Emulator
    posterior: Weighted
    checked: SelfCheck


def facts_hash() -> str:
    """SHA-256 over the tables of the facts, facts.csv and dlt.csv.

    Example:
        >>> len(facts_hash())
        64
    """
    folder = data_folder() / "trials" / "platzbecker2013"
    text = "".join((folder / name).read_text(encoding="utf-8") for name in ("facts.csv", "dlt.csv"))
    return hashlib.sha256(text.encode()).hexdigest()


def as_dataset(made: Calibration, draws: int, seed: int, trials: Sequence[int]) -> xr.Dataset:
    """Draws of equal weight, what moved, and how well the emulator knows the facts.

    Args:
        made: What a run has made.
        draws: How many draws to keep.
        seed: Seed.
        trials: Simulated trials in each round.
    """
    random = np.random.default_rng([seed, 8])
    z = made.posterior.resampled(draws, random)
    values = {name: ("draw", v.astype(np.float32)) for name, v in values_at(z).items()}
    middle = made.posterior.weight @ made.posterior.z
    sd = np.sqrt(made.posterior.weight @ (made.posterior.z - middle) ** 2)
    data = values | {
        "mean_z": ("parameter", middle, {"long_name": "posterior mean in prior standard normal"}),
        "sd_z": ("parameter", sd, {"long_name": "posterior sd; the prior's is 1"}),
        "contraction": ("parameter", 1 - sd**2, {"long_name": "1 - posterior / prior variance"}),
        "rank_p_value": ("parameter", made.checked.p_value, {"long_name": "ranks of the truth"}),
        "inside_90": ("parameter", made.checked.inside, {"long_name": "truths within 90 %"}),
    }
    data |= _targets(made, z, random, trials) | _left_out(made, seed)
    return xr.Dataset(
        data,
        coords={
            "parameter": list(NAMES),
            "target": [t.quantity for t in TARGETS],
            "without": ["none", DLT_FACT, *(t.quantity for t in TARGETS)],
            "dose": list(COHORTS),
        },
        attrs={
            "status": LABEL,
            "method": METHOD,
            "seed": seed,
            "simulated_trials": json.dumps(list(trials)),
            "effective_sample_size": made.posterior.effective,
            "particles": len(made.posterior.z),
            "log_evidence": made.posterior.log_evidence,
            "facts_used": json.dumps(described()),
            "facts_held_out": json.dumps([f"{fact}: {words}" for fact, words in HELD_OUT]),
            "facts_hash": facts_hash(),
            "rule": DltRule().describe(),
            "packages": json.dumps(package_versions()),
        },
    )


def _targets(
    made: Calibration, z: np.ndarray, random: np.random.Generator, trials: Sequence[int]
) -> dict:
    """Printed and expected, in the scale of the likelihood, with the bias of the emulator."""
    some = random.standard_normal((len(z), z.shape[1]))
    prior, posterior = made.emulator.moments(some), made.emulator.moments(z)
    last = slice(-trials[-1], None) if len(trials) > 1 else slice(None)
    own = Trials(*(x[last] for x in made.trials))
    mean, sd = made.emulator.moments(own.z)
    bias = np.nanmean((read_targets(own) - mean) / sd, 0)
    spread = {
        name: np.sqrt(m.var(0) + (s**2).mean(0))
        for name, (m, s) in {"prior": prior, "posterior": posterior}.items()
    }
    return {
        "printed": ("target", observed(), {"long_name": "as the likelihood reads it"}),
        "expected_prior": ("target", prior[0].mean(0)),
        "expected_posterior": ("target", posterior[0].mean(0)),
        "sd_prior": ("target", spread["prior"]),
        "sd_posterior": ("target", spread["posterior"]),
        "explained": ("target", made.emulator.explained, {"long_name": "R2 in trials left out"}),
        "emulator_bias": ("target", bias, {"long_name": "mean residual / sd, last round"}),
    }


def _left_out(made: Calibration, seed: int) -> dict:
    """What each fact moves: posterior means, and the risk of a DLT, without it."""
    emulator, particles = made.emulator, len(made.posterior.z) // 3
    middle, risk = [], []
    for without in ("", DLT_FACT, *(t.quantity for t in TARGETS)):
        own = partial(emulator.log_likelihood, without=without)
        found = population_monte_carlo(own, len(NAMES), particles, seed)
        z = found.resampled(_RISK_DRAWS, np.random.default_rng([seed, 9]))
        middle.append(found.weight @ found.z)
        risk.append(-np.expm1(emulator.log_risk(z)[1].sum(1)).mean(0))
    words = "posterior mean in prior standard normal, without a fact"
    return {
        "mean_z_without": (("without", "parameter"), np.stack(middle), {"long_name": words}),
        "risk_without": (("without", "dose"), np.stack(risk), {"long_name": "mean P(DLT)"}),
    }

"""The published problems' log densities, beside the same densities written out with SciPy.

Differences between two points are compared, so that constants of priors fall out: Stan drops them.
"""

import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.infer.util import log_density

from myelodose.precision import float64
from population import published_by_hand, reference_models

TWO_COMPARTMENTS = {"CL": 10.4, "Q": 14.7, "V1": 34.5, "V2": 119.0, "ka": 2.78}
FRIBERG = {"CL": 9.5, "Q": 15.4, "V1": 37.4, "V2": 101.7, "ka": 2.0, "mtt": 113.7, "circ0": 4.76}
FRIBERG |= {"slope": 2.2e-4, "gamma": 0.17}
SITE = {"CL": 10.1, "Q": 14.9, "V1": 34.5, "V2": 103.0, "ka": 2.0, "ke0": 1.1, "EC50": 99.5}


def fastest(p: dict) -> float:
    """lambda_1 of two compartments."""
    k10, k12, k21 = p["CL"] / p["V1"], p["Q"] / p["V1"], p["Q"] / p["V2"]
    total = k10 + k12 + k21
    return (total + np.sqrt(total**2 - 4 * k10 * k21)) / 2


def point(model, values: dict, *, patients: int, shift: float) -> tuple[dict, dict]:
    """All numbers at a point, and those that the model samples."""
    random = np.random.default_rng(round(1000 * shift))
    typical = {name: value * np.exp(shift) for name, value in values.items()}
    typical["ka"] = values["ka"] * np.exp(2 * shift)
    names = model.effects
    whole = typical | {
        f"omega_{name}": 0.2 + 0.5 * shift + 0.03 * i for i, name in enumerate(names)
    }
    whole |= {name: 0.1 + shift for name in model.sites() if name.startswith("sigma")}
    sampled = dict(whole)
    if model.constraint:
        sampled["ka_above"] = sampled.pop("ka") - fastest(typical)
    if names:
        sampled["z_eta"] = random.normal(size=(patients, len(names)))
    block = len(model.random_effects.correlated)
    if block:
        rows = np.tril(random.normal(size=(block, block)) * 0.3) + np.eye(block)
        sampled["L"] = rows / np.sqrt((rows**2).sum(1))[:, None] * np.sign(np.diag(rows))[:, None]
    return whole, sampled


PROBLEMS = {
    "two_compartment": (published_by_hand.two_compartment, TWO_COMPARTMENTS),
    "friberg": (published_by_hand.friberg, FRIBERG),
    "effect_compartment": (published_by_hand.effect_compartment, SITE),
    "elimination": (published_by_hand.elimination, {"ka": 0.76, "Vm": 0.9, "Km": 1.0}),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_log_density_of_a_published_problem_is_what_its_source_writes(name):
    by_hand, values = PROBLEMS[name]
    model, records = getattr(reference_models, name)()
    data = model.prepare(records)
    ours, theirs = [], []
    for shift in (0.0, 0.05):
        whole, sampled = point(model, values, patients=len(data.patients), shift=shift)
        with float64():
            sites = {k: jnp.asarray(v) for k, v in sampled.items()}
            ours.append(float(log_density(model.as_numpyro(), (data, data.y), {}, sites)[0]))
        theirs.append(by_hand(model, whole, sampled))
    assert abs(ours[1] - ours[0]) > 1
    assert ours[1] - ours[0] == pytest.approx(theirs[1] - theirs[0], abs=1e-5, rel=1e-6)

"""Trials of a made-up simulator whose exact posterior is known; nothing of it is a marrow."""

import numpy as np

from myelodose.toxicity.causes import CAUSES
from myelodose.virtual.calibration.simulated import QUANTITIES, Trials
from myelodose.virtual.calibration.targets import ALONE, BOTH, TARGETS
from myelodose.virtual.calibration.uncertain import NAMES, THROMBOSIS, values_at

NOISE = 0.5
RISK = 0.1
SHIFT = 2.0


def toy_trials(z: np.ndarray, seed: int) -> Trials:
    """Every target is normal around its printed value plus one parameter; risks do not move.

    Args:
        z: Parameters.
        seed: Seed.
    """
    random = np.random.default_rng(seed)
    facts = np.zeros((len(z), len(QUANTITIES)))
    nadirs = {}
    for place, one in enumerate(TARGETS):
        middle = float(one.changed(np.array(one.printed))) + SHIFT * NOISE
        changed = middle + NOISE * z[:, place] + NOISE * random.standard_normal(len(z))
        raw = {"arcsinh": np.sinh, "_root": lambda y: y**2 - 3 / 8}.get(one.changed.__name__)
        values = raw(changed) if raw else changed
        if one.quantity in (ALONE, BOTH):
            nadirs[one.quantity] = values
        else:
            facts[:, QUANTITIES.index(one.quantity)] = values
    p = np.full((len(z), len(CAUSES), 4), RISK)
    p[:, CAUSES.index("thrombosis")] = values_at(z)[THROMBOSIS][:, None]
    return Trials(z, facts, p, np.stack([nadirs[ALONE], nadirs[BOTH]], -1))


EXACT = {NAMES[place]: -SHIFT / 2 for place in range(len(TARGETS))}
"""Posterior means: the printed value lies two noises below the middle, and the prior's sd is one
noise, so half of the way is walked."""

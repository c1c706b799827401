"""The CRM with patients who are still followed up (TITE-CRM)."""

from typing import Any

import numpy as np

from myelodose.designs.base import STOP, UNDECIDED, Call
from myelodose.designs.model_based.estimates import Estimates, estimates_of
from myelodose.designs.model_based.words import crm_reasons
from myelodose.dose_models.tite import fit_tite
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes


def tite_estimates(design: Any, level, dlt, weight) -> Estimates:
    """Risk estimates of many states whose patients are partly followed.

    Args:
        design: The `Crm`, whose module imports this one.
        level: Level of each patient, -1 for nobody; (state, patient).
        dlt: 1 with a DLT, 0 without; same shape.
        weight: Weight of each patient; same shape.

    Raises:
        InputError: With maximum likelihood, which is not offered with weights.
    """
    if design.estimate == "mle":
        found = "found 'mle' with weights below 1"
        raise InputError("Crm, estimate", found, "give 'plug-in' or 'mean'")
    asked = () if design.stop is None else tuple(sorted(set(design.stop.thresholds)))
    fit = fit_tite(design.model, level, dlt, weight, thresholds=asked)
    return estimates_of(design.model, design.estimate, fit, asked)


def _state(design: Any, outcomes: Outcomes) -> tuple[Estimates, np.ndarray, np.ndarray]:
    n, y = design.counts(outcomes)
    weights = outcomes.weight or (1.0,) * len(outcomes)
    seen = [
        (k, d, w)
        for k, d, w in zip(outcomes.level, outcomes.dlt, weights, strict=True)
        if d is not None
    ]
    level, dlt, weight = (np.array([x]) for x in zip(*seen, strict=True))
    return tite_estimates(design, level, dlt, weight), n[None], y[None]


def tite_next(design: Any, outcomes: Outcomes) -> Call:
    """The dose of the next patients; see `Crm.next`."""
    risks, n, y = _state(design, outcomes)
    level = design.start if outcomes.last_level is None else outcomes.last_level
    chosen = int(design.decide_from(risks, n, y, np.array([level]))[0])
    because, reasons = crm_reasons(design, risks, n, y, level, chosen)
    if chosen == STOP:
        return Call(tite_select(design, outcomes).level, True, because, tuple(reasons))
    return Call(None if chosen == UNDECIDED else chosen, False, because, tuple(reasons))


def tite_select(design: Any, outcomes: Outcomes) -> Call:
    """The dose recommended if the trial ends now; see `Crm.select`."""
    risks, n, y = _state(design, outcomes)
    chosen = int(design.pick_from(risks, n, y)[0])
    because, reasons = design.explain_choice(n[0], y[0], chosen)
    return Call(chosen if chosen >= 0 else None, chosen != UNDECIDED, because, tuple(reasons))

r"""Skeletons from indifference intervals, the sensitivity of a model, and coherence.

With target t and halfwidth w, neighbouring levels k and k+1 share a value b_{k+1} at which
p_k = t - w and p_{k+1} = t + w: a CRM whose truth lies outside of (t - w, t + w) at the neighbours
ends at the MTD.

Source:
    Lee and Cheung, Clinical Trials 2009;6:227 (doi 10.1177/1740774509105076; skeletons);
    Cheung and Chappell, Biometrics 2002;58:671 (sensitivity);
    Cheung, Biometrika 2005;92:863 (doi 10.1093/biomet/92.4.863; coherence).
    Results are those of getprior, crmsens and cohere of dfcrm 0.2-2.1.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.special import expit, logit

from myelodose.dose_models.crm import CrmModel
from myelodose.dose_models.crm_fit import fit_crm, fit_mle
from myelodose.errors import InputError


def indifference_skeleton(
    halfwidth: float,
    target: float,
    *,
    prior_mtd: int,
    levels: int,
    curve: Literal["empiric", "logistic"] = "empiric",
    intercept: float = 3.0,
) -> Float[np.ndarray, " level"]:
    """The skeleton whose indifference intervals all have one halfwidth.

    Args:
        halfwidth: w, above 0 and below both `target` and 1 - `target`.
        target: The target risk t.
        prior_mtd: The level that is the MTD a priori, 0 for the lowest.
        levels: Number of levels.
        curve: "empiric" or "logistic".
        intercept: a0 of the logistic curve.

    Returns:
        Increasing risks, the target at `prior_mtd`.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> indifference_skeleton(0.06, 0.3, prior_mtd=2, levels=4).round(4).tolist()
        [0.0954, 0.186, 0.3, 0.4224]
    """
    place = "indifference_skeleton"
    if not 0 < target < 1:
        raise InputError(f"{place}, target", f"found {target:g}", "give a risk between 0 and 1")
    if not 0 < halfwidth < min(target, 1 - target):
        remedy = f"give a number above 0 and below {min(target, 1 - target):g}"
        raise InputError(f"{place}, halfwidth", f"found {halfwidth:g}", remedy)
    if not 0 <= prior_mtd < levels:
        remedy = f"give a level from 0 to {levels - 1}"
        raise InputError(f"{place}, prior_mtd", f"found {prior_mtd}", remedy)
    low, middle, high = (
        _code(t, curve, intercept) for t in (target - halfwidth, target, target + halfwidth)
    )
    if middle >= 0 or high >= 0:
        least = float(logit(target + halfwidth))
        remedy = f"give more than {least:.3g}"
        raise InputError(f"{place}, intercept", f"found {intercept:g}", remedy)
    # One level up multiplies the dose code by p_k = t - w and p_{k+1} = t + w: high / low.
    code = middle * (high / low) ** (np.arange(levels) - prior_mtd)
    return np.exp(code) if curve == "empiric" else expit(intercept + code)


def _code(risk: float, curve: str, intercept: float) -> float:
    return float(np.log(risk) if curve == "empiric" else logit(risk) - intercept)


class Sensitivity(NamedTuple):
    """For which b a level is nearest to the target, and which risks of its neighbours allow it.

    Attributes:
        b: Ends of the interval of b in which the level is chosen, (level, 2); -5 and 5 stand for
            the open ends, or what is further out.
        interval: Largest risk of the level below and smallest of the level above for which the
            CRM converges to this level, (level, 2); NaN where there is no such level.
    """

    b: Float[np.ndarray, "level end"]
    interval: Float[np.ndarray, "level end"]


def sensitivity(model: CrmModel, target: float) -> Sensitivity:
    """Indifference intervals of a model at every true MTD.

    Args:
        model: Skeleton and curve.
        target: The target risk.

    Raises:
        InputError: If the target is no risk.

    Example:
        >>> model = CrmModel((0.05, 0.1, 0.2, 0.35, 0.5, 0.7))
        >>> sensitivity(model, 0.2).interval[2].round(4).tolist()
        [0.1431, 0.2675]
    """
    if not 0 < target < 1:
        raise InputError("sensitivity, target", f"found {target:g}", "give a risk between 0 and 1")
    levels = len(model.skeleton)
    b = np.empty(levels + 1)
    # As dfcrm has it: the mean of the target and 1 below, half the target above.
    b[0] = min(-5.0, model.parameter_at((1 + target) / 2)[0])
    b[-1] = max(5.0, model.parameter_at(target / 2)[-1])
    for k in range(1, levels):

        def excess(at: float, k: int = k) -> float:
            return model.risk(at)[k - 1 : k + 1].mean() - target

        b[k] = brentq(excess, -30, 30, xtol=1e-13)
    interval = np.full((levels, 2), np.nan)
    for k in range(levels):
        if k > 0:
            interval[k, 0] = model.risk(b[k])[k - 1]
        if k < levels - 1:
            interval[k, 1] = model.risk(b[k + 1])[k + 1]
    return Sensitivity(np.stack([b[:-1], b[1:]], -1), interval)


class Coherence(NamedTuple):
    """Whether a two-stage design can escalate after a DLT.

    Attributes:
        coherent: Whether it never does.
        after: Numbers of patients after which it would, the last of them having the first DLT.
        level: Where it would escalate to, 0 for the lowest, for each of `after`.
    """

    coherent: bool
    after: tuple[int, ...]
    level: tuple[int, ...]


def coherence(
    model: CrmModel,
    target: float,
    initial: Sequence[int],
    *,
    method: Literal["bayes", "mle"] = "bayes",
) -> Coherence:
    """Check every first DLT that the initial design of a two-stage CRM allows.

    Args:
        model: Skeleton, curve and prior.
        target: The target risk.
        initial: Level of each patient until the first DLT, 0 for the lowest.
        method: "bayes" (plug-in of the posterior mean) or "mle".

    Raises:
        InputError: If a level does not exist.

    Example:
        >>> model = CrmModel((0.05, 0.1, 0.2, 0.35, 0.5, 0.7))
        >>> coherence(model, 0.2, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]).coherent
        True
    """
    levels = len(model.skeleton)
    given = np.asarray(initial, int)
    if given.size == 0 or given.min() < 0 or given.max() >= levels:
        found = f"found {list(initial)}"
        raise InputError("coherence, initial", found, f"give levels from 0 to {levels - 1}")
    one = np.eye(levels, dtype=int)[given]
    n, y = np.cumsum(one, 0)[:-1], one[:-1]
    b = fit_crm(model, n, y).b_mean if method == "bayes" else fit_mle(model, n, y)
    chosen = np.abs(model.risk(b) - target).argmin(1)
    first = 0 if method == "bayes" else 1
    wrong = [i for i in range(first, len(n)) if chosen[i] > given[i]]
    return Coherence(not wrong, tuple(i + 1 for i in wrong), tuple(int(chosen[i]) for i in wrong))

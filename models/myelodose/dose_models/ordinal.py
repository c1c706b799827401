r"""Ordinal toxicity: none, mild, dose-limiting, in one proportional-odds model.

    logit P(Y >= j) = alpha_j + exp(v) log(d / d_ref),   j = 1, 2,   alpha_2 < alpha_1
    alpha_1 ~ Normal, alpha_2 ~ Normal truncated below alpha_1, v ~ Normal

The likelihood of a patient is the probability of the grade seen: 1 - P(>=1), P(>=1) - P(>=2) or
P(>=2). crmPack's LogisticLogNormalOrdinal multiplies a Bernoulli term for every j instead, which
counts each patient twice; that likelihood is here as "composite", for comparison only.

The nodes are a lattice in (alpha_2, w, v) with alpha_1 - alpha_2 = log(1 + e^w), so that the order
holds by itself and {P(Y >= 2) <= t} is a bound on alpha_2: smooth, as in `logistic`.

Source:
    McCullagh, JRSS B 1980;42:109; crmPack 2.2.1.9000 (R/Model-class.R) for the composite form.
"""

from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.special import expit, log_expit, log_ndtr, logit

from myelodose.dose_models.lattice import Lattice, axis, expectations, step_weight

_SDS = 6.0
_SPACING = 0.35
_NEGLIGIBLE = -20.0
_SMALLEST_GAP = -16.0


class OrdinalModel(NamedTuple):
    """Priors and doses; hashable, so that its lattice is made once.

    Attributes:
        log_dose: log(d / d_ref) per level.
        alpha_mean: Prior means of alpha_1 and alpha_2.
        alpha_sd: Their standard deviations, before truncation.
        slope_mean: Prior mean of v, the log slope.
        slope_sd: Its standard deviation.
        likelihood: "categorical"; "binary" if grades 0 and 1 were not told apart; "composite" as
            crmPack has it.
    """

    log_dose: tuple[float, ...]
    alpha_mean: tuple[float, float]
    alpha_sd: tuple[float, float]
    slope_mean: float = 0.0
    slope_sd: float = 1.0
    likelihood: Literal["categorical", "binary", "composite"] = "categorical"


class OrdinalFit(NamedTuple):
    """Posterior of many states; the first axis is the state.

    Attributes:
        alpha: Posterior means of alpha_1 and alpha_2, (state, 2).
        slope: Posterior mean of exp(v), (state,).
        any_mean: Mean of P(Y >= 1), (state, level).
        mean: Mean of P(Y >= 2), the DLT risk.
        sd: Its standard deviation.
        exceed: P(P(Y >= 2) > t), (state, level, threshold).
        mean_error: Numerical error of `mean`.
        exceed_error: That of `exceed`.
    """

    alpha: Float[np.ndarray, "state two"]
    slope: Float[np.ndarray, " state"]
    any_mean: Float[np.ndarray, "state level"]
    mean: Float[np.ndarray, "state level"]
    sd: Float[np.ndarray, "state level"]
    exceed: Float[np.ndarray, "state level threshold"]
    mean_error: Float[np.ndarray, "state level"]
    exceed_error: Float[np.ndarray, "state level threshold"]


@lru_cache(maxsize=8)
def ordinal_lattice(model: OrdinalModel, thresholds: tuple[float, ...]) -> Lattice:
    """Nodes with the readings alpha_1, alpha_2, slope, P(>=1), P(>=2), its square, P(P(>=2) > t).

    Args:
        model: Priors and doses.
        thresholds: DLT risks t, between 0 and 1.
    """
    (m1, m2), (s1, s2) = model.alpha_mean, model.alpha_sd
    low = min(m1 - _SDS * s1 - s2, m2 - _SDS * s2)
    on_a = axis(low, m2 + _SDS * s2, min(_SPACING, s2 / 4))
    on_w = axis(_SMALLEST_GAP, m1 + _SDS * s1 - low, min(_SPACING, s1 / 4))
    reach = _SDS * model.slope_sd
    spacing = min(_SPACING, model.slope_sd / 4)
    on_v = axis(model.slope_mean - reach, model.slope_mean + reach, spacing)
    grids = np.meshgrid(on_a.node, on_w.node, on_v.node, indexing="ij")
    a, w, v = (x.ravel() for x in grids)
    log_prior = _log_prior(model, a, w, v)
    keep = log_prior > log_prior.max() + _NEGLIGIBLE
    coarse = on_a.coarse[:, None, None] & on_w.coarse[:, None] & on_v.coarse
    order = np.flatnonzero(keep)[np.argsort(~coarse.ravel()[keep], kind="stable")]
    a, w, v, log_prior = a[order], w[order], v[order], log_prior[order]
    edge = (log_prior < log_prior.max() + _NEGLIGIBLE + 2) | (w < _SMALLEST_GAP + 1)
    log_prior -= np.log(np.exp(log_prior).sum())
    first = a + np.logaddexp(0, w)
    count = int(coarse.ravel()[order].sum())

    def readings(rows: slice, spacing: float) -> np.ndarray:
        slope = np.exp(v[rows, None])
        effect = slope * np.array(model.log_dose)
        p1, p2 = expit(first[rows, None] + effect), expit(a[rows, None] + effect)
        over = [1 - step_weight(logit(t) - effect, a[rows, None], spacing) for t in thresholds]
        columns = [first[rows, None], a[rows, None], slope, p1, p2, p2**2, *over]
        return np.concatenate(columns, 1)

    return Lattice(
        log_prior,
        _log_chances(model, first, a, v).T.copy(),
        readings(slice(None), on_a.spacing),
        readings(slice(count), 2 * on_a.spacing),
        edge.astype(float),
        floor=1e-7,
    )


def _log_prior(model: OrdinalModel, a, w, v) -> np.ndarray:
    """Log density of (alpha_2, w, v), without its constant."""
    (m1, m2), (s1, s2) = model.alpha_mean, model.alpha_sd
    first = a + np.logaddexp(0, w)
    normals = ((first - m1) / s1) ** 2 + ((a - m2) / s2) ** 2
    normals += ((v - model.slope_mean) / model.slope_sd) ** 2
    # The truncated normal of alpha_2 is divided by its mass below alpha_1; then the Jacobian.
    return -0.5 * normals - log_ndtr((first - m2) / s2) + log_expit(w)


def _log_chances(model: OrdinalModel, first, second, v) -> np.ndarray:
    """Log probability of grades 0, 1 and 2 at each level, (node, 3 x level)."""
    effect = np.exp(v)[:, None] * np.array(model.log_dose)
    one, two = first[:, None] + effect, second[:, None] + effect
    none, high = log_expit(-one), log_expit(two)
    if model.likelihood == "binary":
        return np.concatenate([log_expit(-two), log_expit(-two), high], 1)
    if model.likelihood == "composite":
        low = log_expit(one) + log_expit(-two)
        return np.concatenate([none + log_expit(-two), low, log_expit(one) + high], 1)
    # P(>=1) - P(>=2) = p1 (1 - p2) (1 - exp(two - one)), without cancellation.
    gap = np.log(-np.expm1(-(first - second)))[:, None]
    return np.concatenate([none, log_expit(one) + log_expit(-two) + gap, high], 1)


def fit_ordinal(
    model: OrdinalModel, grades: ArrayLike, *, thresholds: tuple[float, ...] = ()
) -> OrdinalFit:
    """Posterior of many states.

    Args:
        model: Priors and doses.
        grades: Patients with grade 0, 1 and 2 (dose-limiting), state x grade x level.
        thresholds: DLT risks t for which P(risk > t) is wanted.

    Returns:
        Means and probabilities with their numerical errors.

    Example:
        >>> model = OrdinalModel((-0.7, 0.0), (0.0, -1.0), (1.0, 1.0))
        >>> fit = fit_ordinal(model, [[[3, 2], [0, 1], [0, 0]]], thresholds=(0.33,))
        >>> bool((fit.any_mean > fit.mean).all())
        True
    """
    counts = np.asarray(grades, float)
    counts = counts.reshape(-1, 3, len(model.log_dose))
    found = expectations(ordinal_lattice(model, tuple(thresholds)), counts.reshape(len(counts), -1))
    value, error, levels = found.value, found.error, len(model.log_dose)
    blocks = [slice(3 + i * levels, 3 + (i + 1) * levels) for i in range(3)]
    any_mean, mean, square = (value[:, at] for at in blocks)
    shape = (len(counts), len(thresholds), levels)
    exceed, exceed_error = (
        x[:, 3 + 3 * levels :].reshape(shape).swapaxes(1, 2) for x in (value, error)
    )
    sd = np.sqrt(np.maximum(square - mean**2, 0))
    return OrdinalFit(
        value[:, :2], value[:, 2], any_mean, mean, sd, np.clip(exceed, 0, 1),
        error[:, blocks[1]], exceed_error,
    )  # fmt: skip

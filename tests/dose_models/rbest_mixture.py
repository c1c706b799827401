"""A mixture of two beta distributions fitted to draws by EM, started and stopped as RBesT does."""

import numpy as np
from scipy.special import betaln, digamma, logsumexp, polygamma

from myelodose.dose_models.beta_mixture import BetaMixture

_STARTS = 50
_WINDOW = 5
_CLOSE = 0.005
_MOST = 500


def fit_draws(x: np.ndarray) -> BetaMixture:
    """The mixture of two that RBesT 1.6-6 would fit (mixfit, its defaults; own code).

    Start: two-means clusters, the smaller one moved to the centre with the spread of all draws.
    Stop: mean absolute change of (logit w, log a, log b) below 0.005 over the last five steps.
    """
    w, a, b = _start(x)
    log_x, log_y = np.log(x), np.log1p(-x)
    path: list[np.ndarray] = []
    for _ in range(_MOST):
        if len(path) >= _WINDOW:
            change = np.abs(np.diff(path[-_WINDOW:], axis=0)).mean(0)
            if (change < _CLOSE).all():
                break
        part = (a - 1) * log_x[:, None] + (b - 1) * log_y[:, None] + np.log(w) - betaln(a, b)
        share = np.exp(part - logsumexp(part, axis=1)[:, None])
        total = share.sum(0)
        w = total / len(x)
        moments = (log_x @ share / total, log_y @ share / total)
        fitted = [_maximum(*one) for one in zip(*moments, a, b, strict=True)]
        a, b = (np.array(v) for v in zip(*fitted, strict=True))
        path.append(np.concatenate([np.log(w / (1 - w)), np.log(a), np.log(b)]))
    order = np.argsort(-w)
    weight = w[order] / w.sum()
    return BetaMixture(*(tuple(v.tolist()) for v in (weight, a[order], b[order])))


def _start(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    at = np.floor(np.linspace(1, len(x) - 2, _STARTS)).astype(int) - 1
    centre = np.array([x[at].mean(), x[at + 1].mean()])
    spread, before = x.var(ddof=1), np.inf
    for _ in range(_STARTS):
        cluster = ((x[:, None] - centre) ** 2).argmin(1)
        centre = np.array([x[cluster == k].mean() for k in (0, 1)])
        now = ((x - centre[cluster]) ** 2).sum()
        if before - now < spread / 5:
            break
        before = now
    w = np.array([(cluster == k).mean() for k in (0, 1)])
    mean = centre.copy()
    variance = np.array([x[cluster == k].var(ddof=1) for k in (0, 1)])
    small = int(w.argmin())
    mean[small], variance[small] = w @ centre, spread
    size = np.maximum(mean * (1 - mean) / variance - 1, 1.0)
    return w, size * mean, size * (1 - mean)


def _maximum(log_x: float, log_y: float, a: float, b: float) -> tuple[float, float]:
    """The beta distribution with these mean logarithms, by Newton's method."""
    for _ in range(50):
        both, curve = digamma(a + b), polygamma(1, a + b)
        off = np.array([digamma(a) - both - log_x, digamma(b) - both - log_y])
        slope = np.diag([polygamma(1, a), polygamma(1, b)]) - curve
        step = np.linalg.solve(slope, off)
        while a <= step[0] or b <= step[1]:
            step /= 2
        a, b = a - step[0], b - step[1]
        if np.abs(step).max() < 1e-9 * min(a, b):
            break
    return float(a), float(b)

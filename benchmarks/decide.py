"""How much faster is the exact decision than sampling, and than general-purpose integration?

Prints one table of ratios. Each row is the median of interleaved repeats in this run, after
compiling; accuracy stands beside it, because speed without it says nothing.
"""

import statistics
import time

import numpy as np
from scipy import integrate

import myelodose as md
from myelodose.decision import risk_by_quadrature, risk_from_draws
from myelodose.priors import LENALIDOMIDE_PRIOR

REPEATS = 5
THRESHOLD = 1 / 3


def by_adaptive_integration(counts) -> np.ndarray:
    """P(risk > 1/3) at each dose with SciPy's two-dimensional adaptive quadrature."""
    x = np.log(counts.dose.values / 20)
    n, dlt = counts.n.values, counts.dlt.values
    (mean_u, mean_v), (sd_u, sd_v) = LENALIDOMIDE_PRIOR.mean, LENALIDOMIDE_PRIOR.sd
    low, high = mean_u - 7 * sd_u, mean_u + 7 * sd_u

    def density(u: float, v: float) -> float:
        eta = u + np.exp(v) * x
        log_p = -dlt * np.logaddexp(0, -eta) - (n - dlt) * np.logaddexp(0, eta)
        return float(
            np.exp(log_p.sum() - ((u - mean_u) / sd_u) ** 2 / 2 - ((v - mean_v) / sd_v) ** 2 / 2)
        )

    def mass_above(start) -> float:
        ends = (mean_v - 7 * sd_v, mean_v + 7 * sd_v, start, high)
        return integrate.dblquad(density, *ends, epsabs=1e-9, epsrel=1e-6)[0]

    total = mass_above(low)
    cut = np.log(THRESHOLD / (1 - THRESHOLD))
    return np.array(
        [
            mass_above(lambda v, xi=xi: float(np.clip(cut - np.exp(v) * xi, low, high))) / total
            for xi in x
        ]
    )


def main() -> None:
    """Time the three ways on the published trial."""
    md.declare_cpu_devices(4)
    counts = md.dlt_counts(md.load_trial("platzbecker2013"))
    asked = {"thresholds": [THRESHOLD], "doses": counts.dose.values}
    ways = {
        "exact quadrature": lambda: 1 - risk_by_quadrature(counts, **asked).prob_at_most[:, 0],
        "NUTS, 4 x 2500 draws": lambda: (
            1 - risk_from_draws(md.fit_dlt(counts, seed=1), **asked).prob_at_most[:, 0]
        ),
        "SciPy dblquad": lambda: by_adaptive_integration(counts),
    }
    answer = {name: np.asarray(way()) for name, way in ways.items()}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(REPEATS):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - start)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    exact = answer["exact quadrature"]
    print("| way | time, ratio to exact quadrature | largest difference of P(risk > 1/3) |")
    print("|---|---|---|")
    for name in ways:
        ratio = median[name] / median["exact quadrature"]
        print(f"| {name} | {ratio:.0f} | {np.abs(answer[name] - exact).max():.1e} |")


if __name__ == "__main__":
    main()

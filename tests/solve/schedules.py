"""Random schedules with everything that is awkward: rests, delays, double days, odd hours."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelodose.solve.plan import Plan, plan, stack

how_many = pytest.mark.parametrize("cases", [100, pytest.param(500, marks=pytest.mark.slow)])
"""Random patients of a comparison with the reference: fewer in the default run."""


def random_plan(
    rng: np.random.Generator, *, horizon_d: float = 42.0, infused: bool = False
) -> Plan:
    """One patient: bursts of lenalidomide and azacitidine, in any order and with any gap."""
    times, amounts, drugs, durations = [], [], [], []
    for drug, dose in ((0, 25.0), (1, 150.0)):
        day = rng.uniform(0, 8)
        while day < horizon_d:
            for _ in range(rng.integers(1, 15)):
                times.append(day)
                amounts.append(dose * rng.uniform(0.1, 1.0))
                drugs.append(drug)
                durations.append(rng.uniform(0.01, 0.6) if infused and rng.random() < 0.3 else 0.0)
                day += rng.choice([1.0, 1.0, 1.0, 0.5, 2.0]) + rng.uniform(0, 0.05)
            day += rng.uniform(0, 20)
    seen = np.sort(rng.uniform(0, horizon_d, 6))
    # One observation at a dose, one at the start.
    seen = np.append(seen, [0.0, min(times[0], horizon_d)])
    return plan(
        np.array(times),
        np.array(amounts),
        np.array(drugs),
        drugs=2,
        times_d=seen,
        duration_d=np.array(durations),
        horizon_d=horizon_d,
    )


def random_plans(seed: int, patients: int, **kwargs) -> Plan:
    """Many patients, each with a schedule of their own; patients last."""
    rng = np.random.default_rng(seed)
    one = stack([random_plan(rng, **kwargs) for _ in range(patients)])
    return jax.tree.map(jnp.asarray, one)


def spread(rng: np.random.Generator, low: float, high: float, *shape: int) -> jnp.ndarray:
    """Values between two ends, even on the logarithmic scale."""
    return jnp.asarray(np.exp(rng.uniform(np.log(low), np.log(high), shape)))

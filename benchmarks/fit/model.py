"""The benchmark problem of `likelihood/problem.py` as a NumPyro model with its data as arguments.

Same priors and data; the unconstrained position is the same too: 23 logarithms and eight standard
normal effects a patient, and the two densities agree to rounding.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array, Float

from likelihood.model import OMEGA, PRIOR_MEDIAN, PRIOR_SD, SIGMA, TYPICAL, Individual, individual
from likelihood.ours import plans
from likelihood.problem import OBSERVATIONS, Problem
from myelodose.blood.friberg import Friberg, simulate_friberg
from myelodose.effect import Linear
from myelodose.pk import OneCompartment
from myelodose.solve.plan import Plan
from myelodose.solve.settings import Fast
from myelodose.units import HOURS_PER_DAY

SOLVER = Fast(nodes=12)


class Data(NamedTuple):
    """Windows of all patients, and their log counts (lineage, obs, patient)."""

    windows: Plan
    log_count: Float[Array, "lineage obs patient"] | np.ndarray


def data_of(problem: Problem) -> Data:
    """The data of a problem."""
    return Data(plans(problem), np.log(problem.count))


def friberg_population(data: Data, log_count=None) -> None:
    """Two Friberg chains under two drugs in many patients."""
    log_typical = numpyro.sample(
        "theta", dist.Normal(jnp.log(PRIOR_MEDIAN), jnp.asarray(PRIOR_SD)).to_event(1)
    )
    with numpyro.plate("patient", data.log_count.shape[-1]):
        z_eta = numpyro.sample("z_eta", dist.Normal(0.0, 1.0).expand([len(OMEGA)]).to_event(1))
    omega = jnp.exp(log_typical[len(TYPICAL) : len(TYPICAL) + len(OMEGA)])
    numpyro.deterministic("eta", omega * z_eta)
    counts = _counts(individual(log_typical, z_eta.T), data.windows)
    sigma = jnp.exp(log_typical[-len(SIGMA) :])[:, None, None]
    seen = data.log_count if log_count is None else log_count
    numpyro.sample("log_count", dist.Normal(jnp.log(counts), sigma).to_event(3), obs=seen)


def _counts(who: Individual, windows: Plan) -> Float[Array, "lineage obs patient"]:
    """Counts of every patient at the times of each lineage."""
    chain = Friberg(
        baseline=who["baseline"],
        mtt_d=who["mtt"] / HOURS_PER_DAY,
        gamma=who["gamma"],
        effects=(Linear(who["slope_len"]), Linear(who["slope_aza"])),
    )
    drugs = (
        OneCompartment(CL=who["CL"], V=who["V"], ka=who["ka"]),
        OneCompartment(CL=who["CL_aza"], V=who["V_aza"], ka=who["ka_aza"]),
    )
    counts = simulate_friberg(chain, drugs, windows, solver=SOLVER).counts
    # The windows stop at the times of one lineage after those of the other.
    n = OBSERVATIONS
    return jnp.stack([counts[:n, 0], counts[n:, 1]])

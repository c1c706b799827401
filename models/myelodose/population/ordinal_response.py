"""Joint ordinal model of the best haematologic and the best cytogenetic response."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from myelodose.population.numpyro_first import dist, numpyro
from myelodose.response import bounds, cutpoints, log_interval_probability, marginal_scale

CATEGORIES = {"haem": 5, "cyto": 4}


def ordinal_response(
    log_dose: Float[Array, " patient"],
    cohort: Int[Array, " patient"],
    tp53: Int[Array, " patient"],
    haem: Int[Array, " patient"] | None = None,
    cyto: Int[Array, " patient"] | None = None,
    *,
    cohorts: int,
) -> None:
    """Two ordered outcomes of one patient, with dose and TP53, partially pooled.

    For patient i in cohort k, outcome r in {haem, cyto}, t_i = +1/2 (TP53 mutated) or -1/2:

        eta_ri = slope_r log(d_i / d_ref) + tp53_effect_r t_i + cohort_effect_k
        P(Y_ri <= c | z_i) = logistic(scale (cut_rc - eta_ri) - patient_sd z_i)

    slope_r and tp53_effect_r are exchangeable between the two outcomes: Normal(mean, sd) with
    unknown mean and sd. cohort_effect_k ~ Normal(0, cohort_sd) lets a dose depart from the line.
    z_i ~ Normal(0, 1) ties the two outcomes of one patient together; scale = sqrt(1 + c^2
    patient_sd^2) keeps every other parameter a log-odds over all patients, whatever patient_sd
    (`response.marginal_scale`). The cut-points are those of a reference patient (d_ref, t = 0)
    whose category shares are Dirichlet(1/K, ..., 1/K) for K categories, a prior that weighs as
    much as one patient. Where TP53 was not evaluable, t_i is summed out with an unknown
    prevalence; that takes prevalence to be the same at every dose, which this trial cannot show
    because TP53 and dose are confounded.

    The priors are weakly informative choices of this project, not literature values.

    Args:
        log_dose: log(d / d_ref) of each patient.
        cohort: Index of the dose cohort, from 0.
        tp53: 1 mutated, 0 wild type, -1 not evaluable.
        haem: Best haematologic response as an index, worst first; None simulates both outcomes.
        cyto: Best cytogenetic response, likewise.
        cohorts: Number of cohorts.
    """
    slope = _pooled("slope")
    effect = _pooled("tp53_effect")
    cohort_sd = numpyro.sample("cohort_sd", dist.HalfNormal(0.5))
    patient_sd = numpyro.sample("patient_sd", dist.HalfNormal(2.0))
    prevalence = numpyro.sample("tp53_prevalence", dist.Beta(1.0, 1.0))
    edges = {
        name: bounds(
            cutpoints(numpyro.sample(f"share_{name}", dist.Dirichlet(jnp.full(count, 1 / count))))
        )
        for name, count in CATEGORIES.items()
    }
    with numpyro.plate("cohort", cohorts):
        z_cohort = numpyro.sample("z_cohort", dist.Normal(0, 1))
    cohort_effect = numpyro.deterministic("cohort_effect", cohort_sd * z_cohort)
    with numpyro.plate("patient", log_dose.shape[0]):
        z_patient = numpyro.sample("z_patient", dist.Normal(0, 1))

    scale = marginal_scale(patient_sd)
    # Axes (patient, t): for wild type and for mutated TP53.
    t = jnp.array([-0.5, 0.5])
    eta = [
        (cohort_effect[cohort] + slope[r] * log_dose)[:, None] + effect[r] * t
        for r in range(len(CATEGORIES))
    ]

    def log_probability(r: int, low: Float[Array, "..."], high: Float[Array, "..."]):
        """Of lying between two cut-points of outcome r; axes (patient, t, ...)."""
        level = (patient_sd * z_patient)[:, None] + scale * eta[r]
        return log_interval_probability(level, scale * low, scale * high)

    log_t = jnp.log(jnp.stack([1 - prevalence, prevalence]))
    if haem is None or cyto is None:
        _simulate(log_probability, edges, log_t, tp53)
        return
    # The sum over t keeps what was read, and both values where nothing was read.
    possible = (tp53[:, None] < 0) | (tp53[:, None] == jnp.arange(2))
    joint = jnp.where(possible, log_t, -jnp.inf)
    for r, (name, seen) in enumerate({"haem": haem, "cyto": cyto}.items()):
        joint += log_probability(r, edges[name][seen][:, None], edges[name][seen + 1][:, None])
    with numpyro.plate("patient", log_dose.shape[0]):
        numpyro.factor("response", jax.nn.logsumexp(joint, axis=1))


def _pooled(name: str) -> Float[Array, " outcome"]:
    """One coefficient per outcome, exchangeable: Normal(mean, sd), non-centred."""
    mean = numpyro.sample(f"{name}_mean", dist.Normal(0.0, 1.0))
    sd = numpyro.sample(f"{name}_sd", dist.HalfNormal(0.5))
    with numpyro.plate("outcome", len(CATEGORIES)):
        z = numpyro.sample(f"z_{name}", dist.Normal(0, 1))
    return numpyro.deterministic(name, mean + sd * z)


def _simulate(log_probability, edges: dict, log_t: Float[Array, " 2"], tp53) -> None:
    """Draw TP53 where it is unknown, then both outcomes."""
    patients = tp53.shape[0]
    with numpyro.plate("patient", patients):
        drawn = numpyro.sample("tp53_drawn", dist.Categorical(logits=log_t))
        mutated = jnp.where(tp53 < 0, drawn, tp53)
        for r, (name, edge) in enumerate(edges.items()):
            log_p = jnp.stack(
                [log_probability(r, edge[c], edge[c + 1]) for c in range(CATEGORIES[name])], -1
            )
            own = log_p[jnp.arange(patients), mutated]
            numpyro.sample(name, dist.Categorical(logits=own))

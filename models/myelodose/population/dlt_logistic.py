"""The two-parameter logistic dose-toxicity model in NumPyro."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from myelodose.population.numpyro_first import dist, numpyro
from myelodose.toxicity import logit_dlt_risk


def dlt_logistic(
    dose: Float[Array, " dose"],
    n: Int[Array, " dose"],
    dlt: Int[Array, " dose"] | None = None,
    *,
    mean: Float[Array, " 2"],
    covariance: Float[Array, "2 2"],
    dose_reference: float,
) -> None:
    """DLT counts by dose.

    (log a, log b) ~ Normal(mean, covariance); logit p(d) = log a + b log(d / d_ref);
    dlt(d) ~ Binomial(n(d), p(d)).

    Args:
        dose: Doses [mg].
        n: Patients evaluable for DLT.
        dlt: Patients with a DLT; None simulates them.
        mean: Prior means of log a and log b.
        covariance: Their prior covariance.
        dose_reference: d_ref [mg].
    """
    sd = jnp.sqrt(jnp.diag(covariance))
    slope = covariance[0, 1] / covariance[0, 0]
    log_alpha = numpyro.sample("log_alpha", dist.Normal(mean[0], sd[0]))
    # The bivariate normal prior as a marginal and a conditional: two named scalar sites.
    log_beta = numpyro.sample(
        "log_beta",
        dist.Normal(
            mean[1] + slope * (log_alpha - mean[0]),
            jnp.sqrt(covariance[1, 1] - slope * covariance[0, 1]),
        ),
    )
    eta = logit_dlt_risk(dose, log_alpha, log_beta, dose_reference=dose_reference)
    with numpyro.plate("dose", dose.shape[0]):
        numpyro.sample("dlt", dist.Binomial(n, logits=eta), obs=dlt)

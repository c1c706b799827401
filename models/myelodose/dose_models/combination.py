r"""Two drugs together: a logistic model per drug, an interaction, and groups that borrow.

    logit p_j = log a_j + b_j log(d_j / d_ref,j),   p_0 = 1 - (1 - p_1)(1 - p_2)
    odds p = odds p_0 exp(eta g(x) + delta_s h(x)),   x = (d_1 / d_ref,1)(d_2 / d_ref,2)

with g(x) = x ("product", OncoBayes2's linear form) or g(x) = 2 x / (1 + x) ("saturating", what
OncoBayes2's blrm_trial takes by itself since 0.8), which stays bounded at high doses.
A drug not given has p_j = 0. A row with both drugs names its sequence s: "" for the usual one,
"before" or "after" for drugs one after the other, say. Each other sequence has an effect delta_s of
its own, on the interaction (h = g) or on the risk of the combination (h = 1 if both are given).

Groups (trials, arms) are exchangeable: (log a_j, log b_j) of a group is Normal(mu_j, Sigma_j), its
eta Normal(mu_eta, tau_eta), with log-normal tau and a uniform correlation (LKJ(1)). Only the groups
in which a drug was given, and the group predicted for, take part.

Source:
    Neuenschwander, Roychoudhury and Schmidli, Stat Biopharm Res 2016;8:345 (doi
    10.1080/19466315.2016.1174149, exchangeable groups); Neuenschwander et al., in Statistical
    Methods in Drug Combination Studies, 2014 (combination). As in OncoBayes2 0.8 and decider.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from myelodose.dose_models.combination_data import CombinationData, Row, combination_data
from myelodose.dose_models.combination_prior import DrugPrior, InteractionPrior
from myelodose.dose_models.groups import HYPER, STEEPEST, group_curves
from myelodose.dose_models.importance import POINTS, Estimate, in_batches, posterior_points
from myelodose.precision import float64


class CombinationFit(NamedTuple):
    """Posterior at the pairs of doses asked about, each with its numerical error.

    Attributes:
        mean: Mean risk, (pair,).
        sd: Its standard deviation, (pair,).
        exceed: P(risk > t), (pair, threshold).
        ess: Effective number of points.
    """

    mean: Estimate
    sd: Float[np.ndarray, " pair"]
    exceed: Estimate
    ess: float


def _curve(z: Float[Array, " parameter"], data: CombinationData, drug: int):
    """(log a, log b) of each group from the standardised parameters of one drug."""
    prior = (data.mean, data.sd, data.tau_log_mean, data.tau_log_sd)
    return group_curves(z, *(part[drug] for part in prior))


def logit_risk(z: Float[Array, " parameter"], data: CombinationData) -> Float[Array, " row"]:
    """Log-odds of a DLT in each row, at one value of the standardised parameters."""
    first = HYPER + 2 * data.member1.shape[1]
    second = first + HYPER + 2 * data.member2.shape[1]
    # Log survival adds up over drugs; a drug that is not given contributes none.
    hazard = jnp.zeros(data.n.shape)
    for drug, (part, member) in enumerate(
        ((z[:first], data.member1), (z[first:second], data.member2))
    ):
        curve = member @ _curve(part, data, drug)
        given = data.dose[:, drug] > 0
        relative = jnp.where(given, data.dose[:, drug], 1.0) / data.reference[drug]
        alone = curve[:, 0] + jnp.exp(jnp.minimum(curve[:, 1], STEEPEST)) * jnp.log(relative)
        hazard += jnp.where(given, jax.nn.softplus(alone), 0.0)
    rest = z[second:]
    others = data.sequence.shape[1]
    delta = data.sequence_sd * (data.sequence @ rest[2 : 2 + others])
    own = data.member_eta @ rest[2 + others :]
    tau = jnp.exp(data.eta[2] + data.eta[3] * rest[1])
    eta = data.eta[0] + data.eta[1] * rest[0] + tau * own
    product = jnp.prod(data.dose / data.reference, axis=1)
    product *= jnp.where(data.saturating > 0, 2 / (1 + product), 1.0)
    moved = delta * jnp.where(data.on_risk > 0, product > 0, product)
    hazard = jnp.maximum(hazard, 1e-300)
    return hazard + jnp.log(-jnp.expm1(-hazard)) + eta * product + moved


def log_likelihood(z: Float[Array, " parameter"], data: CombinationData) -> Float[Array, ""]:
    """Binomial log likelihood at one value of the standardised parameters."""
    eta = logit_risk(z, data)
    return -(data.y * jax.nn.softplus(-eta) + (data.n - data.y) * jax.nn.softplus(eta)).sum()


def parameters(data: CombinationData) -> int:
    """Dimension of the standardised parameters."""
    groups = data.member1.shape[1] + data.member2.shape[1]
    return 2 * HYPER + 2 * groups + 2 + data.sequence.shape[1] + data.member_eta.shape[1]


@jax.jit
def _risks(z: Float[Array, "point parameter"], asked: CombinationData):
    return jax.nn.sigmoid(jax.vmap(lambda one: logit_risk(one, asked))(z))


def fit_combination(
    rows: Sequence[Row],
    *,
    drugs: tuple[DrugPrior, DrugPrior],
    interaction: InteractionPrior,
    group: str,
    pairs: Sequence[tuple[float, float]],
    thresholds: Sequence[float] = (0.16, 0.33),
    sequence: str = "",
    points: int = POINTS,
) -> CombinationFit:
    """Posterior of the risk at pairs of doses in one group.

    Args:
        rows: What was seen in every group.
        drugs: Priors of the two drugs.
        interaction: Prior of the interaction.
        group: The group predicted for; it may be new.
        pairs: Pairs of doses asked about.
        thresholds: Risks t for which P(risk > t) is wanted.
        sequence: The sequence there.
        points: Points of each of the eight scrambles, a power of 2.

    Returns:
        Means and probabilities with their numerical errors.

    Raises:
        InputError: If a count or a dose cannot be.
    """
    data, asked = combination_data(
        rows, drugs=drugs, interaction=interaction, group=group, pairs=pairs, sequence=sequence
    )
    found = posterior_points(log_likelihood, data, parameters(data), points=points)
    with float64():
        arrays = jax.tree.map(jnp.asarray, asked)
        flat = found.z.reshape(-1, found.z.shape[-1])
        risk = in_batches(lambda part: _risks(part, arrays), flat)
    risk = risk.reshape(*found.z.shape[:2], -1)[..., : len(pairs)]
    mean = found.mean(risk)
    sd = np.sqrt(found.mean((risk - mean.value) ** 2).value)
    return CombinationFit(mean, sd, found.mean(risk[..., None] > np.array(thresholds)), found.ess)

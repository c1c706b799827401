r"""Two drugs together: a logistic model per drug, an interaction, and groups that borrow.

    logit p_j = log a_j + b_j log(d_j / d_ref,j),   p_0 = 1 - (1 - p_1)(1 - p_2)
    odds p = odds p_0 exp((eta + delta s) g(x)),   x = (d_1 / d_ref,1)(d_2 / d_ref,2)

with g(x) = x ("product", OncoBayes2's linear form) or g(x) = 2 x / (1 + x) ("saturating", what
OncoBayes2's blrm_trial takes by itself since 0.8), which stays bounded at high doses.
A drug not given has p_j = 0. The covariate s of a row is 1 for a schedule other than the usual one,
such as drugs one after the other, not together; delta is its effect on the interaction.

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

from myelodose.dose_models.combination_prior import DrugPrior, InteractionPrior
from myelodose.dose_models.importance import POINTS, Estimate, in_batches, posterior_points
from myelodose.errors import InputError
from myelodose.precision import float64

_ROWS = 16


class Row(NamedTuple):
    """Patients of one group at one pair of doses; `sequence` is the covariate s."""

    group: str
    dose1: float
    dose2: float
    n: int
    y: int
    sequence: float = 0.0


class CombinationData(NamedTuple):
    """Everything that the likelihood depends on; every field an array.

    `member1`, `member2`, `member_eta` (row, group): which group of the drug, or of the
    interaction, a row belongs to.
    """

    dose: Float[np.ndarray, "row 2"]
    sequence: Float[np.ndarray, " row"]
    n: Float[np.ndarray, " row"]
    y: Float[np.ndarray, " row"]
    member1: Float[np.ndarray, "row group1"]
    member2: Float[np.ndarray, "row group2"]
    member_eta: Float[np.ndarray, "row group_eta"]
    reference: Float[np.ndarray, " 2"]
    mean: Float[np.ndarray, "2 2"]
    sd: Float[np.ndarray, "2 2"]
    tau_log_mean: Float[np.ndarray, "2 2"]
    tau_log_sd: Float[np.ndarray, "2 2"]
    eta: Float[np.ndarray, " 4"]
    sequence_sd: Float[np.ndarray, ""]
    saturating: Float[np.ndarray, ""]


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


def _curve(z: Float[Array, " drug"], data: CombinationData, drug: int) -> Float[Array, "group 2"]:
    """(log a, log b) of each group from the standardised parameters of one drug."""
    mu = data.mean[drug] + data.sd[drug] * z[:2]
    tau = jnp.exp(data.tau_log_mean[drug] + data.tau_log_sd[drug] * z[2:4])
    rho = 2 * jax.scipy.special.ndtr(z[4]) - 1
    own = z[5:].reshape(-1, 2)
    second = rho * own[:, 0] + jnp.sqrt(jnp.maximum(1 - rho**2, 1e-12)) * own[:, 1]
    return mu + tau * jnp.stack([own[:, 0], second], -1)


def logit_risk(z: Float[Array, " parameter"], data: CombinationData) -> Float[Array, " row"]:
    """Log-odds of a DLT in each row, at one value of the standardised parameters."""
    first = 5 + 2 * data.member1.shape[1]
    second = first + 5 + 2 * data.member2.shape[1]
    # Log survival adds up over drugs; a drug that is not given contributes none.
    hazard = jnp.zeros(data.n.shape)
    for drug, (part, member) in enumerate(
        ((z[:first], data.member1), (z[first:second], data.member2))
    ):
        curve = member @ _curve(part, data, drug)
        given = data.dose[:, drug] > 0
        relative = jnp.where(given, data.dose[:, drug], 1.0) / data.reference[drug]
        # Slopes beyond e^30 change nothing, and infinity times log 1 is no number.
        alone = curve[:, 0] + jnp.exp(jnp.minimum(curve[:, 1], 30.0)) * jnp.log(relative)
        hazard += jnp.where(given, jax.nn.softplus(alone), 0.0)
    rest = z[second:]
    own = data.member_eta @ rest[3:]
    tau = jnp.exp(data.eta[2] + data.eta[3] * rest[1])
    eta = data.eta[0] + data.eta[1] * rest[0] + tau * own
    eta += data.sequence_sd * rest[2] * data.sequence
    product = jnp.prod(data.dose / data.reference, axis=1)
    product *= jnp.where(data.saturating > 0, 2 / (1 + product), 1.0)
    hazard = jnp.maximum(hazard, 1e-300)
    return hazard + jnp.log(-jnp.expm1(-hazard)) + eta * product


def log_likelihood(z: Float[Array, " parameter"], data: CombinationData) -> Float[Array, ""]:
    """Binomial log likelihood at one value of the standardised parameters."""
    eta = logit_risk(z, data)
    return -(data.y * jax.nn.softplus(-eta) + (data.n - data.y) * jax.nn.softplus(eta)).sum()


def parameters(data: CombinationData) -> int:
    """Dimension of the standardised parameters."""
    groups = data.member1.shape[1] + data.member2.shape[1]
    return 10 + 2 * groups + 3 + data.member_eta.shape[1]


def combination_data(
    rows: Sequence[Row],
    *,
    drugs: tuple[DrugPrior, DrugPrior],
    interaction: InteractionPrior,
    group: str,
    pairs: Sequence[tuple[float, float]],
    sequence: float = 0.0,
) -> tuple[CombinationData, CombinationData]:
    """Arrays of what was seen and of what is asked about, over the same groups.

    Args:
        rows: What was seen.
        drugs: Priors of the two drugs.
        interaction: Prior of the interaction.
        group: The group predicted for; it may be new.
        pairs: Pairs of doses asked about.
        sequence: The covariate s there.

    Returns:
        Data, and rows without patients for the prediction.

    Raises:
        InputError: If a count or a dose cannot be.
    """
    for number, row in enumerate(rows):
        place = f"combination, row {number + 1}"
        if not 0 <= row.y <= row.n:
            raise InputError(place, f"found {row.y} DLTs in {row.n}", "give 0 to n")
        if min(row.dose1, row.dose2) < 0 or row.dose1 + row.dose2 <= 0:
            found = f"found doses {row.dose1:g} and {row.dose2:g}"
            raise InputError(place, found, "give at least one dose above 0 and none below")
    asked = [Row(group, one, two, 0, 0, sequence) for one, two in pairs]
    both = [*rows, *asked]
    members = [
        _membership(both, lambda r: r.dose1 > 0),
        _membership(both, lambda r: r.dose2 > 0),
        _membership(both, lambda r: r.dose1 > 0 and r.dose2 > 0),
    ]
    shared = {
        "reference": np.array([d.dose_reference for d in drugs]),
        "mean": np.array([d.mean for d in drugs]),
        "sd": np.array([d.sd for d in drugs]),
        "tau_log_mean": np.array([d.tau_log_mean for d in drugs]),
        "tau_log_sd": np.array([d.tau_log_sd for d in drugs]),
        "eta": np.array([
            interaction.mean, interaction.sd, interaction.tau_log_mean, interaction.tau_log_sd
        ]),
        "sequence_sd": np.array(interaction.sequence_sd),
        "saturating": np.array(float(interaction.form == "saturating")),
    }  # fmt: skip

    def part(chosen: Sequence[Row], at: slice) -> CombinationData:
        # Rows of nobody fill up to a multiple, so that one more cohort compiles nothing again.
        more = -len(chosen) % _ROWS

        def filled(values: np.ndarray) -> np.ndarray:
            return np.concatenate([values, np.zeros((more, *values.shape[1:]))])

        return CombinationData(
            dose=filled(np.array([[r.dose1, r.dose2] for r in chosen], float).reshape(-1, 2)),
            sequence=filled(np.array([r.sequence for r in chosen], float)),
            n=filled(np.array([r.n for r in chosen], float)),
            y=filled(np.array([r.y for r in chosen], float)),
            member1=filled(members[0][at]),
            member2=filled(members[1][at]),
            member_eta=filled(members[2][at]),
            **shared,
        )

    return part(rows, slice(len(rows))), part(asked, slice(len(rows), None))


def _membership(rows: Sequence[Row], takes_part) -> np.ndarray:
    """One column for each group with such a row."""
    groups = list(dict.fromkeys(r.group for r in rows if takes_part(r)))
    return np.array(
        [[float(takes_part(r) and r.group == g) for g in groups] for r in rows]
    ).reshape(len(rows), len(groups))


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
    sequence: float = 0.0,
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
        sequence: The covariate s there.
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

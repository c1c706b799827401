r"""Borrowing between studies or groups: meta-analytic priors and exchangeable-or-not groups.

    r_i ~ Binomial(n_i, p_i),   logit p_i ~ Normal(mu, tau)                          (exchangeable)
    mu ~ Normal(m, s),  tau ~ HalfNormal(scale)

The meta-analytic-predictive (MAP) prior is the distribution of a new p*. In the exchangeable or
non-exchangeable (EXNEX) model group i belongs with probability w_i to the exchangeable part and
otherwise has a Normal(m, s) of its own. Given (mu, tau) the groups are independent, so a lattice in
(mu, log tau) and one-dimensional sums over each group's own deviation suffice.

Source:
    Neuenschwander et al., Clinical Trials 2010;7:5 (doi 10.1177/1740774509356002, MAP);
    Schmidli et al., Biometrics 2014;70:1023 (doi 10.1111/biom.12242, robust mixtures);
    Neuenschwander, Wandel, Roychoudhury and Bailey, Pharm Stat 2016;15:123 (doi 10.1002/pst.1730).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.optimize import brentq, minimize
from scipy.special import betaln, expit, log_expit, logit, logsumexp, ndtr, softmax

from myelodose.dose_models.beta_mixture import BetaMixture
from myelodose.dose_models.lattice import axis, step_weight
from myelodose.errors import InputError, check_numbers

_REACH = 8.0
_STEP = 0.08


class Hierarchy(NamedTuple):
    """Priors: mu ~ Normal(mean, sd), tau ~ HalfNormal(tau_scale)."""

    mean: float = 0.0
    sd: float = 2.0
    tau_scale: float = 1.0


WEAK = Hierarchy()
"""mu ~ Normal(0, 2), tau ~ HalfNormal(1)."""


class MapPrior(NamedTuple):
    """The predictive distribution of the risk in a new study, as weighted normals of its logit.

    Attributes:
        mu: Nodes of mu.
        tau: Nodes of tau.
        mass: Posterior probability of each pair.
        error: Numerical error of `mean`: the difference to half of the nodes.
    """

    mu: Float[np.ndarray, " node"]
    tau: Float[np.ndarray, " node"]
    mass: Float[np.ndarray, " node"]
    error: float

    def at_most(self, risk: ArrayLike) -> Float[np.ndarray, "..."]:
        """P(p* <= risk)."""
        z = logit(np.asarray(risk, float))[..., None]
        return ndtr((z - self.mu) / self.tau) @ self.mass

    def quantile(self, level: float) -> float:
        """The risk below which p* lies with the given probability."""
        z = brentq(lambda z: float(self.at_most(expit(z))) - level, -40, 40, xtol=1e-12)
        return float(expit(z))

    def moment(self, power: int = 1) -> float:
        """E(p*^power)."""
        x, weight = _deviations()
        risk = expit(self.mu[:, None] + self.tau[:, None] * x)
        return float(self.mass @ (risk**power @ weight))

    @property
    def mean(self) -> float:
        """Mean of p*."""
        return self.moment()

    @property
    def sd(self) -> float:
        """Standard deviation of p*."""
        return float(np.sqrt(self.moment(2) - self.mean**2))

    def tau_summary(self) -> dict[str, float]:
        """Posterior mean, sd and median of tau."""
        mean = float(self.mass @ self.tau)
        at = np.log(self.tau)
        spacing = float(np.diff(np.unique(at)).min())

        def excess(bound: float) -> float:
            return float(self.mass @ step_weight(bound, at, spacing)) - 0.5

        median = float(np.exp(brentq(excess, at.min(), at.max(), xtol=1e-10)))
        sd = float(np.sqrt(self.mass @ self.tau**2 - mean**2))
        return {"mean": mean, "sd": sd, "q50": median}


def _deviations() -> tuple[np.ndarray, np.ndarray]:
    """Standard normal deviations and their weights."""
    x = np.arange(-_REACH, _REACH + _STEP / 2, _STEP)
    weight = np.exp(-0.5 * x**2)
    return x, weight / weight.sum()


def log_binomial(r: float, n: float, eta: np.ndarray) -> np.ndarray:
    """Log likelihood of r events in n patients at log-odds eta, without its constant."""
    return r * log_expit(eta) + (n - r) * log_expit(-eta)


def log_marginal(r: float, n: float, mu: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """Log likelihood of one group given (mu, tau), its own deviation integrated out."""
    x, weight = _deviations()
    return logsumexp(log_binomial(r, n, mu[:, None] + tau[:, None] * x), axis=1, b=weight)


def hierarchy_nodes(
    prior: Hierarchy, fineness: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Nodes of mu and tau, log prior mass, and which nodes are on the coarser lattice."""
    step = min(0.06, prior.sd / 6) / fineness
    on_mu = axis(prior.mean - 6 * prior.sd, prior.mean + 6 * prior.sd, step)
    top = np.log(6.0 * prior.tau_scale)
    on_tau = axis(top - 12.0, top, 0.15 / fineness)
    mu, log_tau = (g.ravel() for g in np.meshgrid(on_mu.node, on_tau.node, indexing="ij"))
    log_mass = -0.5 * ((mu - prior.mean) / prior.sd) ** 2
    log_mass += -0.5 * (np.exp(log_tau) / prior.tau_scale) ** 2 + log_tau
    coarse = (on_mu.coarse[:, None] & on_tau.coarse).ravel()
    return mu, np.exp(log_tau), log_mass, coarse


def _check(n: np.ndarray, r: np.ndarray, place: str) -> None:
    if n.shape != r.shape or n.ndim != 1 or not n.size:
        raise InputError(place, f"found {n.size} n and {r.size} r", "give both for every study")
    check_numbers(f"{place}, n", n, n >= 1, "give at least 1")
    check_numbers(f"{place}, r", r, (r >= 0) & (r <= n), "give 0 to n")


def map_prior(n: ArrayLike, r: ArrayLike, prior: Hierarchy = WEAK) -> MapPrior:
    """The MAP prior of a risk from earlier studies.

    Args:
        n: Patients of each study.
        r: Patients with the event.
        prior: Priors of mu and tau.

    Returns:
        The predictive distribution of a new study's risk.

    Raises:
        InputError: If counts cannot be.

    Example:
        >>> 0.2 < map_prior([30, 40], [6, 10]).mean < 0.3
        True
    """
    n, r = np.asarray(n, float), np.asarray(r, float)
    _check(n, r, "map_prior")
    mu, tau, log_mass, coarse = hierarchy_nodes(prior)
    near = _likely(log_mass + _crude(n, r, mu, tau))
    mu, tau, log_mass, coarse = mu[near], tau[near], log_mass[near], coarse[near]
    for one_n, one_r in zip(n, r, strict=True):
        log_mass = log_mass + log_marginal(one_r, one_n, mu, tau)
    mass = softmax(log_mass)
    found = MapPrior(mu, tau, mass, 0.0)
    thin = MapPrior(mu[coarse], tau[coarse], mass[coarse] / mass[coarse].sum(), 0.0)
    return found._replace(error=abs(found.mean - thin.mean))


def _crude(n: np.ndarray, r: np.ndarray, mu: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """Normal approximation of the log likelihood, to leave out what cannot matter."""
    share = (r + 0.5) / (n + 1)
    variance = tau[:, None] ** 2 + 1 / (n * share * (1 - share))
    away = mu[:, None] - logit(share)
    return (-0.5 * away**2 / variance - 0.5 * np.log(variance)).sum(1)


def _likely(log_mass: np.ndarray) -> np.ndarray:
    # The normal approximation is off in the tails, hence a generous margin.
    return log_mass > log_mass.max() - 45


def fit_beta_mixture(prior: MapPrior, components: int = 2) -> BetaMixture:
    """The beta mixture nearest to a MAP prior in Kullback-Leibler divergence.

    Args:
        prior: The MAP prior.
        components: Number of beta distributions.

    Returns:
        The mixture; parameters at least 1, so that every effective size exists.

    Raises:
        InputError: If there is no component.
    """
    if components < 1:
        place = "fit_beta_mixture, components"
        raise InputError(place, f"found {components}", "give at least 1")
    edges = np.linspace(-12, 12, 1201)
    mass = np.diff(prior.at_most(expit(edges)))
    z = (edges[1:] + edges[:-1]) / 2
    log_p, log_q = log_expit(z), log_expit(-z)

    def parts(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        w = softmax(np.append(x[: components - 1], 0.0))
        return (
            w,
            1 + np.exp(x[components - 1 : 2 * components - 1]),
            1 + np.exp(x[2 * components - 1 :]),
        )

    def divergence(x: np.ndarray) -> float:
        w, a, b = parts(x)
        log_density = (a - 1) * log_p[:, None] + (b - 1) * log_q[:, None] - betaln(a, b)
        return -float(mass @ logsumexp(log_density, axis=1, b=w))

    size = max(prior.mean * (1 - prior.mean) / prior.sd**2 - 1, 3.0)
    sizes = size * 2.0 ** np.linspace(1, -1, components)
    start = np.concatenate([
        np.zeros(components - 1),
        np.log(np.maximum(sizes * prior.mean - 1, 0.1)),
        np.log(np.maximum(sizes * (1 - prior.mean) - 1, 0.1)),
    ])  # fmt: skip
    options = {"maxiter": 5000, "maxfev": 20000, "xatol": 1e-8, "fatol": 1e-12}
    first = minimize(divergence, start, method="BFGS")
    found = minimize(divergence, first.x, method="Nelder-Mead", options=options)
    w, a, b = parts(found.x)
    order = np.argsort(-w)
    return BetaMixture(*(tuple(v[order].tolist()) for v in (w, a, b)))

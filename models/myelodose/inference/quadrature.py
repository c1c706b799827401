r"""Exact posterior of the two-parameter logistic model by Gauss-Legendre quadrature.

With u = log a and v = log b the posterior density is

    h(u, v) ~ Normal((u, v); mean, covariance) prod_d p_d^y_d (1 - p_d)^(n_d - y_d),
    logit p_d = u + exp(v) log(d / d_ref).

The nodes fill a box outside of which the density is below e^-36 of its largest value. For each
v, the integral of h over u up to any bound is the exact integral of the Legendre polynomial
through the nodes of a panel. An event such as p(d) <= t is u <= logit t - exp(v) log(d / d_ref),
a bound that cuts panels anywhere: probabilities are therefore smooth in dose and threshold, with
no grid cell to fall into. Derivation and error: docs/dose-toxicity.md.
"""

from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.polynomial import legendre

from myelodose.toxicity import logit_dlt_risk

PANELS = 16
COARSER_PANELS = 12
ORDER = 10
_PRIOR_SDS = 9.0
_NEGLIGIBLE = -36.0


class LogisticData(NamedTuple):
    """What the posterior depends on; every field an array.

    `log_dose` is log(d / d_ref), shape (dose,); `n` and `dlt` have the same shape; `mean` and
    `precision` describe the bivariate normal prior, shapes (2,) and (2, 2).
    """

    log_dose: Float[Array, " dose"]
    n: Float[Array, " dose"]
    dlt: Float[Array, " dose"]
    mean: Float[Array, " 2"]
    precision: Float[Array, "2 2"]


class Nodes(NamedTuple):
    """Nodes and posterior weights; u in panels, so that it can be cut at a bound.

    Shapes: `v` (v,), `weight_v` (v,), `edges` (panel + 1,), `u` (panel, order),
    `density` (v, panel, order) normalised to integrate to 1, `log_evidence` ().
    """

    v: Float[Array, " v"]
    weight_v: Float[Array, " v"]
    edges: Float[Array, " edge"]
    u: Float[Array, "panel order"]
    density: Float[Array, "v panel order"]
    log_evidence: Float[Array, ""]

    def mass(self) -> Float[Array, "v panel order"]:
        """Posterior probability at each node; sums to 1."""
        rule = _rule(self.u.shape[-1])
        half = (self.edges[1] - self.edges[0]) / 2
        return self.density * half * rule.weight * self.weight_v[:, None, None]


class _Rule(NamedTuple):
    node: np.ndarray
    weight: np.ndarray
    to_coefficient: np.ndarray


@lru_cache
def _rule(order: int) -> _Rule:
    """Gauss-Legendre nodes on [-1, 1], and the map from values there to Legendre coefficients."""
    node, weight = legendre.leggauss(order)
    degree = np.arange(order)
    to_coefficient = (degree[:, None] + 0.5) * legendre.legvander(node, order - 1).T * weight
    return _Rule(node, weight, to_coefficient)


def log_density(u: Float[Array, "..."], v: Float[Array, "..."], data: LogisticData):
    """Log h(u, v) without its constant; u and v of one shape."""
    away = jnp.stack([u, v], -1) - data.mean
    log_prior = -0.5 * jnp.einsum("...i,ij,...j->...", away, data.precision, away)
    eta = logit_dlt_risk(jnp.exp(data.log_dose), u[..., None], v[..., None], dose_reference=1.0)
    # log p = -softplus(-eta) and log(1 - p) = -softplus(eta) keep their digits in both tails.
    log_likelihood = -data.dlt * jax.nn.softplus(-eta) - (data.n - data.dlt) * jax.nn.softplus(eta)
    return log_prior + log_likelihood.sum(-1)


def _box(data: LogisticData) -> Float[Array, "2 2"]:
    """Lower and upper ends of u and v that hold the posterior, shape (parameter, end)."""
    reach = _PRIOR_SDS * jnp.sqrt(jnp.diag(jnp.linalg.inv(data.precision)))
    box = jnp.stack([data.mean - reach, data.mean + reach], -1)
    # Twice, because a posterior much narrower than the prior lies between two coarse points.
    for _ in range(2):
        box = _shrink(box, data)
    return box


def _shrink(box: Float[Array, "2 2"], data: LogisticData, points: int = 96):
    axes = [jnp.linspace(low, high, points) for low, high in box]
    u, v = jnp.meshgrid(*axes, indexing="ij")
    value = log_density(u, v, data)
    inside = value > value.max() + _NEGLIGIBLE
    ends = []
    for axis, has in zip(axes, (inside.any(1), inside.any(0)), strict=True):
        step = axis[1] - axis[0]
        low = jnp.where(has, axis, jnp.inf).min() - step
        high = jnp.where(has, axis, -jnp.inf).max() + step
        ends.append(jnp.stack([jnp.maximum(low, axis[0]), jnp.minimum(high, axis[-1])]))
    return jnp.stack(ends)


def posterior_nodes(data: LogisticData, *, panels: int = PANELS, order: int = ORDER) -> Nodes:
    """Nodes and normalised density of the posterior."""
    rule = _rule(order)
    (u_low, u_high), (v_low, v_high) = _box(data)
    edges = jnp.linspace(u_low, u_high, panels + 1)
    u = _nodes_between(edges, rule)
    v_edges = jnp.linspace(v_low, v_high, panels + 1)
    v = _nodes_between(v_edges, rule).ravel()
    half_u, half_v = (edges[1] - edges[0]) / 2, (v_edges[1] - v_edges[0]) / 2
    weight_v = half_v * jnp.tile(rule.weight, panels)
    log_h = log_density(
        jnp.broadcast_to(u, (v.size, *u.shape)),
        jnp.broadcast_to(v[:, None, None], (v.size, *u.shape)),
        data,
    )
    top = log_h.max()
    density = jnp.exp(log_h - top)
    total = jnp.einsum("vpo,o,v->", density, half_u * rule.weight, weight_v)
    log_norm = 0.5 * jnp.linalg.slogdet(data.precision / (2 * jnp.pi))[1]
    return Nodes(v, weight_v, edges, u, density / total, top + jnp.log(total) + log_norm)


def _nodes_between(edges: Float[Array, " edge"], rule: _Rule) -> Float[Array, "panel order"]:
    middle, half = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    return middle[:, None] + half[:, None] * rule.node


def probability_at_most(
    nodes: Nodes, log_dose: Float[Array, ""], eta: Float[Array, ""]
) -> Float[Array, ""]:
    """P(logit p(d) <= eta), for one dose and one threshold."""
    order = nodes.u.shape[-1]
    rule = _rule(order)
    low, width = nodes.edges[0], nodes.edges[1] - nodes.edges[0]
    bound = jnp.clip(eta - jnp.exp(nodes.v) * log_dose, low, nodes.edges[-1])
    panel = jnp.clip(((bound - low) // width).astype(int), 0, nodes.u.shape[0] - 1)
    panel_mass = nodes.density @ (rule.weight * width / 2)
    below = jnp.cumsum(panel_mass, -1) - panel_mass
    at = jnp.arange(nodes.v.size)
    coefficient = nodes.density[at, panel] @ rule.to_coefficient.T
    where = 2 * (bound - nodes.edges[panel]) / width - 1
    part = (coefficient * _integrated_legendre(where, order)).sum(-1) * width / 2
    return jnp.clip(((below[at, panel] + part) * nodes.weight_v).sum(), 0.0, 1.0)


def _integrated_legendre(x: Float[Array, " v"], order: int) -> Float[Array, "v order"]:
    """Integral of each Legendre polynomial from -1 to x: (P_{k+1} - P_{k-1}) / (2k + 1)."""
    value = [jnp.ones_like(x), x]
    for k in range(1, order):
        value.append(((2 * k + 1) * x * value[k] - k * value[k - 1]) / (k + 1))
    first = [x + 1]
    rest = [(value[k + 1] - value[k - 1]) / (2 * k + 1) for k in range(1, order)]
    return jnp.stack(first + rest, -1)


def _quantile(nodes: Nodes, log_dose: Float[Array, ""], level: Float[Array, ""]):
    """The risk p(d) below which the posterior has the given probability."""
    ends = jnp.array([-1.0, 1.0]) * 700.0

    def halve(_, ends):
        middle = ends.mean()
        under = probability_at_most(nodes, log_dose, middle) < level
        return jnp.where(under, jnp.stack([middle, ends[1]]), jnp.stack([ends[0], middle]))

    return jax.nn.sigmoid(jax.lax.fori_loop(0, 60, halve, ends).mean())


class RiskSummary(NamedTuple):
    """Posterior of the DLT risk; per dose in the first axis."""

    mean: Float[Array, " dose"]
    sd: Float[Array, " dose"]
    quantile: Float[Array, "dose level"]
    prob_at_most: Float[Array, "dose threshold"]
    prob_next: Float[Array, "dose count"]
    parameter_mean: Float[Array, " 2"]
    parameter_sd: Float[Array, " 2"]
    log_evidence: Float[Array, ""]


@partial(jax.jit, static_argnames=("panels", "order"))
def probabilities_at_most(
    data: LogisticData,
    log_dose: Float[Array, " dose"],
    thresholds: Float[Array, " threshold"],
    *,
    panels: int = PANELS,
    order: int = ORDER,
) -> Float[Array, "dose threshold"]:
    """P(p(d) <= t) for every dose and threshold."""
    return _table_at_most(posterior_nodes(data, panels=panels, order=order), log_dose, thresholds)


def _table_at_most(nodes: Nodes, log_dose, thresholds) -> Float[Array, "dose threshold"]:
    one = partial(probability_at_most, nodes)
    cut = jax.scipy.special.logit(thresholds)
    return jax.vmap(jax.vmap(one, (None, 0)), (0, None))(log_dose, cut)


@partial(jax.jit, static_argnames=("next_n", "panels", "order"))
def risk_summary(
    data: LogisticData,
    log_dose: Float[Array, " dose"],
    thresholds: Float[Array, " threshold"],
    levels: Float[Array, " level"],
    *,
    next_n: int,
    panels: int = PANELS,
    order: int = ORDER,
) -> RiskSummary:
    """Everything a decision reads off the posterior, in one compiled call.

    Args:
        data: Counts and prior.
        log_dose: log(d / d_ref) of the doses asked about.
        thresholds: Risks t for which P(p(d) <= t) is wanted, between 0 and 1.
        levels: Probabilities of the wanted quantiles.
        next_n: Size of the next cohort, for the predictive distribution of its DLT count.
        panels: Panels along each parameter.
        order: Nodes in a panel.
    """
    nodes = posterior_nodes(data, panels=panels, order=order)
    mass = nodes.mass()
    spread = [
        jnp.broadcast_to(nodes.u, mass.shape),
        jnp.broadcast_to(nodes.v[:, None, None], mass.shape),
    ]
    moments = [((x * mass).sum(), (x * x * mass).sum()) for x in spread]
    eta = jax.vmap(lambda x: logit_dlt_risk(jnp.exp(x), spread[0], spread[1], dose_reference=1.0))(
        log_dose
    )
    risk = jax.nn.sigmoid(eta)
    mean = jnp.einsum("dvpo,vpo->d", risk, mass)
    square = jnp.einsum("dvpo,vpo->d", (risk - mean[:, None, None, None]) ** 2, mass)
    quantile = jax.vmap(jax.vmap(partial(_quantile, nodes), (None, 0)), (0, None))
    return RiskSummary(
        mean=mean,
        sd=jnp.sqrt(square),
        quantile=quantile(log_dose, levels),
        prob_at_most=_table_at_most(nodes, log_dose, thresholds),
        prob_next=jnp.stack([_predictive(risk, mass, k, next_n) for k in range(next_n + 1)], -1),
        parameter_mean=jnp.stack([first for first, _ in moments]),
        parameter_sd=jnp.stack([jnp.sqrt(second - first**2) for first, second in moments]),
        log_evidence=nodes.log_evidence,
    )


def _predictive(risk: Float[Array, "dose v panel order"], mass, k: int, n: int):
    """P(k DLTs in the next n patients), per dose: the mean of the binomial probability."""
    ways = float(np.prod([(n - i) / (i + 1) for i in range(k)]))
    return jnp.einsum("dvpo,vpo->d", ways * risk**k * (1 - risk) ** (n - k), mass)

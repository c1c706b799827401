r"""Blood counts made by the clones, for one patient.

For each lineage l, with P_c the cycling progenitors of clone c relative to the healthy pool:

    dT1/dt = k pi(t) f - k (1 - M) T1,          pi = sum_c eps_c P_c,   f = (Circ* / Circ)^gamma
    dT2/dt = k (1 - M) (T1 - T2),   dT3/dt = k (1 - M) (T2 - T3)
    dCirc/dt = loss ((1 - M) T3 - Circ)
    M = Imax C / (IC50 + C)

T1 to T3 are written in the flow of cells that they give, in units of Circ, so that in balance
T1 = T2 = T3 = Circ. Circ* is the healthy set point and not the diseased baseline: otherwise
nobody could rise above baseline and a complete response would be out of reach. The baseline of a
patient is where the initial clones balance: pi (Circ* / Circ)^gamma = Circ / Circ*, that is
Circ = Circ* pi^(1 / (1 + gamma)). Lenalidomide blocks maturation (M): cells wait, they do not die.

k = 4 / MTT as in the chain of Friberg et al. (J Clin Oncol 2002, doi 10.1200/JCO.2002.02.140),
whose proliferating pool is the fourth stage; here the clones take its place.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.effect import saturating

LINEAGES = ("ANC", "PLT", "Hb")
"""Neutrophils [1e9/L], platelets [1e9/L], haemoglobin [g/dL]: the order of every lineage axis."""

STAGES = 4
"""k = STAGES / MTT."""


class Lineages(NamedTuple):
    """Parameters of one patient, or of many with patients as the last axis.

    Args:
        set_point: Circ*, healthy count [unit of the lineage], (lineage, ...).
        mtt_d: Mean transit time [day], (lineage, ...).
        loss_per_d: Loss of circulating cells [1/day], (lineage, ...).
        gamma: Feedback exponent, (lineage, ...).
        block_max: Imax, 0 to 1, (lineage, ...).
        block_half_um: IC50 of the maturation block [uM], (lineage, ...).
        effectiveness: eps, share of a clone's cells that mature, (lineage, clone, ...).
    """

    set_point: Float[Array, "lineage ..."]
    mtt_d: Float[Array, "lineage ..."]
    loss_per_d: Float[Array, "lineage ..."]
    gamma: Float[Array, "lineage ..."]
    block_max: Float[Array, "lineage ..."]
    block_half_um: Float[Array, "lineage ..."]
    effectiveness: Float[Array, "lineage clone ..."]


class Chain(NamedTuple):
    """T1, T2, T3 and Circ, each divided by the set point, (lineage, ...)."""

    t1: Float[Array, "lineage ..."]
    t2: Float[Array, "lineage ..."]
    t3: Float[Array, "lineage ..."]
    circulating: Float[Array, "lineage ..."]


def production(cycling: Float[Array, "... clone patient"], lineages: Lineages):
    """Production pi: the clone axis of `cycling` becomes the lineage axis."""
    if jnp.ndim(lineages.set_point) == 1:
        return jnp.einsum("...c,lc->...l", cycling, lineages.effectiveness)
    return jnp.einsum("...cn,lcn->...ln", cycling, lineages.effectiveness)


def balanced_chain(cycling: Float[Array, "clone ..."], lineages: Lineages) -> Chain:
    """The chain in balance with the clones: the baseline before treatment."""
    level = production(cycling, lineages) ** (1 / (1 + lineages.gamma))
    return Chain(level, level, level, level)


def vector_field(
    chain: Chain,
    cycling: Float[Array, "clone ..."],
    concentration_um: Float[Array, "..."],
    lineages: Lineages,
) -> Chain:
    """The right-hand sides above [1/day], divided by the set point."""
    k = STAGES / lineages.mtt_d
    mature = 1 - saturating(concentration_um, lineages.block_max, lineages.block_half_um)
    feedback = chain.circulating**-lineages.gamma
    return Chain(
        k * (production(cycling, lineages) * feedback - mature * chain.t1),
        k * mature * (chain.t1 - chain.t2),
        k * mature * (chain.t2 - chain.t3),
        lineages.loss_per_d * (mature * chain.t3 - chain.circulating),
    )

r"""Progenitors of three clones under treatment, for one patient.

Clones c are normal (N), del(5q) with wild-type TP53 (D) and del(5q) with mutated TP53 (T). Each
has cells in G1 (G), in synthesis and division (S) and at rest (Q); P = G + S cycles:

    dG_c/dt = 2 k_S (1 - d_c) (phi / phi*) S_c - k_G,c (1 - A) phi G_c - kappa_L,c C G_c
              - a G_c + b Q_c
    dS_c/dt = k_G,c (1 - A) phi G_c - k_S S_c - kappa_L,c C S_c
    dQ_c/dt = a G_c - b Q_c
    at an azacitidine dose of exposure u:   S_c <- S_c exp(-kappa_A u / u_ref)
    A = Amax C / (EC50 + C),   phi = 1 / (1 + sum_c w_c P_c / K)

C is lenalidomide in uM, time in days, and cell numbers are divided by the healthy normal pool, so
a healthy marrow has P_N = 1 and phi* = 1 / (1 + w_N / K). Lenalidomide holds cells in G1 and kills
by clone; azacitidine kills whatever is in S; cells at rest are out of reach of both.

The niche acts on self-renewal, (1 - d_c) phi / phi*, and not only on the entry into the cycle:
with phi on the entry alone and d_N = 1/2 any size of the normal clone is a steady state, so a
marrow emptied by treatment would never refill; with d_N below 1/2 it would grow without end. With
self-renewal under the same feedback, P_N = 1 is the stable size (Stiehl et al., Cancer Res
2015;75(6), whose stem cells renew with a s, s = 1 / (1 + k C)).
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from myelodose.effect import saturating

CLONES = ("normal", "del(5q)", "del(5q) TP53")
"""The clones, in the order of every clone axis."""


class Clones(NamedTuple):
    """Parameters of one patient, or of many with patients as the last axis.

    Args:
        size: P at the start by clone, relative to the healthy normal pool, (clone, ...).
        entry_per_d: k_G, entry into synthesis in an empty niche [1/day], (clone, ...).
        division_per_d: k_S, one over the time from synthesis to division [1/day].
        differentiation: d, share of daughters that leave the pool in a healthy niche, (clone, ...).
        kill_len: kappa_L [1/(day uM)], (clone, ...).
        kill_aza: kappa_A, log kill of cells in S by a reference exposure.
        arrest_max: Amax, 0 to 1.
        arrest_half_um: EC50 of the arrest [uM].
        to_rest_per_d: a [1/day].
        from_rest_per_d: b [1/day], above 0.
        crowding: w, weight of a clone in the niche, (clone, ...).
        capacity: K, relative to the healthy normal pool; infinity switches the feedback off.
    """

    size: Float[Array, "clone ..."]
    entry_per_d: Float[Array, "clone ..."]
    division_per_d: Float[Array, "..."]
    differentiation: Float[Array, "clone ..."]
    kill_len: Float[Array, "clone ..."]
    kill_aza: Float[Array, "..."]
    arrest_max: Float[Array, "..."]
    arrest_half_um: Float[Array, "..."]
    to_rest_per_d: Float[Array, "..."]
    from_rest_per_d: Float[Array, "..."]
    crowding: Float[Array, "clone ..."]
    capacity: Float[Array, "..."]


class Pools(NamedTuple):
    """Cells by phase, each (clone, ...), relative to the healthy normal pool."""

    g1: Float[Array, "clone ..."]
    s: Float[Array, "clone ..."]
    rest: Float[Array, "clone ..."]

    @property
    def cycling(self) -> Float[Array, "clone ..."]:
        """P = G + S."""
        return self.g1 + self.s


def niche(cycling: Float[Array, "clone ..."], clones: Clones) -> Float[Array, "..."]:
    """phi, from 1 in an empty niche towards 0; the clone axis is the one before the patients'."""
    return 1 / (1 + (clones.crowding * cycling).sum(-cycling_axis(clones)) / clones.capacity)


def cycling_axis(clones: Clones) -> int:
    """Where the clone axis stands, counted from the end."""
    return jnp.ndim(clones.size)


def healthy_niche(clones: Clones) -> Float[Array, "..."]:
    """phi*: the niche of a marrow with the healthy normal pool alone."""
    return 1 / (1 + clones.crowding[0] / clones.capacity)


def balanced_pools(clones: Clones) -> Pools:
    """Phases in balance at the given sizes, before treatment.

    A clone in balanced growth keeps the ratio q = S / P; it solves
    k_S (2 (1 - d) r - 1) q^2 + (k_S + k_G phi) q - k_G phi = 0 with r = phi / phi*, where growth
    by division counts against the entry from G1. Rest is in balance with G1: Q = a G / b.
    """
    phi = niche(clones.size, clones)
    entry = clones.entry_per_d * phi
    growth = 2 * (1 - clones.differentiation) * phi / healthy_niche(clones) - 1
    curve, middle = clones.division_per_d * growth, clones.division_per_d + entry
    # The root that stays finite as the curvature goes to 0.
    share = 2 * entry / (middle + jnp.sqrt(middle**2 + 4 * curve * entry))
    g1, s = (1 - share) * clones.size, share * clones.size
    return Pools(g1, s, g1 * clones.to_rest_per_d / clones.from_rest_per_d)


def vector_field(pools: Pools, concentration_um: Float[Array, "..."], clones: Clones) -> Pools:
    """The right-hand sides above [1/day]."""
    phi = niche(pools.cycling, clones)
    arrest = saturating(concentration_um, clones.arrest_max, clones.arrest_half_um)
    enter = clones.entry_per_d * (1 - arrest) * phi * pools.g1
    kill = clones.kill_len * concentration_um
    born = self_renewal(phi, clones) * pools.s
    to_rest = clones.to_rest_per_d * pools.g1 - clones.from_rest_per_d * pools.rest
    return Pools(
        born - enter - kill * pools.g1 - to_rest,
        enter - (clones.division_per_d + kill) * pools.s,
        to_rest,
    )


def self_renewal(phi: Float[Array, "..."], clones: Clones) -> Float[Array, "clone ..."]:
    """2 k_S (1 - d) phi / phi* [1/day]: daughters that stay, per cell in S."""
    both = 2 * clones.division_per_d * (1 - clones.differentiation)
    return both * phi / healthy_niche(clones)


def after_azacitidine(pools: Pools, exposure: Float[Array, "..."], clones: Clones) -> Pools:
    """The pools after a dose whose AUC is `exposure` times the reference."""
    return pools._replace(s=pools.s * jnp.exp(-clones.kill_aza * exposure))

"""How long before a relapse the VAF of TP53 tells of it, on the schedule of patient 13. SIMULATED.

The marrow has no blasts, so what stands for the haematologic relapse is an ASSUMPTION: the first
morning on which both del(5q) clones together hold `relapse_share` of the cycling progenitors, after
they had been below. Reading and calling are those of an assay with its detection limit.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Float

from myelodose.markers.detection import VAF, Assay, cutoff
from myelodose.marrow.labelled import SIMULATED
from myelodose.marrow.protocol.follow import Followed
from myelodose.observation import allele_fraction
from myelodose.virtual.follow import STEADY, through_protocol
from myelodose.virtual.population import Population
from myelodose.virtual.replay import PATIENT_13, protocol_of


class Shares(NamedTuple):
    """Shares of every morning, (day, patient), in float32."""

    clone: Float[np.ndarray, "day patient"]
    tp53: Float[np.ndarray, "day patient"]


def keep_shares(followed: Followed) -> Shares:
    """Of both del(5q) clones together, and of the TP53-mutated one."""
    share = followed.clone_share
    return Shares(
        (share[:, 1] + share[:, 2]).astype(jnp.float32),  # pyrefly: ignore
        share[:, 2].astype(jnp.float32),  # pyrefly: ignore
    )


def patient_13_course(
    population: Population, *, days: int = 560, maintenance_every_d: int = 56
) -> Shares:
    """Shares of virtual patients who are treated as patient 13 was, and then followed.

    Three cycles and four of maintenance every 56 days (F74), or as many of another interval as fit
    into the same time.

    Args:
        population: Virtual patients.
        days: Mornings to follow.
        maintenance_every_d: Days between cycles of maintenance [d].
    """
    one = xr.Dataset({"induction_cycles": 3, "maintenance_cycles": 4})
    protocol = protocol_of(PATIENT_13, 20.0, one, every=maintenance_every_d)
    return through_protocol(population, protocol, days=days, keep=keep_shares, solver=STEADY)


def relapse_days(shares: Shares, *, relapse_share: float = 0.5) -> Float[np.ndarray, " patient"]:
    """The first morning at or above the share after it had been below; NaN for none.

    Args:
        shares: From `patient_13_course`.
        relapse_share: Share that stands for a haematologic relapse.
    """
    high = shares.clone >= relapse_share
    return _first(high & np.logical_or.accumulate(~high, 0))


def molecular_days(
    shares: Shares,
    seed: int,
    *,
    every_d: int,
    depth: int,
    assay: Assay = VAF,
    least_vaf: float = 0.0,
) -> Float[np.ndarray, " patient"]:
    """The first reading that calls TP53 again after one that did not; NaN for none.

    Infinite where TP53 was called at the start and then once not, but never again.

    Args:
        shares: From `patient_13_course`.
        seed: Seed of the reads.
        every_d: Days between readings [d].
        depth: Reads.
        assay: The assay.
        least_vaf: VAF below which a call is not reported, besides the assay's own cutoff.
    """
    days = np.arange(0, len(shares.tp53), every_d)
    f = shares.tp53[days].astype(float)
    p = np.asarray(allele_fraction(f, zygosity=assay.zygosity, read_error=assay.error))
    random = np.random.default_rng(seed)
    if assay.overdispersion > 0:
        weight = (1 - assay.overdispersion) / assay.overdispersion
        p = random.beta(np.maximum(p * weight, 1e-9), np.maximum((1 - p) * weight, 1e-9))
    least = max(cutoff(assay, depth), int(np.ceil(least_vaf * depth)))
    seen = random.binomial(depth, p) >= least
    cleared = np.logical_or.accumulate(~seen, 0) & seen[0]
    at = _first(seen & cleared)
    again = days[np.nan_to_num(at).astype(int)].astype(float)
    return np.where(np.isfinite(at), again, np.where(cleared.any(0), np.inf, np.nan))


def lead_times(
    shares: Shares,
    seed: int,
    *,
    every_d: Sequence[int] = (28, 56, 84),
    depths: Sequence[int] = (500, 1000, 5000),
    relapse_share: float = 0.5,
    assay: Assay = VAF,
    least_vaf: float = 0.0,
) -> xr.Dataset:
    """Days from the molecular call to the relapse, by how often and how deeply is read.

    Args:
        shares: From `patient_13_course`.
        seed: Seed of the reads.
        every_d: Days between readings [d].
        depths: Reads.
        relapse_share: As in `relapse_days`.
        assay: The assay.
        least_vaf: As in `molecular_days`.

    Returns:
        Of patients whose TP53 was called at the start, then not, and who relapse: their number
        `relapses` (every_d, depth), the share `told` of them that was called again before, and the
        `median_d` of how long before; `lead_d` (every_d, depth, patient), NaN for all others.
        `relapses_tp53` and `told_tp53`: the same where the mutated clone is the larger at relapse.
        `early`: share called again of those who cleared and did not relapse within the simulation.
        `relapse_d` (patient).
    """
    relapse = relapse_days(shares, relapse_share=relapse_share)
    shape = (len(every_d), len(depths))
    called = np.stack([
        molecular_days(shares, seed, every_d=every, depth=depth, assay=assay, least_vaf=least_vaf)
        for every in every_d
        for depth in depths
    ]).reshape(*shape, -1)  # fmt: skip
    ill, cleared = np.isfinite(relapse), ~np.isnan(called)
    at = np.nan_to_num(relapse).astype(int)
    who = np.arange(len(relapse))
    mutated = ill & (shares.tp53[at, who] > 0.5 * shares.clone[at, who])
    lead = np.where(ill & (called < relapse), relapse - called, np.nan)
    dims = ("every_d", "depth")
    return xr.Dataset(
        {
            "lead_d": ((*dims, "patient"), lead, {"units": "d"}),
            "relapses": (dims, (cleared & ill).sum(-1)),
            "told": (dims, _share(np.isfinite(lead), cleared & ill)),
            "relapses_tp53": (dims, (cleared & mutated).sum(-1)),
            "told_tp53": (dims, _share(np.isfinite(lead), cleared & mutated)),
            "median_d": (dims, _median(lead), {"units": "d"}),
            "early": (dims, _share(np.isfinite(called), cleared & ~ill)),
            "relapse_d": ("patient", relapse, {"units": "d"}),
        },
        coords={"every_d": list(every_d), "depth": list(depths)},
        attrs={"status": SIMULATED, "relapse": f"clone share of {relapse_share:g} (ASSUMPTION)"},
    )


def _first(true: np.ndarray) -> np.ndarray:
    return np.where(true.any(0), true.argmax(0).astype(float), np.nan)


def _share(what: np.ndarray, among: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return (what & among).sum(-1) / np.where(among.any(-1), among.sum(-1), np.nan)


def _median(lead: np.ndarray) -> np.ndarray:
    known = np.isfinite(lead).any(-1)
    filled = np.where(known[..., None], lead, 0.0)
    return np.where(known, np.nanmedian(filled, -1), np.nan)

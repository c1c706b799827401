"""What an assay would see of simulated clones: metaphases, FISH, response, relapse.

Cytogenetic response follows IWG 2006 (data/literature/pd_parameters.csv, group iwg): complete where
no abnormal metaphase is found among about 20-25, partial where they are at least 50 % fewer than
before. Complete is a detection limit, no absence. Haematologic response needs blasts, which the
marrow model does not have, and is not made up here.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Bool, Float, Int

from myelodose.errors import InputError
from myelodose.observation.shares import allele_fraction, positive_fraction

METAPHASES = 22
"""Metaphases that are read; the middle of "about 20-25"."""

NUCLEI, FALSE_POSITIVE, OVERDISPERSION = 150, 0.03, 1 / 21
"""FISH: nuclei, the middle of 100-200; means of the priors Beta(3, 97) and Beta(1, 20)
(data/literature/priors.csv)."""

MOLECULAR_LIMIT = 0.02
"""VAF at and above which a mutation is seen, "1-2 %" (pd_parameters.csv: NGS sensitivity)."""


class Cytogenetics(NamedTuple):
    """Of each patient; SIMULATED.

    Attributes:
        response: Whether there is one at a reading, (reading, patient); never at the first.
        complete: Whether it is complete.
        best: 0 none, 1 partial, 2 complete, within the readings that count, (patient).
        first: Number of the first reading with a response, 0 for none, (patient).
        duration_d: Days from the first response to the first reading without, or to the last
            reading if there is none; NaN without a response.
        lost: Whether it was lost.
    """

    response: Bool[np.ndarray, "reading patient"]
    complete: Bool[np.ndarray, "reading patient"]
    best: Int[np.ndarray, " patient"]
    first: Int[np.ndarray, " patient"]
    duration_d: Float[np.ndarray, " patient"]
    lost: Bool[np.ndarray, " patient"]


def read_cytogenetics(
    events: xr.Dataset, seed: int, *, within: np.ndarray | int | None = None
) -> Cytogenetics:
    """Metaphases at every reading, and the response that they make.

    Args:
        events: From `run_trial`.
        seed: Seed of the metaphases.
        within: Readings that count for the best response, from the second one on: one number, or
            one for each patient; all if not given.

    Raises:
        InputError: If there is only one reading.
    """
    share = _of_the_clone(events)
    if len(share) < 2:
        raise InputError(
            "read_cytogenetics, events", "found one reading", "simulate 29 days or more"
        )
    abnormal = np.random.default_rng(seed).binomial(METAPHASES, np.clip(share, 0, 1))
    response = (2 * abnormal <= abnormal[0]) & (abnormal[0] > 0)
    response[0] = False
    complete = response & (abnormal == 0)
    number = np.arange(len(share))[:, None]
    counts = number <= (len(share) if within is None else np.asarray(within))
    seen = response & counts
    first = np.where(seen.any(0), seen.argmax(0), 0)
    gone = ~response & (number > first)
    lost = gone.any(0) & (first > 0)
    day = events.reading.values.astype(float)
    until = np.where(lost, day[gone.argmax(0)], day[-1])
    return Cytogenetics(
        response,
        complete,
        seen.any(0).astype(int) + (complete & counts).any(0),
        first,
        np.where(first > 0, until - day[first], np.nan),
        lost,
    )


def read_fish(events: xr.Dataset, seed: int) -> Float[np.ndarray, "reading patient"]:
    """Share of positive nuclei among circulating CD34+ cells at every reading.

    Args:
        events: From `run_trial`.
        seed: Seed of the nuclei.
    """
    p = positive_fraction(jnp.asarray(_of_the_clone(events)), false_positive=FALSE_POSITIVE)
    weight = (1 - OVERDISPERSION) / OVERDISPERSION
    random = np.random.default_rng(seed)
    p = np.clip(np.asarray(p, float), 1e-6, 1 - 1e-6)
    return random.binomial(NUCLEI, random.beta(weight * p, weight * (1 - p))) / NUCLEI


def expected_vaf(events: xr.Dataset) -> Float[np.ndarray, "reading patient"]:
    """Expected VAF of TP53: f / 2, or f / (2 - f) where the other copy of 17p is lost.

    Args:
        events: From `run_trial`, with `loss_of_17p`.
    """
    f = events.clone_share.isel(clone=2).values
    lost = allele_fraction(f, zygosity="17p loss")
    return np.asarray(np.where(events.loss_of_17p.values, lost, allele_fraction(f)))


def molecular_relapse(events: xr.Dataset) -> Bool[np.ndarray, " patient"]:
    """Whether TP53 came back above `MOLECULAR_LIMIT` after it had fallen below.

    Args:
        events: From `run_trial`.
    """
    seen = expected_vaf(events) >= MOLECULAR_LIMIT
    below = np.logical_or.accumulate(~seen, 0)
    return seen[0] & (seen[1:] & below[:-1]).any(0)


def _of_the_clone(events: xr.Dataset) -> np.ndarray:
    return events.clone_share.isel(clone=slice(1, None)).sum("clone").values

"""Thousands of virtual patients through a protocol, in one compiled call.

The rules are data, so another protocol with patients of the same number compiles nothing anew.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from myelodose.marrow.everyone import with_patients
from myelodose.marrow.protocol.follow import Followed, Standing, follow_in_blocks
from myelodose.marrow.protocol.limits import Limits
from myelodose.marrow.protocol.rules import rules_of
from myelodose.marrow.protocol.written import GRADE_4, Maintenance, Protocol, Reductions, Stops
from myelodose.precision import float64
from myelodose.regimen import Regimen
from myelodose.regimen.named import PLATZBECKER_COHORTS
from myelodose.solve.settings import Fast
from myelodose.virtual.population import Population

QUICK = Fast(nodes=6)
"""Six nodes a day: counts of 4,000 patients from the priors err by 0.04 % (median) and 0.3 %
(99 %), far less than a DLT rule can tell apart."""

STEADY = Fast(nodes=10)
"""Ten nodes a day, where clones are followed for a year: with six their shares err by up to 2 %."""

BLOCK = 80
"""Patients in a block; the fastest of those tried on one core (20 to 400), by a tenth or two."""

SINGLE = np.float32
"""Counts in single precision differ from those in double by 2e-6, far less than the nodes err, and
take 0.6 of the time; limits and rules stay in double."""

NO_HOLD = Limits(0.0, 0.0, of_baseline=0.5)
"""No count is ever below: lenalidomide is not held within a cycle."""


class Mornings(NamedTuple):
    """What is kept of a cycle whose DLTs are asked for.

    Attributes:
        counts: Neutrophils and platelets of every morning [1e9/L].
        cycle: Number of the cycle begun last, from 1.
    """

    counts: Float[np.ndarray, "day lineage patient"]
    cycle: Int[np.ndarray, "day patient"]


def keep_mornings(followed: Followed) -> Mornings:
    """Neutrophils and platelets of every morning, in float32: a DLT rule reads no more digits."""
    return Mornings(followed.counts[:, :2].astype(jnp.float32), followed.status.cycle)  # pyrefly: ignore


def check_solved(counts: Float[np.ndarray, "day lineage patient"]) -> None:
    """Refuse a course in which the solver lost a number.

    Args:
        counts: Of every morning.

    Raises:
        ArithmeticError: Naming how many patients are concerned.
    """
    lost = int((~np.isfinite(counts)).any((0, 1)).sum())
    if lost:
        total = counts.shape[-1]
        raise ArithmeticError(
            f"the solver did not converge for {lost} of {total} patients; give more nodes, such as "
            "solver=Fast()"
        )


def through_protocol(
    population: Population,
    protocol: Protocol,
    *,
    days: int,
    keep: Callable[[Followed], Any],
    solver: Fast = QUICK,
    block: int = BLOCK,
    start: Standing | None = None,
) -> Any:
    """Everybody through the protocol; what is kept, as NumPy arrays with patients last.

    Args:
        population: Virtual patients.
        protocol: The rules.
        days: Mornings to simulate.
        keep: A function of the module level, so that it compiles once.
        solver: The fast solver.
        block: Patients in a block.
        start: Where they stand; the first morning of treatment if not given.
    """
    total = population.draws * population.patients
    with float64():
        wide = jax.tree.map(lambda x: jnp.asarray(x, SINGLE), population.patient)
        kept = follow_in_blocks(
            with_patients(wide, total),
            rules_of(protocol),
            jnp.asarray(population.body_surface_area_m2, SINGLE),
            days=days,
            solver=solver,
            block=block,
            keep=keep,
            start=start,
        )
        return jax.tree.map(np.asarray, kept)


def trial_protocol(
    cycle: Regimen,
    *,
    cycles: int = 8,
    maintenance: Maintenance | None = None,
    hold: Limits = GRADE_4,
    clone_above: float | None = 0.95,
) -> Protocol:
    """The protocol of Platzbecker 2013 as far as its facts say, for one regimen.

    Up to 8 induction cycles (F07), each delayed until recovery (F73); a delay of more than 4 weeks
    was a DLT (dlt.csv), after which treatment could go on at the next lower level (F08). Chosen:
    that lenalidomide is held within a cycle at all (`hold`), that waiting ends after 8 weeks, and
    that a share of the clones above 95 % at a visit after two cycles is the progression that ends
    treatment (in the trial it was blasts, which the marrow model does not have).

    Args:
        cycle: One cycle as planned, with its length.
        cycles: Most induction cycles.
        maintenance: What may follow.
        hold: Limits below which lenalidomide is held within a cycle; `NO_HOLD` holds nothing.
        clone_above: Share of the clones that ends treatment; None for never.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> from myelodose.regimen import platzbecker2013
        >>> trial_protocol(platzbecker2013(25)).reductions.after_delay_d
        28
    """
    planned = {c.dose for c in cycle.cycle(1).courses if c.drug == "lenalidomide"}
    levels = tuple(sorted(planned | set(PLATZBECKER_COHORTS.values())))
    return Protocol(
        cycle,
        cycles,
        hold=hold,
        max_delay_d=56,
        reductions=Reductions(
            levels, most=len(levels), after_hold=False, after_low_days=None, after_delay_d=28
        ),
        stops=Stops(low_days=None, clone_above=clone_above),
        maintenance=maintenance,
    )

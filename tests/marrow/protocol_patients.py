"""Simulated patients in whom rules fire, and the rules in plain Python.

The parameters are made up for tests: drug effects are strong and baselines low, so that holds,
delays and stops happen.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from myelodose.blood.model import Lineages
from myelodose.clones.model import Clones
from myelodose.marrow import Patient
from myelodose.marrow.protocol import Maintenance, Protocol
from myelodose.pk.drugs import lenalidomide

AREA = 1.8


def cohort(patients: int, seed: int) -> Patient:
    """So many different patients, the patients as the last axis."""
    random = np.random.default_rng(seed)

    def vary(centre, sd: Any = 0.2) -> Any:
        centre = np.asarray(centre, float)[..., None]
        return centre * np.exp(sd * random.standard_normal((*centre.shape[:-1], patients)))

    mature: Any = np.broadcast_to(np.array([[1.0, 0.2, 0.2]] * 3)[..., None], (3, 3, patients))
    all_alike: Any = np.ones((3, patients))
    return Patient(
        len_pk=replace(lenalidomide(), CL=vary(12.5, 0.3), V=vary(64.0)),
        aza_clearance_l_per_h=vary(160.0, 0.3),
        aza_reference_auc=all_alike[0] * (75 * AREA / 160),
        clones=Clones(
            size=vary([0.15, 0.6, 0.2], 0.5),
            entry_per_d=vary([0.5, 0.5, 0.5], 0.1),
            division_per_d=vary(1.5, 0.1),
            differentiation=vary([0.5, 0.48, 0.48], 0.01),
            kill_len=vary([0.05, 0.5, 0.2], 0.5),
            kill_aza=vary(0.8, 0.5),
            arrest_max=all_alike[0] * 0.5,
            arrest_half_um=vary(0.3),
            to_rest_per_d=vary(0.01),
            from_rest_per_d=vary(0.1),
            crowding=all_alike,
            capacity=vary(1.0, 0.1),
        ),
        lineages=Lineages(
            set_point=vary([4.0, 230.0, 14.0], np.array([[0.2], [0.2], [0.05]])),
            mtt_d=vary([5.2, 5.4, 6.0]),
            loss_per_d=vary([2.4, 0.11, 1 / 117], 0.1),
            gamma=vary([0.18, 0.25, 0.3]),
            block_max=all_alike * 0.8,
            block_half_um=vary([0.2, 0.2, 5.0], 0.3),
            effectiveness=mature,
        ),
    )


def length_of(phase: Protocol | Maintenance) -> int:
    """Days of a cycle."""
    return phase.cycle.cycle(1).length_d or 0


def replayed(protocol: Protocol, counts: np.ndarray, share: np.ndarray) -> list[dict]:
    """One patient's mornings under the rules, written as a clinician would go through them.

    Args:
        protocol: The rules.
        counts: Neutrophils and platelets each morning (day, 2).
        share: Share of both del(5q) clones each morning (day,).
    """
    levels = protocol.reductions.levels_mg
    maintenance, reductions, stops = protocol.maintenance, protocol.reductions, protocol.stops
    level = levels.index(protocol.planned_lenalidomide_mg)
    first_level = level
    phase: Protocol | Maintenance = protocol
    in_phase, cycle, begun_on = 1, 1, 0
    held = reduced = False
    number, run, reason = 0, 0, ""
    log = []

    def limits(rule) -> np.ndarray:
        anc, plt, of_baseline = rule.numbers
        return np.minimum([anc, plt], of_baseline * counts[0])

    def planned(drug: str, day: int) -> float:
        for course in phase.cycle.cycle(1).courses:
            if course.drug == drug and day in course.days:
                return course.dose * (AREA if course.unit == "mg/m2" else 1)
        return 0.0

    for today, now in enumerate(counts):
        length, visits = length_of(phase), phase.visits or ()
        day = today - begun_on + 1
        run = run + 1 if (now < limits(protocol.low)).any() else 0
        event = reductions.after_low_days is not None and run == reductions.after_low_days + 1
        late = day - 1 - length
        waits_for_visit = late >= 0 and late % protocol.revisit_d == 0
        visit = waits_for_visit or (late < 0 and day in visits)
        if not reason and stops.low_days is not None and run > stops.low_days:
            reason = "counts low too long"
        completed = cycle if late >= 0 else cycle - 1
        watched = stops.clone_above is not None and visit and completed >= stops.clone_after
        if not reason and watched and share[today] > stops.clone_above:
            reason = "clone share above the limit"
        if not reason and waits_for_visit:
            to_maintenance = (
                maintenance is not None
                and phase is protocol
                and cycle >= maintenance.after
                and share[today] < maintenance.clone_below
            )
            if in_phase >= phase.cycles and not to_maintenance:
                reason = "all cycles given"
            elif (now >= limits(protocol.start)).all():
                if maintenance is not None and to_maintenance:
                    phase, in_phase = maintenance, 0
                in_phase, cycle, begun_on, day = in_phase + 1, cycle + 1, today, 1
                held = reduced = False
                after = reductions.after_delay_d
                event = event or (after is not None and late > after)
            elif late + protocol.revisit_d > protocol.max_delay_d:
                reason = "delayed too long"
        length, visits = length_of(phase), phase.visits or ()
        in_cycle = day <= length
        if not reason and day > 1 and in_cycle and day in visits:
            left = any(planned("lenalidomide", d) for d in range(day, length + 1))
            if held and (now >= limits(protocol.resume)).all():
                held = False
            elif not held and left and (now < limits(protocol.hold)).any():
                held = True
                event = event or reductions.after_hold
        if not reason and event and not reduced:
            if level == 0 or number == reductions.most:
                reason = "no dose level left"
            else:
                level, number, reduced = level - 1, number + 1, True
        on = in_cycle and not reason
        lenalidomide_mg = min(planned("lenalidomide", day), levels[level], levels[first_level])
        log.append(
            {
                "given_mg": (
                    lenalidomide_mg if on and not held else 0.0,
                    planned("azacitidine", day) if on else 0.0,
                ),
                "cycle": cycle,
                "held": held,
                "level_mg": levels[level],
                "reason": reason or "on treatment",
            }
        )
    return log

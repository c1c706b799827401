"""Regimens of published trials."""

from myelodose.errors import InputError
from myelodose.regimen.courses import checked_whole
from myelodose.regimen.drugs import azacitidine, lenalidomide
from myelodose.regimen.regimen import Regimen

# data/trials/platzbecker2013/patients.csv and data/literature/dlt_trials.csv.
PLATZBECKER_COHORTS = {"I": 10.0, "II": 15.0, "III": 20.0, "IV": 25.0}
"""Lenalidomide of the four cohorts of Platzbecker 2013 [mg a day]."""

PLATZBECKER_MTD_MG = 20.0
"""Its maximum tolerated dose, which maintenance uses [mg a day]."""


def platzbecker2013(cohort: str | float, *, cycles: int = 1, maintenance: int = 0) -> Regimen:
    """Azacitidine 75 mg/m2 sc d1-5, then lenalidomide d6-19, every 28 days.

    Platzbecker et al., Leukemia 2013;27:1403, doi 10.1038/leu.2013.26.

    Args:
        cohort: 'I' to 'IV', or its lenalidomide dose: 10, 15, 20 or 25 [mg].
        cycles: Induction cycles.
        maintenance: Maintenance cycles after them; see `platzbecker2013_maintenance`.

    Raises:
        InputError: If there is no such cohort, or a number of cycles cannot be.

    Example:
        >>> platzbecker2013("III").total_dose_mg("lenalidomide")
        280.0
    """
    azacitidine_first = azacitidine(75, days=range(1, 6), route="sc")
    block = azacitidine_first.then(lenalidomide(_cohort_dose(cohort), days=range(6, 20)))
    induction = block.cycles(cycles, every=28)
    number = checked_whole(maintenance, "platzbecker2013, maintenance", least=0)
    return induction.followed_by(platzbecker2013_maintenance(number)) if number else induction


def platzbecker2013_maintenance(cycles: int = 1, *, every: int = 56) -> Regimen:
    """Azacitidine 30 mg/m2 sc d1-5, then lenalidomide 20 mg d6-19, every 56 days.

    The trial gave up to six such cycles, after at least two of induction and clearance of blasts
    (facts F05 and F06). The lenalidomide dose is the MTD; what patient 1 got, whose maintenance
    began before the MTD was known, is not printed (D7). doi 10.1038/leu.2013.26.

    Args:
        cycles: How many.
        every: Days between them; another number than 56 asks what if [d].

    Raises:
        InputError: If a number cannot be.

    Example:
        >>> platzbecker2013_maintenance(4).cycle(4).start_d
        168
    """
    block = azacitidine(30, days=range(1, 6), route="sc").then(
        lenalidomide(PLATZBECKER_MTD_MG, days=range(6, 20))
    )
    return block.cycles(cycles, every=every)


def _cohort_dose(cohort: str | float) -> float:
    """The lenalidomide dose of a cohort, named or given by its dose."""
    dose = PLATZBECKER_COHORTS.get(cohort, cohort) if isinstance(cohort, str) else cohort
    if dose not in PLATZBECKER_COHORTS.values():
        raise InputError(
            "platzbecker2013, cohort",
            f"found {cohort!r}",
            "give 'I', 'II', 'III' or 'IV', or 10, 15, 20 or 25 mg",
        )
    return float(dose)


def viola(lenalidomide_mg: float, *, cycles: int = 1, every: int = 42) -> Regimen:
    """Azacitidine 75 mg/m2 for 7 days, then lenalidomide d10-30.

    Craddock et al., J Clin Oncol 2019;37:580, doi 10.1200/JCO.18.00889, as far as
    data/literature/dlt_trials.csv has it. The table gives no route of azacitidine (sc is assumed),
    no list of lenalidomide doses (any plausible one is taken; the MTD was 25 mg), says "7 days"
    (days 1-7 are taken, which leaves the gap of 2 days that it names) and marks the cycle of 42
    days as not verified.

    Args:
        lenalidomide_mg: Lenalidomide a day [mg].
        cycles: How many cycles.
        every: Length of a cycle [d].

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> viola(25).last_day
        30
    """
    block = azacitidine(75, days=range(1, 8), route="sc").then(
        lenalidomide(lenalidomide_mg, days=range(10, 31))
    )
    return block.cycles(cycles, every=every)

"""One patient's forecast from settings to words: what the notebook and its explorer share."""

from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd
import xarray as xr

from myelodose.errors import InputError, check_fields
from myelodose.forecast.ahead import Rules, forecast
from myelodose.forecast.from_table import seen_in
from myelodose.forecast.individual import Individual
from myelodose.forecast.options import options
from myelodose.forecast.people import People
from myelodose.forecast.recommend import Recommendation
from myelodose.forecast.sampling import individual_posterior
from myelodose.forecast.seen import Seen
from myelodose.forecast.simulated import Simulated, simulate_patient
from myelodose.forecast.sources import people_from
from myelodose.records import read_records
from myelodose.regimen import platzbecker2013


@dataclass(frozen=True)
class PatientStudy:
    """A patient, what is known of him on a day, and what may be done next.

    Args:
        table: Event table with columns as `seen_in` reads them; a SIMULATED patient if empty.
        patient: His label in the table.
        now_d: The day of the last reading that is used [d].
        planned_d: The planned date of the next cycle's day 1 [d].
        population: "literature", "calibrated", or the path of a stored posterior.
        dose_mg: Lenalidomide a day of the simulated patient so far [mg].
        doses_mg: Doses to choose from, with commas [mg].
        delays_d: Delays to choose from, with commas [d].
        draws: Draws of the posterior.
        seed: Seed of everything.
        accept: Names of `seen.SWITCHES`, with commas.
        accept_failed: Convergence checks of a stored posterior whose failure is accepted, with
            commas.
        extrapolate: Whether the patient may lie outside what a stored posterior was fitted to.
        rules: What counts as an event.

    Raises:
        InputError: If a value cannot be.
    """

    table: str = ""
    patient: str = "1"
    now_d: float = 49.0
    planned_d: float = 56.0
    population: str = "literature"
    dose_mg: float = 20.0
    doses_mg: str = "0, 5, 10, 15, 20, 25"
    delays_d: str = "0, 7, 14, 21, 28"
    draws: int = 200
    seed: int = 20130227
    accept: str = ""
    accept_failed: str = ""
    extrapolate: bool = False
    rules: Rules = field(default_factory=Rules)

    def __post_init__(self) -> None:
        """Check what can be checked at once."""
        checks = {
            "now_d": (self.now_d >= 0, "a day of at least 0"),
            "planned_d": (self.planned_d >= self.now_d, "a day at or after now_d"),
            "draws": (self.draws >= 20, "20 or more"),
            "seed": (self.seed >= 0, "a whole number of at least 0"),
        }
        check_fields(self, checks)
        _ = self.choices

    @cached_property
    def people(self) -> People:
        """What patients are like."""
        return people_from(
            self.population,
            seed=self.seed,
            patient=self.whole if self.table else None,
            accept_failed=_words(self.accept_failed),
            extrapolate=self.extrapolate,
        )

    @cached_property
    def simulated(self) -> Simulated | None:
        """The SIMULATED patient, who was treated every 28 days and read every week; or None."""
        if self.table:
            return None
        return simulate_patient(
            self.people,
            self.seed,
            platzbecker2013(self.dose_mg, cycles=2),
            count_days=range(0, int(self.planned_d) + 1, 7),
            clone_days=range(0, int(self.planned_d) + 1, 28),
        )

    @cached_property
    def whole(self) -> Seen:
        """The patient with everything that stands in the table."""
        if self.simulated:
            return self.simulated.seen
        return seen_in(read_records(self.table), self.patient, accept=_words(self.accept))

    @cached_property
    def seen(self) -> Seen:
        """The patient as he is known now."""
        return self.whole.until(self.now_d)

    @property
    def choices(self):
        """The options."""
        return options(_numbers(self.doses_mg, float), _numbers(self.delays_d, int))

    def posterior(self) -> Individual:
        """His posterior now."""
        return individual_posterior(self.seen, self.people, self.seed, draws=self.draws)

    def ahead(self, individual: Individual) -> xr.Dataset:
        """All options.

        Args:
            individual: His posterior, or the truth of a simulated patient.
        """
        return forecast(
            individual, planned_d=self.planned_d, choices=self.choices, rules=self.rules
        )


def tried_table(individual: Individual) -> pd.DataFrame:
    """Every way that was tried: Pareto k, effective draws, largest error of a mean [posterior sd].

    Args:
        individual: From `individual_posterior`.
    """
    rows = [(one.method, one.pareto_k, round(one.ess), one.error) for one in individual.tried]
    names = ["method", "Pareto k", "effective draws", "error"]
    return pd.DataFrame(rows, columns=names).set_index("method")


def answer(found: Recommendation, planned_d: float, *, simulated: bool) -> str:
    """The recommendation in words.

    Args:
        found: From `recommend`.
        planned_d: The planned date [d].
        simulated: Whether the patient is simulated.
    """
    who = "SIMULATED patient. " if simulated else ""
    first = found.table.iloc[0]
    planned = f"P(counts ready on day {planned_d:g}) is {first.ready:.0%}. "
    what = f"Next cycle: {found.option}. " if found.option else "No option is acceptable. "
    return who + planned + what + found.because


def _words(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())


def _numbers[T: (int, float)](text: str, kind: type[T]) -> tuple[T, ...]:
    try:
        return tuple(kind(word) for word in text.split(","))
    except ValueError:
        raise InputError(
            "PatientStudy", f"found {text!r}", "give numbers with commas, such as '10, 20'"
        ) from None

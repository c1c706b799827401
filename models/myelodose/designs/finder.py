"""What every dose-finding design is: outcomes in, a dose out."""

import abc
from typing import TYPE_CHECKING

from myelodose.designs.call import Call
from myelodose.errors import InputError
from myelodose.outcomes import Outcomes, dose_labels
from myelodose.outcomes.labels import Doses, Label, shown


class DoseFinder(abc.ABC):
    """A dose-finding design over `doses`, the subclasses being frozen dataclasses.

    Most are a `Design`, which needs DLT counts alone; those that need efficacy are not. Levels
    count from 0.
    """

    # Fields of the subclasses, read-only in all of them. A real property here would be taken for
    # a field's default by `dataclass`.
    if TYPE_CHECKING:

        @property
        def doses(self) -> Doses:
            """Dose labels, or their count."""
            ...

        @property
        def cohort_size(self) -> int:
            """Patients in a cohort."""
            ...

        @property
        def start(self) -> int:
            """Level of the first cohort."""
            ...

    @property
    def labels(self) -> tuple[Label, ...]:
        """Dose labels, lowest first."""
        return dose_labels(self.doses)

    @property
    def levels(self) -> int:
        """Number of dose levels."""
        return len(self.labels)

    @abc.abstractmethod
    def next(self, outcomes: Outcomes) -> Call:
        """The dose of the next cohort, with reasons.

        Args:
            outcomes: What was seen so far, over the doses of this design.

        Raises:
            InputError: If the outcomes are of other doses.
        """

    @abc.abstractmethod
    def select(self, outcomes: Outcomes) -> Call:
        """The dose recommended if the trial ends now, with reasons.

        Args:
            outcomes: What was seen, over the doses of this design.

        Raises:
            InputError: If the outcomes are of other doses.
        """

    def replay(self, outcomes: Outcomes) -> list[Call]:
        """The call before every cohort of a trial and the one after its last."""
        return [self.next(seen) for seen in outcomes.history()]

    def name(self, level: int) -> str:
        """What people call a level."""
        label = shown(self.labels[level])
        return f"level {label}" if isinstance(self.doses, int) else f"dose {label}"

    def starts(self) -> Call:
        """The call before the first patient."""
        return Call(self.start, False, f"the trial starts at {self.name(self.start)}")

    def check_doses(self, outcomes: Outcomes) -> None:
        """Refuse outcomes over other doses.

        Raises:
            InputError: Naming both.
        """
        mine, theirs = ([shown(d) for d in doses] for doses in (self.labels, outcomes.doses))
        if mine != theirs:
            found = f"found outcomes at the doses {', '.join(theirs)}"
            raise InputError(type(self).__name__, found, f"give outcomes at {', '.join(mine)}")

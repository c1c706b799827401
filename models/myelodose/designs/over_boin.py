"""What designs share that build on a BOIN design."""

from dataclasses import dataclass

from myelodose.designs.base import Counts, Design
from myelodose.designs.beliefs import Beliefs
from myelodose.designs.boin import Boin
from myelodose.outcomes.labels import Doses


@dataclass(frozen=True)
class OverBoin(Design):
    """A design that takes doses, cohorts, start and target from a BOIN design.

    Args:
        boin: The BOIN design.
    """

    boin: Boin

    @property
    def doses(self) -> Doses:
        """Doses of the BOIN design."""
        return self.boin.doses

    @property
    def cohort_size(self) -> int:
        """Cohort size of the BOIN design."""
        return self.boin.cohort_size

    @property
    def start(self) -> int:
        """Start of the BOIN design."""
        return self.boin.start

    @property
    def target(self) -> float:
        """Target of the BOIN design."""
        return self.boin.target

    @property
    def gives(self) -> frozenset[str]:
        """What the BOIN design gives."""
        return self.boin.gives

    def posterior(self, n: Counts, y: Counts) -> Beliefs:
        """See `Design.posterior`; that of the BOIN design."""
        return self.boin.posterior(n, y)

"""What happened to whom in a dose-finding trial, in a notation that is quick to type."""

from myelodose.outcomes.labels import dose_labels
from myelodose.outcomes.outcomes import Outcomes

__all__ = ["Outcomes", "dose_labels"]

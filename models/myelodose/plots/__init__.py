"""Figures and tables from objects; no function here computes a result."""

from myelodose.plots.course import compare_figure, course_figure
from myelodose.plots.decision import (
    dose_toxicity,
    interval_probabilities,
    mtd_distribution,
    response_by_dose,
)
from myelodose.plots.fit import prior_to_posterior
from myelodose.plots.tables import table
from myelodose.plots.trial import dose_counts, swimmer

__all__ = [
    "compare_figure",
    "course_figure",
    "dose_counts",
    "dose_toxicity",
    "interval_probabilities",
    "mtd_distribution",
    "prior_to_posterior",
    "response_by_dose",
    "swimmer",
    "table",
]

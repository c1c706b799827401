"""How a design behaves: exact operating characteristics, dose-transition pathways, scenarios."""

from myelodose.characteristics.backfill import Accrual, simulate_backfill
from myelodose.characteristics.exact import exact
from myelodose.characteristics.path_counts import path_counts
from myelodose.characteristics.paths import Pathways, pathways
from myelodose.characteristics.scenarios import (
    logistic_scenarios,
    random_scenarios,
    scenarios_from_draws,
)
from myelodose.characteristics.simulate import simulate

__all__ = [
    "Accrual",
    "Pathways",
    "exact",
    "logistic_scenarios",
    "path_counts",
    "pathways",
    "random_scenarios",
    "scenarios_from_draws",
    "simulate",
    "simulate_backfill",
]

"""One patient: what was seen of him, what his marrow may be like, and what each next cycle does.

`Seen` holds doses and readings so far, `People` what patients are like, `individual_posterior`
joins the two, `forecast` runs the options of the next cycle, and `recommend` says which and why.
Beside it: `update_people`, `update_joint`, `update_dlt` and `reweighted` for an interim look with
new patients.
"""

from myelodose.forecast.ahead import Rules, forecast, so_far
from myelodose.forecast.cohort import UpdatedPeople, cohort_likelihood, update_people
from myelodose.forecast.from_table import seen_in
from myelodose.forecast.individual import Individual, prior_of
from myelodose.forecast.options import NOTHING, NextCycle, options
from myelodose.forecast.people import AssayErrors, Correlated, People
from myelodose.forecast.recommend import Acceptable, Recommendation, option_table, recommend
from myelodose.forecast.sampling import Effort, individual_posterior
from myelodose.forecast.seen import ForecastWarning, Given, Reading, Seen
from myelodose.forecast.simulated import Simulated, simulate_patient
from myelodose.forecast.sources import people_from, people_of
from myelodose.forecast.update import Updated, reweighted, update_dlt, update_joint

__all__ = [
    "NOTHING",
    "Acceptable",
    "AssayErrors",
    "Correlated",
    "Effort",
    "ForecastWarning",
    "Given",
    "Individual",
    "NextCycle",
    "People",
    "Reading",
    "Recommendation",
    "Rules",
    "Seen",
    "Simulated",
    "Updated",
    "UpdatedPeople",
    "cohort_likelihood",
    "forecast",
    "individual_posterior",
    "option_table",
    "options",
    "people_from",
    "people_of",
    "prior_of",
    "recommend",
    "reweighted",
    "seen_in",
    "simulate_patient",
    "so_far",
    "update_dlt",
    "update_joint",
    "update_people",
]

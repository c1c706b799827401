"""Virtual patients and virtual trials: from typical values and covariates to events and decisions.

`virtual_patients` makes a population from covariates and draws of typical values, `dlt_risk` gives
P(DLT) by draw, regimen, cycle and cause, `run_trial` follows a protocol and writes down events, and
`replay_trial` repeats the published trial. Everything that comes out is SIMULATED.
"""

from myelodose.toxicity.dlt_rule import DltRule
from myelodose.toxicity.hazards import Hazards, hazard_draws
from myelodose.virtual.calibrated import (
    calibrated_draws,
    calibrated_hazards,
    shipped_calibration,
)
from myelodose.virtual.calibration.run import calibrate_to_facts
from myelodose.virtual.conflict import conflict
from myelodose.virtual.covariates import drawn_covariates, trial_covariates
from myelodose.virtual.dlt_risk import dlt_risk
from myelodose.virtual.draws import Draws, split_spread
from myelodose.virtual.facts import predicted_facts, risk_facts, schedule_facts
from myelodose.virtual.follow import NO_HOLD, trial_protocol
from myelodose.virtual.from_posterior import ExtrapolationWarning, posterior_draws
from myelodose.virtual.hyperprior import prior_draws
from myelodose.virtual.joining import HAEMATOLOGICAL, joined, robust_prior
from myelodose.virtual.maintenance import compare_maintenance
from myelodose.virtual.population import Population, virtual_patients
from myelodose.virtual.predicted import fact_table
from myelodose.virtual.replay import replay_trial
from myelodose.virtual.schedules import compare_schedules
from myelodose.virtual.sequences import compare_sequences, nadir_days
from myelodose.virtual.trial import run_trial
from myelodose.virtual.verdicts import finding_table, replayed_facts

__all__ = [
    "HAEMATOLOGICAL",
    "NO_HOLD",
    "DltRule",
    "Draws",
    "ExtrapolationWarning",
    "Hazards",
    "Population",
    "calibrate_to_facts",
    "calibrated_draws",
    "calibrated_hazards",
    "compare_maintenance",
    "compare_schedules",
    "compare_sequences",
    "conflict",
    "dlt_risk",
    "drawn_covariates",
    "fact_table",
    "finding_table",
    "hazard_draws",
    "joined",
    "nadir_days",
    "posterior_draws",
    "predicted_facts",
    "prior_draws",
    "replay_trial",
    "replayed_facts",
    "risk_facts",
    "robust_prior",
    "run_trial",
    "schedule_facts",
    "shipped_calibration",
    "split_spread",
    "trial_covariates",
    "trial_protocol",
    "virtual_patients",
]

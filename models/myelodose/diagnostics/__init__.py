"""Did the sampler do its work, and does the model make data like these? See docs/diagnostics.md.

    verdict(fit)                          # convergence: what was seen and what to try
    parameter_table(fit)                  # estimate, RSE, interval, CV, shrinkage
    vpc_of(records, predicted)            # percentiles of the data in those of simulations
    npde_of(records, predicted, seed=1)   # where each observation lies in its distribution
    residuals(model, theta, eta, data)    # PRED, IPRED, IWRES, CWRES

Functions of arrays come first (`vpc`, `npde`, `eta_shrinkage`); those of tables call them.
"""

from myelodose.diagnostics.contraction import contraction
from myelodose.diagnostics.convergence import convergence, energy_fraction
from myelodose.diagnostics.correction import Correction
from myelodose.diagnostics.covariates import eta_against_covariates
from myelodose.diagnostics.folds import k_fold, patient_folds
from myelodose.diagnostics.forest import CovariateEffect, covariate_forest
from myelodose.diagnostics.from_fit import effects_of, shrinkage_of
from myelodose.diagnostics.labelled import Measured, measured_beside, npde_of, vpc_of
from myelodose.diagnostics.loo import by_patient, compare, leave_one_patient_out, loo
from myelodose.diagnostics.normality import normality_tests
from myelodose.diagnostics.parameter_table import as_markdown, parameter_table
from myelodose.diagnostics.prediction_distribution import npde
from myelodose.diagnostics.predictive import predictive_check, predictive_tree
from myelodose.diagnostics.ranks import calibration_table
from myelodose.diagnostics.residuals import conditional_residuals, residuals
from myelodose.diagnostics.shrinkage import epsilon_shrinkage, eta_shrinkage
from myelodose.diagnostics.verdict import Finding, findings, verdict
from myelodose.diagnostics.vpc import vpc

__all__ = [
    "Correction",
    "CovariateEffect",
    "Finding",
    "Measured",
    "as_markdown",
    "by_patient",
    "calibration_table",
    "compare",
    "conditional_residuals",
    "contraction",
    "convergence",
    "covariate_forest",
    "effects_of",
    "energy_fraction",
    "epsilon_shrinkage",
    "eta_against_covariates",
    "eta_shrinkage",
    "findings",
    "k_fold",
    "leave_one_patient_out",
    "loo",
    "measured_beside",
    "normality_tests",
    "npde",
    "npde_of",
    "parameter_table",
    "patient_folds",
    "predictive_check",
    "predictive_tree",
    "residuals",
    "shrinkage_of",
    "verdict",
    "vpc",
    "vpc_of",
]

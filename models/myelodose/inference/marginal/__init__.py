"""Maximum likelihood beside the Bayesian fit: individual modes, objective functions, estimates.

from myelodose.inference.marginal import objective, observed, parameters

data = observed(y, patient, kind="proportional")
at = parameters(theta, omega=covariance_from_sd([0.3, 0.2]), sigma=0.1)
objective(predict, at, data, method="FOCEI").ofv           # as NONMEM prints it
"""

from myelodose.inference.marginal.conventions import (
    covariance_from_lower_triangle,
    covariance_from_sd,
    cv_from_sd,
    minus_two_log_likelihood,
    sd_from_cv,
)
from myelodose.inference.marginal.estimates import MaximumLikelihood
from myelodose.inference.marginal.individual import IndividualEstimates, individual_estimates
from myelodose.inference.marginal.maximum_likelihood import maximum_likelihood
from myelodose.inference.marginal.objective import METHODS, Objective, objective
from myelodose.inference.marginal.observed import Observed, Parameters, observed, parameters

__all__ = [
    "METHODS",
    "IndividualEstimates",
    "MaximumLikelihood",
    "Objective",
    "Observed",
    "Parameters",
    "covariance_from_lower_triangle",
    "covariance_from_sd",
    "cv_from_sd",
    "individual_estimates",
    "maximum_likelihood",
    "minus_two_log_likelihood",
    "objective",
    "observed",
    "parameters",
    "sd_from_cv",
]

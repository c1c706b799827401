"""From a posterior to the next dose: rules, decisions with their reasons, sensitivity.

Nothing here imports NumPyro or ArviZ: a decision needs stored draws, or the data and a prior.
"""

from myelodose.decision.benefit import response_probability
from myelodose.decision.recommend import Decision, decide
from myelodose.decision.risk import risk_by_quadrature, risk_from_draws
from myelodose.decision.rule import DecisionRule
from myelodose.decision.sensitivity import scenarios, sensitivity

__all__ = [
    "Decision",
    "DecisionRule",
    "decide",
    "response_probability",
    "risk_by_quadrature",
    "risk_from_draws",
    "scenarios",
    "sensitivity",
]

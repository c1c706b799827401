"""Dose-limiting toxicity (DLT): from a dose, or from simulated counts, to its probability.

`logit_dlt_risk` is the empirical function of the dose. The rule by which counts become a DLT is
data (`myelodose.toxicity.dlt_rule`), and the causes that compete are in
`myelodose.toxicity.causes`; both are imported from their files, so that the empirical model does
not load the marrow.
"""

from myelodose.toxicity.logistic import logit_dlt_risk

__all__ = ["logit_dlt_risk"]

"""Bayesian PK/PD and dose finding for drug sequences that suppress the marrow.

From a published trial, or your own DLT table, to one defensible decision:

    import myelodose as md

    trial = md.load_trial("platzbecker2013")      # or md.read_dlt_table("mine.csv")
    counts = md.dlt_counts(trial)
    print(md.decide(counts))                       # exact, in milliseconds

    posterior = md.fit_dlt(counts, seed=1)         # the same model with NUTS
    md.save_posterior(posterior, "dlt.nc")         # with provenance and diagnostics
    print(md.decide(counts, posterior=md.load_posterior("dlt.nc", data=counts)))

From a regimen to simulated counts of virtual patients, as planned and by the rules of a trial:

    cycle, patients = md.platzbecker2013(20), md.virtual_population(seed=1, patients=200)
    course = md.explore(cycle, patients, days=28)
    treated = md.follow_protocol(patients, md.Protocol(cycle), days=84, body_surface_area_m2=1.8)

Figures are in `myelodose.plots`, convergence and contraction in `myelodose.diagnostics`.
A name is loaded when it is first used; NumPyro, ArviZ and matplotlib only by what needs them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from myelodose.decision import DecisionRule, decide, scenarios, sensitivity
    from myelodose.inference.fit import fit_dlt, fit_response
    from myelodose.marrow import explore, simulate, typical_patient, virtual_population
    from myelodose.marrow.protocol import Protocol, follow_protocol
    from myelodose.posterior import load_posterior, save_posterior
    from myelodose.precision import declare_cpu_devices
    from myelodose.regimen import azacitidine, lenalidomide, platzbecker2013, viola
    from myelodose.solve import Fast, Reference
    from myelodose.trial import (
        counts_by_dose,
        dlt_counts,
        dlt_table,
        load_trial,
        read_dlt_table,
        recompute_facts,
    )

_HOME = {
    "DecisionRule": "decision",
    "Fast": "solve",
    "Protocol": "marrow.protocol",
    "Reference": "solve",
    "azacitidine": "regimen",
    "counts_by_dose": "trial",
    "decide": "decision",
    "declare_cpu_devices": "precision",
    "dlt_counts": "trial",
    "dlt_table": "trial",
    "explore": "marrow",
    "fit_dlt": "inference.fit",
    "fit_response": "inference.fit",
    "follow_protocol": "marrow.protocol",
    "lenalidomide": "regimen",
    "load_posterior": "posterior",
    "load_trial": "trial",
    "platzbecker2013": "regimen",
    "read_dlt_table": "trial",
    "recompute_facts": "trial",
    "save_posterior": "posterior",
    "scenarios": "decision",
    "sensitivity": "decision",
    "simulate": "marrow",
    "typical_patient": "marrow",
    "viola": "regimen",
    "virtual_population": "marrow",
}

__all__ = [
    "DecisionRule",
    "Fast",
    "Protocol",
    "Reference",
    "azacitidine",
    "counts_by_dose",
    "decide",
    "declare_cpu_devices",
    "dlt_counts",
    "dlt_table",
    "explore",
    "fit_dlt",
    "fit_response",
    "follow_protocol",
    "lenalidomide",
    "load_posterior",
    "load_trial",
    "platzbecker2013",
    "read_dlt_table",
    "recompute_facts",
    "save_posterior",
    "scenarios",
    "sensitivity",
    "simulate",
    "typical_patient",
    "viola",
    "virtual_population",
]


def __getattr__(name: str) -> object:
    """Load a public name from its module when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module 'myelodose' has no attribute '{name}'")
    value = getattr(import_module(f"myelodose.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

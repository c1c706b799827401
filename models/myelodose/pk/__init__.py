"""Concentration and exposure of one drug in one patient, in closed form; time is in hours.

from myelodose.pk import OneCompartment, concentrations, doses

model = OneCompartment(CL=12.5, V=64.0, ka=6.55, transits=3)
concentrations(model, doses(20.0), [1.0, 2.0, 4.0])          # [mg/L]
"""

from myelodose.pk.compartments import OneCompartment, TwoCompartment
from myelodose.pk.events import Events, doses
from myelodose.pk.simulate import Profile, concentrations, simulate

__all__ = [
    "Events",
    "OneCompartment",
    "Profile",
    "TwoCompartment",
    "concentrations",
    "doses",
    "simulate",
]

"""Published population problems: their models, as the sources state them.

Their data are in `published_tables.py`.
"""

import numpy as np
import xarray as xr

from myelodose.population import (
    AboveRate,
    CompartmentPk,
    EffectCompartment,
    FribergCounts,
    MichaelisMentenPk,
    Parameter,
    PopulationModel,
    Power,
    Prior,
    RandomEffects,
    Residual,
    TwoCompartmentPk,
)
from population.published_tables import event_table, read, table


def around(median: float, sd: float) -> Prior:
    """A log-normal prior."""
    return Prior("LogNormal", float(np.log(median)), sd)


def elimination() -> tuple[PopulationModel, xr.Dataset]:
    """posteriordb one_comp_mm_elim_abs: one patient, absorption and saturable elimination."""
    raw = read("posteriordb/one_comp_mm_elim_abs.json")
    time = np.append(raw["t0"], raw["times"]).astype(float)
    one = {
        "patient": np.ones(len(time), int),
        "time_h": time,
        "evid": np.append(1, np.zeros(len(time) - 1, int)),
        "amount": np.append(float(raw["D"]), np.zeros(len(time) - 1)),
        "value": np.append(np.nan, raw["C_hat"]),
    }
    cauchy = Prior("HalfCauchy", 1.0)
    model = PopulationModel(
        "one_comp_mm_elim_abs",
        MichaelisMentenPk(),
        (
            Parameter("ka", cauchy, random=False),
            Parameter("V", Prior("Fixed", float(raw["V"])), random=False),
            Parameter("Vm", cauchy, random=False),
            Parameter("Km", cauchy, random=False),
        ),
        RandomEffects(),
        {"": Residual("log-normal", cauchy)},
    )
    return model, xr.Dataset({name: ("record", column) for name, column in one.items()})


def two_compartment() -> tuple[PopulationModel, xr.Dataset]:
    """Torsten's two-compartment population model, with the data behind its published table."""
    records = event_table("torsten/twoCptPop.data.csv")
    flow, size = Power("WT", 70.0, 0.75), Power("WT", 70.0, 1.0)
    model = PopulationModel(
        "twoCptPop",
        TwoCompartmentPk(),
        (
            Parameter("CL", around(10, 0.25), "L/h", covariates=(flow,)),
            Parameter("Q", around(15, 0.5), "L/h", covariates=(flow,)),
            Parameter("V1", around(35, 0.25), "L", covariates=(size,)),
            Parameter("V2", around(105, 0.5), "L", covariates=(size,)),
            Parameter("ka", around(2.5, 1.0), "1/h"),
        ),
        RandomEffects(omega=Prior("HalfNormal", 0.5), centred=False),
        {"": Residual("log-normal", Prior("HalfNormal", 0.5))},
        AboveRate("ka", "fast"),
    )
    return model, records


def friberg() -> tuple[PopulationModel, xr.Dataset]:
    """Torsten's Friberg-Karlsson population model."""
    raw = read("torsten/friberg_short_data.json")
    pairs = (("conc", "iObsPK", "cObs"), ("neut", "iObsPD", "neutObs"))
    records = table(raw, repeat=pairs, wt=raw["weight"])
    flow, size = Power("WT", 70.0, 0.75), Power("WT", 70.0, 1.0)

    def own(name: str, **settings) -> Prior:
        return around(raw[f"{name}Prior"], raw[f"{name}PriorCV"])

    cauchy = Prior("HalfCauchy", 0.5)
    block = ("CL", "Q", "V1", "V2", "mtt", "circ0", "slope")
    model = PopulationModel(
        "friberg",
        FribergCounts(pk=CompartmentPk(compartments=2), lineages=("neut",)),
        (
            Parameter("CL", around(10, 0.2), "L/h", covariates=(flow,)),
            Parameter("Q", around(15, 0.1), "L/h", covariates=(flow,)),
            Parameter("V1", around(35, 0.1), "L", covariates=(size,)),
            Parameter("V2", around(100, 0.2), "L", covariates=(size,)),
            Parameter("ka", around(2, 0.2), "1/h", random=False),
            Parameter("mtt", own("mttHat"), "h"),
            Parameter("circ0", own("circ0Hat"), "1e9/L"),
            Parameter("gamma", own("gamma"), random=False),
            Parameter("slope", own("alphaHat"), "L/ug"),
        ),
        RandomEffects(correlated=block, omega=cauchy, centred=False),
        {
            "conc": Residual("log-normal", cauchy, of="concentration"),
            "neut": Residual("log-normal", cauchy),
        },
        AboveRate("ka", "fast"),
    )
    return model, records


def effect_compartment() -> tuple[PopulationModel, xr.Dataset]:
    """Torsten's effect-compartment population model."""
    raw = read("torsten/effCpt.data2.json")
    pairs = (("conc", "iObs", "cObs"), ("resp", "iObs", "respObs"))
    records = table(raw, repeat=pairs, wt=raw["weight"])
    flow, size = Power("WT", 70.0, 0.75), Power("WT", 70.0, 1.0)
    cauchy = Prior("HalfCauchy", 0.2)
    model = PopulationModel(
        "effCpt",
        EffectCompartment(pk=CompartmentPk(compartments=2, scale=1000.0)),
        (
            Parameter("CL", around(10, 0.2), "L/h", covariates=(flow,)),
            Parameter("Q", around(15, 0.2), "L/h", covariates=(flow,)),
            Parameter("V1", around(30, 0.2), "L", covariates=(size,)),
            Parameter("V2", around(100, 0.2), "L", covariates=(size,)),
            Parameter("ka", around(5, 0.25), "1/h"),
            Parameter("ke0", around(10, 0.25), "1/h"),
            Parameter("Emax", Prior("Fixed", 100.0), random=False),
            Parameter("EC50", around(1, 0.2), "ug/L"),
        ),
        RandomEffects(
            correlated=("CL", "Q", "V1", "V2", "ka"), omega=Prior("HalfNormal", 0.2), centred=False
        ),
        {
            "conc": Residual("log-normal", cauchy, of="concentration"),
            "resp": Residual("additive", cauchy, of="response"),
        },
        AboveRate("ka", "fast"),
    )
    return model, records

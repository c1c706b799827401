"""Every model-based design keeps the laws."""

from functools import cache

import numpy as np
import pytest

from designs.laws import LAWS
from designs.promises import Promise, walk
from myelodose.decision.rule import DecisionRule
from myelodose.designs import at_most, too_toxic
from myelodose.designs.model_based import Blrm, Crm, ExnexBlrm, OrdinalBlrm, TitePk
from myelodose.dose_models.combination_prior import DrugPrior
from myelodose.dose_models.tite_pk import EffectSite, TitePkPrior, cloglog, every
from myelodose.outcomes import Outcomes
from myelodose.priors import LENALIDOMIDE_PRIOR

MG = (10, 15, 20, 25)
SKELETON = (0.0954402672, 0.1860394943, 0.3, 0.4223562538)
DAILY = tuple(every(d, interval_h=24, until_h=504) for d in (2.5, 5.0, 10.0))

PROMISES = {
    "CRM": Promise(Crm(MG, skeleton=SKELETON, target=0.3)),
    "CRM logistic": Promise(Crm(MG, skeleton=SKELETON, target=0.25, curve="logistic")),
    "CRM posterior mean": Promise(Crm(MG, skeleton=SKELETON, target=0.3, estimate="mean")),
    "CRM skipping": Promise(Crm(MG, skeleton=SKELETON, target=0.3, no_skip="none"), step=None),
    "CRM with rules": Promise(
        Crm(
            MG,
            skeleton=SKELETON,
            target=0.25,
            start=1,
            no_skip="up and down",
            hold="at or above target",
            stop=too_toxic(above=0.25, limit=0.9, level=0) | at_most(patients=24),
        ),
    ),
    "CRM in two stages": Promise(
        Crm(MG, skeleton=SKELETON, target=0.25, estimate="mle", initial=(0, 0, 0, 1, 1, 1, 2, 2, 2))
    ),
    "BLRM": Promise(Blrm(MG, LENALIDOMIDE_PRIOR)),
    "BLRM on target": Promise(
        Blrm(MG, LENALIDOMIDE_PRIOR, DecisionRule(choose="most likely on target"))
    ),
    "TITE-PK": Promise(
        TitePk(
            (2.5, 5, 10),
            DAILY,
            DAILY[1],
            EffectSite(np.log(2) / 30, 1.5),
            504.0,
            TitePkPrior(cloglog(0.175), 1.25),
        )
    ),
    "BLRM that borrows": Promise(
        ExnexBlrm(
            MG,
            DrugPrior(20, (-1.1, 0.0), (2.0, 1.0)),
            (Outcomes.from_counts([6, 6, 12, 6], [0, 0, 2, 2], doses=MG),),
            points=512,
        ),
        cohorts=3,
        walks=2,
    ),
    "ordinal": Promise(
        OrdinalBlrm((10, 20, 40), 20.0, (0.0, -1.1), (1.5, 1.5)), cohorts=3, walks=3
    ),
}


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", PROMISES)
def test_law_holds(name, law):
    law(PROMISES[name], trials(name))


@cache
def trials(name):
    return walk(PROMISES[name], seed=11)

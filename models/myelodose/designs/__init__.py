"""Dose-finding designs: the next dose and the dose selected, with reasons.

`designs.model_based` holds those that decide on a posterior.
"""

from myelodose.designs.backfill import BackfillBoin
from myelodose.designs.base import NONE, STOP, UNDECIDED, Call, Design, Reason
from myelodose.designs.belief_rules import (
    no_safe_dose,
    precise,
    probability_in_target,
    too_toxic,
)
from myelodose.designs.beliefs import Beliefs, Weighted
from myelodose.designs.beta_beliefs import BetaBeliefs
from myelodose.designs.boin import Boin, boin_limits
from myelodose.designs.boin12 import Boin12
from myelodose.designs.boin12_table import rank_desirability
from myelodose.designs.boin_combination import BoinCombination
from myelodose.designs.count_rules import at_least, at_most, enough_at, no_skipping
from myelodose.designs.finder import DoseFinder
from myelodose.designs.i3plus3 import I3Plus3
from myelodose.designs.keyboard import Keyboard
from myelodose.designs.look import Look, look
from myelodose.designs.rules import Rule
from myelodose.designs.select_mtd import isotonic_table
from myelodose.designs.stop_when import StopWhen
from myelodose.designs.three_plus_three import ThreePlusThree
from myelodose.designs.tite_boin import TiteBoin
from myelodose.designs.titration import AcceleratedTitration
from myelodose.designs.tpi import Mtpi, Mtpi2, Tpi
from myelodose.designs.verdict import Verdict
from myelodose.designs.what_if import WhatIf, what_if

__all__ = [
    "NONE",
    "STOP",
    "UNDECIDED",
    "AcceleratedTitration",
    "BackfillBoin",
    "Beliefs",
    "BetaBeliefs",
    "Boin",
    "Boin12",
    "BoinCombination",
    "Call",
    "Design",
    "DoseFinder",
    "I3Plus3",
    "Keyboard",
    "Look",
    "Mtpi",
    "Mtpi2",
    "Reason",
    "Rule",
    "StopWhen",
    "ThreePlusThree",
    "TiteBoin",
    "Tpi",
    "Verdict",
    "Weighted",
    "WhatIf",
    "at_least",
    "at_most",
    "boin_limits",
    "enough_at",
    "isotonic_table",
    "look",
    "no_safe_dose",
    "no_skipping",
    "precise",
    "probability_in_target",
    "rank_desirability",
    "too_toxic",
    "what_if",
]

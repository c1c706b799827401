"""Designs that decide on a posterior of the risks."""

from myelodose.designs.model_based.blrm import Blrm
from myelodose.designs.model_based.combination import CombinationBlrm
from myelodose.designs.model_based.crm import Crm
from myelodose.designs.model_based.efftox import EffTox
from myelodose.designs.model_based.exnex import ExnexBlrm
from myelodose.designs.model_based.ordinal import OrdinalBlrm
from myelodose.designs.model_based.tite_pk import TitePk

__all__ = [
    "Blrm",
    "CombinationBlrm",
    "Crm",
    "EffTox",
    "ExnexBlrm",
    "OrdinalBlrm",
    "TitePk",
]

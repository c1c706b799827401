"""The two drugs as records of cited constants, and their models.

Every number stands in data/literature, from where its source and its support are quoted; a test
holds the two together. Time is in hours.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from myelodose.errors import InputError
from myelodose.pk.compartments import OneCompartment
from myelodose.pk.parameters import Value
from myelodose.units import LENALIDOMIDE_NG_PER_ML_PER_UM

_UNITS = ("g/mol", "L/h", "L", "1/h", "h", "fraction", "mL/min", "")


@dataclass(frozen=True)
class Constant:
    """A number with what it rests on.

    Args:
        value: The number, above 0 and finite.
        unit: Its unit.
        source: Where it was read.
        doi: DOI, or another identifier; empty if the number was combined from several sources.
        support: How it was read: "read", "recalled", "computed" or "combined".

    Raises:
        InputError: If a value cannot be.
    """

    value: float
    unit: str
    source: str
    doi: str
    support: str

    def __post_init__(self) -> None:
        """Check the value and its unit."""
        if not 0 < self.value < math.inf:
            raise InputError("Constant, value", f"found {self.value}", "give a number above 0")
        if self.unit not in _UNITS:
            raise InputError("Constant, unit", f"found {self.unit!r}", f"use one of {_UNITS}")
        if self.support not in ("read", "recalled", "computed", "combined"):
            remedy = "give 'read', 'recalled', 'computed' or 'combined'"
            raise InputError("Constant, support", f"found {self.support!r}", remedy)


@dataclass(frozen=True)
class Drug(Mapping[str, Constant]):
    """Constants of a drug by their symbol.

    Example:
        >>> LENALIDOMIDE["CL/F"].value, LENALIDOMIDE["CL/F"].unit
        (12.5, 'L/h')
    """

    name: str
    constants: tuple[tuple[str, Constant], ...]

    def __getitem__(self, symbol: str) -> Constant:
        for name, constant in self.constants:
            if name == symbol:
                return constant
        raise KeyError(f"{self.name} has {', '.join(self)}; found {symbol!r}")

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self.constants)

    def __len__(self) -> int:
        return len(self.constants)


_GUGLIERI = "Guglieri-Lopez B et al., Cancer Chemother Pharmacol 2017;79:189-200"
_HUGHES = "Hughes JH et al., Br J Clin Pharmacol 2019;85"
_MARCUCCI = "Marcucci G et al., J Clin Pharmacol 2005;45(5):597-602"
_PRIORS = "data/literature/priors.csv: "

_GUGLIERI_DOI = "10.1007/s00280-016-3228-y"
_MARCUCCI_DOI = "10.1177/0091270004271947"
_CL = _PRIORS + "Hughes 12, Guglieri-Lopez 14, MDS 11.7; Liang 7.25 outlier"
_CRCL = _PRIORS + "Hughes 0.224; linear 0.0065/(mL/min) of Guglieri-Lopez is about 0.585 at 90"
_PUBCHEM = "DrugBank/PubChem CID 216326 (C13H13N3O3)"
_DRUGS_COM = "C8H12N4O5; unverified (formula seen on drugs.com monograph)"


def _drug(name: str, *rows: tuple[str, float, str, str, str, str]) -> Drug:
    return Drug(name, tuple((row[0], Constant(*row[1:])) for row in rows))


LENALIDOMIDE = _drug(
    "lenalidomide",
    ("MW", LENALIDOMIDE_NG_PER_ML_PER_UM, "g/mol", _PUBCHEM, "", "read"),
    ("CL/F", 12.5, "L/h", _CL, "", "combined"),
    ("CrCL exponent", 0.45, "", _CRCL, "", "combined"),
    ("V/F", 64.0, "L", _PRIORS + "63 (MDS), 57, 68.8", "", "combined"),
    ("ktr, 3 transits", 6.55, "1/h", _GUGLIERI, _GUGLIERI_DOI, "read"),
    ("ktr, 7 transits", 13.5, "1/h", _HUGHES, "10.1111/bcp.13873", "read"),
)
"""Lenalidomide by mouth; CL/F holds at a creatinine clearance of 90 mL/min."""

AZACITIDINE = _drug(
    "azacitidine",
    ("MW", 244.20, "g/mol", _DRUGS_COM, "", "recalled"),
    ("CL/F, sc", 160.0, "L/h", _PRIORS + "label 167, Laille 143, SmPC 147/0.88", "", "combined"),
    ("t1/2, iv", 0.36, "h", _MARCUCCI, _MARCUCCI_DOI, "read"),
    ("t1/2, sc", 41 / 60, "h", _MARCUCCI + ": 41 +/- 8 min", _MARCUCCI_DOI, "read"),
    ("F, sc", 0.89, "fraction", _MARCUCCI, _MARCUCCI_DOI, "read"),
)
"""Azacitidine under the skin. F is in CL/F already: it never goes with it (nor with the 167 L/h of
the US label)."""

_CREATININE_CLEARANCE_ML_PER_MIN = (5.0, 300.0)
_REFERENCE_ML_PER_MIN = 90.0


def lenalidomide(
    creatinine_clearance_ml_per_min: Value = _REFERENCE_ML_PER_MIN, *, transits: int = 3
) -> OneCompartment:
    """Oral lenalidomide of a typical patient: CL/F = 12.5 (CrCL / 90)^0.45 L/h, V/F = 64 L.

    Args:
        creatinine_clearance_ml_per_min: Creatinine clearance [mL/min].
        transits: 3 with ktr 6.55 1/h, or 7 with ktr 13.5 1/h. For counts it does not matter.

    Returns:
        The model; bioavailability is in it.

    Raises:
        InputError: If the clearance lies outside 5 to 300 mL/min, or there is no such number of
            transits.

    Source:
        data/literature/priors.csv and pk_parameters.csv; see `LENALIDOMIDE`.

    Example:
        >>> model = lenalidomide(90)
        >>> float(model.CL), model.V
        (12.5, 64.0)
    """
    place = "lenalidomide, creatinine_clearance_ml_per_min"
    low, high = _CREATININE_CLEARANCE_ML_PER_MIN
    if not isinstance(creatinine_clearance_ml_per_min, jax.core.Tracer):
        value = np.asarray(creatinine_clearance_ml_per_min, dtype=float)
        if not ((value >= low) & (value <= high)).all():
            remedy = f"give {low:g} to {high:g} mL/min; 1 L/h is 16.7 mL/min"
            raise InputError(place, f"found {value}", remedy)
    if transits not in (3, 7):
        raise InputError("lenalidomide, transits", f"found {transits!r}", "give 3 or 7")
    exponent = LENALIDOMIDE["CrCL exponent"].value
    ratio = creatinine_clearance_ml_per_min / _REFERENCE_ML_PER_MIN
    return OneCompartment(
        CL=LENALIDOMIDE["CL/F"].value * ratio**exponent,
        V=LENALIDOMIDE["V/F"].value,
        ka=LENALIDOMIDE[f"ktr, {transits} transits"].value,
        transits=transits,
    )


def azacitidine_sc() -> OneCompartment:
    """Subcutaneous azacitidine of a typical patient: CL/F = 160 L/h, half-life 41 min.

    After injection it falls more slowly (41 min) than after infusion (22 min): absorption is the
    slower process. So ka = ln 2 / 41 min, and V/F = CL/F t1/2,iv / ln 2 = 83 L, which agrees with
    the 76 L of the label over F. The area is exact, as is the half-life; the peak of one
    compartment (about 0.4 mg/L after 75 mg/m2) is below the 0.75 mg/L of the label, and no
    one-compartment model meets both. Against cell times of days the area per dose is what counts.

    Returns:
        The model, dosed into its first compartment; bioavailability is in it.

    Source:
        data/literature/priors.csv; Marcucci 2005 (doi 10.1177/0091270004271947).

    Example:
        >>> round(azacitidine_sc().V, 1)
        83.1
    """
    clearance = AZACITIDINE["CL/F, sc"].value
    return OneCompartment(
        CL=clearance,
        V=clearance * AZACITIDINE["t1/2, iv"].value / math.log(2),
        ka=math.log(2) / AZACITIDINE["t1/2, sc"].value,
    )


def micromolar(concentration_mg_per_l: Value, drug: Drug) -> Value:
    """Concentration in uM: 1,000 C [mg/L] / molar mass [g/mol].

    Args:
        concentration_mg_per_l: Concentration [mg/L].
        drug: The drug.

    Example:
        >>> float(micromolar(0.25926, LENALIDOMIDE).round(6))
        1.0
    """
    return 1000.0 * jnp.asarray(concentration_mg_per_l) / drug["MW"].value


def terminal_half_life(model: OneCompartment) -> Value:
    """Half-life of the last decline [h]: ln 2 over the slower of absorption and elimination.

    With transits and a slow absorption it is the limit at late times.

    Example:
        >>> round(float(60 * terminal_half_life(azacitidine_sc())), 3)
        41.0
    """
    slowest = model.CL / model.V
    if model.ka is not None:
        slowest = jnp.minimum(slowest, model.ka)
    return math.log(2) / slowest

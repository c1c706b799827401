"""A typical patient, and virtual patients who differ from it as far as literature says.

Both are simulated, wherever they appear. Times are in days, pharmacokinetics in hours.
"""

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from myelodose.blood.model import Lineages
from myelodose.clones.model import Clones
from myelodose.errors import InputError
from myelodose.marrow.course import Patient
from myelodose.marrow.everyone import with_patients
from myelodose.marrow.values import TYPICAL, Value
from myelodose.pk.drugs import LENALIDOMIDE
from myelodose.pk.drugs import lenalidomide as lenalidomide_pk
from myelodose.precision import float64
from myelodose.regimen.courses import checked_whole
from myelodose.units import HOURS_PER_DAY

DISEASES = ("healthy", "del(5q)", "del(5q) TP53")
"""No clone; a clone with wild-type TP53; the same with a TP53-mutated part."""

REFERENCE_BODY_SURFACE_AREA_M2 = 1.8
"""Mean of the patients of Guglieri-Lopez 2017 (data/literature/pk_parameters.csv) [m2]."""

REFERENCE_AZACITIDINE_MG_PER_M2 = 75.0
"""Azacitidine dose whose log kill is kappa_A (data/trials/platzbecker2013/facts.csv, F03)."""

MOST_PATIENTS = 100_000

# NumPy arrays where the core's records say JAX arrays: concrete, and float64 in any process.
type Values = dict[str, Any]


def typical_patient(
    disease: str = "del(5q)",
    *,
    creatinine_clearance_ml_per_min: float = 90.0,
    values: Mapping[str, float] | None = None,
) -> Patient:
    """One patient with the median of every prior; `typical_values` lists the numbers.

    Args:
        disease: "healthy", "del(5q)" or "del(5q) TP53".
        creatinine_clearance_ml_per_min: Creatinine clearance [mL/min].
        values: Other values than the typical, by the names and in the units of `typical_values`.

    Raises:
        InputError: If the disease or a name is unknown, or a value cannot be.

    Example:
        >>> patient = typical_patient()
        >>> patient.clones.size.round(2).tolist()
        [0.15, 0.85, 0.0]
        >>> typical_patient("healthy").lineages.set_point.tolist()
        [4.0, 230.0, 14.0]
    """
    place = "typical_patient"
    typical = {name: np.float64(v.value) for name, v in _changed(place, values).items()}
    return _patient(_diseased(place, disease, typical), creatinine_clearance_ml_per_min)


def virtual_population(
    seed: int,
    patients: int,
    *,
    disease: str = "del(5q)",
    creatinine_clearance_ml_per_min: ArrayLike = 90.0,
    values: Mapping[str, float] | None = None,
) -> Patient:
    """Simulated patients: every varying parameter is log-normal, or logit-normal for a share.

    Parameters vary independently: no table gives their correlations in this disease. What varies
    and how much is in `typical_values`.

    Args:
        seed: Seed; the same seed gives the same patients.
        patients: How many.
        disease: As in `typical_patient`.
        creatinine_clearance_ml_per_min: One for all, or one for each [mL/min].
        values: Other medians, as in `typical_patient`.

    Returns:
        Parameters with patients as the last axis.

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> virtual_population(1, 50).lineages.set_point.shape
        (3, 50)
    """
    place = "virtual_population"
    if not isinstance(seed, Integral) or isinstance(seed, bool) or seed < 0:
        raise InputError(f"{place}, seed", f"found {seed!r}", "give a whole number of at least 0")
    count = checked_whole(patients, f"{place}, patients", least=1)
    if count > MOST_PATIENTS:
        remedy = f"give at most {MOST_PATIENTS:,}"
        raise InputError(f"{place}, patients", f"found {count:,}", remedy)
    clearance = np.asarray(creatinine_clearance_ml_per_min, dtype=float)
    if clearance.shape not in ((), (count,)):
        remedy = f"give one number, or one for each of the {count} patients"
        where = f"{place}, creatinine_clearance_ml_per_min"
        raise InputError(where, f"found shape {clearance.shape}", remedy)
    random = np.random.default_rng(int(seed))
    # Every parameter draws, varying or not, so that one change leaves the others as they were.
    drawn = {
        name: _spread(value, random.standard_normal(count))
        for name, value in _changed(place, values).items()
    }
    return with_patients(_patient(_diseased(place, disease, drawn), clearance), count)


def _changed(place: str, values: Mapping[str, float] | None) -> dict[str, Value]:
    """The typical values with the changes, every one checked."""
    table = dict(TYPICAL)
    for name, number in (values or {}).items():
        if name not in table:
            close = difflib.get_close_matches(name, table, n=1)
            remedy = f"did you mean '{close[0]}'?" if close else "see typical_values()"
            raise InputError(f"{place}, values", f"found the name {name!r}", remedy)
        old = table[name]
        fine = isinstance(number, int | float | np.floating) and not isinstance(number, bool)
        if not fine or not old.low <= number <= old.high:
            unit = f" {old.unit}" if old.unit else ""
            remedy = f"give {old.low:g} to {old.high:g}{unit}; check the unit"
            raise InputError(f"{place}, values, {name}", f"found {number!r}", remedy)
        table[name] = replace(old, value=float(number))
    return table


def _spread(value: Value, normal: np.ndarray) -> np.ndarray:
    """A parameter of all patients, from standard normal numbers."""
    step = value.between_patient_sd * normal
    if value.scale == "logit" and 0 < value.value < 1:
        odds = value.value / (1 - value.value) * np.exp(step)
        return odds / (1 + odds)
    return value.value * np.exp(step) if value.scale == "log" else value.value + 0 * normal


def _diseased(place: str, disease: str, v: Values) -> Values:
    if disease not in DISEASES:
        remedy = f"give one of {', '.join(map(repr, DISEASES))}"
        raise InputError(f"{place}, disease", f"found {disease!r}", remedy)
    if disease == "healthy":
        return v | {"clone_share": 0 * v["clone_share"]}
    return v if "TP53" in disease else v | {"tp53_share_of_clone": 0 * v["clone_share"]}


def _patient(v: Values, creatinine_clearance_ml_per_min: ArrayLike) -> Patient:
    with float64():
        typical_pk = lenalidomide_pk(np.asarray(creatinine_clearance_ml_per_min, dtype=float))
        ratio = np.asarray(typical_pk.CL) / LENALIDOMIDE["CL/F"].value
        pk = replace(typical_pk, CL=v["len_clearance_l_per_h"] * ratio, V=v["len_volume_l"])
        reference = REFERENCE_AZACITIDINE_MG_PER_M2 * REFERENCE_BODY_SURFACE_AREA_M2
        same = np.ones_like(v["clone_share"])
        return Patient(
            len_pk=pk,
            aza_clearance_l_per_h=v["aza_clearance_l_per_h"],
            aza_reference_auc=same * reference / TYPICAL["aza_clearance_l_per_h"].value,
            clones=_clones(v),
            lineages=_lineages(v),
        )


def _clones(v: Values) -> Clones:
    """Rates from shares and times; see docs/marrow.md for the derivations."""
    one = np.ones_like(v["clone_share"])
    division = 1 / (v["s_share"] * v["cycle_d"])
    entry = 1 / ((1 - v["s_share"]) * v["cycle_d"])
    rest = v["rest_share"] / (1 - v["rest_share"])
    tp53 = v["clone_share"] * v["tp53_share_of_clone"]
    kill = v["kill_del5q_per_d_um"]
    leaves = differentiation(v["growth_clone_per_d"], entry=entry, division=division)
    return Clones(
        size=_rows([1 - v["clone_share"], v["clone_share"] - tp53, tp53]),
        entry_per_d=_rows([entry * (1 + 1 / v["capacity"])] * 3),
        division_per_d=division,
        differentiation=_rows([one / 2, leaves, leaves]),
        kill_len=_rows([v["kill_normal_share"] * kill, kill, v["tp53_sensitivity"] * kill]),
        kill_aza=v["kill_aza"],
        arrest_max=v["arrest_max"],
        arrest_half_um=v["arrest_half_um"],
        to_rest_per_d=v["wake_per_d"] * rest / (1 - v["s_share"]),
        from_rest_per_d=v["wake_per_d"],
        crowding=_rows([one, v["crowding_clone"], v["crowding_clone"]]),
        capacity=v["capacity"],
    )


def differentiation(growth: ArrayLike, *, entry: ArrayLike, division: ArrayLike) -> np.ndarray:
    """The share d of daughters that leave, for a clone that grows at r in a healthy niche.

    In balanced growth (r + k_G phi*)(r + k_S) = 2 (1 - d) k_G phi* k_S, without rest.

    Args:
        growth: r [1/day].
        entry: k_G phi* [1/day].
        division: k_S [1/day].

    Example:
        >>> float(differentiation(0.0, entry=0.5, division=2.0))
        0.5
    """
    r, k_g, k_s = (np.asarray(x, dtype=float) for x in (growth, entry, division))
    return 1 - (r + k_g) * (r + k_s) / (2 * k_g * k_s)


def _rows(values: Sequence[Any]) -> Any:
    """One row a clone or lineage, patients last."""
    return np.stack(values)


def _lineages(v: Values) -> Lineages:
    one = np.ones_like(v["clone_share"])
    names = ("anc", "plt", "hb")
    eps = [v["effectiveness_clone"], v["effectiveness_clone"], v["effectiveness_clone_hb"]]
    loss = [
        math.log(2) * HOURS_PER_DAY / v["half_life_anc_h"],
        1 / v["life_plt_d"],
        1 / v["life_hb_d"],
    ]
    return Lineages(
        set_point=_rows([v[f"set_point_{name}"] for name in names]),
        mtt_d=_rows([v[f"mtt_{name}_h"] / HOURS_PER_DAY for name in names]),
        loss_per_d=_rows(loss),
        gamma=_rows([v[f"gamma_{name}"] for name in names]),
        block_max=_rows([v["block_max"], v["block_max"], v["block_max_hb"]]),
        block_half_um=_rows([v["block_half_um"]] * 3),
        effectiveness=_rows([_rows([one, e, e]) for e in eps]),
    )

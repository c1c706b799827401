"""From the parameters of `marrow.values` to a patient; derivations are in docs/marrow.md.

Only arithmetic, so that concrete numbers and traced ones go the same way.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from myelodose.blood.model import Lineages
from myelodose.clones.model import Clones
from myelodose.marrow.course import Patient
from myelodose.marrow.values import TYPICAL
from myelodose.pk.linear import LinearModel
from myelodose.units import HOURS_PER_DAY

REFERENCE_BODY_SURFACE_AREA_M2 = 1.8
"""Mean of the patients of Guglieri-Lopez 2017 (data/literature/pk_parameters.csv) [m2]."""

REFERENCE_AZACITIDINE_MG_PER_M2 = 75.0
"""Azacitidine dose whose log kill is kappa_A (data/trials/platzbecker2013/facts.csv, F03)."""

type Stack = Callable[[list[Any]], Any]
"""`numpy.stack` for concrete numbers, `jax.numpy.stack` for traced ones."""


def patient_of(v: Mapping[str, Any], len_pk: LinearModel, *, stack: Stack) -> Patient:
    """A patient, or many with patients as the last axis.

    Args:
        v: Every parameter of `marrow.values` by name, all of one shape: () or (patient,).
        len_pk: Lenalidomide's pharmacokinetics.
        stack: Puts rows together.
    """
    reference = REFERENCE_AZACITIDINE_MG_PER_M2 * REFERENCE_BODY_SURFACE_AREA_M2
    same = 1 + 0 * v["clone_share"]
    return Patient(
        len_pk=len_pk,
        aza_clearance_l_per_h=v["aza_clearance_l_per_h"],
        aza_reference_auc=same * reference / TYPICAL["aza_clearance_l_per_h"].value,
        clones=_clones(v, same, stack),
        lineages=_lineages(v, same, stack),
    )


def differentiation(growth: Any, *, entry: Any, division: Any) -> Any:
    """The share d of daughters that leave, for a clone that grows at r in a healthy niche.

    In balanced growth (r + k_G phi*)(r + k_S) = 2 (1 - d) k_G phi* k_S, without rest.

    Args:
        growth: r [1/day].
        entry: k_G phi* [1/day].
        division: k_S [1/day].

    Example:
        >>> differentiation(0.0, entry=0.5, division=2.0)
        0.5
    """
    return 1 - (growth + entry) * (growth + division) / (2 * entry * division)


def _clones(v: Mapping[str, Any], one: Any, stack: Stack) -> Clones:
    """Rates from shares and times."""
    division = 1 / (v["s_share"] * v["cycle_d"])
    entry = 1 / ((1 - v["s_share"]) * v["cycle_d"])
    rest = v["rest_share"] / (1 - v["rest_share"])
    tp53 = v["clone_share"] * v["tp53_share_of_clone"]
    kill = v["kill_del5q_per_d_um"]
    leaves = differentiation(v["growth_clone_per_d"], entry=entry, division=division)
    return Clones(
        size=stack([1 - v["clone_share"], v["clone_share"] - tp53, tp53]),
        entry_per_d=stack([entry * (1 + 1 / v["capacity"])] * 3),
        division_per_d=division,
        differentiation=stack([one / 2, leaves, leaves]),
        kill_len=stack([v["kill_normal_share"] * kill, kill, v["tp53_sensitivity"] * kill]),
        kill_aza=v["kill_aza"],
        arrest_max=v["arrest_max"],
        arrest_half_um=v["arrest_half_um"],
        to_rest_per_d=v["wake_per_d"] * rest / (1 - v["s_share"]),
        from_rest_per_d=v["wake_per_d"],
        crowding=stack([one, v["crowding_clone"], v["crowding_clone"]]),
        capacity=v["capacity"],
    )


def _lineages(v: Mapping[str, Any], one: Any, stack: Stack) -> Lineages:
    names = ("anc", "plt", "hb")
    eps = [v["effectiveness_clone"], v["effectiveness_clone"], v["effectiveness_clone_hb"]]
    loss = [
        math.log(2) * HOURS_PER_DAY / v["half_life_anc_h"],
        1 / v["life_plt_d"],
        1 / v["life_hb_d"],
    ]
    return Lineages(
        set_point=stack([v[f"set_point_{name}"] for name in names]),
        mtt_d=stack([v[f"mtt_{name}_h"] / HOURS_PER_DAY for name in names]),
        loss_per_d=stack(loss),
        gamma=stack([v[f"gamma_{name}"] for name in names]),
        block_max=stack([v["block_max"], v["block_max"], v["block_max_hb"]]),
        block_half_um=stack([v["block_half_um"]] * 3),
        effectiveness=stack([stack([one, e, e]) for e in eps]),
    )

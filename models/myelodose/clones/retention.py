r"""CXCR4 on progenitors under lenalidomide, and how many of them are found in the blood.

    R' = kout (1 + E(C)) - kout R,                                 R(0) = 1, relative to R0
    B_c' = k_mob (1 + E_gcsf) (1 / R_eff)^theta P_c - k_home B_c,  R_eff = R / (1 + C_plx / Ki)

B_c are the CD34+ cells of clone c in the blood and P_c those in the marrow, which mobilisation
does not drain. Lenalidomide raises surface CXCR4 and holds progenitors back; plerixafor (AMD3100)
blocks CXCR4, G-CSF drives progenitors out (Leukemia 2013;27:1407, doi 10.1038/leu.2012.323).

Retention is common to all clones. It scales every B_c alike and cancels in the clone shares that
FISH reads, exactly while the shares in the marrow rest; where they move, it weighs the days of the
last 1 / k_home differently. It never cancels in the number of CD34+ cells in the blood.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from myelodose.effect import Effect
from myelodose.errors import InputError
from myelodose.pk.linear import LinearModel
from myelodose.pk.windows import concentrations, entries, later
from myelodose.solve.checks import ABOVE_0, AT_LEAST_0, UP_TO_1, check_concrete, check_drug
from myelodose.solve.plan import Plan
from myelodose.solve.reference import trajectory
from myelodose.solve.relax import relax_all, through
from myelodose.solve.settings import Fast, Reference, Solver
from myelodose.units import LENALIDOMIDE_UM_PER_MG_PER_L as UM_PER_MG_PER_L

LENALIDOMIDE, PLERIXAFOR = 0, 1
"""Order of the drugs in a plan."""

CXCR4_KOUT_PER_D = 0.08
"""Prior median of kout, LogNormal(log 0.08, 0.5): data/literature/priors.csv, block CXCR4."""

CXCR4_EMAX, CXCR4_EC50_UM = 1.0, 0.3
"""Prior medians of Emax and EC50 in the same row. EC50 cannot be learned from 1 and 10 uM, and
Emax and kout only as a product."""


class Retention(NamedTuple):
    """Parameters of one patient, or of many with patients as the last axis.

    Args:
        kout_per_d: Turnover of surface CXCR4 [1/day], above 0.
        effect: E, `Linear` or `Saturating` in the lenalidomide concentration [uM].
        theta: How steeply CXCR4 holds progenitors back, at least 0.
        mobilised_per_d: k_mob [1/day], above 0.
        homed_per_d: k_home [1/day], above 0.
        gcsf_effect: E_gcsf where G-CSF is fully on, at least 0.
        plerixafor_half_mg_per_l: Ki [mg/L], above 0.
    """

    kout_per_d: Float[Array, "..."]
    effect: Effect
    theta: Float[Array, "..."]
    mobilised_per_d: Float[Array, "..."]
    homed_per_d: Float[Array, "..."]
    gcsf_effect: Float[Array, "..."]
    plerixafor_half_mg_per_l: Float[Array, "..."]


class RetentionCourse(NamedTuple):
    """CXCR4 and circulating progenitors at the times of the plan.

    Args:
        cxcr4: R, surface CXCR4 relative to before treatment, (time, ...).
        blood: CD34+ cells in the blood by clone, (time, clone, ...) [unit of the marrow].
        change: 0; infinite where the solver failed, and what is lost is NaN.
    """

    cxcr4: Float[Array, "time ..."]
    blood: Float[Array, "time clone ..."]
    change: Float[Array, ""]

    @property
    def number(self) -> Float[Array, "time ..."]:
        """CD34+ cells in the blood, all clones."""
        return self.blood.sum(1)

    @property
    def share(self) -> Float[Array, "time clone ..."]:
        """Share of each clone among them: what FISH reads."""
        return self.blood / self.blood.sum(1, keepdims=True)


type Drug = LinearModel | Float[Array, "window ..."] | float
"""Pharmacokinetics, or a concentration that is constant in each window."""


def simulate_retention(
    parameters: Retention,
    plan: Plan,
    *,
    marrow: Float[Array, "..."],
    lenalidomide: Drug,
    plerixafor: Drug = 0.0,
    gcsf: Float[Array, "window ..."] | float = 0.0,
    solver: Solver = Fast(),  # noqa: B008
) -> RetentionCourse:
    """CXCR4 and circulating CD34+ cells under the doses of a plan.

    Args:
        parameters: One patient's, or many with patients as the last axis, of the plan too.
        plan: Windows with lenalidomide [mg] as drug 0 and plerixafor [mg] as drug 1, where they
            are given by their pharmacokinetics.
        marrow: CD34+ cells in the marrow, (clone, ...) or (window, clone, ...).
        lenalidomide: Pharmacokinetics [h, mg, L], or concentrations [uM], () or (window, ...).
        plerixafor: Pharmacokinetics, or concentrations [mg/L].
        gcsf: How far G-CSF is on in each window, 0 to 1; see `on_between`.
        solver: `Fast` or `Reference`.

    Raises:
        InputError: If a concrete value cannot be, or the plan lacks a drug.

    Example:
        >>> from myelodose.effect import Saturating
        >>> from myelodose.solve import plan
        >>> dish = plan([], [], [], drugs=1, times_d=[0.0, 1.0, 2.0])
        >>> rise = Saturating(CXCR4_EMAX, CXCR4_EC50_UM)
        >>> cells = Retention(CXCR4_KOUT_PER_D, rise, 1.0, 1.0, 2.0, 5.0, 0.1)
        >>> course = simulate_retention(cells, dish, marrow=jnp.ones(1), lenalidomide=10.0)
        >>> [round(float(x), 3) for x in course.cxcr4]
        [1.0, 1.075, 1.144]
    """
    _check(parameters, plan, _Given(marrow, lenalidomide, plerixafor, gcsf))
    cells = jnp.asarray(marrow) * jnp.ones_like(plan.length_d)[:, None]
    mobilise = parameters.mobilised_per_d * (1 + parameters.gcsf_effect * gcsf)
    mobilise = mobilise * jnp.ones_like(plan.length_d)
    given = (mobilise, cells)
    if isinstance(solver, Fast):
        states = _fast(parameters, plan, lenalidomide, plerixafor, given, solver)
        change = jnp.where(jnp.isnan(states[1]).any(), jnp.inf, 0.0)
    else:
        states, change = _reference(parameters, plan, lenalidomide, plerixafor, given, solver)
    return RetentionCourse(*map(plan.read, states), change=change)


def on_between(plan: Plan, start_d: float, end_d: float) -> np.ndarray:
    """1 in the windows from one time to another, 0 elsewhere: a schedule of G-CSF.

    Args:
        plan: The windows; both times must be among its cuts, for example in `times_d`.
        start_d: First time [d].
        end_d: Last time [d].

    Raises:
        InputError: If a window lies across one of the times.

    Example:
        >>> from myelodose.solve import plan
        >>> on_between(plan([], [], [], drugs=1, times_d=[1.0, 2.0, 3.0]), 1.0, 2.0).tolist()
        [0.0, 1.0, 0.0]
    """
    start = np.asarray(plan.start_d)
    end = start + np.asarray(plan.length_d)
    slack = 1e-9
    for name, time in (("start_d", start_d), ("end_d", end_d)):
        if ((start < time - slack) & (end > time + slack)).any():
            raise InputError(
                f"on_between, {name}", f"found {time:g} within a window", "add it to times_d"
            )
    return ((start > start_d - slack) & (end < end_d + slack)).astype(float)


def inflow(
    cxcr4: Float[Array, "..."],
    plerixafor_mg_per_l: Float[Array, "..."],
    mobilise_per_d: Float[Array, "..."],
    parameters: Retention,
) -> Float[Array, "..."]:
    """k_mob (1 + E_gcsf) (1 / R_eff)^theta [1/day]: what enters the blood per cell of marrow."""
    free = (1 + plerixafor_mg_per_l / parameters.plerixafor_half_mg_per_l) / cxcr4
    return mobilise_per_d * free**parameters.theta


def _fast(parameters: Retention, plan: Plan, lenalidomide, plerixafor, given, solver: Fast):
    rule, axis = solver.rule, -plan.length_d.ndim
    um = _course(lenalidomide, plan, rule.time, LENALIDOMIDE, UM_PER_MG_PER_L)
    settled = 1 + parameters.effect(um)
    held, cxcr4 = _towards(rule, plan, settled, parameters.kout_per_d, 1.0)
    blocked = _course(plerixafor, plan, rule.time, PLERIXAFOR, 1.0)
    mobilise, cells = given
    rate = inflow(held, blocked, mobilise[:, None], parameters) / parameters.homed_per_d
    number = jnp.expand_dims(rate, axis) * cells[:, None]
    first = _balanced(parameters, cells)
    return cxcr4, _towards(rule, plan, number, parameters.homed_per_d, first)[1]


def _towards(rule, plan: Plan, settled, k, start):
    """Y' = k (settled - y): at the nodes and ends, and at the starts of windows and the end."""
    h = jnp.expand_dims(plan.length_d, range(1, 1 + settled.ndim - 1 - plan.length_d.ndim))
    loss = jnp.broadcast_to(k, settled.shape)
    solved = relax_all(rule, h, loss[:, :-1], (loss * settled)[:, :-1], settled[:, -1])
    states = through(solved, start)
    return solved.gain + solved.decay * states[:-1, None], states


def _balanced(parameters: Retention, cells):
    return parameters.mobilised_per_d / parameters.homed_per_d * cells[0]


def _course(drug: Drug, plan: Plan, share, number: int, unit: float):
    """Concentration at the shares of every window, (window, share, ...)."""
    if isinstance(drug, LinearModel):
        return unit * concentrations(drug, plan, share, number)
    constant = drug * jnp.ones_like(plan.length_d)
    return jnp.repeat(constant[:, None], len(share), 1)


def _reference(
    parameters: Retention, plan: Plan, lenalidomide, plerixafor, given, solver: Reference
):
    def field(time_d, state, now):
        cxcr4, blood = state
        known, mobilise, cells = now
        um = _later(lenalidomide, time_d, known[LENALIDOMIDE], UM_PER_MG_PER_L)
        blocked = _later(plerixafor, time_d, known[PLERIXAFOR], 1.0)
        settled = 1 + parameters.effect(um)
        enter = inflow(cxcr4, blocked, mobilise, parameters)[None] * cells
        return parameters.kout_per_d * (settled - cxcr4), enter - parameters.homed_per_d * blood

    mobilise, cells = given
    start = (jnp.ones_like(mobilise[0]), _balanced(parameters, cells))
    known = (_known(lenalidomide, plan, LENALIDOMIDE), _known(plerixafor, plan, PLERIXAFOR))
    windows = (known, mobilise, cells)
    return trajectory(field, lambda state, _: state, start, plan.length_d, windows, settings=solver)


def _known(drug: Drug, plan: Plan, number: int):
    """What `_later` needs of each window."""
    if isinstance(drug, LinearModel):
        return entries(drug, plan, number)
    return drug * jnp.ones_like(plan.length_d)


def _later(drug: Drug, time_d, known, unit: float):
    """Concentration so long after the start of a window."""
    if isinstance(drug, LinearModel):
        return unit * drug.concentration(later(drug, time_d, known))
    return known


class _Given(NamedTuple):
    """What is checked besides the parameters, under the names of `simulate_retention`."""

    marrow: Array | float | None
    lenalidomide: Drug | None
    plerixafor: Drug | None
    gcsf: Array | float | None


def _check(parameters: Retention, plan: Plan, given: _Given) -> None:
    checks = dict.fromkeys(Retention._fields, ABOVE_0)
    del checks["effect"]
    check_concrete(parameters, checks | {"theta": AT_LEAST_0, "gcsf_effect": AT_LEAST_0})
    check_concrete(parameters.effect, dict.fromkeys(parameters.effect._fields, AT_LEAST_0))
    for number, drug in enumerate((given.lenalidomide, given.plerixafor)):
        if isinstance(drug, LinearModel):
            check_drug("simulate_retention", plan, number)
    plain = [None if isinstance(value, LinearModel) else value for value in given]
    check_concrete(
        _Given(*plain),
        dict.fromkeys(_Given._fields, AT_LEAST_0) | {"gcsf": UP_TO_1},
        place="simulate_retention",
    )

r"""The model of the benchmark problem: two Friberg chains under two drugs.

For lineage l in {ANC, PLT}, in units of the baseline, with t in hours:

    dP/dt  = ktr P ((1 - E(t)) c^-gamma - 1),     E = slope_len C_len + slope_aza C_aza
    dT1/dt = ktr (P - T1),  dT2/dt = ktr (T1 - T2),  dT3/dt = ktr (T2 - T3)
    dc/dt  = ktr (T3 - c),                        ktr = 4 / MTT, all five 1 at the start

Friberg et al. 2002, doi 10.1200/JCO.2002.02.140. Both drugs are absorbed at first order into one
compartment. With u_r(t) = sum_j dose_j exp(-r (t - t_j)) over the doses given so far,

    C(t) = ka / (V (ka - ke)) (u_ke(t) - u_ka(t)),    ke = CL / V,

so one sum an exponential is all that a dose interval has to know of the doses before it.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

LINEAGES = ("ANC", "PLT")
DRUGS = ("lenalidomide", "azacitidine")

TYPICAL = {
    "CL": 13.0,  # lenalidomide CL/F [L/h]
    "V": 65.0,  # lenalidomide V/F [L]
    "ka": 2.5,  # lenalidomide absorption [1/h]
    "baseline_ANC": 5.05,  # [1e9/L], Friberg 2002
    "baseline_PLT": 206.0,  # [1e9/L], Tsuji 2017
    "mtt_ANC": 120.0,  # [h]
    "mtt_PLT": 150.0,  # [h]
    "gamma_ANC": 0.17,
    "gamma_PLT": 0.20,
    # Chosen, not estimated: they put the median nadirs of a course at plausible depths.
    "slope_len_ANC": 1.0,  # [L/mg]
    "slope_len_PLT": 1.2,  # [L/mg]
    "slope_aza_ANC": 11.0,  # [L/mg]
    "slope_aza_PLT": 10.0,  # [L/mg]
}
"""Typical values, the medians of their priors; the first 13 globals are their logarithms."""

OMEGA = {
    "CL": 0.30,
    "V": 0.30,
    "baseline_ANC": 0.33,  # Friberg 2002, leukocytes: 33 % CV
    "baseline_PLT": 0.33,
    "mtt_ANC": 0.17,  # Friberg 2002: 17 % CV
    "mtt_PLT": 0.17,
    "slope_len": 0.30,  # one effect a drug, shared by the lineages
    "slope_aza": 0.30,
}
"""Standard deviations between patients on the log scale; the next 8 globals, as logarithms."""

SIGMA = {"sigma_ANC": 0.3, "sigma_PLT": 0.3}
"""Residual standard deviations of log counts; the last 2 globals, as logarithms."""

GLOBALS = (*TYPICAL, *(f"omega_{name}" for name in OMEGA), *SIGMA)
PRIOR_MEDIAN = np.array([*TYPICAL.values(), *OMEGA.values(), *SIGMA.values()])
PRIOR_SD = np.full(len(GLOBALS), 0.3)
"""The prior of each global is log-normal around its value above, with this sd of the log."""

# Azacitidine sc is fixed: without concentrations its clearance and its slope are one parameter.
# The decline after an injection is absorption (half-life 41 min), slower than elimination
# (half-life iv 0.36 h): Marcucci et al. 2005, doi 10.1177/0091270004271947.
AZA_CL = 160.0  # apparent clearance, within 143-167 L/h [L/h]
AZA_KA = float(np.log(2) / (41 / 60))  # [1/h]
AZA_KE = float(np.log(2) / 0.36)  # [1/h]

Individual = dict[str, Float[Array, "..."]]


def individual(theta: Float[Array, " global"], etas: Float[Array, "effect patient"]) -> Individual:
    """Parameters of every patient: typical value x exp(omega eta).

    Args:
        theta: Logarithms of the globals, in the order of `GLOBALS`.
        etas: Standard normal random effects, in the order of `OMEGA`.

    Returns:
        Shape (patient,): CL, V, ka of lenalidomide and CL_aza, V_aza, ka_aza. Shape
        (lineage, patient): baseline, mtt, gamma, slope_len, slope_aza.
    """
    log_typical = dict(zip(TYPICAL, theta, strict=False))
    omega = jnp.exp(theta[len(TYPICAL) : len(TYPICAL) + len(OMEGA)])
    shift = dict(zip(OMEGA, omega[:, None] * etas, strict=True))
    none = jnp.zeros_like(etas[0])

    def one(name: str, effect: str) -> Float[Array, " patient"]:
        return jnp.exp(log_typical[name] + shift.get(effect, none))

    def both(name: str, *, shared: bool = False) -> Float[Array, "lineage patient"]:
        return jnp.stack([one(f"{name}_{x}", name if shared else f"{name}_{x}") for x in LINEAGES])

    return {
        "CL": one("CL", "CL"),
        "V": one("V", "V"),
        "ka": one("ka", "ka"),
        "CL_aza": none + AZA_CL,
        "V_aza": none + AZA_CL / AZA_KE,
        "ka_aza": none + AZA_KA,
        "baseline": both("baseline"),
        "mtt": both("mtt"),
        "gamma": both("gamma"),
        "slope_len": both("slope_len", shared=True),
        "slope_aza": both("slope_aza", shared=True),
    }


class Effect(NamedTuple):
    """Drug effect in each dose interval: E(s) = sum_r weight_r amount_r exp(-rate_r s).

    s is the time since the last dose [h]; the exponentials are lenalidomide ke, ka and
    azacitidine ke, ka. Shapes: `rate` (exponential, patient), `weight` (exponential, lineage,
    patient), `amount` (dose, exponential, patient).
    """

    rate: Float[Array, "exponential patient"]
    weight: Float[Array, "exponential lineage patient"]
    amount: Float[Array, "dose exponential patient"]


def effect(who: Individual, dose_time_h, dose_mg, dose_drug) -> Effect:
    """The drug effect in closed form, by superposition of the doses."""
    ke, ke_aza = who["CL"] / who["V"], who["CL_aza"] / who["V_aza"]
    rate = jnp.stack([ke, who["ka"], ke_aza, who["ka_aza"]])
    scale = jnp.stack(
        [
            who["slope_len"] * who["ka"] / (who["V"] * (who["ka"] - ke)),
            who["slope_aza"] * who["ka_aza"] / (who["V_aza"] * (who["ka_aza"] - ke_aza)),
        ]
    )
    weight = jnp.stack([scale[0], -scale[0], scale[1], -scale[1]])
    given = jnp.stack([dose_mg * (dose_drug == drug) for drug in (0, 0, 1, 1)], 1)

    def pass_dose(amount, interval):
        gap, mg = interval
        amount = amount * jnp.exp(-rate * gap) + mg
        return amount, amount

    gaps = jnp.diff(dose_time_h, axis=0, prepend=dose_time_h[:1])
    _, amount = jax.lax.scan(pass_dose, jnp.zeros_like(rate), (gaps, given))
    return Effect(rate, weight, amount)


def friberg(state: tuple, drug_effect, *, ktr, gamma) -> tuple:
    """Right-hand side of one chain in units of its baseline [1/h]."""
    pool, first, second, third, circulating = state
    return (
        ktr * pool * ((1 - drug_effect) * circulating**-gamma - 1),
        ktr * (pool - first),
        ktr * (first - second),
        ktr * (second - third),
        ktr * (third - circulating),
    )

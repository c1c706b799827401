r"""Time to toxicity driven by exposure at an effect site (TITE-PK).

    h(t) = beta E(t) / A_ref,   P(DLT by t) = 1 - exp(-beta A(t) / A_ref),   A(t) = integral of E

E is the effect-site concentration of unit-bolus doses: elimination k = log 2 / half-life, transfer
ke. A_ref is A of the reference regimen at the end of the window, so beta is its cumulative hazard
and log beta has a prior around cloglog of its risk. One dose at time 0 gives

    A(t) = ke / (ke - k) [(1 - e^(-k t)) / k - (1 - e^(-ke t)) / ke]

and doses add up: any schedule is a sum of shifted terms.

Source:
    Günhan, Weber and Friede, Stat Med 2020;39:1453 (doi 10.1002/sim.8450); Günhan, Weber,
    Seroutou and Friede, BMC Med Res Methodol 2021 (sequential version, program TITEPK_sequential).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from myelodose.dose_models.lattice import Lattice, axis, expectations, step_weight
from myelodose.errors import InputError, check_numbers

_SDS = 6.5


class EffectSite(NamedTuple):
    """Rates of the effect site [1/h]."""

    elimination: float
    transfer: float


class Schedule(NamedTuple):
    """A regimen: doses [mg] and when each is given [h]."""

    dose: tuple[float, ...]
    time_h: tuple[float, ...]


class TitePkPrior(NamedTuple):
    """log beta ~ Normal(mean, sd)."""

    mean: float
    sd: float


def cloglog(probability: float) -> float:
    """log(-log(1 - p)).

    Example:
        >>> round(cloglog(0.175), 4)
        -1.6483
    """
    return float(np.log(-np.log1p(-probability)))


def every(dose: float, *, interval_h: float, until_h: float, first_h: float = 0.0) -> Schedule:
    """One dose at regular intervals, the last before `until_h`.

    Args:
        dose: Each dose [mg].
        interval_h: Time between doses [h].
        until_h: End of dosing [h].
        first_h: Time of the first dose [h].

    Raises:
        InputError: If a value cannot be.

    Example:
        >>> every(5.0, interval_h=24, until_h=72).time_h
        (0.0, 24.0, 48.0)
    """
    if not interval_h > 0:
        raise InputError("every, interval_h", f"found {interval_h:g}", "give a time above 0 h")
    if not dose > 0:
        raise InputError("every, dose", f"found {dose:g}", "give a dose above 0 mg")
    time = np.arange(first_h, until_h, interval_h)
    return Schedule((float(dose),) * len(time), tuple(time.tolist()))


def effect_area(
    schedule: Schedule, times_h: ArrayLike, site: EffectSite
) -> Float[np.ndarray, " time"]:
    """A(t): area under the effect-site concentration until each time.

    Args:
        schedule: Doses and times.
        times_h: Times [h].
        site: Rates.

    Example:
        >>> once = Schedule((1.0,), (0.0,))
        >>> effect_area(once, [1e6], EffectSite(0.1, 2.0)).round(3).tolist()
        [10.0]
    """
    k, ke = site
    after = np.asarray(times_h, float)[..., None] - np.array(schedule.time_h)
    after = np.maximum(after, 0.0)
    if abs(ke - k) < 1e-9 * ke:
        # The limit of equal rates: an Erlang of two.
        unit = (1 - np.exp(-k * after) * (1 + k * after)) / k
    else:
        unit = ke / (ke - k) * (-np.expm1(-k * after) / k + np.expm1(-ke * after) / ke)
    return unit @ np.array(schedule.dose)


class TitePkData(NamedTuple):
    """Patients: relative area at the end of follow-up and whether it ended with a DLT."""

    area: Float[np.ndarray, " patient"]
    dlt: Float[np.ndarray, " patient"]


class TitePkFit(NamedTuple):
    """Posterior of log beta and of the risks by regimen, with numerical errors.

    Attributes:
        log_beta: Mean and sd of log beta, (2,).
        mean: Mean risk at the end of the window, (regimen,).
        sd: Its standard deviation.
        exceed: P(risk > t), (regimen, threshold).
        mean_error: Numerical error of `mean`.
        exceed_error: That of `exceed`.
    """

    log_beta: Float[np.ndarray, " 2"]
    mean: Float[np.ndarray, " regimen"]
    sd: Float[np.ndarray, " regimen"]
    exceed: Float[np.ndarray, "regimen threshold"]
    mean_error: Float[np.ndarray, " regimen"]
    exceed_error: Float[np.ndarray, "regimen threshold"]


def tite_pk_lattice(
    prior: TitePkPrior,
    log_chance: Float[np.ndarray, "outcome node"] | None,
    area: ArrayLike,
    thresholds: tuple[float, ...],
) -> Lattice:
    """Nodes of log beta with the readings log beta, its square, risk, its square, P(risk > t).

    Args:
        prior: Prior of log beta.
        log_chance: Log probability of each outcome, or None to fill it in later.
        area: Relative area A / A_ref of each regimen at the end of the window.
        thresholds: Risks t.
    """
    on = nodes_of(prior)
    order = np.argsort(~on.coarse, kind="stable")
    b = on.node[order]
    log_prior = -0.5 * ((b - prior.mean) / prior.sd) ** 2
    log_prior -= np.log(np.exp(log_prior).sum())
    relative = np.asarray(area, float)

    def readings(b: np.ndarray, spacing: float) -> np.ndarray:
        risk = -np.expm1(-np.exp(b)[:, None] * relative)
        over = [
            1 - step_weight(np.log(-np.log1p(-t) / relative), b[:, None], spacing)
            for t in thresholds
        ]
        return np.concatenate([b[:, None], b[:, None] ** 2, risk, risk**2, *over], 1)

    coarse = int(on.coarse.sum())
    empty = np.zeros((0, b.size))
    return Lattice(
        log_prior,
        empty if log_chance is None else log_chance,
        readings(b, on.spacing),
        readings(b[:coarse], 2 * on.spacing),
        on.edge[order].astype(float),
    )


def nodes_of(prior: TitePkPrior):
    """Regular nodes of log beta that hold the prior."""
    reach = _SDS * prior.sd
    return axis(prior.mean - reach, prior.mean + reach, min(0.05, prior.sd / 12))


def fit_tite_pk(
    prior: TitePkPrior,
    data: TitePkData,
    area: ArrayLike,
    *,
    thresholds: tuple[float, ...] = (),
) -> TitePkFit:
    """Posterior of the risks.

    Args:
        prior: Prior of log beta.
        data: Relative areas A(t_i) / A_ref and DLTs of the patients.
        area: Relative area of each regimen asked about, at the end of the window.
        thresholds: Risks t for which P(risk > t) is wanted.

    Returns:
        Means and probabilities with their errors.

    Raises:
        InputError: If an area is negative.

    Example:
        >>> prior = TitePkPrior(cloglog(0.175), 1.25)
        >>> fit = fit_tite_pk(prior, TitePkData(np.ones(6), np.array([0, 0, 0, 0, 0, 1])), [1.0])
        >>> fit.mean.round(3)
        array([0.169])
    """
    seen = np.asarray(data.area, float)
    check_numbers("fit_tite_pk, data.area", seen, seen >= 0, "give 0 or more")
    lattice = tite_pk_lattice(prior, None, area, thresholds)
    b = lattice.read[:, 0]
    # log h + log S; log E(t) at the DLT does not depend on beta.
    log_chance = np.asarray(data.dlt, float)[:, None] * b - seen[:, None] * np.exp(b)
    found = expectations(lattice._replace(log_chance=log_chance), np.ones((1, len(seen))))
    value, error = found.value[0], found.error[0]
    regimens = np.size(area)
    mean, square = value[2 : 2 + regimens], value[2 + regimens : 2 + 2 * regimens]
    exceed, exceed_error = (
        x[2 + 2 * regimens :].reshape(len(thresholds), regimens).T for x in (value, error)
    )
    return TitePkFit(
        np.array([value[0], np.sqrt(value[1] - value[0] ** 2)]),
        mean,
        np.sqrt(np.maximum(square - mean**2, 0)),
        exceed,
        error[2 : 2 + regimens],
        exceed_error,
    )

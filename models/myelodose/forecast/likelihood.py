"""How well possible patients explain what was seen of one."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from myelodose.forecast.coordinates import Coordinates
from myelodose.forecast.course import BLOCK, LONGEST_REST_D, at_start, go_on, patients_of, under
from myelodose.forecast.people import AssayErrors
from myelodose.forecast.seen import COUNTS, SHARES, Seen
from myelodose.marrow.course import DRUGS
from myelodose.observation import (
    allele_fraction,
    beta_binomial_log_probability,
    log_likelihood,
    positive_fraction,
    spread,
)
from myelodose.precision import float64
from myelodose.solve.plan import Plan, plan
from myelodose.units import HOURS_PER_DAY

_KINDS = (*COUNTS, *SHARES)
_FISH, _VAF = (_KINDS.index(name) for name in SHARES)
_READINGS = 16


class Readings(NamedTuple):
    """Readings as arrays, padded; `used` says which are real, `at` when in the plan, (reading,)."""

    at: Any
    kind: Any
    value: Any
    of: Any
    censored: Any
    used: Any


class Task(NamedTuple):
    """Everything but the patient's parameters: arrays, so that another patient compiles nothing.

    `noise` holds the numbers of `AssayErrors` in their order, `lost` whether 17p is lost.
    """

    plan: Plan
    readings: Readings
    noise: Any
    lost: Any


def task_of(seen: Seen, errors: AssayErrors) -> Task:
    """The plan of what was given, and what was read when.

    Readings are padded to sixteens, so that the next one mostly compiles nothing.

    Args:
        seen: The patient.
        errors: How measurements err.
    """
    rows = seen.readings
    days = np.array([one.day for one in rows])
    given = [one for one in seen.doses if one.day < days.max()]
    numbers = [DRUGS.index(one.drug) for one in given]
    more = -len(rows) % _READINGS
    cut = plan(
        [one.day for one in given],
        [one.mg for one in given],
        numbers,
        drugs=len(DRUGS),
        duration_d=[one.hours / HOURS_PER_DAY for one in given] or None,
        times_d=np.append(days, np.full(more, days[-1])),
        longest_window_d=LONGEST_REST_D,
    )

    def padded(values: list, fill: float) -> np.ndarray:
        return np.append(np.asarray(values, float), np.full(more, fill))

    readings = Readings(
        np.asarray(cut.at),
        padded([_KINDS.index(one.what) for one in rows], 0).astype(int),
        padded([one.value for one in rows], 1.0),
        padded([one.of for one in rows], 1.0),
        padded([one.censored for one in rows], 0).astype(int),
        padded([1] * len(rows), 0) > 0,
    )
    noise = [*errors.count_sd, errors.fish_overdispersion, errors.vaf_overdispersion]
    noise += [errors.false_positive, errors.false_negative, errors.read_error]
    return Task(cut, readings, np.array(noise), np.array(seen.loss_of_17p))


def expected(values: Float[Array, "all patient"], task: Task) -> Float[Array, "reading patient"]:
    """What each reading is expected to be, in the precision of the values. Pure: for gradients.

    Args:
        values: Parameters in the order of `NAMES`.
        task: What was given and read.
    """
    number, dtype = values.shape[-1], values.dtype
    windows = jax.tree.map(
        lambda x: jnp.broadcast_to(jnp.asarray(x)[..., None], (*x.shape, number)), task.plan
    )
    patient = patients_of(values, dtype)
    path = go_on(patient, windows, at_start(patient))
    return read_off(jnp.concatenate([path.counts, path.share], 1), task)


def read_off(
    both: Float[Array, "reading output patient"], task: Task
) -> Float[Array, "reading patient"]:
    """Counts as they are; of a share the probability of a positive nucleus or read. Pure.

    Args:
        both: Counts, clone share and TP53 share at every reading.
        task: What was read.
    """
    kind = jnp.asarray(task.readings.kind)
    read = both[jnp.arange(len(kind)), kind]
    rates: Any = task.noise[5:]
    fish = positive_fraction(read, false_positive=rates[0], false_negative=rates[1])
    vaf = [allele_fraction(read, zygosity=z, read_error=rates[2]) for z in _ZYGOSITIES]
    reads = jnp.where(task.lost, vaf[1], vaf[0])
    return jnp.where(kind[:, None] == _FISH, fish, jnp.where(kind[:, None] == _VAF, reads, read))


_ZYGOSITIES = ("heterozygous", "17p loss")


def log_likelihoods(
    predicted: Float[Array, "reading patient"], task: Task
) -> Float[Array, " patient"]:
    """Log-likelihood of all readings: log-normal counts (M3), beta-binomial shares. Pure.

    Args:
        predicted: From `expected`.
        task: What was read.
    """
    read = jax.tree.map(lambda x: jnp.asarray(x)[:, None], task.readings)
    fine = jnp.isfinite(predicted)
    counted = read.kind >= len(COUNTS)
    safe = jnp.where(fine, predicted, 0.5)
    sd = jnp.asarray(task.noise)[jnp.minimum(read.kind, 2)]
    counts = log_likelihood(
        read.value,
        spread("log-normal", jnp.where(counted, 1.0, safe), sd),
        censored=read.censored,
        limit=read.value,
    )
    rho = jnp.asarray(task.noise)[3 + (read.kind == _VAF)]
    positive = jnp.where(counted, read.value, 0.0)
    p = jnp.where(counted, safe, 0.5)
    shares = beta_binomial_log_probability(positive, jnp.maximum(read.of, 1.0), p, rho)
    each = jnp.where(counted, shares, counts)
    each = jnp.where(fine & ~jnp.isnan(each), each, -jnp.inf)
    return jnp.where(read.used, each, 0.0).sum(0)


class Tried(NamedTuple):
    """Patients beside what was seen: log-likelihood (patient,), expectation (reading, patient)."""

    log_likelihood: np.ndarray
    expected: np.ndarray


@jax.jit
def _scored(both: Array, task: Task) -> tuple[Array, Array]:
    predicted = read_off(both, task)
    return log_likelihoods(predicted, task), predicted


@jax.jit
def _values_at(z: Array, coordinates: Coordinates) -> Array:
    return coordinates.values(z)


def try_values(values: Float[np.ndarray, "all patient"], task: Task) -> Tried:
    """Likelihoods of patients.

    Args:
        values: Parameters in the order of `NAMES`.
        task: What was given and read.
    """
    path = under(values, task.plan)
    both = np.concatenate([path.counts, path.share], 1).astype(float)
    count = both.shape[-1]
    index = np.minimum(np.arange(count + -count % BLOCK), count - 1)
    with float64():
        scored = _scored(jnp.asarray(both[..., index]), task)
        return Tried(*(np.asarray(one)[..., :count] for one in scored))


def try_points(
    z: Float[np.ndarray, "point parameter"], coordinates: Coordinates, task: Task
) -> tuple[Tried, np.ndarray]:
    """The same at standard normal coordinates, and the parameters there.

    Args:
        z: Points.
        coordinates: Their meaning.
        task: What was given and read.
    """
    count = len(z)
    index = np.minimum(np.arange(count + -count % BLOCK), count - 1)
    with float64():
        values = np.asarray(_values_at(jnp.asarray(z[index]), coordinates))[:, :count]
    return try_values(values, task), values

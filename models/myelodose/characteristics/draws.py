"""Random numbers of simulated trials: one for each trial and patient, whatever the batch.

A patient is a tolerance u, uniform on (0, 1): a dose-limiting toxicity occurs at a level of risk p
if u < p. Trial t and patient i of a seed have the same u under every design, scenario and batch
size, so that differences between designs are not blurred by chance (common random numbers).
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from myelodose.errors import InputError
from myelodose.precision import float64

STREAMS = ("toxicity", "efficacy", "time", "arrival", "accrual")
"""Independent streams of one trial: what each number is used for."""


def tolerances(
    seed: int, trials: range, patients: int, stream: str = "toxicity"
) -> Float[np.ndarray, "trial patient"]:
    """Uniform numbers of the patients of some trials.

    Args:
        seed: Seed of the whole simulation.
        trials: Which trials, such as range(0, 1000).
        patients: Patients in each; the first ones do not depend on how many are asked for.
        stream: Which of the `STREAMS`.

    Returns:
        Numbers in [0, 1).

    Raises:
        InputError: If there is no seed, or no such stream.

    Example:
        >>> few, many = tolerances(1, range(5, 6), 2), tolerances(1, range(0, 9), 40)
        >>> bool((few[0] == many[5, :2]).all())
        True
    """
    check_seed(seed)
    if stream not in STREAMS:
        raise InputError("tolerances, stream", f"found {stream!r}", f"use {', '.join(STREAMS)}")
    with float64():
        key = jax.random.fold_in(jax.random.key(seed), STREAMS.index(stream))
        numbers = np.arange(trials.start, trials.stop, trials.step)
        return np.asarray(_uniform(key, jnp.asarray(numbers), patients))


def check_seed(seed: int | None) -> int:
    """The seed, if it is one: a simulation without a seed could not be repeated.

    Raises:
        InputError: If it is no whole number of at least 0.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError("seed", f"found {seed!r}", "give a whole number of at least 0")
    return int(seed)


@partial(jax.jit, static_argnums=2)
def _uniform(key, trials, patients: int):
    def trial(number):
        # The i-th number of a key does not depend on how many are drawn; a test holds that.
        return jax.random.uniform(jax.random.fold_in(key, number), (patients,), jnp.float64)

    return jax.vmap(trial)(trials)

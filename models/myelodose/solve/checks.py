"""Refuse what cannot be simulated, as far as it is concrete."""

from collections.abc import Callable, Mapping

import jax
import numpy as np

from myelodose.errors import InputError, check_numbers
from myelodose.solve.plan import Plan

type Check = tuple[Callable[[np.ndarray], np.ndarray], str]
"""What holds for a good number, and what would do; infinities and NaN are refused anyway."""

ABOVE_0: Check = (lambda x: x > 0, "finite numbers above 0")
AT_LEAST_0: Check = (lambda x: x >= 0, "finite numbers of at least 0")
UP_TO_1: Check = (lambda x: (x >= 0) & (x <= 1), "numbers from 0 to 1")


def check_concrete(parameters: object, checks: Mapping[str, Check], *, place: str = "") -> None:
    """Refuse parameters that cannot be, as far as they are concrete.

    Args:
        parameters: A record; fields that are None or traced are passed over.
        checks: For each field what holds for a good value, and what would do.
        place: What to name in the error; the class of the record if not given.

    Raises:
        InputError: Naming record, field, value and remedy.

    Example:
        >>> from myelodose.effect import Linear
        >>> check_concrete(Linear(-1.0), {"slope": AT_LEAST_0})
        Traceback (most recent call last):
        myelodose.errors.InputError: Linear, slope: found -1; give finite numbers of at least 0
    """
    for name, (fine, remedy) in checks.items():
        value = getattr(parameters, name)
        if value is None or isinstance(value, jax.core.Tracer):
            continue
        numbers = np.asarray(value, float)
        where = f"{place or type(parameters).__name__}, {name}"
        check_numbers(where, numbers, np.isfinite(numbers) & fine(numbers), f"give {remedy}")


def check_drug(function: str, plan: Plan, drug: int) -> None:
    """Refuse a drug that the plan does not have.

    Args:
        function: Who asks, for the error.
        plan: The plan.
        drug: Number of the drug.

    Raises:
        InputError: Naming the drug and how many there are.

    Example:
        >>> from myelodose.solve.plan import plan
        >>> check_drug("here", plan([0.0], [1.0], [0], drugs=1, times_d=[1.0]), 1)
        Traceback (most recent call last):
        myelodose.errors.InputError: here, drug: found 1; give 0 to 0
    """
    count = plan.amount.shape[1]
    if not 0 <= drug < count:
        raise InputError(f"{function}, drug", f"found {drug}", f"give 0 to {count - 1}")

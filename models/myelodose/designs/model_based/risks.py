"""What designs with overdose control decide on."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Risks(NamedTuple):
    """Posterior of the risks; the first axis is the state.

    Attributes:
        mean: Mean risk.
        sd: Its standard deviation.
        exceed: P(risk > t).
        exceed_error: Its numerical error.
    """

    mean: Float[np.ndarray, "state level"]
    sd: Float[np.ndarray, "state level"]
    exceed: Float[np.ndarray, "state level threshold"]
    exceed_error: Float[np.ndarray, "state level threshold"]

"""A second way to every linear model: its rate matrix by hand, and scipy's matrix exponential."""

import numpy as np
from scipy.linalg import expm

from myelodose.pk import OneCompartment, TwoCompartment


def rate_matrix(model) -> np.ndarray:
    """A in x' = A x + input, written down from the equations."""
    n = len(model.names)
    a = np.zeros((n, n))
    at = {name: i for i, name in enumerate(model.names)}
    chain = [at[name] for name in model.names if name == "gut" or name.startswith("transit")]
    central = at["central"]
    for here, after in zip(chain, [*chain, central][1:], strict=True):
        a[here, here] -= model.ka
        a[after, here] += model.ka
    if isinstance(model, OneCompartment):
        volume = model.V
        a[central, central] -= model.CL / volume
    else:
        assert isinstance(model, TwoCompartment)
        volume, other = model.V1, at["peripheral"]
        a[central, central] -= (model.CL + model.Q) / volume
        a[other, central] += model.Q / volume
        a[central, other] += model.Q / model.V2
        a[other, other] -= model.Q / model.V2
    if model.ke0 is not None:
        a[at["effect"], central] += model.ke0 / volume
        a[at["effect"], at["effect"]] -= model.ke0
    return a


def advanced(model, state, dt: float, rate) -> np.ndarray:
    """State after dt under constant input, by one matrix exponential of one size more."""
    n = len(model.names)
    whole = np.zeros((n + 1, n + 1))
    whole[:n, :n] = rate_matrix(model)
    whole[:n, n] = rate
    return (expm(whole * dt) @ np.append(np.asarray(state, float), 1.0))[:n]

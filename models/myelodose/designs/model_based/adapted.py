"""P(risk > t) in the two-parameter logistic model with nodes adapted to each state."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from myelodose.designs.model_based.risks import Risks
from myelodose.dose_models.logistic import LogisticModel
from myelodose.inference import quadrature
from myelodose.precision import float64

_BATCH = 8
_COARSER = 16
_FINER = 22


@partial(jax.jit, static_argnames="panels")
def _adapted(data: quadrature.LogisticData, cuts, *, panels: int):
    """P(risk <= t) for a batch of states that share prior and doses; (state, level, threshold)."""

    def one(state):
        n, dlt = state
        mine = data._replace(n=n, dlt=dlt)
        return quadrature.probabilities_at_most(mine, data.log_dose, cuts, panels=panels)

    return jax.lax.map(one, (data.n, data.dlt))


def adapted_exceed(
    model: LogisticModel, n, y, thresholds: tuple[float, ...]
) -> tuple[Float[np.ndarray, "state level threshold"], Float[np.ndarray, "state level threshold"]]:
    """P(risk > t) with nodes adapted to each state, and the difference to fewer nodes.

    States go in batches of one size, so that it compiles once.
    """
    (mu, mv), (su, sv) = model.mean, model.sd
    cross = model.correlation * su * sv
    precision = np.linalg.inv(np.array([[su * su, cross], [cross, sv * sv]]))
    short = -len(n) % _BATCH
    n, y = (np.pad(np.asarray(x, float), ((0, short), (0, 0))) for x in (n, y))
    found = []
    with float64():
        log_dose, cuts = jnp.asarray(model.log_dose), jnp.asarray(thresholds)
        for start in range(0, len(n), _BATCH):
            rows = slice(start, start + _BATCH)
            data = quadrature.LogisticData(
                log_dose, jnp.asarray(n[rows]), jnp.asarray(y[rows]),
                jnp.asarray([mu, mv]), jnp.asarray(precision),
            )  # fmt: skip
            pair = [_adapted(data, cuts, panels=panels) for panels in (_FINER, _COARSER)]
            found.append(np.stack(jax.device_get(pair)))
    both = np.concatenate(found, 1)[:, : len(n) - short]
    return 1 - both[0], np.abs(both[0] - both[1]) + 1e-12


def improved(
    model: LogisticModel, risks: Risks, rows: np.ndarray, n, y, thresholds: tuple[float, ...]
) -> Risks:
    """The posterior with `exceed` of the given states replaced by the adapted one.

    Args:
        model: Prior and doses.
        risks: Posterior of all states.
        rows: Indices of the states to improve.
        n: Evaluable patients, state x level.
        y: Patients with a DLT, state x level.
        thresholds: Risks t, as in `risks.exceed`.
    """
    exceed, error = adapted_exceed(model, n[rows], y[rows], thresholds)
    value, margin = risks.exceed.copy(), risks.exceed_error.copy()
    value[rows], margin[rows] = exceed, error
    return risks._replace(exceed=value, exceed_error=margin)

"""A quick look at a posterior: variational inference, which says itself how far it is off.

A normal density on the unconstrained scale is fitted by stochastic ascent (NumPyro's SVI), draws
from it are weighted by posterior over approximation, and Pareto k tells whether the weights can be
trusted: below 0.7 the weighted draws stand for the posterior, above they do not (Vehtari et al.
2024, JMLR 25:72; Yao et al. 2018, arXiv 1802.02538). On hierarchical models k was 1.8 and above.
So the result is for looking and for debugging a model: it has no R-hat, decisions refuse it
(`require_converged`), and NUTS is the way to a posterior.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import arviz as az
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from numpyro.infer import SVI, Trace_ELBO
from numpyro.infer.autoguide import AutoLowRankMultivariateNormal, AutoMultivariateNormal
from numpyro.infer.util import constrain_fn, potential_energy
from numpyro.optim import ClippedAdam

from myelodose.errors import InputError, check_fields
from myelodose.inference.given import as_arrays, tree_hash
from myelodose.inference.layout import look_at
from myelodose.inference.result import plate_dims
from myelodose.packages import package_versions
from myelodose.posterior import Diagnostics, Model, Provenance
from myelodose.precision import float64

Tree = Any
GUIDES = {"normal": AutoMultivariateNormal, "low-rank": AutoLowRankMultivariateNormal}


@dataclass(frozen=True)
class VariationalSettings:
    """Settings of the ascent.

    Args:
        guide: "normal" has a full covariance, "low-rank" one of rank sqrt(dimension).
        steps: Steps of the ascent.
        step_size: Of Adam.
        draws: Draws from the approximation.

    Raises:
        InputError: If a value cannot be.
    """

    guide: str = "normal"
    steps: int = 5000
    step_size: float = 0.01
    draws: int = 1000

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        checks = {
            "guide": (self.guide in GUIDES, f"one of {', '.join(GUIDES)}"),
            "steps": (self.steps >= 1, "1 or more"),
            "step_size": (self.step_size > 0, "a number above 0"),
            "draws": (self.draws >= 100, "100 or more: Pareto k needs a tail"),
        }
        check_fields(self, checks)


def variational(
    model: Callable,
    data: Tree,
    y: Tree = None,
    *,
    seed: int,
    settings: VariationalSettings | None = None,
    identity: Model | None = None,
    data_name: str = "",
    dims: Mapping[str, Sequence[str]] | None = None,
    coords: Mapping[str, Any] | None = None,
    hide: Sequence[str] = (),
) -> xr.DataTree:
    """Approximate a posterior by a normal density on the unconstrained scale.

    Args:
        model: As for `driver.fit`.
        data: Arrays, in any tree.
        y: What was seen, if the model takes it apart from the rest.
        seed: Seed of all randomness.
        settings: Settings of the ascent.
        identity: Name and version of the model.
        data_name: Name of the data, for the record.
        dims: Names of dimensions by variable; those of plates are known.
        coords: Labels of dimensions.
        hide: Variables that are not stored.

    Returns:
        Group `posterior` with one chain, `sample_stats` with `log_weight` and
        `diverging` (none) of each draw, and provenance with `pareto_k`.

    Raises:
        InputError: If the ascent ended at no number.
    """
    chosen = settings or VariationalSettings()
    identity = identity or Model(getattr(model, "__name__", type(model).__name__), 1)
    given = as_arrays((data,) if y is None else (data, y))
    with float64():
        args = jax.tree.map(jnp.asarray, given)
        values, log_weight = _drawn(model, args, chosen, seed, tuple(hide))
        named = plate_dims(look_at(model, args), values)
    if not np.isfinite(log_weight).any():
        raise InputError(
            "variational",
            "the ascent ended at no number",
            "give a smaller step_size or better priors",
        )
    stats = {"log_weight": log_weight, "diverging": np.zeros(log_weight.shape, bool)}
    tree = az.from_dict(
        {"posterior": values, "sample_stats": stats},
        coords=dict(coords or {}),
        dims=named | {name: list(d) for name, d in (dims or {}).items()},
    ).map_over_datasets(lambda group: group.drop_attrs())
    record = Provenance(
        model=identity,
        data_name=data_name,
        data_hash=tree_hash(given),
        seed=seed,
        sampler={"algorithm": "variational"} | asdict(chosen),
        # NaN fails: nothing converged in the sense of chains.
        diagnostics=Diagnostics(np.nan, np.nan, np.nan, 0, pareto_k=pareto_k(log_weight)),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        packages=package_versions(),
    )
    tree.attrs["provenance"] = record.to_json()
    return tree


def pareto_k(log_weight: np.ndarray) -> float:
    """Shape of the tail of importance weights."""
    finite = np.nan_to_num(log_weight, nan=-1e300, neginf=-1e300)
    if np.ptp(finite) < 1e-9:
        return 0.0  # equal weights have no tail to fit
    # ArviZ registers `azstats` on xarray; it wants log likelihoods, whose weights are 1 over them.
    losses = xr.DataArray(-finite, dims=("chain", "draw"))
    return float(losses.azstats.psislw(dim=["chain", "draw"])[1])


def _drawn(model, args: Tree, settings: VariationalSettings, seed: int, hide: tuple[str, ...]):
    """Draws by variable with one chain first, and log weights (chain, draw)."""
    guide = GUIDES[settings.guide](model)
    search = SVI(model, guide, ClippedAdam(settings.step_size), Trace_ELBO())
    key_search, key_draws = jax.random.split(jax.random.key(seed))
    found = search.run(key_search, settings.steps, *args, progress_bar=False)
    density = guide.get_posterior(found.params)

    def one(latent):
        z = guide._unpack_latent(latent)
        every = constrain_fn(model, args, {}, z, return_deterministic=True)
        weight = -potential_energy(model, args, {}, z) - density.log_prob(latent)
        return {name: value for name, value in every.items() if name not in hide}, weight

    latent = density.sample(key_draws, (settings.draws,))
    values, weights = jax.jit(lambda x: jax.lax.map(one, x))(latent)
    named: dict[str, np.ndarray] = {n: np.asarray(v)[None] for n, v in values.items()}
    return named, np.asarray(weights)[None]

"""Sample a NumPyro model with NUTS and hand over a DataTree with provenance."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

import arviz as az
import jax
import numpyro
import xarray as xr

from myelodose.diagnostics import convergence
from myelodose.errors import check_fields
from myelodose.packages import package_versions
from myelodose.posterior import Model, Provenance, content_hash
from myelodose.precision import declare_cpu_devices, float64


@dataclass(frozen=True)
class SamplerSettings:
    """Settings of the no-U-turn sampler.

    Args:
        chains: Number of chains, at least 2 so that R-hat means something.
        warmup: Warm-up draws per chain.
        draws: Kept draws per chain.
        target_accept: Mean acceptance that the step size is adapted to, between 0 and 1.
        max_tree_depth: Most doublings of a trajectory.
        chain_method: "parallel", "sequential" or "vectorized"; "auto" is parallel where JAX has,
            or can still be given, a CPU device for each chain, and sequential otherwise. Draws of
            one seed differ between the methods, so the one used is stored with the posterior.

    Raises:
        InputError: If a value cannot be.
    """

    chains: int = 4
    warmup: int = 1000
    draws: int = 2500
    target_accept: float = 0.99
    max_tree_depth: int = 10
    chain_method: str = "auto"

    def __post_init__(self) -> None:
        """Check every value while it is concrete."""
        checks = {
            "chains": (self.chains >= 2, "2 or more"),
            "warmup": (self.warmup >= 1, "1 or more"),
            "draws": (self.draws >= 4, "4 or more"),
            "target_accept": (0 < self.target_accept < 1, "a number between 0 and 1"),
            "max_tree_depth": (self.max_tree_depth >= 1, "1 or more"),
            "chain_method": (
                self.chain_method in ("auto", "parallel", "sequential", "vectorized"),
                "'auto', 'parallel', 'sequential' or 'vectorized'",
            ),
        }
        check_fields(self, checks)


PRIOR_DRAWS = 10_000


def sample(
    model: Callable,
    inputs: tuple,
    observed: tuple,
    *,
    seed: int,
    settings: SamplerSettings,
    identity: Model,
    data: xr.Dataset,
    prior: dict | None = None,
    dims: dict[str, list[str]] | None = None,
    coords: dict | None = None,
    hide: tuple[str, ...] = (),
    **kwargs,
) -> xr.DataTree:
    """Fit a NumPyro model.

    Args:
        model: The model, called as `model(*inputs, *observed, **kwargs)`.
        inputs: What is known before the trial: doses, covariates.
        observed: What was seen; left out, the model simulates it.
        seed: Seed of all randomness.
        settings: Sampler settings.
        identity: Name and version of the model.
        data: The data, whose hash is stored.
        prior: Prior settings to store.
        dims: Names of the dimensions of each site.
        coords: Their labels.
        hide: Sites that are only means to others, such as standardised effects; not stored.
        **kwargs: Keyword arguments of the model.

    Returns:
        A DataTree with groups `posterior`, `prior`, `sample_stats` and the provenance.
    """
    settings = replace(settings, chain_method=_chain_method(settings))
    key_prior, key_chains = jax.random.split(jax.random.key(seed))
    with float64():
        mcmc = numpyro.infer.MCMC(
            numpyro.infer.NUTS(
                model,
                target_accept_prob=settings.target_accept,
                max_tree_depth=settings.max_tree_depth,
            ),
            num_warmup=settings.warmup,
            num_samples=settings.draws,
            num_chains=settings.chains,
            chain_method=settings.chain_method,
            progress_bar=False,
        )
        mcmc.run(key_chains, *inputs, *observed, **kwargs)
        after = jax.device_get(mcmc.get_samples(group_by_chain=True))
        stats = jax.device_get(mcmc.get_extra_fields(group_by_chain=True))
        simulate = numpyro.infer.Predictive(model, num_samples=PRIOR_DRAWS)
        before = jax.device_get(simulate(key_prior, *inputs, **kwargs))
    sites = [name for name in after if name not in hide]
    tree = az.from_dict(
        {
            "posterior": {name: after[name] for name in sites},
            # One long chain: prior draws are independent.
            "prior": {name: before[name][None] for name in sites},
            "sample_stats": {"diverging": stats["diverging"]},
        },
        coords=coords,
        dims=dims or {},
    )
    tree = tree.map_over_datasets(lambda group: group.drop_attrs())
    record = Provenance(
        model=identity,
        data_name=str(data.attrs.get("name", "")),
        data_hash=content_hash(data),
        seed=seed,
        sampler={"algorithm": "NUTS"} | asdict(settings),
        diagnostics=convergence(tree),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        packages=package_versions(),
        prior=prior or {},
    )
    tree.attrs["provenance"] = record.to_json()
    return tree


def _chain_method(settings: SamplerSettings) -> str:
    """The method that is really used."""
    if settings.chain_method not in ("auto", "parallel"):
        return settings.chain_method
    try:
        # Never fewer than were declared already: a later fit may have more chains.
        declare_cpu_devices(max(settings.chains, jax.config.jax_num_cpu_devices))
    except RuntimeError:
        if settings.chain_method == "parallel":
            raise
        return "sequential"
    return "parallel"

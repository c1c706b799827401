"""The NumPyro side: a population model as a plain function with sites named after symbols."""

from collections.abc import Callable
from typing import Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from myelodose.population.above import Above, accepted_keys
from myelodose.population.constraint import AboveRate
from myelodose.population.data import Data
from myelodose.population.numpyro_first import dist, numpyro
from myelodose.population.parameter import Parameter
from myelodose.population.prior import Prior
from myelodose.population.random_effects import RandomEffects
from myelodose.population.structures.structure import Structure


class Hierarchy(Protocol):
    """What is asked of a population model here."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def structure(self) -> Structure:
        """What happens in a patient."""
        ...

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its parameters."""
        ...

    @property
    def random_effects(self) -> RandomEffects:
        """How patients differ."""
        ...

    @property
    def constraint(self) -> AboveRate | None:
        """An order between typical values."""
        ...

    @property
    def effects(self) -> tuple[str, ...]:
        """Parameters that differ between patients."""
        ...

    def sites(self) -> dict[str, Prior]:
        """What is estimated."""
        ...

    def away(self, theta: dict, name: str) -> Array:
        """How far a typical value is from the median of its prior."""
        ...

    def predict(self, theta: dict, eta: Array, data: Data) -> Array:
        """What is expected."""
        ...

    def simulate(self, key: Array, theta: dict, predicted: Array, data: Data) -> Array:
        """Draws of measurements."""
        ...

    def log_likelihood_of(self, theta: dict, predicted: Array, data: Data) -> Array:
        """Log-likelihood of measurements."""
        ...


def numpyro_model(model: Hierarchy) -> Callable:
    """A function f(data, y=None) for NumPyro; without y it simulates.

    Sites: typical values by their names, `omega_CL`, `L` and `correlation` of the block, `z_eta`
    and `phi` (below), `eta` (patient, effect), `sigma_<label>`, and `y`.

    Args:
        model: The population model.
    """

    def hierarchical(data: Data, y: Float[Array, " obs"] | None = None) -> None:
        theta = sample_population(model)
        eta = sample_effects(model, theta, data)
        predicted = model.predict(theta, eta, data)
        with numpyro.plate("obs", predicted.shape[0]):
            numpyro.sample("y", Measured(model, theta, predicted, data), obs=y)

    hierarchical.__name__ = hierarchical.__qualname__ = model.name
    return hierarchical


def sample_population(model: Hierarchy) -> dict[str, Array]:
    """Draw everything that is one for all patients."""
    theta = {}
    lowest = model.constraint.parameter if model.constraint else None
    # Without a constraint every site has the key that NumPyro gives it.
    keys = accepted_keys(model) if model.constraint else {}
    for site, prior in model.sites().items():
        if site != lowest:
            theta[site] = numpyro.sample(site, prior.distribution(), rng_key=keys.get(site))
    if model.constraint:
        site, bound = (
            model.constraint.parameter,
            model.constraint.bound(model.structure, model.parameters, theta),
        )
        excess = numpyro.sample(f"{site}_above", Above(model.sites()[site], bound))
        theta[site] = numpyro.deterministic(site, bound + excess)
    block = len(model.random_effects.correlated)
    if block:
        theta["L"] = numpyro.sample("L", dist.LKJCholesky(block, model.random_effects.lkj))
        declared, own = model.random_effects.correlated, model.random_effects.block
        at = np.array([own.index(name) for name in declared])
        numpyro.deterministic("correlation", (theta["L"] @ theta["L"].T)[at][:, at])
    return theta


def sample_effects(model: Hierarchy, theta: dict, data: Data) -> Float[Array, "patient eta"]:
    """Draw the random effects of all patients.

    A centred effect is sampled as `phi`, the patient's link(typical) + eta less link(median of the
    prior), so that 0 is a sensible start.
    """
    effects, names = model.random_effects, model.effects
    patients = data.patients.shape[0]
    if not names:
        return numpyro.deterministic("eta", jnp.zeros((patients, 0)))
    centred = effects.is_centred(names, observations=data.y.shape[0], patients=patients)
    # Centred effects first: the others follow given them.
    order = effect_order(model, centred)
    count = sum(centred.values())
    scale = effects.scale(theta, names)[order][:, order]
    z = jnp.zeros((patients, 0))
    shift = jnp.stack([model.away(theta, names[i]) for i in order])
    if count:
        first = dist.MultivariateNormal(shift[:count], scale_tril=scale[:count, :count])
        with numpyro.plate("patient", patients, dim=-1):
            phi = numpyro.sample("phi", first)
        own = (phi - shift[:count]).T
        z = jax.scipy.linalg.solve_triangular(scale[:count, :count], own, lower=True).T
    if count < len(names):
        normal = dist.Normal(0.0, 1.0).expand([len(names) - count]).to_event(1)
        with numpyro.plate("patient", patients, dim=-1):
            z = jnp.concatenate([z, numpyro.sample("z_eta", normal)], 1)
    eta = (z @ scale.T)[:, np.argsort(order)]
    within = _occasions(model, theta, data)
    return numpyro.deterministic("eta", jnp.concatenate([eta, *within], 1))


def effect_order(model: Hierarchy, centred: dict[str, bool]) -> np.ndarray:
    """Effects with the centred ones first; a block keeps the order of its L otherwise."""
    names, block = model.effects, model.random_effects.block
    listed = [*block, *(name for name in names if name not in block)]
    listed.sort(key=lambda name: not centred[name])
    return np.array([names.index(name) for name in listed])


def _occasions(model: Hierarchy, theta: dict, data: Data) -> list[Array]:
    """Effects of occasions, non-centred: an occasion has few measurements."""
    effects, occasions = model.random_effects, data.occasions.shape[0]
    if not effects.occasion:
        return []
    columns = len(effects.occasion) * occasions
    normal = dist.Normal(0.0, 1.0).expand([columns]).to_event(1)
    with numpyro.plate("patient", data.patients.shape[0], dim=-1):
        z = numpyro.sample("z_occasion", normal)
    covariance = effects.covariance(theta, model.effects, occasions=occasions)
    return [z * jnp.sqrt(jnp.diag(covariance))[-columns:]]


class Measured(dist.Distribution):
    """All measurements around their predictions; of a failed prediction the density is 0."""

    support = dist.constraints.real_vector
    arg_constraints: dict = {}  # noqa: RUF012 - NumPyro's name

    def __init__(self, model: Hierarchy, theta: dict, predicted: Array, data: Data) -> None:
        self.model, self.theta, self.predicted, self.data = model, theta, predicted, data
        super().__init__(batch_shape=jnp.shape(predicted), event_shape=())

    @property
    def mean(self) -> Array:
        """The predictions."""
        return self.predicted

    def sample(self, key: Array, sample_shape: tuple = ()) -> Array:
        """Draws of the measurements."""
        if sample_shape:
            keys = jax.random.split(key, sample_shape)
            return jnp.stack([self.sample(one) for one in keys.reshape(-1)]).reshape(
                *sample_shape, -1
            )
        return self.model.simulate(key, self.theta, self.predicted, self.data)

    def log_prob(self, value: Array) -> Array:
        """Log-likelihood of every measurement, (obs,)."""
        data = self.data._replace(y=value)
        return self.model.log_likelihood_of(self.theta, self.predicted, data)

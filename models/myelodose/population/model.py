"""The hierarchical model: a structure, its parameters, how patients and measurements vary."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float

from myelodose.errors import InputError
from myelodose.population.constraint import AboveRate
from myelodose.population.counted import CellCount, Event, ReadCount
from myelodose.population.data import Data
from myelodose.population.parameter import Parameter
from myelodose.population.prepare import prepare
from myelodose.population.prior import Prior
from myelodose.population.random_effects import RandomEffects
from myelodose.population.residual import Residual
from myelodose.population.structures.structure import Structure
from myelodose.precision import float64

type Numbers = Float[Array, "..."] | np.ndarray
"""Concrete or traced."""


@dataclass(frozen=True, eq=False)
class PopulationModel:
    """A hierarchical model of patients, declared once for fits, simulations and figures.

    Args:
        name: Its name.
        structure: What happens in a patient.
        parameters: One for each parameter of the structure.
        random_effects: How patients differ.
        residuals: By label of the measurements (DVID), how they differ from predictions.
        constraint: An order between typical values, if any.

    Raises:
        InputError: If a parameter is missing, unknown or given twice, or an output is unknown.

    Example:
        >>> from myelodose.population import OneCompartmentPk
        >>> model = PopulationModel(
        ...     "one compartment",
        ...     OneCompartmentPk(oral=False),
        ...     (Parameter("CL", Prior("LogNormal", 1.0, 1.0)),
        ...      Parameter("V", Prior("LogNormal", 3.0, 1.0))),
        ...     RandomEffects(correlated=("CL", "V")),
        ...     {"": Residual("proportional", Prior("HalfNormal", 0.5))},
        ... )
        >>> list(model.sites())
        ['CL', 'V', 'omega_CL', 'omega_V', 'sigma']
    """

    name: str
    structure: Structure
    parameters: tuple[Parameter, ...]
    random_effects: RandomEffects
    residuals: Mapping[str, Residual | CellCount | ReadCount | Event]
    constraint: AboveRate | None = None

    def __post_init__(self) -> None:
        """Check that the parts fit."""
        object.__setattr__(self, "parameters", tuple(self.parameters))
        names = [one.name for one in self.parameters]
        place = f"PopulationModel {self.name!r}"
        missing = [name for name in self.structure.needs if name not in names]
        if missing:
            remedy = f"give a Parameter for each of {', '.join(self.structure.needs)}"
            raise InputError(place, f"found no parameter {', '.join(missing)}", remedy)
        for name in names:
            if name not in self.structure.needs or names.count(name) > 1:
                what = f"found {names.count(name)} of {name!r}"
                remedy = f"give one each of {', '.join(self.structure.needs)}"
                raise InputError(place, what, remedy)
        self.random_effects.check(self.effects)
        for name in self.random_effects.occasion:
            if name not in names:
                remedy = f"give some of {', '.join(names)}"
                raise InputError(f"{place}, occasion", f"found {name!r}", remedy)
        self.outputs()

    @property
    def effects(self) -> tuple[str, ...]:
        """Parameters that differ between patients, in the order of eta."""
        return tuple(one.name for one in self.parameters if one.random)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the measurements, in the order of `kind_of_obs`."""
        return tuple(self.residuals)

    def outputs(self) -> dict[str, str]:
        """Which output of the structure each label measures.

        Raises:
            InputError: If there is no such output.
        """
        possible = self.structure.outputs
        named = {}
        for label, residual in self.residuals.items():
            only = possible[0] if len(possible) == 1 else label
            named[label] = residual.of or (label if label in possible else only)
            if named[label] not in possible:
                remedy = f"name one of {', '.join(possible)} in Residual(of=...)"
                raise InputError(f"residuals[{label!r}]", f"found {named[label]!r}", remedy)
        return named

    def sites(self) -> dict[str, Prior]:
        """Every single number that is estimated for the population: site and prior.

        A block of correlated effects has its Cholesky factor `L` beside them.
        """
        sites: dict[str, Prior] = {}
        for one in self.parameters:
            sites |= one.sites()
        sites |= self.random_effects.sites(self.effects)
        for label, residual in self.residuals.items():
            sites |= residual.sites(label)
        return sites

    def eta_names(self, data: Data) -> tuple[str, ...]:
        """Names of the columns of eta: effects, then those of occasions as name@occasion."""
        within = self.random_effects.occasion
        occasions = range(1, data.occasions.shape[0] + 1)
        return (*self.effects, *(f"{name}@{k}" for name in within for k in occasions))

    def covariance(self, theta: dict, data: Data) -> Float[Array, "eta eta"]:
        """Covariance of one patient's eta, effects of occasions included."""
        with float64():
            return self.random_effects.covariance(
                theta, self.effects, occasions=data.occasions.shape[0]
            )

    def prepare(self, records: xr.Dataset, *, at: str = "observations") -> Data:
        """Arrays of a table.

        Args:
            records: The table, with the variables that `records` gives it.
            at: "observations": what was measured; "records": every record of EVID 0, measured or
                not, to predict there.

        Raises:
            InputError: If the table lacks what the model needs.
        """
        return prepare(
            self.structure,
            records,
            outputs=self.outputs(),
            parameters=self.parameters,
            counted={label: one.needs_trials for label, one in self.residuals.items()},
            at=at,
        )

    def individual_values(
        self, theta: dict, eta: Numbers, data: Data
    ) -> dict[str, Float[Array, "patient ..."]]:
        """Every patient's parameters.

        Args:
            theta: Population parameters by site.
            eta: Random effects, in the order of `eta_names`.
            data: From `prepare`.

        Returns:
            By name, (patient,), or (patient, record) where a covariate or an occasion changes it.
        """
        with float64():
            return {one.name: self._values(one, theta, eta, data) for one in self.parameters}

    def _values(self, one: Parameter, theta: dict, eta: Numbers, data: Data) -> Array:
        value = one.to_link(one.typical(theta)) * jnp.ones(data.patients.shape[0])
        if one.random:
            value = value + jnp.asarray(eta)[:, self.effects.index(one.name)]
        if one.name in self.random_effects.occasion:
            at, occasions = self.random_effects.occasion.index(one.name), data.occasions.shape[0]
            first = len(self.effects) + at * occasions
            own = jnp.asarray(eta)[:, first : first + occasions]
            value = value[:, None] + jnp.take_along_axis(own, jnp.asarray(data.occasion), 1)
        for effect in one.covariates:
            x = jnp.asarray(data.covariates[effect.covariate])
            shift = effect.shift(theta, one.name, x, one.link)
            if value.ndim != shift.ndim:
                value, shift = (v if v.ndim == 2 else v[:, None] for v in (value, shift))
            value = value + shift
        return one.from_link(value)

    def away(self, theta: dict, name: str) -> Float[Array, ""]:
        """How far a typical value is from the median of its prior, on the scale of its link."""
        one = next(one for one in self.parameters if one.name == name)
        return one.to_link(one.typical(theta)) - one.to_link(one.prior.median)

    def predict(self, theta: dict, eta: Numbers, data: Data) -> Float[Array, " obs"]:
        """What is expected at every observation; arguments as in `individual_values`."""
        with float64():
            return self.structure.predict(self.individual_values(theta, eta, data), data)

    def log_likelihood(self, theta: dict, eta: Numbers, data: Data) -> Float[Array, " obs"]:
        """Of every measurement given the random effects; -inf where a prediction failed."""
        with float64():
            return self.log_likelihood_of(theta, self.predict(theta, eta, data), data)

    def log_likelihood_of(
        self, theta: dict, predicted: Float[Array, " obs"], data: Data
    ) -> Float[Array, " obs"]:
        """Of every measurement around predictions that are known already."""
        with float64():
            fine = jnp.isfinite(predicted)
            # In place of what failed, a number that keeps the gradient of the rest finite.
            safe = jnp.where(fine, predicted, 1.0)
            total = jnp.zeros_like(safe)
            for k, (label, residual) in enumerate(self.residuals.items()):
                own = jnp.asarray(data.kind_of_obs) == k
                of_kind = residual.log_likelihood(theta, label, jnp.where(own, safe, 1.0), data)
                total = jnp.where(own, of_kind, total)
            seen = jnp.isfinite(data.y) | (jnp.asarray(data.censored) != 0)
            total = jnp.where(jnp.isnan(total) | ~fine, -jnp.inf, total)
            return jnp.where(seen, total, 0.0)

    def simulate(
        self, key: Array, theta: dict, predicted: Float[Array, " obs"], data: Data
    ) -> Float[Array, " obs"]:
        """Draw measurements around predictions; nothing is censored."""
        with float64():
            drawn = jnp.zeros_like(predicted)
            keys = jax.random.split(key, len(self.residuals))
            for k, (label, residual) in enumerate(self.residuals.items()):
                own = residual.simulate(keys[k], theta, label, predicted, data)
                drawn = jnp.where(jnp.asarray(data.kind_of_obs) == k, own, drawn)
            return drawn

    def as_numpyro(self) -> Callable:
        """A NumPyro model f(data, y=None); see `sample.numpyro_model`."""
        # Only here, so that a stored model is used without NumPyro.
        from myelodose.population.sample import numpyro_model

        return numpyro_model(self)

    def centring(self, data: Data) -> dict[str, bool]:
        """Which effects are sampled centred with these data."""
        return self.random_effects.is_centred(
            self.effects, observations=len(np.asarray(data.y)), patients=len(data.patients)
        )

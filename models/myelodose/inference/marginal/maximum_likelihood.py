"""Fit a nonlinear mixed model by maximum likelihood, as NONMEM, nlme and nlmixr2 do."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from myelodose.errors import InputError
from myelodose.inference.marginal.approximations import APPROXIMATIONS
from myelodose.inference.marginal.estimates import MaximumLikelihood
from myelodose.inference.marginal.individual import individual_estimates
from myelodose.inference.marginal.joint import Predict
from myelodose.inference.marginal.minimise import Minimum
from myelodose.inference.marginal.objective import check_method, objective_of
from myelodose.inference.marginal.observed import Observed, Parameters
from myelodose.inference.marginal.search import search, search_lindstrom_bates
from myelodose.inference.marginal.unknowns import Link, Unknowns, residual_unknowns
from myelodose.precision import float64

LINDSTROM_BATES = "Lindstrom-Bates"


def maximum_likelihood(
    predict: Callable,
    observed: Observed,
    *,
    theta: Mapping[str, float],
    omega: Mapping[str, float],
    sigma: Mapping[str, Any] | float,
    method: str = "FOCEI",
    labels: Sequence[str] = ("",),
    links: Mapping[str, Link] | None = None,
    correlated: Iterable[str] | Iterable[Iterable[str]] = (),
    fixed: Iterable[str] = (),
    data: Any = None,
    log_normal: Iterable[str] | None = None,
    covariance: Literal["sandwich", "hessian"] = "sandwich",
    steps: int = 500,
) -> MaximumLikelihood:
    """Maximum-likelihood estimates of a model given as a function.

    Args:
        predict: predict(theta, eta[patient, n_eta]) -> f[obs], or predict(theta, eta, data); theta
            is a dict by name.
        observed: Made by `observed`.
        theta: Start of each typical value.
        omega: Start of the sd of each random effect, in the order of the columns of eta. Never a
            variance: `covariance_from_sd`, `sd_from_cv`.
        sigma: Start of the residual sd of each label, (a, b) for a combined error; a number alone
            where there is one label.
        method: FO, FOCE, FOCEI, Laplace, Laplace-no-interaction, or Lindstrom-Bates (nlme).
        labels: Names of the labels of `observed`.
        links: "log" (default), "logit" or "identity" for each typical value: the scale on which it
            is searched, which bounds it.
        correlated: Effects with a full covariance: names, or groups of names.
        fixed: Names that keep their start: "V", "omega_V", "sigma".
        data: Pytree of arrays for `predict`, an argument of the compiled code.
        log_normal: Effects that are log-normal, so that a CV can be given; all by default.
        covariance: "sandwich" or "hessian".
        steps: Most iterations of the search.

    Raises:
        InputError: If a start, a name or the method cannot be.

    Example:
        >>> from myelodose.inference.marginal import maximum_likelihood, observed
        >>> data = observed([0.0, 1.0, 4.0, 5.0], [0, 0, 1, 1])
        >>> mean = lambda theta, eta: (theta["mean"] + eta[:, 0])[data.patient]
        >>> fit = maximum_likelihood(
        ...     mean, data, theta={"mean": 1.0}, omega={"mean": 1.0}, sigma=1.0, method="FO"
        ... )
        >>> round(fit.values["mean"], 3), round(fit.values["sigma"] ** 2, 3)
        (2.5, 0.5)
    """
    by_label = sigma if isinstance(sigma, Mapping) else {labels[0]: sigma}
    if len(labels) != len(observed.kinds):
        raise InputError("labels", f"found {labels}", f"name the {len(observed.kinds)} labels")
    sigmas, reads = residual_unknowns(observed.kinds, labels, by_label)
    unknowns = Unknowns(
        theta=dict(theta),
        omega={f"omega_{name}": float(sd) for name, sd in omega.items()},
        sigma=sigmas,
        effects=tuple(f"omega_{name}" for name in omega),
        residual=reads,
        links=dict(links or {}),
        blocks=_blocks(tuple(omega), correlated),
        fixed=frozenset(fixed),
    )
    named = tuple(omega) if log_normal is None else tuple(log_normal)
    return fit_unknowns(
        with_data(predict) if data is not None else without_data(predict),
        unknowns,
        observed,
        data,
        method=method,
        log_normal=tuple(f"omega_{name}" for name in named),
        covariance=covariance,
        steps=steps,
    )


@lru_cache(maxsize=64)
def with_data(predict: Callable) -> Predict:
    """Predict from {"theta", "data"}; one function for each `predict`, so that it compiles once."""
    return lambda given, eta: predict(given["theta"], eta, given["data"])


@lru_cache(maxsize=64)
def without_data(predict: Callable) -> Predict:
    """Predict from {"theta"} alone."""
    return lambda given, eta: predict(given["theta"], eta)


def fit_unknowns(
    predict: Predict,
    unknowns: Unknowns,
    observed: Observed,
    data: Any,
    *,
    method: str,
    log_normal: tuple[str, ...],
    covariance: str,
    steps: int,
) -> MaximumLikelihood:
    """Fit what `unknowns` says; see `maximum_likelihood`."""
    linear = method == LINDSTROM_BATES
    _check(method, observed, covariance)
    with float64():
        if linear:
            found = search_lindstrom_bates(predict, unknowns, observed, data, steps=steps)
        else:
            found = search(predict, unknowns, observed, data, method=method, steps=steps)
        x = jnp.asarray(found.x)
        natural = np.asarray(unknowns.natural(x))
        of_x = jax.jacfwd(unknowns.natural)(x)
        at = jax.tree.map(np.asarray, unknowns.parameters(x, data))
    at_end = "FOCE" if linear else method
    individual = individual_estimates(predict, at, observed, method=at_end)
    value = objective_of(at_end, individual.objective, individual.converged, observed)
    return MaximumLikelihood(
        method=method,
        names=unknowns.names,
        estimate=natural,
        covariance=_natural_covariance(found, np.asarray(of_x), covariance),
        covariance_kind=covariance,
        objective=value,
        individual=individual,
        effects=unknowns.effects,
        predict=predict,
        parameters=Parameters(*at),
        observed=observed,
        converged=bool(found.decrement < 1e-5 and value.converged.all()),
        evaluations=found.evaluations,
        decrement=found.decrement,
        log_normal=log_normal,
    )


def _natural_covariance(found: Minimum, of_x: np.ndarray, kind: str) -> np.ndarray:
    """Covariance of the estimates: R^-1 or R^-1 S R^-1, carried over from the real line."""
    information = found.hessian / 2.0
    if not np.isfinite(found.decrement):
        return np.full_like(information, np.nan)
    inverse = np.linalg.inv(information)
    if kind == "sandwich":
        inverse = inverse @ (found.scores.T @ found.scores / 4.0) @ inverse
    return of_x @ inverse @ of_x.T


def _blocks(effects: tuple[str, ...], correlated) -> tuple[tuple[int, ...], ...]:
    groups = list(correlated)
    if groups and all(isinstance(one, str) for one in groups):
        groups = [groups]
    for group in groups:
        for name in group:
            if name not in effects:
                remedy = f"give some of {', '.join(effects)}"
                raise InputError("correlated", f"found {name!r}", remedy)
    return tuple(tuple(sorted(effects.index(name) for name in group)) for group in groups)


def _check(method: str, observed: Observed, covariance: str) -> None:
    if method == LINDSTROM_BATES:
        if set(observed.kinds) != {"additive"} or not observed.plain:
            raise InputError(
                "method",
                f"found {method!r} with {', '.join(observed.kinds)} or censored observations",
                "give additive residual error, or FOCE, FOCEI or Laplace",
            )
    elif method not in APPROXIMATIONS:
        possible = ", ".join((*APPROXIMATIONS, LINDSTROM_BATES))
        raise InputError("method", f"found {method!r}", f"give {possible}")
    else:
        check_method(method, observed)
    if covariance not in ("sandwich", "hessian"):
        raise InputError("covariance", f"found {covariance!r}", "give 'sandwich' or 'hessian'")

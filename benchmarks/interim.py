"""What does an interim update of a population posterior cost beside a refit, and how far is it off?

Theophylline (data/examples): a posterior of the first patients is stored; the last ones come as a
new cohort. They are added by the weights of `forecast.reweighted`, with their random effects
integrated out by quadrature, and in a fit of all patients. Prints processor times, Pareto k, and
differences of means in standard deviations of the refit. `--new` patients in the cohort.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float

from myelodose.forecast import Updated, reweighted
from myelodose.inference.marginal.integrals import quadrature_objective
from myelodose.inference.marginal.joint import unit
from myelodose.inference.marginal.modes import find_modes
from myelodose.inference.marginal.observed import Observed, Parameters
from myelodose.inference.marginal.population_model import observed_of, predictor
from myelodose.inference.population_fit import fit_population
from myelodose.inference.settings import FitSettings
from myelodose.population import Data, PopulationModel, Residual
from myelodose.population.examples import theophylline_model
from myelodose.posterior import PosteriorError, provenance
from myelodose.precision import declare_cpu_devices, float64
from myelodose.records import example_records

NODES = 5
"""Nodes of the quadrature along each random effect."""

SETTINGS = FitSettings(chains=2, warmup=300, draws=1000)


def main() -> None:
    """Fit once without the new cohort, once with it, and update the first."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--new", type=int, nargs="+", default=[1, 2, 3])
    asked = ask.parse_args()
    declare_cpu_devices(2)
    records = example_records("theophylline")
    model = theophylline_model(error="additive", weight=True, correlated=False)
    labels = list(dict.fromkeys(records.patient.values))
    refit, cost = timed(lambda: fitted(model, records, seed=2))
    print(f"all {len(labels)} patients: {cost:.0f} s, {_said(refit)}", flush=True)
    for number in asked.new:
        late = np.isin(records.patient.values, labels[-number:])
        old, new = (records.isel(record=np.flatnonzero(rows)) for rows in (~late, late))
        stored, first = timed(partial(fitted, model, old, seed=1))
        print(f"\nwithout the last {number}: {first:.0f} s, {_said(stored)}", flush=True)
        one(model, stored, new, refit, cost)


def fitted(model: PopulationModel, records: xr.Dataset, *, seed: int) -> xr.DataTree:
    """A fit of two chains."""
    return fit_population(model, records, seed=seed, settings=SETTINGS, progress=False)


def one(
    model: PopulationModel, stored: xr.DataTree, new: xr.Dataset, refit: xr.DataTree, cost: float
) -> None:
    """Update, and hold it against the refit."""
    try:
        updated, compiled = timed(lambda: update(stored, model, new, seed=1))
    except PosteriorError as refused:
        print(f"refused: {refused}")
        return
    _, later = timed(lambda: update(stored, model, new, seed=1))
    k, ess = updated.weights.k, updated.weights.ess
    print(f"update: {compiled:.1f} s with compiling, {later:.2f} s later", end="; ")
    print(f"refit / update {cost / compiled:.0f} and {cost / later:.0f}", end="; ")
    print(f"Pareto k {k:.2f}, effective draws {ess:.0f}\n")
    print("| | stored | updated | refit | stored - refit [sd] | updated - refit [sd] | sd ratio |")
    print("|---|---|---|---|---|---|---|")
    for site in model.sites():
        print(compared(site, [stored, updated.tree, refit]))


def compared(site: str, trees: Sequence[xr.DataTree]) -> str:
    """One row: means of stored, updated and refitted draws, and what separates them."""
    stored, updated, refit = (np.ravel(tree["posterior"].to_dataset()[site]) for tree in trees)
    sd = refit.std()
    means = [f"{draws.mean():.3f}" for draws in (stored, updated, refit)]
    away = [f"{(draws.mean() - refit.mean()) / sd:+.2f}" for draws in (stored, updated)]
    return f"| {site} | {' | '.join([*means, *away])} | {updated.std() / sd:.2f} |"


def update(stored: xr.DataTree, model: PopulationModel, new: xr.Dataset, *, seed: int) -> Updated:
    """A population posterior reweighted by new patients."""
    draws = stored["posterior"].to_dataset()
    with float64():
        data = model.prepare(new)
        theta = {site: jnp.asarray(draws[site].values.ravel()) for site in model.sites()}
        found = np.asarray(_marginal(model, theta, data, observed_of(model, data)))
    return reweighted(stored, found.reshape(draws.sizes["chain"], -1), new_data=new, seed=seed)


@partial(jax.jit, static_argnums=0)
def _marginal(
    model: PopulationModel, theta: dict[str, Array], data: Data, seen: Observed
) -> Float[Array, " draw"]:
    """Log-likelihood of all patients at each draw, their random effects integrated out.

    It leaves out a constant that is the same at every draw. A mode that is not found gives NaN.
    """
    errors = {label: r for label, r in model.residuals.items() if isinstance(r, Residual)}

    def at_one(now: dict[str, Array]) -> Array:
        sds = [residual.sd(now, label) for label, residual in errors.items()]
        sigma = jnp.stack([jnp.stack([sd[0], sd[-1]]) for sd in sds])
        scale = model.random_effects.scale(now, model.effects)
        at = Parameters({"theta": now, "data": data}, scale, sigma)
        modes = find_modes(predictor(model), unit(at, seen), at, seen)
        each = quadrature_objective(predictor(model), modes.u, at, seen, nodes=NODES)
        return jnp.where(modes.converged, -each / 2, jnp.nan).sum()

    return jax.lax.map(at_one, theta, batch_size=50)


def timed[T](function: Callable[[], T]) -> tuple[T, float]:
    """The result and the processor time [s]."""
    start = time.process_time()
    return function(), time.process_time() - start


def _said(tree: xr.DataTree) -> str:
    found = provenance(tree).diagnostics
    return f"R-hat {found.r_hat:.3f}, smallest ESS {found.ess_bulk:.0f}"


if __name__ == "__main__":
    main()

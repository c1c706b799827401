"""Where a population for forecasts is from: literature, the calibration, or a stored posterior."""

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from myelodose.forecast.people import AssayErrors, People
from myelodose.posterior import load_posterior, provenance
from myelodose.virtual import prior_draws
from myelodose.virtual.calibrated import calibrated_draws, shipped_calibration
from myelodose.virtual.from_posterior import posterior_draws


def people_from(source: str, *, seed: int, draws: int = 2000) -> People:
    """What patients are like, by the name of a source.

    Args:
        source: "literature", "calibrated", or the path of a stored posterior of the joint model.
        seed: Seed of the draws.
        draws: Draws of the typical values; fewer where fewer are stored.

    Raises:
        PosteriorError: If the posterior is damaged, of another model, or has not converged.

    Example:
        >>> people_from("literature", seed=1, draws=10).number
        10
    """
    if source == "literature":
        return People(prior_draws(seed, draws))
    if source == "calibrated":
        return People(calibrated_draws(min(draws, shipped_calibration().sizes["draw"]), seed))
    return people_of(load_posterior(Path(source)), seed=seed, draws=draws)


def people_of(stored: xr.DataTree, *, seed: int, draws: int = 2000) -> People:
    """What patients are like by a stored posterior of the joint model.

    Typical values and spreads are drawn; the errors of the assays are taken at their posterior
    means. Correlations between random effects are left out, as in `virtual.posterior_draws`.

    Args:
        stored: From `fit_population` with a `MarrowAndClones` structure, or `load_posterior`.
        seed: Seed of the draws.
        draws: How many; fewer where fewer are stored.

    Raises:
        PosteriorError: If it has not converged, or is of another model.
    """
    sizes = stored["posterior"].sizes
    number = min(draws, sizes["chain"] * sizes["draw"])
    return People(posterior_draws(stored, number, seed), assay_errors(stored))


def assay_errors(stored: xr.DataTree) -> AssayErrors:
    """Errors of the assays as a stored posterior has them, at their means where estimated.

    Args:
        stored: A posterior of the joint model.
    """
    model = provenance(stored, "assay_errors").prior["population_model"]["model"]
    residuals = model["residuals"]["items"]
    mean = stored["posterior"].to_dataset().mean(("chain", "draw"))
    usual = AssayErrors()
    sd = [
        _number(residuals.get(label, {}).get("sigma"), mean, f"sigma_{label}", usual.count_sd[k])
        for k, label in enumerate(("ANC", "PLT", "Hb"))
    ]
    fish, vaf = residuals.get("FISH", {}), residuals.get("VAF", {})
    return AssayErrors(
        count_sd=(sd[0], sd[1], sd[2]),
        fish_overdispersion=_number(
            fish.get("overdispersion"), mean, "rho_FISH", usual.fish_overdispersion
        ),
        vaf_overdispersion=_number(
            vaf.get("overdispersion"), mean, "rho_VAF", usual.vaf_overdispersion
        ),
        false_positive=fish.get("false_positive", usual.false_positive),
        false_negative=fish.get("false_negative", usual.false_negative),
        read_error=vaf.get("read_error", usual.read_error),
    )


def _number(written: Any, mean: xr.Dataset, site: str, usual: float) -> float:
    """A number of the document, or the posterior mean of its site."""
    if site in mean:
        return float(mean[site])
    if isinstance(written, int | float):
        return float(written)
    if isinstance(written, dict) and written.get("name") == "Fixed":
        return float(np.asarray(written["numbers"])[0])
    return usual

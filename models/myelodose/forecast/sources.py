"""Where a population for forecasts is from: literature, the calibration, or a stored posterior."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float

from myelodose.errors import InputError
from myelodose.forecast.people import AssayErrors, Correlated, People
from myelodose.forecast.seen import Seen
from myelodose.posterior import PosteriorError, load_posterior, provenance
from myelodose.virtual import prior_draws
from myelodose.virtual.calibrated import calibrated_draws, shipped_calibration
from myelodose.virtual.draws import OMEGA
from myelodose.virtual.from_posterior import posterior_draws


def people_from(
    source: str,
    *,
    seed: int,
    draws: int = 2000,
    patient: Seen | None = None,
    accept_failed: Sequence[str] = (),
    extrapolate: bool = False,
) -> People:
    """What patients are like, by the name of a source.

    Args:
        source: "literature", "calibrated", or the path of a stored posterior of the joint model.
        seed: Seed of the draws.
        draws: Draws of the typical values; fewer where fewer are stored.
        patient: As in `people_of`.
        accept_failed: As in `people_of`.
        extrapolate: As in `people_of`.

    Raises:
        PosteriorError: If the posterior is damaged, of another model, or has not converged.
        InputError: If a switch is given where there is no posterior, or as in `people_of`.

    Example:
        >>> people_from("literature", seed=1, draws=10).number
        10
    """
    if source in ("literature", "calibrated") and (accept_failed or extrapolate):
        remedy = "leave accept_failed and extrapolate out: they are about stored posteriors"
        raise InputError("people_from", f"found the source {source!r}", remedy)
    if source == "literature":
        return People(prior_draws(seed, draws))
    if source == "calibrated":
        return People(calibrated_draws(min(draws, shipped_calibration().sizes["draw"]), seed))
    return people_of(
        load_posterior(Path(source)),
        seed=seed,
        draws=draws,
        patient=patient,
        accept_failed=accept_failed,
        extrapolate=extrapolate,
    )


def people_of(
    stored: xr.DataTree,
    *,
    seed: int,
    draws: int = 2000,
    patient: Seen | None = None,
    accept_failed: Sequence[str] = (),
    extrapolate: bool = False,
) -> People:
    """What patients are like by a stored posterior of the joint model.

    Typical values, spreads and correlations between patients are drawn; the errors of the assays
    are taken at their posterior means.

    Args:
        stored: From `fit_population` with a `MarrowAndClones` structure, or `load_posterior`.
        seed: Seed of the draws.
        draws: How many; fewer where fewer are stored.
        patient: Whose covariates are held against those that were fitted; none if not given.
        accept_failed: Convergence checks whose failure is accepted, each by its name.
        extrapolate: Go on with an `ExtrapolationWarning` where the patient's covariates lie outside
            the fitted range or the range is not known.

    Raises:
        PosteriorError: If it has not converged, or is of another model.
        InputError: If the patient's covariates lie outside the fitted range, or it is not known.
    """
    sizes = stored["posterior"].sizes
    number = min(draws, sizes["chain"] * sizes["draw"])
    held = posterior_draws(
        stored,
        number,
        seed,
        covariates=_covariates(patient) if patient else None,
        extrapolate=extrapolate,
        accept_failed=accept_failed,
    )
    return People(held, assay_errors(stored), correlated=correlations(stored, held))


def _covariates(patient: Seen) -> xr.Dataset:
    names = ("creatinine_clearance_ml_per_min", "body_surface_area_m2")
    return xr.Dataset({name: ("patient", [getattr(patient, name)]) for name in names})


def correlations(
    stored: xr.DataTree, held: Mapping[str, Float[np.ndarray, " draw"]]
) -> Correlated | None:
    """Correlations between random effects, of the same draws as typical values and spreads.

    Args:
        stored: A posterior of the joint model.
        held: From `posterior_draws` of it.

    Returns:
        None where the fit had no correlations.

    Raises:
        PosteriorError: If the model has correlations and the posterior does not.
    """
    effects = provenance(stored, "people_of").prior["population_model"]["model"]["random_effects"]
    names = tuple(effects["correlated"])
    if not names:
        return None
    flat = stored["posterior"].to_dataset().stack(sample=("chain", "draw"), create_index=False)
    if "correlation" not in flat:
        found = f"found no draws of the correlation of {', '.join(names)}"
        raise PosteriorError("people_of", found, "store all parameters of the fit")
    matrix = flat["correlation"].transpose("sample", ...).values.astype(float)
    # The draws say by their spreads which rows they are: no two rows have the same.
    mark = OMEGA + names[0]
    rows = _rows(flat[mark].values, np.asarray(held[mark]))
    return Correlated(names, np.linalg.cholesky(matrix[rows] + 1e-9 * np.eye(len(names))))


def _rows(all_values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    order = np.argsort(all_values)
    return order[np.searchsorted(all_values[order], chosen)]


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

"""One population fit from settings to words: what the notebooks share."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from myelodose.diagnostics import parameter_table
from myelodose.errors import InputError
from myelodose.inference.population_fit import fit_population, identity_of
from myelodose.inference.predict import model_of
from myelodose.inference.settings import FitSettings
from myelodose.population.examples import theophylline_model
from myelodose.population.model import PopulationModel
from myelodose.posterior import fit_or_load, posterior_path
from myelodose.records import example_records, read_records


@dataclass(frozen=True)
class Study:
    """A table, a model of oral absorption and how it is fitted.

    Args:
        table: Event table of an oral drug as CSV or Parquet; the theophylline data if empty.
        error: Residual error, as in `theophylline_model`.
        weight: Whether clearance and volume scale with body weight, column WT.
        seed: Seed of all randomness.
        folder: Where posteriors are stored; the posteriors folder if empty.
        settings: Settings of the sampler.

    Raises:
        InputError: If a value cannot be.
    """

    table: str = ""
    error: str = "combined2"
    weight: bool = False
    seed: int = 1
    folder: str = ""
    settings: FitSettings = field(default_factory=FitSettings)

    def __post_init__(self) -> None:
        """Read everything while it is concrete."""
        if self.seed < 0:
            raise InputError("Study, seed", f"found {self.seed}", "give a number of at least 0")
        _ = self.model

    @property
    def records(self) -> xr.Dataset:
        """The table."""
        if not self.table:
            return example_records("theophylline")
        return read_records(self.table, observed="concentration")

    @property
    def model(self) -> PopulationModel:
        """The model."""
        return theophylline_model(self.error, weight=self.weight)

    def posterior(self) -> xr.DataTree:
        """The stored posterior if there is one; otherwise it is fitted and stored.

        Raises:
            PosteriorError: If what is stored is of other data.
        """
        records, model = self.records, self.model
        identity = identity_of(model)
        return fit_or_load(
            posterior_path(identity, str(records.attrs["name"]), self.folder),
            lambda: fit_population(
                model, records, seed=self.seed, settings=self.settings, prior_count=500
            ),
            model=identity,
            data=records,
        )

    def others(self) -> dict[str, "Study"]:
        """The same study with each residual error, by name."""
        names = ("additive", "combined1", "combined2")
        return {name: replace(self, error=name) for name in names}


def in_words(tree: xr.DataTree) -> str:
    """Typical values with their intervals, and how much patients differ.

    Args:
        tree: A posterior of `fit_population`.
    """
    model = model_of(tree, "in_words")
    units = {one.name: one.unit for one in model.parameters}
    table = parameter_table(tree, units=units)
    sentences = []
    for one in model.parameters:
        if one.name not in table.index:
            continue
        row = table.loc[one.name]
        text = (
            f"{one.name} {row.estimate:.3g} {one.unit} "
            f"(95 % interval {row.low:.3g} to {row.high:.3g})"
        )
        omega = f"omega_{one.name}"
        if omega in table.index:
            text += f", between patients {table.cv_percent[omega]:.0f} % CV"
        sentences.append(text)
    return "Typical " + "; ".join(sentences) + "."


def check_in_words(check: xr.Dataset, tests: pd.DataFrame, shrunk: pd.DataFrame) -> str:
    """How many observed percentiles lie in their bands, and what else was found.

    Args:
        check: From `diagnostics.vpc_of`.
        tests: From `diagnostics.normality_tests` of npde.
        shrunk: From `diagnostics.shrinkage_of`.
    """
    low, high = check.simulated.isel(level=0), check.simulated.isel(level=-1)
    known = np.isfinite(check.observed)
    inside = int((known & (check.observed >= low) & (check.observed <= high)).sum())
    p = float(tests.adjusted["all"])
    verdict = "show no misfit" if p > 0.05 else "are not those of the model"
    most = shrunk.shrinkage_sd.idxmax()
    return (
        f"SIMULATED from the posterior: {inside} of {int(known.sum())} observed percentiles lie in "
        f"their 95 % bands. The prediction distribution errors {verdict} (p = {p:.2g}, three "
        f"tests, Bonferroni). Largest shrinkage: {100 * shrunk.shrinkage_sd[most]:.0f} % of the "
        f"sd for {most}."
    )


def comparison_in_words(compared: pd.DataFrame, results: Mapping[str, Any]) -> str:
    """The best model, how sure that is, and where the comparison cannot be trusted.

    Args:
        compared: From `diagnostics.compare`.
        results: What was compared, by name.
    """
    best, second = compared.index[:2]
    lost, error = float(compared.elpd_diff[second]), float(compared.dse[second])
    clear = "clearly" if abs(lost) > 2 * error else "not clearly"
    doubtful = {
        name: int((np.asarray(result.pareto_k) > 0.7).sum()) for name, result in results.items()
    }
    worst = max(doubtful.values())
    trust = (
        "Pareto k is below 0.7 for every measurement."
        if worst == 0
        else f"Pareto k is above 0.7 for up to {worst} measurements, so the numbers are rough."
    )
    return (
        f"The data prefer {best}, {clear} over {second}: a difference of {abs(lost):.1f} with a "
        f"standard error of {error:.1f}. {trust}"
    )

"""Virtual patients with covariates, one set of them for each draw of the typical values.

Everything here is simulated. The marrow's parameters come from `marrow.virtual_population`, so a
population of another source, such as a stored posterior, is a `Population` of its own: any
`marrow.Patient` with patients as the last axis.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import numpy as np
import xarray as xr
from jaxtyping import Float

from myelodose.blood.model import balanced_chain
from myelodose.clones.model import Clones
from myelodose.errors import InputError
from myelodose.marrow.check import checked_patient, patients_of
from myelodose.marrow.course import Patient
from myelodose.marrow.everyone import with_patients
from myelodose.marrow.patient import differentiation
from myelodose.marrow.typical import virtual_population
from myelodose.pk.drugs import LENALIDOMIDE
from myelodose.precision import float64
from myelodose.virtual.draws import split_spread
from myelodose.virtual.hyperprior import CRCL_EXPONENT

FASTEST_GROWTH_PER_D = 0.12
"""Fastest growth of a clone that is drawn [1/day]: that of patient 15, derived from the words of
the legend (data/literature/pd_parameters.csv: regrowth rate needed)."""

REFERENCE_CRCL_ML_PER_MIN = 90.0
"""Creatinine clearance of the typical patient [mL/min], as in `marrow.typical_patient`."""


@dataclass(frozen=True)
class Population:
    """Patients of every draw, draw after draw along the last axis.

    Args:
        patient: Parameters, patients as the last axis of every array: all of the first draw, then
            all of the second, and so on.
        covariates: By `patient`, `body_surface_area_m2` among them, in the same order.
        draws: How many draws of the typical values.
        source: Where the parameters are from, for every output.

    Raises:
        InputError: If numbers of patients disagree, a parameter cannot be, or there is no
            body-surface area.
    """

    patient: Patient
    covariates: xr.Dataset
    draws: int
    source: str

    def __post_init__(self) -> None:
        """Check what can be checked at once."""
        checked_patient(self.patient, "Population")
        total = patients_of(self.patient)
        if "body_surface_area_m2" not in self.covariates:
            remedy = "give it in m2: azacitidine is dosed by it"
            raise InputError("Population, covariates", "found no body_surface_area_m2", remedy)
        if self.covariates.sizes.get("patient") != total:
            found = f"found {dict(self.covariates.sizes)} for {total} patients"
            raise InputError("Population, covariates", found, "give one row for each patient")
        if self.draws < 1 or total % self.draws:
            found = f"found {self.draws} for {total} patients"
            raise InputError("Population, draws", found, "give a divisor of the patients")

    @property
    def patients(self) -> int:
        """Patients of one draw."""
        return patients_of(self.patient) // self.draws

    @property
    def attrs(self) -> dict[str, str]:
        """What every output says of itself."""
        status = f"SIMULATED patients; typical values: {self.source}"
        return {"status": status, "population": self.source}

    @property
    def body_surface_area_m2(self) -> Float[np.ndarray, " patient"]:
        """Of all patients [m2]."""
        return self.covariates.body_surface_area_m2.values

    @property
    def baseline(self) -> Float[np.ndarray, "lineage patient"]:
        """Counts before treatment [1e9/L, haemoglobin g/dL]: a consequence of clone and marrow."""
        with float64():
            chain = balanced_chain(self.patient.clones.size, self.patient.lineages)
            return np.asarray(chain.circulating * self.patient.lineages.set_point)

    def by_draw(
        self, values: Float[np.ndarray, "... all"]
    ) -> Float[np.ndarray, "... draw patient"]:
        """Numbers of all patients, those of each draw apart.

        Args:
            values: Patients last, in the order of `patient`.
        """
        return values.reshape(*values.shape[:-1], self.draws, self.patients)

    def standard_error(self, values: Float[np.ndarray, "... all"]) -> Float[np.ndarray, "..."]:
        """Monte Carlo standard error of the mean over patients; draw by draw if there are several.

        Args:
            values: Patients last, in the order of `patient`.
        """
        by = self.by_draw(values)
        by = by.mean(-1) if self.draws > 1 else by[..., 0, :]
        return by.std(-1, ddof=1) / np.sqrt(by.shape[-1])

    def take(self, index: np.ndarray) -> "Population":
        """Some of the patients, as a population of one draw.

        Args:
            index: Positions along the last axis.
        """
        total = patients_of(self.patient)
        some = jax.tree.map(lambda x: np.asarray(x)[..., index], with_patients(self.patient, total))
        return Population(some, self.covariates.isel(patient=index), 1, self.source)


def virtual_patients(
    seed: int,
    covariates: xr.Dataset | Sequence[xr.Dataset],
    *,
    draws: Mapping[str, Float[np.ndarray, " draw"]] | None = None,
    source: str = "",
) -> Population:
    """Virtual patients with the given covariates, for each draw of the typical values.

    Creatinine clearance acts on lenalidomide's clearance, body-surface area on the dose of
    azacitidine, TP53 on whether part of the clone is mutated (and so less sensitive). Karyotype,
    prior therapy and 17p loss change no course: no source gives an effect on this marrow's
    parameters (17p loss changes what a VAF reads).

    Args:
        seed: Seed of the patients.
        covariates: Of one draw's patients, from `drawn_covariates` or `trial_covariates`; the same
            in every draw, or one set for each.
        draws: Typical values by name, (draw) each, from `prior_draws`, `posterior_draws` or
            `calibrated_draws`; the medians if not given. "omega_" before a name is the standard
            deviation between patients, that of `marrow.typical_values` if not given.
        source: Words for the outputs; what draws say of themselves if not given, or "literature
            priors" where they say nothing.

    Raises:
        InputError: If draws differ in their number, or a value cannot be.

    Example:
        >>> from myelodose.virtual.covariates import drawn_covariates
        >>> from myelodose.virtual.hyperprior import prior_draws
        >>> two = virtual_patients(1, drawn_covariates(1, 5), draws=prior_draws(1, 2))
        >>> two.draws, two.patients, two.baseline.shape
        (2, 5, (3, 10))
    """
    if not isinstance(draws, Mapping | None):
        remedy = "give typical values by name, as prior_draws(seed, draws) returns them"
        raise InputError("virtual_patients, draws", f"found {draws!r}", remedy)
    given = {} if draws is None else {k: np.asarray(v, float) for k, v in draws.items()}
    sizes = {v.shape for v in given.values()} or {(1,)}
    if len(sizes) != 1 or len(next(iter(sizes))) != 1:
        raise InputError("virtual_patients, draws", f"found shapes {sizes}", "give (draw) each")
    (number,) = next(iter(sizes))
    sets = [covariates] * number if isinstance(covariates, xr.Dataset) else list(covariates)
    if len(sets) != number or len({one.sizes["patient"] for one in sets}) != 1:
        found = f"found {len(sets)} sets for {number} draws"
        raise InputError("virtual_patients, covariates", found, "give one, or one for each draw")
    children = np.random.SeedSequence(seed).generate_state(number)
    parts = [
        _of_one_draw(int(child), sets[row], {k: float(v[row]) for k, v in given.items()})
        for row, child in enumerate(children)
    ]
    stacked = jax.tree.map(lambda *x: np.concatenate(x, -1), *parts)
    many = _joined(sets)
    said = getattr(draws, "attrs", {}).get("source", "literature priors")
    words = source or (said if draws is not None else "medians of the priors")
    return Population(stacked, many, number, words)


def _joined(sets: Sequence[xr.Dataset]) -> xr.Dataset:
    """All sets one after the other; xarray's own concat is slow for a thousand small ones."""
    first = sets[0]
    names = {
        name: ("patient", np.concatenate([one[name].values for one in sets]), first[name].attrs)
        for name in map(str, first.data_vars)
    }
    return xr.Dataset(names, attrs=first.attrs)


def _of_one_draw(seed: int, covariates: xr.Dataset, values: dict[str, Any]) -> Patient:
    clearance = covariates.creatinine_clearance_ml_per_min.values
    typical = LENALIDOMIDE["CrCL exponent"].value
    exponent = values.pop(CRCL_EXPONENT, typical)
    typical_values, spread = split_spread(values)
    patient = virtual_population(
        seed,
        covariates.sizes["patient"],
        disease="del(5q) TP53",
        creatinine_clearance_ml_per_min=clearance,
        values=typical_values,
        spread=spread,
    )
    patient = jax.tree.map(partial(np.asarray, dtype=float), patient)
    by_renal = (clearance / REFERENCE_CRCL_ML_PER_MIN) ** (exponent - typical)
    pk = replace(patient.len_pk, CL=patient.len_pk.CL * by_renal)
    clones = _slow_enough(_by_tp53(patient.clones, covariates.tp53_mutated.values))
    return patient._replace(len_pk=pk, clones=clones)


def _by_tp53(clones: Clones, mutated: np.ndarray) -> Clones:
    """The mutated part of the clone is wild type where the patient has no mutation."""
    normal, wild, changed = np.asarray(clones.size)
    rows = [normal, np.where(mutated, wild, wild + changed), np.where(mutated, changed, 0)]
    size: Any = np.stack(rows)
    return clones._replace(size=size)


def _slow_enough(clones: Clones) -> Clones:
    """No clone grows faster than `FASTEST_GROWTH_PER_D`: tails of spread and prior together do."""
    entry = np.asarray(clones.entry_per_d)[0] / (1 + 1 / np.asarray(clones.capacity))
    division = np.asarray(clones.division_per_d)
    least = differentiation(FASTEST_GROWTH_PER_D, entry=entry, division=division)
    leaves: Any = np.maximum(np.asarray(clones.differentiation), least)
    return clones._replace(differentiation=leaves)

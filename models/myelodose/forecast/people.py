"""What one more patient may be like before his own data: draws of whole patients.

A draw is a set of typical values with a patient who differs from them: value = link^-1(
link(typical) + eta), eta = diag(sd) L e with e ~ Normal(0, I). L is the Cholesky factor of the
correlations of a block of parameters where a fit had one, else the identity. Typical values come
from the literature priors, from a calibration or from a stored posterior, all as the dictionary
that `virtual.prior_draws` gives.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from myelodose.errors import InputError, check_fields
from myelodose.forecast.seen import Seen
from myelodose.marrow.values import TYPICAL
from myelodose.pk.drugs import LENALIDOMIDE
from myelodose.virtual.covariates import LOSS_OF_17P_IF_MUTATED, TP53_MUTATED
from myelodose.virtual.draws import OMEGA
from myelodose.virtual.hyperprior import CRCL_EXPONENT
from myelodose.virtual.population import FASTEST_GROWTH_PER_D

SHARE_MUTATED = "tp53_share_of_clone"
"""The parameter that is 0 in a patient without a mutation."""

_REFERENCE_ML_PER_MIN = 90.0


class Correlated(NamedTuple):
    """Random effects that are correlated between patients.

    Attributes:
        names: Parameters in the order of the factor.
        root: Cholesky factors of their correlations, (draw, parameter, parameter).
    """

    names: tuple[str, ...]
    root: Float[np.ndarray, "draw parameter parameter"]


@dataclass(frozen=True)
class AssayErrors:
    """How measurements err; the defaults are those of the simulated cohort, chosen.

    Args:
        count_sd: Standard deviations of the logarithm of ANC, PLT and Hb.
        fish_overdispersion: rho of nuclei, between 0 and 1.
        vaf_overdispersion: rho of reads.
        false_positive: Of nuclei without the deletion.
        false_negative: Of nuclei with it.
        read_error: Of a read.

    Raises:
        InputError: If a value cannot be.
    """

    count_sd: tuple[float, float, float] = (0.25, 0.2, 0.05)
    fish_overdispersion: float = 0.01
    vaf_overdispersion: float = 0.01
    false_positive: float = 0.03
    false_negative: float = 0.0
    read_error: float = 0.008

    def __post_init__(self) -> None:
        """Check every value."""
        rates = self.false_positive + self.false_negative
        checks = {
            "count_sd": (min(self.count_sd) > 0, "three numbers above 0"),
            "false_positive": (0 <= rates < 1, "rates that sum to less than 1"),
            "read_error": (0 <= self.read_error < 0.5, "0 to below 0.5"),
        }
        for name in ("fish_overdispersion", "vaf_overdispersion"):
            checks[name] = (0 < getattr(self, name) < 1, "a number between 0 and 1")
        check_fields(self, checks)


@dataclass(frozen=True)
class People:
    """What patients are like: typical values, how far patients differ, how assays err.

    Args:
        draws: Typical values by name, (draw) each, and standard deviations between patients as
            "omega_" before the name; what is not named stays at `TYPICAL`.
        errors: How measurements err.
        source: Words for every output; those that the draws bring along if not given.
        tp53_mutated: Share of patients with a TP53 mutation, for one of whom it is not known; of
            the trial (fact F30, 11 of 17).
        loss_of_17p_if_mutated: Share of those whose other copy is lost; chosen.
        correlated: Correlations between patients, draw by draw; none if not given.

    Raises:
        InputError: If a name is unknown, numbers of draws differ, or a share cannot be.

    Example:
        >>> from myelodose.virtual import prior_draws
        >>> People(prior_draws(1, 100)).number
        100
    """

    draws: Mapping[str, Float[np.ndarray, " draw"]]
    errors: AssayErrors = AssayErrors()
    source: str = ""
    tp53_mutated: float = TP53_MUTATED
    loss_of_17p_if_mutated: float = LOSS_OF_17P_IF_MUTATED
    correlated: Correlated | None = None

    def __post_init__(self) -> None:
        """Check names and sizes, and take the source from the draws."""
        shares = {
            name: (0 <= getattr(self, name) <= 1, "a share from 0 to 1")
            for name in ("tp53_mutated", "loss_of_17p_if_mutated")
        }
        check_fields(self, shares)
        brought = getattr(self.draws, "attrs", {}).get("source", "literature priors")
        object.__setattr__(self, "source", self.source or brought)
        for name in self.draws:
            if name.removeprefix(OMEGA) not in TYPICAL and name != CRCL_EXPONENT:
                remedy = "use the names of marrow.typical_values, for a spread after 'omega_'"
                raise InputError("People, draws", f"found {name!r}", remedy)
        sizes = {np.shape(one) for one in self.draws.values()}
        if len(sizes) > 1 or any(len(one) != 1 for one in sizes):
            raise InputError("People, draws", f"found shapes {sizes}", "give (draw) each")
        if not all(np.isfinite(one).all() for one in self.draws.values()):
            raise InputError("People, draws", "found a value that is not finite", "leave it out")
        if self.correlated is not None:
            _check_correlated(self.correlated, self.number)

    @property
    def number(self) -> int:
        """Draws of the typical values; 1 if there is one typical patient."""
        return len(next(iter(self.draws.values()))) if self.draws else 1


def draw_patients(
    people: People, seen: Seen, number: int, seed: int
) -> dict[str, Float[np.ndarray, " patient"]]:
    """Patients with the covariates of one, each from a draw of the typical values.

    Args:
        people: What patients are like.
        seen: His covariates: creatinine clearance acts on lenalidomide's clearance, TP53 on
            whether a part of the clone is mutated; where it is not known, a part is.
        number: How many; draws are used in turn.
        seed: Seed.

    Returns:
        Every parameter of `marrow.typical_values`, (patient).

    Example:
        >>> from myelodose.forecast.seen import Given, Reading
        >>> him = Seen((Given(0, "azacitidine", 135),), (Reading(0, "ANC", 2.0),))
        >>> draw_patients(People({}), him, 50, 2)["kill_aza"].shape
        (50,)
    """
    random = np.random.default_rng(seed)
    # From anywhere on, so that a single patient is not always of the first draw.
    row = (random.integers(people.number) + np.arange(number)) % people.number
    effects = {name: random.standard_normal(number) for name in TYPICAL}
    return patients_at(people, seen, row, effects)


def patients_at(
    people: People,
    seen: Seen,
    row: Int[np.ndarray, " patient"],
    effects: Mapping[str, Float[np.ndarray, " patient"]],
) -> dict[str, Float[np.ndarray, " patient"]]:
    """Patients of given draws with given effects.

    Args:
        people: What patients are like.
        seen: The covariates, as in `draw_patients`.
        row: Which draw of the typical values each is from.
        effects: How far each is from it before correlations [sd between patients]; 0 where a name
            is missing.

    Returns:
        Every parameter of `marrow.typical_values`, (patient).

    Example:
        >>> from myelodose.forecast.seen import Given, Reading
        >>> him = Seen((Given(0, "azacitidine", 135),), (Reading(0, "ANC", 2.0),))
        >>> patients_at(People({}), him, np.array([0]), {})["kill_aza"].tolist()
        [0.25]
    """
    moved, values = _correlated(people, row, effects), {}
    for name, value in TYPICAL.items():
        middle = _of(people.draws.get(name, value.value), row)
        step = spread_at(people, name, row) * moved.get(name, np.zeros(len(row)))
        values[name] = _moved(middle, step, bounded(name))
    exponent = _of(people.draws.get(CRCL_EXPONENT, LENALIDOMIDE["CrCL exponent"].value), row)
    renal = seen.creatinine_clearance_ml_per_min / _REFERENCE_ML_PER_MIN
    values["len_clearance_l_per_h"] = values["len_clearance_l_per_h"] * renal**exponent
    if seen.tp53_mutated is False:
        values[SHARE_MUTATED] = np.zeros(len(row))
    growth = values["growth_clone_per_d"]
    values["growth_clone_per_d"] = np.minimum(growth, FASTEST_GROWTH_PER_D)
    return values


def spread_at(
    people: People, name: str, row: Int[np.ndarray, " patient"]
) -> Float[np.ndarray, " patient"]:
    """Standard deviations between patients of given draws, on the scale of the link.

    Args:
        people: What patients are like.
        name: A parameter of `marrow.typical_values`.
        row: Which draws.
    """
    return _of(people.draws.get(OMEGA + name, TYPICAL[name].between_patient_sd), row)


def _check_correlated(given: Correlated, draws: int) -> None:
    count = len(given.names)
    if not (len(set(given.names)) == count and all(name in TYPICAL for name in given.names)):
        remedy = "use names of marrow.typical_values, each once"
        raise InputError("People, correlated", f"found {given.names}", remedy)
    if np.shape(given.root) != (draws, count, count):
        found, remedy = f"found {np.shape(given.root)}", f"give {(draws, count, count)}"
        raise InputError("People, correlated", found, remedy)
    if not np.allclose(np.sum(np.square(given.root), -1), 1, atol=1e-4):
        remedy = "give Cholesky factors of correlations, whose rows have length 1"
        raise InputError("People, correlated", "found rows of another length", remedy)


def _correlated(
    people: People, row: np.ndarray, effects: Mapping[str, np.ndarray]
) -> Mapping[str, np.ndarray]:
    """Effects with the correlations that the draws have."""
    if people.correlated is None:
        return effects
    names, root = people.correlated
    own = np.stack([effects.get(name, np.zeros(len(row))) for name in names], -1)
    mixed = np.einsum("pij,pj->pi", np.asarray(root, float)[row], own)
    return {**effects, **dict(zip(names, mixed.T, strict=True))}


def bounded(name: str) -> bool:
    """Whether a parameter is a share, whose link is the logit.

    Args:
        name: A name of `marrow.typical_values`.

    Example:
        >>> bounded("clone_share"), bounded("kill_aza")
        (True, False)
    """
    return TYPICAL[name].high <= 1 and TYPICAL[name].unit == ""


def _of(values: np.ndarray | float, row: np.ndarray) -> np.ndarray:
    given = np.atleast_1d(np.asarray(values, float))
    return given[row % len(given)]


def _moved(middle: np.ndarray, step: np.ndarray, share: bool) -> np.ndarray:
    if not share:
        return middle * np.exp(step)
    inside = (middle > 0) & (middle < 1)
    odds = np.where(inside, middle, 0.5) / (1 - np.where(inside, middle, 0.5)) * np.exp(step)
    return np.where(inside, odds / (1 + odds), middle)

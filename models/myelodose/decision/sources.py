"""Where the typical values of a decision come from: literature, calibration, or a posterior."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import xarray as xr
from jaxtyping import Float
from numpy import ndarray

from myelodose.decision.estimates import covariates_of, seeds_of
from myelodose.decision.question import Question
from myelodose.errors import InputError
from myelodose.posterior import load_posterior
from myelodose.toxicity.hazards import Hazards
from myelodose.virtual.calibrated import CALIBRATED as CALIBRATED_WORDS
from myelodose.virtual.calibrated import calibrated_draws, calibrated_hazards
from myelodose.virtual.from_posterior import posterior_draws

LITERATURE, CALIBRATED = "literature", "calibrated"

WORDS = {LITERATURE: "literature priors", CALIBRATED: CALIBRATED_WORDS}
"""What pages and documents say of a source."""

_USED_ALREADY = (
    "The calibration has used the printed DLTs by cause: each counts once in the joined risk, but "
    "the infections have moved the simulated counts a little too, and that the DLTs fit the "
    "simulation confirms nothing."
)


class Source(NamedTuple):
    """Typical values and hazards for `decide_from_counts(question, **source._asdict())`.

    Attributes:
        draws: Typical values by name, (draw) each; None for the literature priors, which follow
            from the seed.
        hazards: Of infection and thrombosis, one for each draw; None for those of the question.
        source: Where the draws are from, in words.
        cautions: What a reader must know of them.
    """

    draws: dict[str, Float[ndarray, " draw"]] | None
    hazards: list[Hazards] | None
    source: str
    cautions: tuple[str, ...] = ()


def source_of(
    name: str | Path,
    question: Question,
    *,
    accept_failed: Sequence[str] = (),
    extrapolate: bool = False,
) -> Source:
    """Typical values by the name of their source.

    Args:
        name: "literature", "calibrated", or the path of a stored posterior of the joint model.
        question: Its seed, draws and patients are used.
        accept_failed: Convergence checks of a posterior whose failure is accepted, by name.
        extrapolate: Go on, with a warning, where the virtual patients' covariates lie outside the
            range that a posterior was fitted to.

    Raises:
        PosteriorError: If a posterior is of another model or has not converged.
        InputError: If there is no such source, it has fewer draws, or covariates lie outside.

    Example:
        >>> source_of("literature", Question(seed=1)).source
        'literature priors'
    """
    seed = seeds_of(question.seed).draws
    if name == LITERATURE:
        return Source(None, None, WORDS[LITERATURE])
    if name == CALIBRATED:
        return Source(
            calibrated_draws(question.draws, seed),
            calibrated_hazards(question.draws, seed),
            WORDS[CALIBRATED],
            (_USED_ALREADY,),
        )
    people = xr.concat(covariates_of(question, question.draws), "patient", join="override")
    draws = posterior_draws(
        load_posterior(Path(name)),
        question.draws,
        seed,
        covariates=people,
        extrapolate=extrapolate,
        accept_failed=accept_failed,
    )
    cautions = [f"Not in the posterior, from the literature: {draws.attrs['from_priors']}."]
    if accept_failed:
        cautions.append(f"Failed checks of convergence were accepted: {', '.join(accept_failed)}.")
    if extrapolate:
        cautions.append("Covariates outside the range of the fit were accepted.")
    words = f"{draws.attrs['source']} (SHA-256 {draws.attrs['posterior'][:12]})"
    return Source(draws, None, words, tuple(cautions))


def source_named(words: str) -> str:
    """The name of a source by what a document says of it.

    Args:
        words: As in `WORDS`.

    Raises:
        InputError: If the words do not say where the draws lie, such as those of a posterior.

    Example:
        >>> source_named("literature priors")
        'literature'
    """
    for name, text in WORDS.items():
        if words == text:
            return name
    remedy = "give the stored posterior with --draws-from"
    raise InputError("decision.json, draws", f"found '{words}'", remedy)

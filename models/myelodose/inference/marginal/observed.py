"""Observations of all patients on one axis, and the parameters that a likelihood depends on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import ArrayLike

from myelodose.errors import InputError
from myelodose.inference.marginal.conventions import factor_of

LEFT_OUT = 2
"""What `censored` says of an observation that M1 or M2 leaves out; its place on the axis stays."""

KINDS = ("additive", "proportional", "combined1", "combined2", "log-normal")
"""Residual errors: sd = a; b f; a + b f; sqrt(a^2 + b^2 f^2); a on the scale of log y."""


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["y", "patient", "label", "censored", "lower", "above"],
    meta_fields=["patients", "kinds", "plain"],
)
@dataclass(frozen=True)
class Observed:
    """What was seen, one row an observation; made by `observed`.

    Arrays [obs]: `y`, `patient` (0, 1, ...), `label` (which of `kinds`), `censored` (0 none, 1
    below y, -1 above y, 2 left out), `lower` (a censored value is known to be above it), `above`
    (the likelihood is conditional on y > above). `plain` says that nothing is censored or
    conditional, so that everything is normal.
    """

    y: Float[Array, " obs"] | np.ndarray
    patient: Int[Array, " obs"] | np.ndarray
    label: Int[Array, " obs"] | np.ndarray
    censored: Int[Array, " obs"] | np.ndarray
    lower: Float[Array, " obs"] | np.ndarray
    above: Float[Array, " obs"] | np.ndarray
    patients: int
    kinds: tuple[str, ...]
    plain: bool

    @property
    def normal(self) -> int:
        """Observations that enter by a normal density, the n of n log(2 pi)."""
        return int(np.sum(np.asarray(self.censored) == 0))

    @property
    def log_y(self) -> float:
        """Sum of log y over uncensored observations with log-normal residual error."""
        log_scale = np.array([kind == "log-normal" for kind in self.kinds])
        rows = log_scale[np.asarray(self.label)] & (np.asarray(self.censored) == 0)
        return float(np.log(np.asarray(self.y)[rows]).sum())

    @property
    def used(self) -> int:
        """Observations that are not left out."""
        return int(np.sum(np.asarray(self.censored) != LEFT_OUT))


class Parameters(NamedTuple):
    """What the likelihood depends on.

    `theta` is any pytree that `predict` takes (covariates and dose arrays may be part of it),
    `factor` [eta, eta] is L with Omega = L L', `sigma` [label, 2] holds a and b of each kind.
    """

    theta: Any
    factor: Float[Array, "eta eta"] | np.ndarray
    sigma: Float[Array, "label 2"] | np.ndarray


def parameters(
    theta: Any, *, omega: ArrayLike, sigma: float | Sequence[float | Sequence[float]]
) -> Parameters:
    """Parameters in the units of a print-out.

    Args:
        theta: What `predict` takes.
        omega: Covariance of the random effects [eta, eta]: variances, as NONMEM prints them. From
            sds: `covariance_from_sd`.
        sigma: Residual sd for each label: a number, or (a, b) for the combined kinds. It is the
            sd; NONMEM prints its square, SIGMA.

    Raises:
        InputError: If omega is no covariance matrix, or a sigma is negative.

    Example:
        >>> parameters({"ke": 0.5}, omega=[[0.04]], sigma=0.1).sigma.tolist()
        [[0.1, 0.1]]
    """
    given = [sigma] if np.ndim(sigma) == 0 else list(sigma)  # pyrefly: ignore
    # A single number is a or b, whichever its kind reads.
    pairs = [np.broadcast_to(np.asarray(one, float), (2,)) for one in given]
    table = np.stack(pairs)
    if not (np.isfinite(table).all() and (table >= 0).all()):
        raise InputError("sigma", f"found {table.tolist()}", "give standard deviations, at least 0")
    return Parameters(theta, factor_of(omega), table)


def observed(
    y: ArrayLike,
    patient: ArrayLike,
    *,
    kind: str | Sequence[str] = "additive",
    label: ArrayLike = 0,
    censored: ArrayLike = 0,
    limit: ArrayLike = np.nan,
    censoring: str | Sequence[str] = "M3",
    patients: int | None = None,
) -> Observed:
    """Observations with their residual error and what is known of censored ones.

    Args:
        y: Observations [obs]; for a censored one its limit of quantification.
        patient: Which patient [obs]: 0, 1, ...
        kind: Residual error of each label, one of `KINDS`.
        label: Which kind of observation [obs], counted from 0.
        censored: 0 measured, 1 below y, -1 above y (CENS of Monolix).
        limit: With a censored value its lower bound, if any (LIMIT of Monolix). With "M2" the
            limit of quantification of the measured ones.
        censoring: What is done with values beyond a limit, for all or for each label (Beal,
            J Pharmacokinet Pharmacodyn 2001;28:481, doi 10.1023/A:1012299115260). M3: the
            likelihood of being there. M4: that, with everything conditional on y > 0. M1 leaves
            them out; so does M2, with the measured ones conditional on being above `limit`.
        patients: Number of patients; those that `patient` names if not given. One
            without observations stays at eta = 0.

    Raises:
        InputError: Naming the argument, the value and the remedy.

    Example:
        >>> observed([2.0, 0.1], [0, 0], censored=[0, 1]).normal
        1
    """
    y = np.atleast_1d(np.asarray(y, float))
    columns = [np.broadcast_to(np.asarray(c), y.shape) for c in (patient, label, censored, limit)]
    patient, label, censored, limit = columns
    kinds = (kind,) if isinstance(kind, str) else tuple(kind)
    methods = (censoring,) * len(kinds) if isinstance(censoring, str) else tuple(censoring)
    count = len(set(patient.tolist())) if patients is None else patients
    _check(y, patient, count, label, censored, kinds, methods)
    way = np.array(methods)[label.astype(int)]
    censored = np.where((censored != 0) & np.isin(way, ("M1", "M2")), LEFT_OUT, censored)
    bound = np.where(np.isnan(limit), -np.inf, limit)
    lower = np.where(censored == 1, bound, -np.inf)
    above = np.where((way == "M2") & (censored == 0), bound, -np.inf)
    above = np.where((way == "M4") & (censored != LEFT_OUT), 0.0, above)
    # What is conditional on being positive, and below a limit, is between the two.
    lower = np.where(censored == 1, np.maximum(lower, above), lower)
    return Observed(
        y=y,
        patient=patient.astype(np.int32),
        label=label.astype(np.int32),
        censored=censored.astype(np.int32),
        lower=lower,
        above=above,
        patients=count,
        kinds=kinds,
        plain=bool(np.isin(censored, (0, LEFT_OUT)).all() and np.isneginf(above).all()),
    )


def _check(y, patient, count, label, censored, kinds, methods) -> None:
    unknown = [kind for kind in kinds if kind not in KINDS]
    log_scale = np.array([kind == "log-normal" for kind in kinds])
    checks = [
        (not unknown, "kind", unknown, f"give {', '.join(KINDS)}"),
        (
            len(methods) == len(kinds) and set(methods) <= {"M1", "M2", "M3", "M4"},
            "censoring",
            methods,
            "give M1, M2, M3 or M4, one or as many as kinds",
        ),
        (np.isfinite(y).all(), "y", y[~np.isfinite(y)], "leave out what was not observed"),
        (np.isin(censored, (-1, 0, 1)).all(), "censored", censored, "give -1, 0 or 1"),
        (
            np.isin(label, range(len(kinds))).all(),
            "label",
            np.unique(label),
            f"give labels from 0 to {len(kinds) - 1}, one kind each",
        ),
        (
            patient.dtype.kind in "iu" and (patient >= 0).all() and (patient < count).all(),
            "patient",
            np.unique(patient),
            f"number the patients 0 to {count - 1}",
        ),
    ]
    for fine, name, found, remedy in checks:
        if not fine:
            raise InputError(f"observed, {name}", f"found {found}", remedy)
    bad = log_scale[label.astype(int)] & (y <= 0)
    if bad.any():
        raise InputError(
            "observed, y",
            f"found {y[bad][0]:g} with log-normal residual error",
            "give positive numbers, or censor them at the limit of quantification",
        )

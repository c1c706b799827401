"""Proposals near where the posterior of one patient lies: mode, curvature, and adaptation.

In standard normal coordinates the log posterior is log L(z) - |z|^2 / 2. Its mode is sought by
damped Gauss-Newton steps with differences of the predictions, and the curvature there is that of
Fisher's information of the observations: for a count J'J / sd^2 on the logarithmic scale, for y of
n with probability p and overdispersion rho n / (p (1 - p) (1 + (n - 1) rho)).
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import gammaln

from myelodose.forecast.coordinates import Coordinates
from myelodose.forecast.likelihood import Task, try_points
from myelodose.forecast.seen import COUNTS

FREEDOM = 7.0
"""Degrees of freedom of a proposal: heavier tails than the posterior's."""

WIDER = (1.0, 1.4, 2.0)
"""Factors on the width of a proposal, equally often."""

PATCHES, NARROW = 8, 0.7
"""Points of largest weight that get a t of their own, and its width."""

_APART = 3.0
_FAR, _HELD = -2.0, 25.0
_STEP = 0.05
_MOST_STEPS = 12
_DAMPING = 10.0 ** np.arange(-2.0, 4.0)
_FRACTIONS = np.array([1.0, 0.5, 0.25])


class Student(NamedTuple):
    """A multivariate t: centre (parameter,), root of its scale (parameter, parameter), freedom."""

    centre: Float[np.ndarray, " parameter"]
    root: Float[np.ndarray, "parameter parameter"]
    freedom: float = FREEDOM

    def draw(self, random: np.random.Generator, count: int) -> np.ndarray:
        """Random points, (count, parameter)."""
        normal = random.standard_normal((count, len(self.centre)))
        scale = np.sqrt(self.freedom / random.chisquare(self.freedom, count))
        return self.centre + scale[:, None] * (normal @ self.root.T)

    def log_density(self, z: np.ndarray) -> np.ndarray:
        """Log density at points, (point,)."""
        size, free = len(self.centre), self.freedom
        away = np.linalg.inv(self.root) @ (z - self.centre).T
        log = gammaln((free + size) / 2) - gammaln(free / 2)
        log -= size / 2 * np.log(free * np.pi) + np.log(np.abs(np.diag(self.root))).sum()
        return log - (free + size) / 2 * np.log1p((away**2).sum(0) / free)


class Group(NamedTuple):
    """Several t; `share` of the points is from each, equally many if empty."""

    members: tuple[Student, ...]
    share: tuple[float, ...] = ()

    @property
    def shares(self) -> Float[np.ndarray, " member"]:
        """Shares that sum to 1."""
        given = np.array(self.share) if self.share else np.ones(len(self.members))
        return given / given.sum()

    def draw(self, random: np.random.Generator, count: int) -> np.ndarray:
        """Random points, (count, parameter)."""
        ends = np.round(np.cumsum(self.shares) * count).astype(int)
        sizes = np.diff(ends, prepend=0)
        drawn = [one.draw(random, n) for one, n in zip(self.members, sizes, strict=True)]
        return np.concatenate(drawn)

    def log_density(self, z: np.ndarray) -> np.ndarray:
        """Log density at points, (point,)."""
        logs = [
            one.log_density(z) + np.log(share)
            for one, share in zip(self.members, self.shares, strict=True)
        ]
        return np.logaddexp.reduce(logs)


def around_mode(
    start: Float[np.ndarray, " parameter"], coordinates: Coordinates, task: Task
) -> Student:
    """A t around the mode of the posterior with the curvature there.

    Args:
        start: Where to begin.
        coordinates: Meaning of z.
        task: What was seen.

    Returns:
        The proposal; its scale is that of the inverse curvature.
    """
    size = len(start)
    return _climbed(start, coordinates, task, np.zeros(size), np.ones(size))


def far_end(mode: Student, coordinates: Coordinates, task: Task) -> Student:
    """A t where the parameter with the longest tail lies two sd below what was expected of it.

    That is the growth of the clone, whose logarithm runs off to nothing: data may bound it from
    above only, and whatever else they say then differs from what they say at the mode.

    Args:
        mode: From `around_mode`.
        coordinates: Meaning of z.
        task: What was seen.
    """
    quantile = np.asarray(coordinates.quantile)
    held = int(np.argmax(quantile[:, -1] - quantile[:, 0]))
    centre, precision = np.zeros(coordinates.size), np.ones(coordinates.size)
    centre[held], precision[held] = _FAR, _HELD
    start = mode.centre.copy()
    start[held] = _FAR
    return _climbed(start, coordinates, task, centre, precision)


def _climbed(
    start: np.ndarray,
    coordinates: Coordinates,
    task: Task,
    centre: np.ndarray,
    precision: np.ndarray,
) -> Student:
    """Mode under a normal prior of this centre and precision; the curvature is with N(0, I)."""
    z, size = start, len(start)
    best, information = -np.inf, np.zeros((size, size))

    def posterior(log_likelihood: np.ndarray, at: np.ndarray) -> np.ndarray:
        total = log_likelihood[: len(at)] - 0.5 * (precision * (at - centre) ** 2).sum(1)
        return np.where(np.isnan(total), -np.inf, total)

    for _ in range(_MOST_STEPS):
        steps = _STEP * np.concatenate([np.zeros((1, size)), np.eye(size), -np.eye(size)])
        tried, _ = try_points(z + steps, coordinates, task)
        jacobian = _scaled(tried.expected, task, size)
        information = jacobian.T @ jacobian
        slope = (tried.log_likelihood[1 : size + 1] - tried.log_likelihood[size + 1 :]) / 2 / _STEP
        slope = np.nan_to_num(slope - precision * (z - centre), nan=0.0, posinf=0.0, neginf=0.0)
        best, bend = posterior(tried.log_likelihood, z[None])[0], information + np.diag(precision)
        ahead = np.stack(
            [
                f * np.linalg.solve(bend + damp * np.eye(size), slope)
                for damp in (0.0, *_DAMPING)
                for f in _FRACTIONS
            ]
        )
        there, _ = try_points(z + ahead, coordinates, task)
        values = posterior(there.log_likelihood, z + ahead)
        if not values.max() > best + 1e-2:
            break
        z = z + ahead[np.argmax(values)]
    return Student(z, np.linalg.cholesky(np.linalg.inv(information + np.eye(size))))


def widened(one: Student) -> Group:
    """The proposal and wider ones, no direction wider than the prior or the proposal itself.

    Where the likelihood flattens out to one side, as for a clone that grows too slowly to be told
    from one that does not grow, the curvature at the mode is far too narrow.

    Args:
        one: A proposal.
    """
    value, vector = np.linalg.eigh(one.root @ one.root.T)
    most = np.maximum(value, 1.0)
    spread = [np.minimum(value * factor**2, most) for factor in WIDER]
    roots = [np.linalg.cholesky((vector * v) @ vector.T) for v in spread]
    return Group(tuple(Student(one.centre, root) for root in roots))


def patched(
    around: Group, z: Float[np.ndarray, "point parameter"], log_weight: Float[np.ndarray, " point"]
) -> Group:
    """The proposal with a narrow t more at each of the points of largest weight, some way apart.

    Largest weights lie where the proposals so far have missed something, such as the far end of a
    bent ridge.

    Args:
        around: A proposal, whose first member says what narrow is.
        z: Points.
        log_weight: Their weights.

    Source:
        Raftery and Bao, Biometrics 2010;66:1162 (doi 10.1111/j.1541-0420.2010.01399.x).
    """
    first = around.members[0]
    u = np.linalg.solve(first.root, (z - first.centre).T).T
    chosen: list[int] = []
    # Far more than are needed; the rest have no weight to speak of.
    for k in np.argsort(-np.nan_to_num(log_weight, nan=-np.inf))[: 50 * PATCHES]:
        if len(chosen) < PATCHES and all(((u[k] - u[j]) ** 2).sum() > _APART**2 for j in chosen):
            chosen.append(int(k))
    more = [Student(z[k], NARROW * first.root) for k in chosen]
    return Group((*around.members, *more))


def adapted(
    z: Float[np.ndarray, "point parameter"], log_weight: Float[np.ndarray, " point"]
) -> Student:
    """A t with the mean and covariance of weighted points, tempered where few carry the weight.

    Args:
        z: Points.
        log_weight: Their weights.
    """
    size = z.shape[1]
    power = 1.0
    finite = np.where(np.isfinite(log_weight), log_weight, -1e10)
    while True:
        weight = np.exp(power * (finite - finite.max()))
        weight /= weight.sum()
        if 1 / (weight**2).sum() >= 5 * size or power < 1e-3:
            break
        power *= 0.8
    centre = weight @ z
    away = z - centre
    scatter = (weight[:, None] * away).T @ away
    # Never wider than the prior in any direction, nor degenerate.
    value, vector = np.linalg.eigh(scatter)
    scatter = (vector * np.clip(value, 1e-4, 1.5)) @ vector.T
    return Student(centre, np.linalg.cholesky(scatter))


def _scaled(expected: np.ndarray, task: Task, size: int) -> np.ndarray:
    """Derivatives of the predictions over the error of their reading."""
    read: Any = task.readings
    counted = read.kind >= len(COUNTS)
    with np.errstate(all="ignore"):
        scale = np.where(counted[:, None], expected, np.log(expected))
        p = np.clip(expected[:, 0], 1e-4, 1 - 1e-4)
        rho = task.noise[3 + (read.kind == len(COUNTS) + 1)]
        of = np.maximum(read.of, 1)
        error = np.where(
            counted,
            np.sqrt(p * (1 - p) * (1 + (of - 1) * rho) / of),
            task.noise[np.minimum(read.kind, 2)],
        )
        error = np.where(read.used, error, np.inf)
        jacobian = (scale[:, 1 : size + 1] - scale[:, size + 1 :]) / (2 * _STEP * error[:, None])
    return np.nan_to_num(jacobian, posinf=0, neginf=0)

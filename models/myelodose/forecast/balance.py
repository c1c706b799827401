r"""Few draws out of many weighted points, whose means are those of the points: the cube method.

Points are drawn so that each has the chance that its weight asks for and

    sum over the drawn of x_k = sum over all of chance_k x_k

for every x nearly exactly. Chances move along a direction that changes none of the sums until one
of them becomes 0 or 1, up or down at random so that they keep their expectation.

Source:
    Deville and Tille, Biometrika 2004;91:893 (doi 10.1093/biomet/91.4.893); Chauvet and Tille,
    Computational Statistics 2006;21:53 (doi 10.1007/s00180-006-0250-2), for the fast form.
"""

import numpy as np
from jaxtyping import Float, Int

CANDIDATES = 5
"""Equally weighted candidates for each draw."""

MOST = 500
"""Draws above which systematic resampling will do: their means are good to 0.05 sd on their own."""

_SURE = 1e-9


def systematic(
    weight: Float[np.ndarray, " point"], count: int, random: np.random.Generator
) -> Int[np.ndarray, " draw"]:
    """Points as often as their weights ask for, rounded up or down, in random order.

    Args:
        weight: Sum to 1.
        count: How many.
        random: Source of randomness.

    Example:
        >>> sorted(systematic(np.array([0.5, 0.0, 0.5]), 4, np.random.default_rng(1)).tolist())
        [0, 0, 2, 2]
    """
    at = np.searchsorted(np.cumsum(weight), (random.random() + np.arange(count)) / count)
    return random.permutation(np.minimum(at, len(weight) - 1))


def balanced(
    x: Float[np.ndarray, "variable point"],
    weight: Float[np.ndarray, " point"],
    count: int,
    random: np.random.Generator,
) -> Int[np.ndarray, " draw"]:
    """Equally weighted points with the weighted means of x.

    Args:
        x: What is to be balanced.
        weight: Sum to 1.
        count: How many; above `MOST`, or with too few for the variables, they are not balanced.
        random: Source of randomness.

    Example:
        >>> x = np.linspace(-1, 1, 5000)[None]
        >>> picked = balanced(x, np.full(5000, 1 / 5000), 50, np.random.default_rng(1))
        >>> len(picked), bool(abs(x[0, picked].mean()) < 0.02)
        (50, True)
    """
    if not 2 * len(x) < count <= MOST:
        return systematic(weight, count, random)
    many = systematic(weight, CANDIDATES * count, random)
    mean = (x @ weight)[:, None]
    sd = np.sqrt((x - mean) ** 2 @ weight)[:, None]
    # What does not vary is rounding alone, which must not be blown up.
    away = np.where(sd > 1e-9 * np.abs(mean), x[:, many] - mean, 0.0)
    held = np.vstack([np.ones(len(many)), away / np.where(sd > 0, sd, 1)])
    chance = _flown(held, _tilted(held, count), random)
    return random.permutation(many[_landed(chance, count, random)])


def _tilted(held: np.ndarray, count: int) -> np.ndarray:
    """Chances of the candidates, moved so little that their sums are those of all points."""
    chance = np.full(held.shape[1], count / held.shape[1])
    wanted = np.append(count, np.zeros(len(held) - 1))
    by = np.linalg.lstsq(held * chance @ held.T, wanted - held @ chance, rcond=None)[0]
    return np.clip(chance * (1 + by @ held), _SURE, 1 - _SURE)


def _flown(held: np.ndarray, chance: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Chances of 0 or 1 but for as many as there are variables."""
    size, total = len(held) + 1, held.shape[1]
    own, following = np.arange(size), size
    while True:
        direction = np.linalg.qr(held[:, own].T, mode="complete")[0][:, -1]
        now = chance[own]
        steep = np.abs(direction) > 1e-12
        to_one = (1 - now[steep]) / np.abs(direction[steep])
        to_zero = now[steep] / np.abs(direction[steep])
        rising = direction[steep] > 0
        up = np.where(rising, to_one, to_zero).min()
        down = np.where(rising, to_zero, to_one).min()
        step = up if random.random() * (up + down) < down else -down
        now = now + step * direction
        now = np.where(now < _SURE, 0.0, np.where(now > 1 - _SURE, 1.0, now))
        chance[own] = now
        done = np.flatnonzero((now == 0) | (now == 1))
        if following + len(done) > total:
            return chance
        own[done] = following + np.arange(len(done))
        following += len(done)


def _landed(chance: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """The drawn ones; those that are still open by systematic sampling."""
    drawn = np.flatnonzero(chance == 1)
    rest = np.flatnonzero((chance > 0) & (chance < 1))
    missing = count - len(drawn)
    if not missing:
        return drawn
    share = chance[rest] / chance[rest].sum()
    more = systematic(share, missing, random)
    return np.concatenate([drawn, rest[more]])

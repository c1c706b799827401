"""A fit under way: chunk after chunk, learning in between, from the start or from a folder."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from myelodose.inference import kernel
from myelodose.inference.checkpoint import Folder, Step
from myelodose.inference.coordinates import plain
from myelodose.inference.kernel import Chain, Draws, Phase
from myelodose.inference.program import LEARN_FROM, Program
from myelodose.inference.progress import Progress
from myelodose.inference.result import thinned
from myelodose.inference.settings import FitSettings
from myelodose.paths import shown
from myelodose.posterior import PosteriorError

Tree = Any

FIRST_STEP = 0.1
RESTART_STEP = 0.3
LEAST_DRAWS = 4
"""Fewer cannot be diagnosed."""


@dataclass
class Run:
    """A fit under way: what is fixed, and the chunks so far.

    Args:
        built: The compiled functions.
        args: Arguments of the model.
        settings: Settings.
        seed: Seed of all randomness.
        progress: Where to tell how far it is.
        folder: Where chunks are kept.
    """

    built: Program
    args: Tree
    settings: FitSettings
    seed: int
    progress: Progress
    folder: Folder | None = None

    def __post_init__(self) -> None:
        self.steps: list[Step] = []

    def draw(self, started: float, budget_s: float | None) -> str:
        """Draw all chunks; says why if it stopped before the end."""
        if self.folder is not None:
            self._go_on(self.folder)
        try:
            for number, step in self._following():
                self.steps.append(step)
                if self.folder is not None:
                    self.folder.save(number, step)
                self.progress.show(number + 1, step)
                spent = time.monotonic() - started
                if budget_s is not None and spent > budget_s and number + 1 < self.settings.chunks:
                    return f"time budget of {budget_s:g} s"
        except KeyboardInterrupt:
            if (len(self.steps) - self.settings.warmup_chunks) * self.settings.chunk < LEAST_DRAWS:
                raise
            return "interrupted by hand"
        return ""

    def _go_on(self, folder: Folder) -> None:
        """Take up what a folder holds."""
        self.steps = folder.load()[: self.settings.chunks]
        self.progress.divergences += sum(
            np.asarray(step.draws.diverging).sum(1)
            for step in self.steps[self.settings.warmup_chunks :]
        )
        if self.steps:
            there, here = self.steps[-1], self.steps[-1].draws.lp[:, -1]
            now = np.asarray(self.built.density(self.args, there.chain.z))
            if not np.allclose(now, here, rtol=1e-6, atol=1e-6):
                raise PosteriorError(
                    shown(folder.path),
                    f"its last draw has log density {here[0]:.6g}, now it is {now[0]:.6g}: "
                    "the model has another density than the one that made it",
                    "give the same model again, or another folder",
                )

    def _following(self) -> Iterator[tuple[int, Step]]:
        """The chunks that are missing, one by one."""
        settings, built = self.settings, self.built
        if self.steps:
            chain, coordinates = self.steps[-1].chain, self.steps[-1].coordinates
        else:
            chain, coordinates = self._first()
        for number in range(len(self.steps), settings.chunks):
            warming = number < settings.warmup_chunks
            early = warming and number < min(settings.learn_after, default=0)
            phase = Phase(jnp.asarray(warming), jnp.asarray(early))
            chain, draws = jax.device_get(built.chunk((self.args, coordinates, phase), chain))
            if number + 1 in settings.learn_after:
                coordinates = jax.device_get(self._learnt(number + 1, draws))
                chain = _searching(chain, RESTART_STEP)
            elif number + 1 == settings.warmup_chunks:
                chain = jax.vmap(kernel.settled)(chain)
            chain, coordinates = jax.device_get((chain, coordinates))
            yield number, Step(chain, coordinates, draws)

    def _first(self):
        """Chains at their starts, and coordinates from there."""
        keys = jax.random.split(jax.random.key(self.seed), 2 * self.settings.chains)
        data = jax.random.key_data(keys).reshape(2, self.settings.chains, -1)
        z = jax.device_get(self.built.begin(self.args, data[0]))
        if self.settings.geometry == "learnt":
            coordinates = self.built.learnt(self.args, jax.tree.map(lambda x: x[:, None], z))
        else:
            coordinates = plain(jax.tree.map(lambda x: x.mean(0), z))
        zero = jnp.zeros(self.settings.chains)
        averaging = (zero, zero, zero, zero.astype(int), zero)
        chain = _searching(Chain(z, data[1], zero, averaging), FIRST_STEP)
        return jax.device_get((chain, coordinates))

    def _learnt(self, end: int, draws: Draws):
        """Coordinates from the window of warm-up that ends now."""
        begin = max((n for n in self.settings.learn_after if n < end), default=0)
        window = [step.draws.z for step in self.steps[begin:]] + [draws.z]
        z = jax.tree.map(lambda *parts: np.concatenate(parts, 1), *window)
        if self.settings.geometry == "learnt":
            z = thinned(z, -(-LEARN_FROM // self.settings.chains))
        return self.built.learnt(self.args, z)

    def account(self, stopped: str) -> dict[str, Any]:
        """What was spent, for the record."""
        warm = self.settings.warmup_chunks
        steps = [int(np.sum(step.draws.n_steps)) for step in self.steps]
        return {
            "chunks": len(self.steps),
            "stopped_early": stopped,
            "leapfrogs_warmup": sum(steps[:warm]),
            "leapfrogs": sum(steps[warm:]),
            "devices": jax.default_backend(),
        }


def _searching(chain: Chain, step_size: float) -> Chain:
    sizes = jnp.full(jnp.shape(chain.log_step), step_size)
    return jax.vmap(kernel.fresh)(chain, sizes)

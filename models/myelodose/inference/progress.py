"""What a person sees while chains run: one line a chain, with its divergences so far."""

import sys
import time
from typing import Any

import numpy as np

from myelodose.inference.checkpoint import Step
from myelodose.inference.settings import FitSettings

_WIDTH = 20
_LINES_OF_A_LOG = 10
_SECONDS_OF_A_LOG = 30.0


class Progress:
    """Lines that are renewed in place in a terminal and in a notebook, and rare lines in a log.

    Args:
        settings: Settings of the fit.
        on: False shows nothing.
    """

    def __init__(self, settings: FitSettings, *, on: bool) -> None:
        self.settings = settings
        self.on = on
        self.divergences = np.zeros(settings.chains, int)
        self._handle: Any = None
        self._shown = False
        self._last = (-np.inf, -1)

    def show(self, done: int, step: Step) -> None:
        """Tell of a chunk.

        Args:
            done: Chunks so far.
            step: The last of them.
        """
        if done > self.settings.warmup_chunks:
            self.divergences += np.asarray(step.draws.diverging).sum(1)
        if self.on:
            self._put(self._lines(done, step), done)

    def _lines(self, done: int, step: Step) -> list[str]:
        settings = self.settings
        warm = settings.warmup_chunks
        sampling = done > warm
        part, whole = (done - warm, settings.chunks - warm) if sampling else (done, warm)
        bar = "#" * round(_WIDTH * done / settings.chunks)
        drawn = min(part * settings.chunk, settings.draws) if sampling else part * settings.chunk
        total = settings.draws if sampling else whole * settings.chunk
        place = f"[{bar:.<{_WIDTH}}] {'draws' if sampling else 'warm-up'} {drawn}/{total}"
        steps, sizes = np.mean(step.draws.n_steps, axis=1), step.draws.step_size[:, -1]
        return [
            f"chain {i + 1} {place}, divergences {self.divergences[i]}, "
            f"{steps[i]:.0f} steps a draw of size {sizes[i]:.2g}"
            for i in range(settings.chains)
        ]

    def _put(self, lines: list[str], done: int) -> None:
        if _in_notebook():
            self._put_in_notebook("\n".join(lines))
        elif sys.stderr.isatty():
            up = f"\x1b[{len(lines)}A" if self._shown else ""
            sys.stderr.write(up + "".join(f"\x1b[2K{line}\n" for line in lines))
            sys.stderr.flush()
        elif self._is_due(done):
            print("\n".join(lines), file=sys.stderr, flush=True)
        self._shown = True

    def _is_due(self, done: int) -> bool:
        """Ten times in all, or after a while, and at the end."""
        when, tenth = time.monotonic(), done * _LINES_OF_A_LOG // self.settings.chunks
        before, shown = self._last
        due = done == self.settings.chunks or (
            tenth > shown and when - before > _SECONDS_OF_A_LOG / _LINES_OF_A_LOG
        )
        due = due or when - before > _SECONDS_OF_A_LOG
        if due:
            self._last = (when, tenth)
        return due

    def _put_in_notebook(self, text: str) -> None:
        from IPython.display import display

        content = {"text/plain": text}
        if self._handle is None:
            self._handle = display(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)


def _in_notebook() -> bool:
    """True in a kernel: JupyterLab and papermill alike."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    shell = get_ipython()
    return shell is not None and getattr(shell, "kernel", None) is not None

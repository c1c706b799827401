"""A fit on disk while it runs: one file a chunk, each whole or not there.

A folder holds `fit.json`, which says what is being fitted, and `chunk-00000.npz` and so on: draws
on the unconstrained scale, and all that the next chunk depends on. A run that was killed goes on
behind the last whole file and draws what it would have drawn.
"""

import json
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from myelodose.inference.coordinates import Coordinates
from myelodose.inference.kernel import Chain, Draws
from myelodose.inference.layout import Position
from myelodose.paths import shown
from myelodose.posterior import PosteriorError

SCHEMA = 1
_ABOUT = "fit.json"
_NAME = re.compile(r"chunk-(\d{5})\.npz")


class Step(NamedTuple):
    """A chunk: where the chains are after it, in which coordinates they go on, and its draws."""

    chain: Chain
    coordinates: Coordinates
    draws: Draws


_PLACE = Position(0, 0)  # type: ignore[arg-type]
_SHAPE = Step(
    Chain(_PLACE, 0, 0, (0, 0, 0, 0, 0)),  # type: ignore[arg-type]
    Coordinates(*[0] * len(Coordinates._fields)),  # type: ignore[arg-type]
    Draws(_PLACE, *[0] * (len(Draws._fields) - 1)),  # type: ignore[arg-type]
)


class Folder:
    """The checkpoints of one fit.

    Args:
        path: Where they are, or shall be.
        about: What is fitted: plain values that have to be the same to go on.

    Raises:
        PosteriorError: If the folder belongs to another fit, or is damaged.
    """

    def __init__(self, path: Path | str, about: dict[str, Any]) -> None:
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        note = self.path / _ABOUT
        about = json.loads(json.dumps({"schema": SCHEMA} | about))
        if note.exists():
            _compare(shown(self.path), _read_note(note), about)
        elif any(self.path.iterdir()):
            raise PosteriorError(
                shown(self.path), "found other files and no fit", "give an empty or a new folder"
            )
        else:
            _write(note, lambda file: file.write(json.dumps(about, indent=1).encode()))

    def save(self, number: int, step: Step) -> None:
        """Write a chunk; it appears whole or not at all."""
        named: dict[str, Any] = _named(jax.device_get(step))
        _write(self.path / f"chunk-{number:05d}.npz", lambda file: np.savez(file, **named))

    def load(self) -> list[Step]:
        """All chunks from the first to the last before a gap."""
        found = sorted(int(m[1]) for p in self.path.iterdir() if (m := _NAME.fullmatch(p.name)))
        steps = []
        for number in found:
            if number != len(steps):
                break
            steps.append(self._read(self.path / f"chunk-{number:05d}.npz"))
        return steps

    def _read(self, file: Path) -> Step:
        try:
            with np.load(file, allow_pickle=False) as stored:
                leaves = [stored[name] for name in _names()]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as problem:
            raise PosteriorError(
                shown(file), f"it cannot be read ({problem})", "delete it and those behind it"
            ) from problem
        return jax.tree.unflatten(jax.tree.structure(_SHAPE), leaves)


def _names() -> list[str]:
    return [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(_SHAPE)]


def _named(step: Step) -> dict[str, np.ndarray]:
    return dict(zip(_names(), jax.tree.leaves(step), strict=True))


def _read_note(note: Path) -> dict[str, Any]:
    try:
        return json.loads(note.read_text())
    except ValueError as problem:
        raise PosteriorError(
            shown(note), f"it cannot be read ({problem})", "give another folder"
        ) from problem


def _compare(place: str, there: dict[str, Any], here: dict[str, Any]) -> None:
    """Refuse to go on with another fit, naming all that differs.

    How many draws are asked for is no part of what a fit is: none depends on those that follow.
    """
    names = [n for n in there | here if n != "draws" and there.get(n) != here.get(n)]
    if names:
        found = "; ".join(f"{n} is {there.get(n)!r}, now {here.get(n)!r}" for n in names)
        raise PosteriorError(
            place, f"it holds another fit: {found}", "give the same again, or another folder"
        )


def _write(path: Path, write: Callable[[Any], object]) -> None:
    """Write a file next to its place and move it there when it is safe on the disk."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)

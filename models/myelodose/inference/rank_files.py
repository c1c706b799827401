"""Batches of calibration results on disk, so that a run that was stopped goes on where it was."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from myelodose.errors import InputError

_IDENTITY = "calibration.json"


def open_folder(folder: Path, identity: Mapping) -> None:
    """Make the folder, or check that what is in it belongs to this calibration.

    Args:
        folder: Of one calibration.
        identity: What results depend on: seed, settings, name of the model.

    Raises:
        InputError: If the folder holds another calibration.
    """
    folder.mkdir(parents=True, exist_ok=True)
    record, text = folder / _IDENTITY, json.dumps(dict(identity), sort_keys=True)
    before = stored_identity(folder)
    if before is None:
        _write(record, text.encode())
        return
    differs = {
        key: (before.get(key), value)
        for key, value in json.loads(text).items()
        if before.get(key) != value
    }
    if differs:
        found = ", ".join(f"{key} was {a!r}, now {b!r}" for key, (a, b) in differs.items())
        raise InputError(str(folder), f"found another calibration: {found}", "use another folder")


def stored_identity(folder: Path) -> dict | None:
    """What a folder holds, or None."""
    record = folder / _IDENTITY
    return json.loads(record.read_text()) if record.exists() else None


def load_batch(folder: Path | None, number: int) -> dict[str, np.ndarray] | None:
    """A batch that was finished before, or None."""
    if folder is None or not (path := _path(folder, number)).exists():
        return None
    with np.load(path) as stored:
        return dict(stored)


def save_batch(folder: Path | None, number: int, results: Mapping[str, np.ndarray]) -> None:
    """Write a batch; it is there whole or not at all."""
    if folder is None:
        return
    path = _path(folder, number)
    waiting = path.with_suffix(f".{os.getpid()}.npz")
    np.savez_compressed(waiting, **dict(results))  # type: ignore[arg-type]
    waiting.replace(path)


def _path(folder: Path, number: int) -> Path:
    return folder / f"ranks-{number:05d}.npz"


def _write(path: Path, content: bytes) -> None:
    waiting = path.with_suffix(f".{os.getpid()}")
    waiting.write_bytes(content)
    waiting.replace(path)

"""Work in chunks: over any executor, kept on disk, resumed after a kill.

The split never changes a result, because every trial has its own random numbers; a chunk that is on
disk is not computed again.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from pathlib import Path
from typing import Any

import numpy as np

from myelodose.errors import InputError
from myelodose.paths import shown

Arrays = dict[str, np.ndarray]
_MANIFEST = "manifest.json"


def split(count: int, size: int) -> list[range]:
    """Trials 0 to count - 1 in chunks.

    Example:
        >>> split(5, 2)
        [range(0, 2), range(2, 4), range(4, 5)]
    """
    return [range(first, min(first + size, count)) for first in range(0, count, size)]


def run_chunks(
    work: Callable[..., Arrays],
    tasks: Sequence[tuple],
    *,
    identity: dict[str, Any],
    folder: Path | str | None = None,
    executor: Executor | Any | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Arrays]:
    """Run `work(*task)` for every task, in order of the tasks.

    Args:
        work: A function at the top of a module, so that another process can import it.
        tasks: Arguments of each call.
        identity: What the results depend on; a folder of something else is refused.
        folder: Where finished chunks are kept; none are if not given.
        executor: Anything with the `submit` of concurrent.futures, such as a process pool that
            spawns, or a Dask client's `get_executor()`; this process if not given.
        progress: Called with the chunks done and the chunks in all.

    Returns:
        What each call returned.

    Raises:
        InputError: If the folder holds chunks of another simulation.
    """
    store = None if folder is None else _open(Path(folder), identity)
    done: dict[int, Arrays] = {}
    for index in range(len(tasks)):
        kept = None if store is None else _load(store, index)
        if kept is not None:
            done[index] = kept
    _tell(progress, len(done), len(tasks))
    missing = [index for index in range(len(tasks)) if index not in done]
    for index, result in _results(work, tasks, missing, executor):
        if store is not None:
            _save(store, index, result)
        done[index] = result
        _tell(progress, len(done), len(tasks))
    return [done[index] for index in range(len(tasks))]


def _results(
    work: Callable[..., Arrays], tasks: Sequence[tuple], missing: list[int], executor: Any
) -> Iterator[tuple[int, Arrays]]:
    if executor is None:
        yield from ((index, work(*tasks[index])) for index in missing)
        return
    waiting = {executor.submit(work, *tasks[index]): index for index in missing}
    # Dask's futures are not those of the standard library, but its executor's are.
    yield from ((waiting[future], future.result()) for future in as_completed(waiting))


def _tell(progress: Callable[[int, int], None] | None, done: int, of: int) -> None:
    if progress is not None:
        progress(done, of)


def _open(folder: Path, identity: dict[str, Any]) -> Path:
    """The folder, made or checked."""
    text = json.dumps(identity, sort_keys=True, default=str)
    manifest = {"hash": hashlib.sha256(text.encode()).hexdigest(), "identity": json.loads(text)}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _MANIFEST
    if not path.exists():
        _write(path, json.dumps(manifest, indent=1).encode())
        return folder
    found = json.loads(path.read_text())
    if found["hash"] != manifest["hash"]:
        differs = [
            key
            for key, value in found["identity"].items()
            if value != manifest["identity"].get(key)
        ]
        raise InputError(
            shown(folder),
            f"found chunks of another simulation (it differs in {', '.join(differs) or 'size'})",
            "give another folder, or remove this one",
        )
    return folder


def _load(folder: Path, index: int) -> Arrays | None:
    path = folder / f"chunk-{index:06d}.npz"
    if not path.exists():
        return None
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def _save(folder: Path, index: int, arrays: Arrays) -> None:
    path = folder / f"chunk-{index:06d}.npz"
    partial = path.with_name(f".{path.stem}-{os.getpid()}.npz")
    named: dict[str, Any] = dict(arrays)
    np.savez(partial, **named)
    partial.replace(path)


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}-{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(path)

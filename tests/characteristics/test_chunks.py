"""Chunks: kept, resumed, refused where they belong to something else, the same by any executor."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from myelodose.characteristics.chunks import run_chunks, split
from myelodose.errors import InputError


def square(numbers: range) -> dict[str, np.ndarray]:
    return {"square": np.array([number**2 for number in numbers])}


TASKS = [(part,) for part in split(25, 10)]


def whole(results) -> list[int]:
    return np.concatenate([part["square"] for part in results]).tolist()


def test_a_killed_run_goes_on_where_it_was(tmp_path):
    computed = []

    def fails_on_the_last(numbers: range):
        if numbers.start == 20 and len(computed) == 2:
            raise KeyboardInterrupt
        computed.append(numbers.start)
        return square(numbers)

    with pytest.raises(KeyboardInterrupt):
        run_chunks(fails_on_the_last, TASKS, identity={"a": 1}, folder=tmp_path)
    computed.append(-1)
    done = run_chunks(fails_on_the_last, TASKS, identity={"a": 1}, folder=tmp_path)
    assert computed == [0, 10, -1, 20]
    assert whole(done) == [number**2 for number in range(25)]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_folder_of_another_simulation_is_refused(tmp_path):
    run_chunks(square, TASKS, identity={"seed": 1, "trials": 25}, folder=tmp_path)
    with pytest.raises(InputError, match="differs in seed"):
        run_chunks(square, TASKS, identity={"seed": 2, "trials": 25}, folder=tmp_path)


def test_threads_and_spawned_processes_give_what_one_process_gives():
    alone = whole(run_chunks(square, TASKS, identity={}))
    with ThreadPoolExecutor(2) as threads:
        assert whole(run_chunks(square, TASKS, identity={}, executor=threads)) == alone
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as processes:
        assert whole(run_chunks(square, TASKS, identity={}, executor=processes)) == alone


def test_progress_counts_to_the_end():
    told = []
    run_chunks(square, TASKS, identity={}, progress=lambda done, of: told.append((done, of)))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]

"""Stan through the compiled model of httpstan, called in this process: no HTTP, no JSON.

`log_prob_grad` builds the model from its data at each call; that part is timed on its own
(`get_param_names` does exactly it and nothing else) and subtracted, so Stan is charged with the
log posterior and its gradient alone.
"""

import asyncio
import contextlib
import importlib
import importlib.util
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from likelihood.model import AZA_CL, AZA_KA, AZA_KE, PRIOR_MEDIAN, PRIOR_SD
from likelihood.problem import OBSERVATIONS, Problem

# -march=native, because JAX compiles for this machine as well; the alignment is that of the
# object code that ships with httpstan, which was built without it.
FLAGS = ("-O3", "-march=native", "-DEIGEN_MAX_ALIGN_BYTES=16", "-std=c++17", "-w")


def missing() -> str | None:
    """Why Stan cannot be measured here, or None if it can."""
    absent = [name for name in ("stan", "httpstan") if importlib.util.find_spec(name) is None]
    return f"Stan: skipped, {' and '.join(absent)} not installed (pystan)" if absent else None


class Stan:
    """One Stan program on one problem.

    Args:
        problem: The patients.
        rtol: Relative and absolute tolerance, states in units of the baseline.
        solver: A solver of Stan that takes tolerances, such as "ode_rk45_tol".
        one_call: Solve over the whole horizon at once instead of from dose to dose.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        rtol: float,
        solver: str = "ode_rk45_tol",
        one_call: bool = False,
    ) -> None:
        self._module = _compiled(solver, one_call=one_call)
        self._data = _data(problem, rtol, one_call=one_call)
        self._shape = problem.time_h.shape

    def log_posterior(self, position: np.ndarray) -> float:
        """Log density with all its constants."""
        return self._module.log_prob(self._data, list(position), False)

    def gradient(self, position: np.ndarray) -> np.ndarray:
        """Gradient of the log density; its value is computed on the way."""
        return np.array(self._module.log_prob_grad(self._data, list(position), False))

    def trajectories(self, position: np.ndarray) -> np.ndarray:
        """Counts [1e9/L] (lineage, obs, patient)."""
        everything = self._module.write_array(self._data, list(position), True, False)
        logs = np.array(everything[len(position) :])
        # Stan writes arrays with the first index fastest.
        lineages, observations, patients = self._shape
        shape = (lineages, patients, observations)
        return np.exp(logs.reshape(shape, order="F")).transpose(0, 2, 1)

    def seconds(self, position: np.ndarray, repeats: int = 5) -> tuple[float, float]:
        """Median processor time of log posterior and gradient, and of the set-up taken off [s]."""
        place = list(position)
        whole = _median(lambda: self._module.log_prob_grad(self._data, place, False), repeats)
        set_up = _median(lambda: self._module.get_param_names(self._data), repeats)
        return whole - set_up, set_up


def _median(call: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return statistics.median(times)


def _compiled(solver: str, *, one_call: bool) -> Any:
    """The extension module of a program; compiled once (about two minutes), then kept."""
    httpstan = importlib.import_module("httpstan.models")
    name = "friberg_one_call.stan" if one_call else "friberg.stan"
    code = Path(__file__).with_name(name).read_text(encoding="utf-8").replace("SOLVER", solver)
    # httpstan keeps a compiled model by its text: the flags have to be part of it.
    code += f"// {' '.join(FLAGS)}\n"
    model = httpstan.calculate_model_name(code)
    try:
        return httpstan.import_services_extension_module(model)
    except KeyError:
        # The compiler leaves its object files in the current folder.
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            asyncio.run(httpstan.build_services_extension_module(code, list(FLAGS)))
        return httpstan.import_services_extension_module(model)


def _data(problem: Problem, rtol: float, *, one_call: bool) -> dict[str, Any]:
    """The problem as Stan reads it, patients first."""
    times, mg, drug = problem.dose_time_h, problem.dose_mg, problem.dose_drug
    length = np.diff(times, axis=0, append=np.maximum(times[-1:], problem.time_h.max((0, 1))) + 1)
    aza_mg = np.where(drug == 1, mg, 0.0)
    scale = AZA_KA / (AZA_CL / AZA_KE * (AZA_KA - AZA_KE))
    data = {
        "N": problem.patients,
        "K": len(times),
        "M": OBSERVATIONS,
        "dose_time": times.T,
        "len_mg": np.where(drug == 0, mg, 0.0).T,
        "a_ke": scale * _amounts(aza_mg, length, AZA_KE).T,
        "a_ka": scale * _amounts(aza_mg, length, AZA_KA).T,
        "aza_ke": AZA_KE,
        "aza_ka": AZA_KA,
        "time": problem.time_h.transpose(0, 2, 1),
        "log_count": np.log(problem.count).transpose(0, 2, 1),
        "prior_mean": np.log(PRIOR_MEDIAN),
        "prior_sd": PRIOR_SD,
        "rtol": rtol,
        "atol": rtol,
    }
    data |= _runs(problem) if one_call else {"length": length.T, "seen": _seen(problem)}
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in data.items()}


def _amounts(mg: np.ndarray, length: np.ndarray, rate: float) -> np.ndarray:
    """Sum over the doses so far of mg exp(-rate x time since), right after each dose."""
    amount, after = np.zeros(mg.shape[1]), []
    for given, hours in zip(mg, length, strict=True):
        amount = amount + given
        after.append(amount)
        amount = amount * np.exp(-rate * hours)
    return np.array(after)


def _runs(problem: Problem) -> dict[str, Any]:
    """Lenalidomide as runs of equal doses 24 h apart, which the one-call program sums as series."""
    doses = [np.flatnonzero(drug == 0) for drug in problem.dose_drug.T]
    times = np.array([t[k] for t, k in zip(problem.dose_time_h.T, doses, strict=True)])
    first = np.diff(times, axis=1, prepend=-np.inf) > 24.5
    runs = int(first[0].sum())
    return {
        "R": runs,
        "run_doses": times.shape[1] // runs,
        "run_time": times[first].reshape(len(times), runs),
        "run_mg": np.array([mg[k[0]] for mg, k in zip(problem.dose_mg.T, doses, strict=True)]),
    }


def _seen(problem: Problem) -> np.ndarray:
    """Observations before each dose, and all of them in the last place: (lineage, patient, K+1)."""
    before = problem.time_h[:, :, None, :] < problem.dose_time_h[None, None]
    counts = before.sum(1).transpose(0, 2, 1)
    return np.concatenate([counts, np.full((*counts.shape[:2], 1), OBSERVATIONS)], axis=2)

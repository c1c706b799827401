"""A whole fit by Stan: its no-U-turn sampler, adapting a diagonal mass matrix, at its defaults.

The sampler is that of the compiled model, called in this process; what it writes comes through a
socket, as httpstan wants it. A second thread reads there, and with each draw the processor time of
the first (Stan's tape of derivatives belongs to the thread that loaded it), so that warm-up and
draws are told apart and reading is not charged to Stan.
"""

import asyncio
import contextlib
import importlib
import json
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fit.cost import Draws, cost
from likelihood import peers_stan
from likelihood.model import GLOBALS, OMEGA, PRIOR_MEDIAN, PRIOR_SD
from likelihood.problem import Problem

FUNCTION = "hmc_nuts_diag_e_adapt"


@dataclass(frozen=True)
class StanFit:
    """One chain.

    Args:
        theta: Draws of the logarithms, (draw, global).
        z_eta: Draws of the standard normal effects, (draw, patient, effect).
        diverging: Of each draw.
        leapfrogs_warmup: All of the warm-up.
        leapfrogs: All behind it.
        seconds_warmup: Processor time up to the last draw of the warm-up [s].
        seconds: Processor time behind it [s].
    """

    theta: np.ndarray
    z_eta: np.ndarray
    diverging: np.ndarray
    leapfrogs_warmup: int
    leapfrogs: int
    seconds_warmup: float
    seconds: float


def whole_fit(
    problem: Callable[[], Problem],
    file: Path,
    *,
    rtol: float,
    seed: int,
    warmup: int,
    draws: int,
) -> StanFit:
    """One chain of Stan, kept in a file and read from there the next time.

    Args:
        problem: Makes the patients; asked only where the chain is not there yet.
        file: Where the chain is kept, `.npz`. Stan cannot go on after a kill.
        rtol: Tolerance of its solver.
        seed: Of its random numbers.
        warmup: Draws of the warm-up.
        draws: Draws behind it.
    """
    if not file.exists():
        made = problem()
        rows = _rows(made, rtol=rtol, seed=seed, warmup=warmup, draws=draws)
        found = _chain(rows, made.patients, warmup)
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(file, **vars(found))
    with np.load(file) as kept:
        return StanFit(**{name: _plain(kept[name]) for name in kept.files})


def drawn(chain: StanFit) -> Draws:
    """Its draws, as those of a fit of one chain."""
    return Draws(chain.theta[None], chain.z_eta[None])


def row(chain: StanFit) -> dict:
    """What it cost."""
    return cost(
        drawn(chain),
        leapfrogs=chain.leapfrogs,
        leapfrogs_warmup=chain.leapfrogs_warmup,
        diverging=int(chain.diverging.sum()),
        seconds=chain.seconds,
        seconds_whole=chain.seconds_warmup + chain.seconds,
    )


def _plain(value: np.ndarray) -> Any:
    return value if value.ndim else value.item()


def _compiled() -> Any:
    """The program with its sampler, compiled as pystan does it and kept by httpstan.

    Not with the flags of `peers_stan`: with instructions of this machine in the model and none in
    the sampler that comes compiled, a gradient is right but the sampler frees what it should not.
    """
    models = importlib.import_module("httpstan.models")
    code = Path(peers_stan.__file__).with_name("friberg.stan").read_text(encoding="utf-8")
    code = code.replace("SOLVER", "ode_rk45_tol")
    name = models.calculate_model_name(code)
    try:
        return models.import_services_extension_module(name)
    except KeyError:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            asyncio.run(models.build_services_extension_module(code))
        return models.import_services_extension_module(name)


def _chain(rows: list[tuple[float, dict[str, float]]], patients: int, warmup: int) -> StanFit:
    """Rows of Stan, each with the processor time at which it came, as a chain."""
    kept = [values for _, values in rows[warmup:]]
    steps = np.array([values["n_leapfrog__"] for _, values in rows])
    theta = [[values[f"theta.{k + 1}"] for k in range(len(GLOBALS))] for values in kept]
    eta = [
        [[values[f"eta.{k + 1}.{i + 1}"] for k in range(len(OMEGA))] for i in range(patients)]
        for values in kept
    ]
    return StanFit(
        np.array(theta),
        np.array(eta),
        np.array([values["divergent__"] for values in kept]) > 0,
        int(steps[:warmup].sum()),
        int(steps[warmup:].sum()),
        rows[warmup - 1][0],
        rows[-1][0] - rows[warmup - 1][0],
    )


def _rows(
    problem: Problem, *, rtol: float, seed: int, warmup: int, draws: int
) -> list[tuple[float, dict[str, float]]]:
    """Every draw, warm-up first, with the processor time that the sampler had spent [s]."""
    module = _compiled()
    asked = {
        "data": peers_stan._data(problem, rtol, one_call=False),
        "init": _init(problem.patients, seed),
        "random_seed": seed,
        "num_warmup": warmup,
        "num_samples": draws,
        "save_warmup": True,
    }
    asked |= _defaults(module, given=tuple(asked))
    rows: list[tuple[float, dict[str, float]]] = []
    clock = time.pthread_getcpuclockid(threading.get_ident())
    begun = time.clock_gettime(clock)

    def read(server: socket.socket) -> None:
        for values in _draws(server):
            rows.append((time.clock_gettime(clock) - begun, values))
            if len(rows) % 50 == 0:
                _tell(len(rows), warmup + draws, *rows[-1])

    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        path = str(Path(folder) / "stan.sock")
        server.bind(path)
        server.listen(4)
        reader = threading.Thread(target=read, args=(server,), daemon=True)
        reader.start()
        failed = getattr(module, f"{FUNCTION}_wrapper")(path, **asked)
        reader.join()
    if failed or len(rows) != warmup + draws:
        raise RuntimeError(f"Stan ended with code {failed} after {len(rows)} draws")
    return rows


def _init(patients: int, seed: int) -> dict[str, list]:
    """A draw of the prior, effects nearer to their mean, as ours starts.

    From Stan's own Uniform(-2, 2) of the logarithms no integration ends.
    """
    random = np.random.default_rng(seed)
    theta = np.log(PRIOR_MEDIAN) + PRIOR_SD * random.standard_normal(len(GLOBALS))
    eta = 0.3 * random.standard_normal((len(OMEGA), patients))
    return {"theta": theta.tolist(), "eta": eta.tolist()}


def _draws(server: socket.socket) -> Iterator[dict[str, float]]:
    """Draws from the third of the four connections; the others only have to be emptied."""
    logger, initial, sample, diagnostic = (server.accept()[0] for _ in range(4))
    for other in (logger, initial, diagnostic):
        threading.Thread(target=_empty, args=(other,), daemon=True).start()
    with sample, sample.makefile() as lines:
        for line in lines:
            message = json.loads(line)
            if message["topic"] == "sample" and isinstance(message["values"], dict):
                yield message["values"]


def _tell(count: int, total: int, spent: float, values: dict[str, float]) -> None:
    step, leapfrogs = values["stepsize__"], values["n_leapfrog__"]
    print(f"Stan: {count} of {total}, {spent:.0f} s, step {step:.3g}, {leapfrogs:.0f} leapfrogs")


def _empty(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def _defaults(module: Any, *, given: tuple[str, ...]) -> dict[str, Any]:
    """Defaults of every other argument, those of CmdStan."""
    known = importlib.import_module("httpstan.services.arguments")
    names = known.function_arguments(FUNCTION, module)
    method = known.Method["SAMPLE"]
    return {name: known.lookup_default(method, name) for name in names if name not in given}

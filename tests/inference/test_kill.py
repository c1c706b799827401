"""A process that is killed without warning, and another one that goes on."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from conftest import ROOT, run_python

FIT = """
import sys, time
import numpy as np
from inference.toy import Hierarchical, simulated
from myelodose.inference import checkpoint
from myelodose.inference.driver import fit
from myelodose.inference.settings import FitSettings

saved = checkpoint.Folder.save
def save(self, number, step):
    saved(self, number, step)
    time.sleep(float(sys.argv[2]))
checkpoint.Folder.save = save
data, y = simulated()
settings = FitSettings(chains=2, warmup=50, draws=100, chain_method="sequential")
tree = fit(Hierarchical(), data, y, seed=3, settings=settings, folder=sys.argv[1], progress=False)
np.save(sys.argv[1] + ".npy", tree["posterior"].eta.values)
"""


def start(folder, pause):
    # A fit that can be killed: it takes its time behind every chunk.
    return subprocess.Popen(
        [sys.executable, "-c", FIT, str(folder), str(pause)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests")},
    )


@pytest.mark.slow
def test_a_killed_process_is_continued_by_another_to_the_same_draws(tmp_path):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = start(killed, 60)
    deadline = time.monotonic() + 600
    while not list(killed.glob("chunk-*.npz")) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert 1 <= len(list(killed.glob("chunk-*.npz"))) < 6
    assert start(killed, 0).wait() == 0
    assert start(whole, 0).wait() == 0
    assert np.array_equal(np.load(f"{killed}.npy"), np.load(f"{whole}.npy"))


def test_nothing_but_progress_is_written_to_a_log():
    done = run_python(
        "import numpy as np\n"
        "from types import SimpleNamespace as S\n"
        "from myelodose.inference.progress import Progress\n"
        "from myelodose.inference.settings import FitSettings\n"
        "settings = FitSettings(chains=2, warmup=100, draws=10_000)\n"
        "show = Progress(settings, on=True)\n"
        "flags = np.zeros((2, 25), bool); flags[1, 3] = True\n"
        "draws = S(diverging=flags, n_steps=np.full((2, 25), 7), step_size=np.full((2, 25), 0.5))\n"
        "for done in range(1, settings.chunks + 1):\n"
        "    show.show(done, S(draws=draws))\n"
    )
    lines = done.stderr.splitlines()
    # 404 chunks in no time: the first and the last of them, a line a chain.
    assert len(lines) == 4
    assert lines[0].startswith(
        "chain 1 [....................] warm-up 25/100, divergences 0, 7 steps"
    )
    assert lines[-1].startswith(
        "chain 2 [####################] draws 10000/10000, divergences 400,"
    )
    assert "\r" not in done.stderr
    assert "\x1b" not in done.stderr
    assert done.stdout == ""
